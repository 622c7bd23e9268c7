import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Http2Server, type ServerHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseAllowList } from '../../egress/allow-list.ts';
import { createEgress } from '../../egress/http-egress.ts';
import type { PushMessage } from '../port.ts';
import { apns } from './apns.ts';

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const message: PushMessage = { payload: { kind: 'show', account: 'a', tag: 't', title: 'Ben', body: 'hello', path: '/w/1', items: [] }, collapse: 'ccc', ttlSeconds: 60 };
const target = { kind: 'apns', token: 'abc123' } as const;

describe('APNs', () => {
  let server: Http2Server;
  let clock: FakeClock;
  let port: number;
  let sessions: number;
  let heard: { headers: IncomingHttpHeaders; body: string }[];
  let answer: (stream: ServerHttp2Stream) => void;
  const ends: (() => void)[] = [];
  beforeEach(async () => {
    clock = new FakeClock();
    heard = [];
    sessions = 0;
    answer = (stream) => {
      stream.respond({ ':status': 200 });
      stream.end();
    };
    server = createServer();
    server.on('session', (session) => {
      sessions += 1;
      ends.push(() => session.destroy());
    });
    server.on('stream', (stream, headers) => {
      let body = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (body += chunk)).on('error', () => undefined).on('end', () => {
        heard.push({ headers, body });
        answer(stream);
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    port = (server.address() as AddressInfo).port;
  });
  afterEach(async () => {
    for (const end of ends.splice(0)) end();
    await new Promise((done) => server.close(done));
  });
  const open = (allowed = true) => apns({ egress: createEgress(parseAllowList(allowed ? [`127.0.0.1:${port}`] : [])), clock }, { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), keyId: 'KEY1234567', teamId: 'TEAM123456', topic: 'org.example.parley', origin: `http://127.0.0.1:${port}` });
  const refuse = (status: number, reason: string, more = {}) => {
    answer = (stream) => {
      stream.respond({ ':status': status, ...more });
      stream.end(JSON.stringify({ reason }));
    };
  };

  it('tells a device over HTTP/2, with a token of the team', async () => {
    const adapter = open();
    expect(await adapter.send(target, message)).toEqual({ kind: 'sent' });
    const [{ headers, body }] = heard as [{ headers: IncomingHttpHeaders; body: string }];
    expect(headers).toMatchObject({
      ':method': 'POST', ':path': '/3/device/abc123', 'apns-topic': 'org.example.parley', 'apns-push-type': 'alert', 'apns-priority': '10', 'apns-collapse-id': 'ccc', 'apns-expiration': String(Math.floor(clock.now() / 1_000) + 60),
    });
    expect(JSON.parse(body)).toEqual({ aps: { alert: { title: 'Ben', body: 'hello' }, 'thread-id': 't', sound: 'default', 'mutable-content': 1 }, parley: { kind: 'show', account: 'a', tag: 't', path: '/w/1', items: [] } });
    const token = /^bearer (.+)$/.exec(headers.authorization!)![1]!;
    const { payload } = await jwtVerify(token, publicKey, { issuer: 'TEAM123456', currentDate: new Date(clock.now()) });
    expect([decodeProtectedHeader(token), payload.iat]).toEqual([{ alg: 'ES256', kid: 'KEY1234567' }, Math.floor(clock.now() / 1_000)]);
    await adapter.close();
  });

  it('withdraws without a sound', async () => {
    const adapter = open();
    await adapter.send(target, { ...message, payload: { kind: 'withdraw', account: 'a', tag: 't' } });
    expect(heard[0]).toMatchObject({ headers: { 'apns-push-type': 'background', 'apns-priority': '5', 'apns-collapse-id': 'ccc' } });
    expect(JSON.parse(heard[0]!.body)).toEqual({ aps: { 'content-available': 1 }, parley: { kind: 'withdraw', account: 'a', tag: 't' } });
    await adapter.close();
  });

  it('keeps its connection and its token for a while, and makes both anew in time', async () => {
    const adapter = open();
    await adapter.send(target, message);
    await adapter.send(target, message);
    expect([sessions, new Set(heard.map(({ headers }) => headers.authorization)).size]).toEqual([1, 1]);
    await clock.advance(60_000);
    await adapter.send(target, message);
    expect(sessions).toBe(2);
    await clock.advance(41 * 60_000);
    await adapter.send(target, message);
    expect(new Set(heard.map(({ headers }) => headers.authorization)).size).toBe(2);
    await adapter.close();
  });

  it.each([
    [410, 'Unregistered', {}, { kind: 'gone' }], [400, 'BadDeviceToken', {}, { kind: 'gone' }], [429, 'TooManyRequests', { 'retry-after': '9' }, { kind: 'refused', retryAfterMs: 9_000 }], [503, 'ServiceUnavailable', {}, { kind: 'refused' }],
    [500, 'InternalServerError', {}, { kind: 'unknown' }], [400, 'BadTopic', {}, { kind: 'never' }], [404, 'BadPath', {}, { kind: 'never' }],
  ])('takes %i %s %j for %j', async (status, reason, more, outcome) => {
    refuse(status, reason, more);
    const adapter = open();
    expect(await adapter.send(target, message)).toMatchObject(outcome);
    await adapter.close();
  });

  it('makes its token anew when Apple says that it is too old', async () => {
    const adapter = open();
    refuse(403, 'ExpiredProviderToken');
    expect(await adapter.send(target, message)).toMatchObject({ kind: 'refused' });
    await clock.advance(1_000);
    await adapter.send(target, message);
    expect(new Set(heard.map(({ headers }) => headers.authorization)).size).toBe(2);
    await adapter.close();
  });

  it('knows not what became of a stream that broke, and that nothing came of one without a connection', async () => {
    const adapter = open();
    answer = (stream) => stream.session?.destroy();
    expect(await adapter.send(target, message)).toMatchObject({ kind: 'unknown' });
    expect(await open(false).send(target, message)).toMatchObject({ kind: 'refused' });
    await adapter.close();
  });
});
