import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseAllowList } from './allow-list.ts';
import { createEgress } from './http-egress.ts';

const open: (Server | Http2Server | TcpServer)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((done) => {
    if ('closeAllConnections' in server) server.closeAllConnections();
    server.close(done);
  })));
});

async function listening(server: Server | Http2Server | TcpServer): Promise<number> {
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
