import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { jwtVerify, decodeProtectedHeader } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createEgress } from '../../egress/http-egress.ts';
import { parseAllowList } from '../../egress/allow-list.ts';
import { systemClock } from '../../platform/system.ts';
import type { PushMessage } from '../port.ts';
import { Browser, LocalService } from '../testing.service.ts';
import { newVapidKeys } from './vapid-request.ts';
import { webPush } from './web-push.ts';

const keys = newVapidKeys();
const message: PushMessage = { payload: { kind: 'show', account: 'a', tag: 't', title: 'Ben mentioned you', body: 'Grüße 🚢', path: '/w/1/c/2', items: [{ entry: 'e', key: 'k' }] }, collapse: 'abcDEF_-123', ttlSeconds: 600 };

describe('Web Push', () => {
  let service: LocalService;
  beforeEach(async () => { service = await LocalService.open(); });
  afterEach(() => service.close());
  const push = () => webPush({ egress: service.egress, clock: systemClock }, { keys, contact: 'mailto:ops@example.org' });

  it('sends what only the browser can read (RFC 8291)', async () => {
    const browser = new Browser(service.origin);
    expect(await push().send(browser.target, message)).toEqual({ kind: 'sent' });
    const [heard] = service.heard;
    expect(heard).toMatchObject({ path: '/push/one', headers: { 'content-encoding': 'aes128gcm', ttl: '600', topic: 'abcDEF_-123', urgency: 'high' } });
    expect(heard!.body.toString('latin1')).not.toContain('Ben');
    expect(browser.read(heard!.body)).toEqual(message.payload);
    expect(() => new Browser(service.origin).read(heard!.body)).toThrow();
  });

  it('signs for this service and a short time (RFC 8292)', async () => {
    await push().send(new Browser(service.origin).target, message);
    const [, token, key] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(service.heard[0]!.headers.authorization!)!;
    expect(key).toBe(keys.publicKey);
    const point = Buffer.from(key!, 'base64url');
    const publicKey = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') }, format: 'jwk' });
    const { payload } = await jwtVerify(token!, publicKey, { audience: service.origin });
    expect([decodeProtectedHeader(token!).alg, payload.sub]).toEqual(['ES256', 'mailto:ops@example.org']);
    const hours = (payload.exp! - Date.now() / 1_000) / 3_600;
    expect(hours > 0 && hours <= 24).toBe(true);
    await expect(jwtVerify(token!, generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)).rejects.toThrow();
  });

  it.each([
    [201, {}, { kind: 'sent' }], [404, {}, { kind: 'gone' }], [410, {}, { kind: 'gone' }], [429, { 'retry-after': '7' }, { kind: 'refused', retryAfterMs: 7_000 }], [429, {}, { kind: 'refused', retryAfterMs: null }],
    [503, {}, { kind: 'refused', retryAfterMs: null }], [500, { 'retry-after': '90000' }, { kind: 'refused', retryAfterMs: 3_600_000 }], [500, {}, { kind: 'unknown' }], [400, {}, { kind: 'never' }], [413, {}, { kind: 'never' }],
  ])('takes %i with %j for %j', async (status, headers, outcome) => {
    service.answer = (_request, response) => void response.writeHead(status, headers as never).end();
    expect(await push().send(new Browser(service.origin).target, message)).toMatchObject(outcome);
  });

  it('goes by egress: an address of this network is reached by nobody who only subscribes', async () => {
    const closed = webPush({ egress: createEgress(parseAllowList([])), clock: systemClock }, { keys, contact: 'mailto:ops@example.org' });
    expect(await closed.send(new Browser(service.origin).target, message)).toEqual({ kind: 'gone' });
    expect(service.heard).toEqual([]);
  });

  it('says when it cannot know whether it was taken, and when it was not for certain', async () => {
    service.answer = (_request, response) => void response.destroy();
    expect(await push().send(new Browser(service.origin).target, message)).toMatchObject({ kind: 'unknown' });
    const { origin, egress } = service;
    await service.close();
    expect(await webPush({ egress, clock: systemClock }, { keys, contact: 'mailto:ops@example.org' }).send(new Browser(origin).target, message)).toMatchObject({ kind: 'refused' });
    service = await LocalService.open();
  });

  it('gives up on keys that are no point of the curve', async () => {
    const target = { ...new Browser(service.origin).target, p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url') };
    expect(await push().send(target, message)).toEqual({ kind: 'gone' });
  });
});
