import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllowList } from '../egress/allow-list.ts';
import { createEgress } from '../egress/http-egress.ts';
import { TEST_CERTIFICATE, TEST_KEY } from '../egress/testing.certificate.ts';
import { SharpPictures } from '../pictures/sharp-pictures.ts';
import { WebLinks } from './web-links.ts';

const open: Server[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => new Promise((done) => {
    server.closeAllConnections();
    server.close(done);
  })));
});
const pictures = new SharpPictures();
afterAll(() => pictures.close());
let png: Buffer;
beforeAll(async () => {
  png = await sharp({ create: { width: 1_200, height: 600, channels: 3, background: '#a40' } }).withExif({ IFD0: { Copyright: 'secret place' } }).png().toBuffer();
});

/** A site at `https://site.tls.example:PORT`; answers by path. */
async function site(answers: Record<string, RequestListener>, seen: IncomingMessage[] = []) {
  const server = createServer({ cert: TEST_CERTIFICATE, key: TEST_KEY }, (request, response) => {
    seen.push(request);
    const answer = answers[request.url ?? ''];
    if (answer) answer(request, response);
    else response.writeHead(404).end();
  });
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const egress = createEgress(parseAllowList([`site.tls.example:${port}`]), () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]), { ca: TEST_CERTIFICATE });
  return { origin: `https://site.tls.example:${port}`, links: new WebLinks({ egress, pictures }) };
}
const html = (text: string, type = 'text/html'): RequestListener => (_request, response) => response.writeHead(200, { 'content-type': type }).end(text);
const json = (value: unknown): RequestListener => html(JSON.stringify(value), 'application/json');
const never = (): AbortSignal => new AbortController().signal;

describe('WebLinks', () => {
  it('reads a page and its picture, which is made anew, by one name and without a referer', async () => {
    const seen: IncomingMessage[] = [];
    const { links, origin } = await site({
      '/page?a=1': html('<title>own</title><meta property="og:title" content="A page"><meta property="og:description" content="About"><meta property="og:site_name" content="Site"><meta property="og:image" content="picture.png">'),
      '/picture.png': (_request, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(png),
    }, seen);
    const read = await links.read(`${origin}/page?a=1#part`, never());
    expect(read).toMatchObject({ kind: 'page', facts: { title: 'A page', description: 'About', site: 'Site' }, picture: { mime: 'image/webp', width: 720, height: 360, thumbhash: expect.any(String) } });
    const { bytes } = (read as Extract<typeof read, { kind: 'page' }>).picture!;
    expect(Buffer.from(bytes).toString('latin1')).not.toContain('secret place');
    for (const request of seen) expect([request.headers['user-agent'], request.headers.referer, request.headers.cookie]).toEqual(['Parley/1 (link cards)', undefined, undefined]);
    expect(seen.map((request) => request.url)).toEqual(['/page?a=1', '/picture.png']);
  });

  it('asks oEmbed for what the page itself does not say', async () => {
    const { links, origin } = await site({
      '/video': html('<link rel="alternate" type="application/json+oembed" href="/oembed">'),
      '/oembed': json({ type: 'video', title: 'Film', author_name: 'Ann', provider_name: 'Films', thumbnail_url: '/thumb.png', html: '<iframe src="https://evil.example"></iframe>' }),
      '/thumb.png': (_request, response) => response.end(png),
    });
    expect(await links.read(`${origin}/video`, never())).toMatchObject({ kind: 'page', facts: { title: 'Film', description: 'Ann', site: 'Films' }, picture: { width: 720 } });
  });

  it('an address that is a picture is called by its file', async () => {
    const { links, origin } = await site({ '/cats/a%20cat.png': (_request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end(png) });
    expect(await links.read(`${origin}/cats/a%20cat.png`, never())).toMatchObject({ kind: 'page', facts: { title: 'a cat.png', site: 'site.tls.example' }, picture: { height: 360 } });
  });

  it('without its picture a page is still a page', async () => {
    const page = (src: string): RequestListener => html(`<title>T</title><meta property="og:image" content="${src}">`);
    const { links, origin } = await site({
      '/none': page('/missing.png'), '/svg': page('/x.svg'), '/inner': page('http://169.254.169.254/latest'), '/file': page('file:///etc/passwd'), '/big': page('/big.png'), '/dot': page('/dot.png'), '/bad': page('http://'),
      '/x.svg': html('<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><script>1</script></svg>', 'image/svg+xml'),
      '/big.png': (_request, response) => response.end(Buffer.alloc(9 * 1024 * 1024)),
      '/dot.png': (_request, response) => void sharp({ create: { width: 1, height: 1, channels: 3, background: '#000' } }).png().toBuffer().then((dot) => response.end(dot)),
    });
    for (const path of ['none', 'svg', 'inner', 'file', 'big', 'dot', 'bad']) expect(await links.read(`${origin}/${path}`, never()), path).toEqual({ kind: 'page', facts: { title: 'T', description: '', site: 'site.tls.example' }, picture: null });
  });

  it('tells what is nothing from what was not reached', async () => {
    const { links, origin } = await site({
      '/gone': (_request, response) => response.writeHead(410).end(), '/private': (_request, response) => response.writeHead(401).end(), '/busy': (_request, response) => response.writeHead(503).end(), '/much': (_request, response) => response.writeHead(429).end(),
      '/untitled': html('<p>text</p>'), '/json': json({ title: 'x' }), '/packed': (_request, response) => response.writeHead(200, { 'content-type': 'text/html', 'content-encoding': 'br' }).end('x'),
      '/inner': (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1/' }).end(), '/cut': (request) => request.socket.destroy(), '/fake.png': html('<title>x</title>', 'image/png'),
    });
    const kinds = async (...paths: string[]) => Promise.all(paths.map(async (path) => (await links.read(path.includes(':') ? path : `${origin}/${path}`, never())).kind));
    expect(new Set(await kinds('missing', 'gone', 'private', 'untitled', 'json', 'packed', 'inner', 'fake.png', 'http://127.0.0.1/', 'ftp://a.example/', 'https://user:pw@a.example/', 'nonsense:'))).toEqual(new Set(['nothing']));
    expect(new Set(await kinds('busy', 'much', 'cut'))).toEqual(new Set(['unreachable']));
  });

  it('reads only the beginning of a page, and nothing of what is no page', async () => {
    let sent = 0;
    const endless = (type: string): RequestListener => (_request, response) => {
      response.writeHead(200, { 'content-type': type });
      response.write('<title>Endless</title>');
      const more = (): void => {
        sent += 65_536;
        if (!response.destroyed && sent < 50_000_000) response.write(Buffer.alloc(65_536, 120), more);
      };
      more();
    };
    const { links, origin } = await site({ '/endless': endless('text/html') });
    expect(await links.read(`${origin}/endless`, never())).toMatchObject({ kind: 'page', facts: { title: 'Endless' } });
    expect(sent).toBeLessThan(8_000_000);
  });

  it('stops when it is told to, and says nothing about the page then', async () => {
    const waiting = createHttpServer(() => undefined);
    open.push(waiting);
    await new Promise<void>((done) => waiting.listen(0, '127.0.0.1', done));
    const { port } = waiting.address() as AddressInfo;
    const links = new WebLinks({ egress: createEgress(parseAllowList([`127.0.0.1:${port}`])), pictures });
    const abort = new AbortController();
    const read = links.read(`http://127.0.0.1:${port}/`, abort.signal);
    waiting.once('request', () => abort.abort());
    await expect(read).rejects.toMatchObject({ code: 'unavailable' });
  });
});
