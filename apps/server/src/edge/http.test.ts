import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIMITS } from '@parley/shared/protocol/limits';
import { unsubscribeToken } from '../features/mail/digest-mail.ts';
import { entities } from '../storage/tables.ts';
import { testWorld, TEST_ORIGIN, type World } from '../testing/test-core.ts';
import { createHttpServer } from './http.ts';
import { loadWebFiles } from './web-files.ts';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

let web: string;
let world: World;
let server: Server;
let problems: string[];

beforeEach(async () => {
  web = mkdtempSync(`${tmpdir()}/parley-web-`);
  mkdirSync(`${web}/assets`);
  mkdirSync(`${web}/.vite`);
  writeFileSync(`${web}/index.html`, '<html><meta property="csp-nonce" nonce="__CSP_NONCE__"><script>1</script></html>');
  writeFileSync(`${web}/csp.json`, JSON.stringify({ script_hashes: ["'sha256-abc'"], nonce_placeholder: '__CSP_NONCE__' }));
  writeFileSync(`${web}/assets/index-1234.js`, `export const x = 1;${' '.repeat(2_000)}`);
  writeFileSync(`${web}/assets/index-1234.js.map`, '{}');
  writeFileSync(`${web}/.vite/manifest.json`, '{}');
  writeFileSync(`${web}/sw.js`, 'self.x = 1;');
  world = await testWorld({ config: { metricsToken: 'measure-me' } }).setUp();
  problems = [];
  server = createHttpServer({
    core: world.core, web: loadWebFiles(web), metricsText: async () => ({ type: 'text/plain; version=0.0.4', text: 'up 1\n' }),
    readiness: async () => ({ ready: problems.length === 0, reasons: problems, store: { adapter: 'memory', settings: {}, problems } }),
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(web, { recursive: true });
});

function call(method: string, path: string, headers: Record<string, string> = {}, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

const json = { 'content-type': 'application/json' };
const authorized = () => ({ ...json, authorization: `Bearer ${world.owner.token}` });

describe('calls over HTTP', () => {
  it('answer JSON, and problem documents with their type', async () => {
    const ok = await call('GET', '/api/v1/server');
    expect(ok).toMatchObject({ status: 200, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } });
    expect(JSON.parse(ok.text)).toMatchObject({ set_up: true });
    expect((await call('HEAD', '/api/v1/server')).text).toBe('');
    const refused = await call('GET', '/api/v1/me');
    expect(refused).toMatchObject({ status: 401, headers: { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer' } });
    expect(await call('DELETE', '/api/v1/me')).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(await call('OPTIONS', '/api/v1/sign_in')).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    expect(await call('GET', '/api/v1')).toMatchObject({ status: 404 });
    expect(await call('GET', '/api/v1/users?workspace_id=a&workspace_id=b', authorized())).toMatchObject({ status: 400 });
    expect((await call('GET', '/api/v1/server', { origin: 'http://evil.example' })).headers['access-control-allow-origin']).toBeUndefined();
  });

  it('take bodies of JSON in UTF-8 only', async () => {
    const post = (headers: Record<string, string>, body: string | Buffer) => call('POST', '/api/v1/set_presence', { authorization: `Bearer ${world.owner.token}`, ...headers }, body);
    const body = '{"presence":"away"}';
    expect((await post(json, body)).status).toBe(200);
    expect((await post({ 'content-type': 'Application/JSON; Charset=UTF-8' }, body)).status).toBe(200);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=utf-16', 'multipart/form-data']) expect((await post({ 'content-type': type }, body)).status).toBe(415);
    expect((await post({}, body)).status).toBe(415);
    expect((await post({ ...json, 'content-encoding': 'gzip' }, body)).status).toBe(415);
    for (const broken of ['{', '"', '{"presence":"away"}x', 'undefined', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])]) {
      const answer = await post(json, broken);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.text)).toMatchObject({ code: 'invalid_request', errors: [{ path: '' }] });
    }
    expect((await call('POST', '/api/v1/sign_out', { authorization: `Bearer ${world.owner.token}` })).status).toBe(204);
  });

  it('refuse bodies over the limit, announced or not, and go on', async () => {
    const big = `{"presence":"${'x'.repeat(LIMITS.request_bytes)}"}`;
    expect((await call('POST', '/api/v1/set_presence', { ...authorized(), 'content-length': String(Buffer.byteLength(big)) }, big)).status).toBe(413);
    expect((await call('POST', '/api/v1/set_presence', { ...authorized(), 'transfer-encoding': 'chunked' }, big)).status).toBe(413);
    expect((await call('GET', '/api/v1/me', authorized())).status).toBe(200);
  });

  it('survive what is no HTTP, and a body that ends early', async () => {
    const port = (server.address() as AddressInfo).port;
    for (const text of ['nonsense\r\n\r\n', 'GET /%00%ff HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', `POST /api/v1/sign_in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"log`]) {
      await new Promise<void>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => socket.end(text));
        socket.on('data', () => undefined);
        socket.on('close', () => resolve());
        socket.on('error', reject);
      });
    }
    expect((await call('GET', '/healthz')).status).toBe(200);
    expect(world.failures).toEqual([]);
  });

  it('sign browsers in by a cookie of their own origin', async () => {
    const signIn = await call('POST', '/api/v1/sign_in', { ...json, origin: TEST_ORIGIN }, JSON.stringify({ login: 'olivia', password: world.owner.password }));
    const cookie = signIn.headers['set-cookie']![0]!.split(';')[0]!;
    expect((await call('GET', '/api/v1/me', { cookie })).status).toBe(200);
    expect((await call('POST', '/api/v1/sign_out', { cookie })).status).toBe(403);
    expect((await call('POST', '/api/v1/sign_out', { cookie, origin: TEST_ORIGIN })).headers['set-cookie']![0]).toMatch(/^parley_session=; Path=\/; Max-Age=0/);
  });
});

describe('pages', () => {
  it('are the shell with a fresh nonce, under a policy without other hosts', async () => {
    const a = await call('GET', '/w/x/c/y', { accept: 'text/html' });
    const b = await call('GET', '/');
    expect(a.status).toBe(200);
    const policy = String(a.headers['content-security-policy']);
    const nonce = /'nonce-([^']+)'/.exec(policy)![1]!;
    expect(a.text).toContain(`nonce="${nonce}"`);
    expect(String(b.headers['content-security-policy'])).not.toContain(nonce);
    expect(policy).toContain("script-src 'self' 'sha256-abc';");
    expect(policy).toContain("connect-src 'self' ws://localhost:3210 ws://127.0.0.1:3210;");
    expect(policy).not.toMatch(/unsafe|\*|https:/);
    expect(a.headers).toMatchObject({ 'referrer-policy': 'same-origin', 'x-frame-options': 'DENY', 'cache-control': 'no-cache' });
  });

  it('bring built files, packed, and nothing else', async () => {
    const script = await call('GET', '/assets/index-1234.js', { 'accept-encoding': 'gzip, br' });
    expect(script).toMatchObject({ status: 200, headers: { 'content-encoding': 'br', 'cache-control': 'public, max-age=31536000, immutable', 'content-type': 'text/javascript; charset=utf-8' } });
    expect(await call('GET', '/assets/index-1234.js', { 'if-none-match': script.headers.etag! })).toMatchObject({ status: 304, text: '' });
    expect(await call('GET', '/sw.js')).toMatchObject({ status: 200, headers: { 'cache-control': 'no-cache', 'service-worker-allowed': '/' } });
    for (const path of ['/assets/none.js', '/assets/index-1234.js.map', '/csp.json', '/.vite/manifest.json', '/assets/../csp.json', '/..%2f..%2fetc/passwd', '/missing.png']) expect((await call('GET', path)).text, path).not.toMatch(/script_hashes|root:|^\{\}/);
    expect((await call('GET', '/missing.png')).status).toBe(404);
    for (const path of ['/api', '/api/v2/server', '/slack/api/auth.test', '/admin/']) expect((await call('GET', path)).status, path).toBe(404);
    expect((await call('POST', '/')).status).toBe(405);
    expect((await call('GET', '/%E0%A4%A')).status).toBeLessThan(500);
  });
});

describe('for operators', () => {
  it('tell alive and ready, with reasons', async () => {
    expect(await call('GET', '/healthz')).toMatchObject({ status: 200, text: '{"status":"alive"}' });
    expect((await call('GET', '/readyz')).status).toBe(200);
    problems.push('disk full');
    const unready = await call('GET', '/readyz');
    expect(unready.status).toBe(503);
    expect(JSON.parse(unready.text)).toMatchObject({ ready: false, reasons: ['disk full'] });
  });

  it('measure for loopback or the token', async () => {
    expect((await call('GET', '/metrics')).text).toBe('up 1\n');
    expect((await call('GET', '/metrics', { 'x-forwarded-for': '127.0.0.1' })).status).toBe(403);
    expect((await call('GET', '/metrics', { 'x-forwarded-for': '127.0.0.1', authorization: 'Bearer measure-me' })).status).toBe(200);
  });

  it('describe the whole surface', async () => {
    const document = JSON.parse((await call('GET', '/api/v1/openapi.json')).text) as { openapi: string; paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>> };
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths['/send_message']!['post']!.responses).toMatchObject({ 201: {}, 200: {}, 400: {}, 401: {}, 409: {}, 429: {}, 507: {} });
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(new Set(operations.map((o) => o.operationId)).size).toBe(operations.length);
    expect(operations.length).toBeGreaterThan(40);
  });
});

it('takes the one click by which a mail program unsubscribes (RFC 8058)', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const token = unsubscribeToken(world.deps.secret, world.owner.id);
  expect(await call('POST', '/unsubscribe/nonsense', form, 'List-Unsubscribe=One-Click')).toMatchObject({ status: 404 });
  expect(await call('POST', `/unsubscribe/${token}`, form, 'List-Unsubscribe=One-Click')).toMatchObject({ status: 200 });
  const stored = await world.store.read((tx) => tx.get(entities, [`user:${world.owner.id}`, 'preference', 'notify_mail_after']));
  expect(stored?.doc).toMatchObject({ value: false });
});
