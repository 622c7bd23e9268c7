import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2Server, createSecureServer as createSecureHttp2Server, type Http2SecureServer, type Http2Server } from 'node:http2';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAllowList } from './allow-list.ts';
import { createEgress } from './http-egress.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './testing.certificate.ts';

type AnyServer = Server | TlsServer | Http2Server | Http2SecureServer | TcpServer;
const open: AnyServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((done) => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close(done);
  })));
});

async function listening(server: AnyServer): Promise<number> {
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}
const serve = (answer: RequestListener): Promise<number> => listening(createServer(answer));
const caps = { maxBytes: 1_000, timeoutMs: 5_000 };
const closed = createEgress(parseAllowList([]));
const allowing = (...ports: number[]) => createEgress(parseAllowList(ports.map((port) => `127.0.0.1:${port}`)));

describe('what is refused before anything is sent', () => {
  it.each(['http://127.0.0.1/', 'http://0x7f.1/', 'http://2130706433/', 'http://[::ffff:127.0.0.1]/', 'http://[::1]/', 'http://169.254.169.254/latest/meta-data', 'https://[fd00:ec2::254]/'])('the address of %s', async (url) => {
    await expect(closed.request({ url, ...caps })).rejects.toMatchObject({ code: 'refused_address', reached: false });
  });

  it.each(['ftp://example.org/', 'file:///etc/passwd', 'http://ben:secret@example.org/', 'nonsense'])('the url %s', async (url) => {
    await expect(closed.request({ url, ...caps })).rejects.toMatchObject({ code: 'refused_url', reached: false });
  });

  it.each(['http://example.org:22/', 'http://example.org:6379/', 'https://example.org:993/', 'http://8.8.8.8:11211/'])('the port of %s', async (url) => {
    const egress = createEgress(parseAllowList([]), () => Promise.resolve([{ address: '8.8.8.8', family: 4 }]));
    await expect(egress.request({ url, ...caps })).rejects.toMatchObject({ code: 'refused_url', reached: false });
  });

  it('a name with one private address among public ones', async () => {
    const egress = createEgress(parseAllowList([]), () => Promise.resolve([{ address: '8.8.8.8', family: 4 }, { address: '10.0.0.1', family: 4 }]));
    await expect(egress.request({ url: 'http://two.example/', ...caps })).rejects.toMatchObject({ code: 'refused_address' });
  });

  it('a name that is not known', async () => {
    const egress = createEgress(parseAllowList([]), () => Promise.reject(new Error('ENOTFOUND')));
    await expect(egress.request({ url: 'http://none.example/', ...caps })).rejects.toMatchObject({ code: 'unresolved', reached: false });
  });

  it('HTTP/2 to a private address', async () => {
    await expect(closed.connectHttp2('https://127.0.0.1', 5_000)).rejects.toMatchObject({ code: 'refused_address' });
  });
});

describe('a request', () => {
  it('resolves a name once and connects to that address', async () => {
    const hosts: unknown[] = [];
    const port = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end('hello');
    });
    let asked = 0;
    const egress = createEgress(parseAllowList([`rebinding.example:${port}`]), () => {
      asked += 1;
      return Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    });
    const answer = await egress.request({ url: `http://rebinding.example:${port}/`, ...caps });
    expect([answer.status, answer.body.toString(), asked, hosts]).toEqual([200, 'hello', 1, [`rebinding.example:${port}`]]);
  });

  it('gains nothing by a name that leads elsewhere at each question: what was checked is what is connected to', async () => {
    let inside = 0;
    const port = await serve((_request, response) => {
      inside += 1;
      response.end('secret');
    });
    const answers = ['192.0.2.1', '127.0.0.1'];
    let asked = 0;
    const egress = createEgress(parseAllowList(['192.0.2.0/24']), () => Promise.resolve([{ address: answers[Math.min(asked++, 1)]!, family: 4 }]));
    await expect(egress.request({ url: `http://rebinding.example:${port}/`, maxBytes: 10, timeoutMs: 150 })).rejects.toMatchObject({ code: expect.stringMatching(/timed_out|network/) });
    expect([asked, inside]).toEqual([1, 0]);
    await expect(egress.request({ url: `http://rebinding.example:${port}/`, ...caps })).rejects.toMatchObject({ code: 'refused_address' });
    expect(inside).toBe(0);
  });

  it('asks again for the name of each redirect, the same one too', async () => {
    const port = await serve((_request, response) => response.writeHead(302, { location: '/secret' }).end());
    const answers = ['127.0.0.1', '10.0.0.1'];
    let asked = 0;
    const egress = createEgress(parseAllowList(['127.0.0.0/8']), () => Promise.resolve([{ address: answers[Math.min(asked++, 1)]!, family: 4 }]));
    await expect(egress.request({ url: `http://rebinding.example:${port}/`, redirects: 3, ...caps })).rejects.toMatchObject({ code: 'refused_address' });
    expect(asked).toBe(2);
  });

  it('goes to the next address of a name when the first does not answer; all were checked', async () => {
    const port = await serve((_request, response) => response.end('second'));
    const egress = createEgress(parseAllowList(['127.0.0.0/8', '::1/128']), () => Promise.resolve([{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]));
    expect((await egress.request({ url: `http://two.example:${port}/`, ...caps })).body.toString()).toBe('second');
  });

  it('checks each redirect again', async () => {
    const inner = await serve((_request, response) => response.end('secret'));
    const outer = await serve((_request, response) => response.writeHead(302, { location: `http://127.0.0.1:${inner}/` }).end());
    await expect(allowing(outer).request({ url: `http://127.0.0.1:${outer}/`, redirects: 3, ...caps })).rejects.toMatchObject({ code: 'refused_address' });
    expect((await allowing(outer, inner).request({ url: `http://127.0.0.1:${outer}/`, redirects: 3, ...caps })).url).toBe(`http://127.0.0.1:${inner}/`);
  });

  it('gives no credentials to another origin, and never a cookie', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const inner = await serve((request, response) => {
      seen.push(request.headers);
      response.end();
    });
    const outer = await serve((request, response) => {
      seen.push(request.headers);
      response.writeHead(307, { location: `http://127.0.0.1:${inner}/` }).end();
    });
    await allowing(outer, inner).request({ url: `http://127.0.0.1:${outer}/`, redirects: 1, headers: { Authorization: 'Bearer x', Cookie: 'a=b' }, ...caps });
    expect(seen.map((headers) => [headers.authorization, headers.cookie])).toEqual([['Bearer x', undefined], [undefined, undefined]]);
  });

  it('stops at its count of redirects, and follows none of a POST', async () => {
    let requests = 0;
    const port = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: '/' }).end();
    });
    const url = `http://127.0.0.1:${port}/`;
    await expect(allowing(port).request({ url, redirects: 2, ...caps })).rejects.toMatchObject({ code: 'too_many_redirects' });
    expect(requests).toBe(3);
    expect((await allowing(port).request({ url, method: 'POST', body: '{}', redirects: 2, ...caps })).status).toBe(302);
    expect(requests).toBe(4);
  });

  it.each([true, false])('refuses a body over its size, or keeps the beginning (length announced: %s)', async (announced) => {
    const port = await serve((_request, response) => {
      if (announced) response.setHeader('content-length', 5_000);
      response.write('x'.repeat(2_500));
      response.end('x'.repeat(2_500));
    });
    const url = `http://127.0.0.1:${port}/`;
    await expect(allowing(port).request({ url, ...caps })).rejects.toMatchObject({ code: 'too_large' });
    expect((await allowing(port).request({ url, overflow: 'cut', ...caps })).body).toHaveLength(1_000);
  });

  it('does not unpack a bomb', async () => {
    const port = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(10_000_000))));
    await expect(allowing(port).request({ url: `http://127.0.0.1:${port}/`, overflow: 'cut', ...caps })).rejects.toMatchObject({ code: 'encoded' });
  });

  it('ends at its deadline though a byte comes now and then, and when its caller ends it', async () => {
    const port = await serve((_request, response) => {
      const timer = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(timer));
    });
    const url = `http://127.0.0.1:${port}/`;
    await expect(allowing(port).request({ url, maxBytes: 1_000_000, timeoutMs: 120 })).rejects.toMatchObject({ code: 'timed_out' });
    const abort = new AbortController();
    const asked = allowing(port).request({ url, maxBytes: 1_000_000, timeoutMs: 60_000, signal: abort.signal });
    abort.abort();
    await expect(asked).rejects.toMatchObject({ code: 'timed_out' });
    await expect(allowing(port).request({ url, maxBytes: 1_000_000, timeoutMs: 60_000, signal: abort.signal })).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('is no way to another protocol', async () => {
    const port = await listening(createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', () => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'));
    }));
    await expect(allowing(port).request({ url: `http://127.0.0.1:${port}/`, ...caps })).rejects.toMatchObject({ code: 'network', reached: true });
  });

  it('sends no referer, and says what it is', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const port = await serve((request, response) => {
      seen.push(request.headers);
      if (request.url === '/') response.writeHead(302, { location: '/next', 'set-cookie': 'a=b' }).end();
      else response.end();
    });
    await allowing(port).request({ url: `http://127.0.0.1:${port}/`, redirects: 1, ...caps });
    expect(seen.map((headers) => [headers.referer, headers.cookie, headers['user-agent'], headers['accept-encoding']])).toEqual([[undefined, undefined, 'Parley', 'identity'], [undefined, undefined, 'Parley', 'identity']]);
  });

  it('does not unpack what came compressed', async () => {
    const port = await serve((_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    await expect(allowing(port).request({ url: `http://127.0.0.1:${port}/`, ...caps })).rejects.toMatchObject({ code: 'encoded' });
  });

  it('ends at its deadline, for HTTP and HTTP/2, and for a name that takes too long', async () => {
    const port = await listening(createTcpServer((socket) => socket.on('error', () => socket.destroy()).resume()));
    await expect(allowing(port).request({ url: `http://127.0.0.1:${port}/`, maxBytes: 10, timeoutMs: 60 })).rejects.toMatchObject({ code: 'timed_out', reached: true });
    const slow = createEgress(parseAllowList([]), () => new Promise(() => undefined));
    await expect(slow.request({ url: 'http://slow.example/', maxBytes: 10, timeoutMs: 30 })).rejects.toMatchObject({ code: 'timed_out' });
    await expect(slow.connectHttp2('https://slow.example', 30)).rejects.toMatchObject({ code: 'timed_out' });
  });

  it('says when the other side cannot have had it', async () => {
    const port = await serve((_request, response) => response.end());
    await new Promise((done) => open.pop()!.close(done));
    await expect(allowing(port).request({ url: `http://127.0.0.1:${port}/`, ...caps })).rejects.toMatchObject({ code: 'network', reached: false });
  });

  it('speaks HTTP/2 to a pinned origin', async () => {
    const server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('two');
    });
    const port = await listening(server);
    const egress = createEgress(parseAllowList([`push.example:${port}`]), () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]));
    const session = await egress.connectHttp2(`http://push.example:${port}`, 5_000);
    const stream = session.request({ ':path': '/' });
    let text = '';
    for await (const chunk of stream) text += String(chunk);
    await new Promise<void>((done) => session.close(done));
    expect(text).toBe('two');
  });
});

describe('over TLS', () => {
  const certificate = { cert: TEST_CERTIFICATE, key: TEST_KEY };
  const local = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  const secure = (answer: RequestListener): Promise<number> => listening(createTlsServer(certificate, answer));

  it('the name is asked for and checked, though the address is pinned', async () => {
    const seen: unknown[] = [];
    const port = await secure((request, response) => {
      seen.push(request.headers.host, (request.socket as TLSSocket & { servername?: string }).servername);
      response.end('private');
    });
    const egress = createEgress(parseAllowList([`tls.example:${port}`, `other.example:${port}`, `127.0.0.1:${port}`]), local, { ca: TEST_CERTIFICATE });
    expect((await egress.request({ url: `https://tls.example:${port}/`, ...caps })).body.toString()).toBe('private');
    expect(seen).toEqual([`tls.example:${port}`, 'tls.example']);
    for (const host of ['other.example', '127.0.0.1']) await expect(egress.request({ url: `https://${host}:${port}/`, ...caps })).rejects.toMatchObject({ code: 'network', reached: false });
    expect(seen).toHaveLength(2);
  });

  it('a certificate that nobody vouches for is refused', async () => {
    const port = await secure((_request, response) => response.end('x'));
    await expect(createEgress(parseAllowList([`tls.example:${port}`]), local).request({ url: `https://tls.example:${port}/`, ...caps })).rejects.toMatchObject({ code: 'network', reached: false });
  });

  it('a redirect may lead to TLS, and never from it to plain HTTP', async () => {
    const plain: number = await serve((request, response) => (request.url === '/up' ? response.writeHead(301, { location: `https://tls.example:${over}/` }).end() : response.end('plain')));
    const over: number = await secure((request, response) => (request.url === '/down' ? response.writeHead(301, { location: `http://tls.example:${plain}/` }).end() : response.end('private')));
    const egress = createEgress(parseAllowList([`tls.example:${plain}`, `tls.example:${over}`]), local, { ca: TEST_CERTIFICATE });
    expect((await egress.request({ url: `http://tls.example:${plain}/up`, redirects: 1, ...caps })).body.toString()).toBe('private');
    await expect(egress.request({ url: `https://tls.example:${over}/down`, redirects: 1, ...caps })).rejects.toMatchObject({ code: 'refused_url' });
  });

  it('HTTP/2 too', async () => {
    const server = createSecureHttp2Server(certificate);
    server.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('two');
    });
    const port = await listening(server);
    const egress = createEgress(parseAllowList([`tls.example:${port}`, `other.example:${port}`]), local, { ca: TEST_CERTIFICATE });
    const session = await egress.connectHttp2(`https://tls.example:${port}`, 5_000);
    let text = '';
    for await (const chunk of session.request({ ':path': '/' })) text += String(chunk);
    await new Promise<void>((done) => session.close(done));
    expect(text).toBe('two');
    await expect(egress.connectHttp2(`https://other.example:${port}`, 5_000)).rejects.toMatchObject({ code: 'network' });
  });
});
