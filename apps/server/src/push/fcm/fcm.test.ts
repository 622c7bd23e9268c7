import { generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PushMessage } from '../port.ts';
import { LocalService } from '../testing.service.ts';
import { fcm } from './fcm.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const message: PushMessage = { payload: { kind: 'show', account: 'a', tag: 't', title: 'Ben', body: 'hello', path: '/w/1', items: [{ entry: 'e', key: 'k' }] }, collapse: 'ccc', ttlSeconds: 60 };

describe('FCM', () => {
  let service: LocalService;
  let clock: FakeClock;
  let sends: (status: number, body?: object, headers?: Record<string, string>) => void;
  beforeEach(async () => {
    service = await LocalService.open();
    clock = new FakeClock();
    let tokens = 0;
    let next: [number, object, Record<string, string>] = [200, {}, {}];
    sends = (status, body = {}, headers = {}) => { next = [status, body, headers]; };
    service.answer = (request, response) => {
      if (request.path === '/token') return void response.end(JSON.stringify({ access_token: `access-${++tokens}`, expires_in: 3_600, token_type: 'Bearer' }));
      response.writeHead(next[0], next[2]).end(JSON.stringify(next[1]));
    };
  });
  afterEach(() => service.close());
  const push = () => fcm({ egress: service.egress, clock }, { project_id: 'parley-1', client_email: 'push@parley-1.iam.example', private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), token_uri: `${service.origin}/token` }, service.origin);
  const target = { kind: 'fcm', token: 'device:token' } as const;

  it('exchanges a signed assertion for a token, once for as long as it holds', async () => {
    const adapter = push();
    expect(await Promise.all([adapter.send(target, message), adapter.send(target, message)])).toEqual([{ kind: 'sent' }, { kind: 'sent' }]);
    const exchanges = service.heard.filter(({ path }) => path === '/token');
    expect(exchanges).toHaveLength(1);
    const form = new URLSearchParams(exchanges[0]!.body.toString());
    expect([exchanges[0]!.headers['content-type'], form.get('grant_type')]).toEqual(['application/x-www-form-urlencoded', 'urn:ietf:params:oauth:grant-type:jwt-bearer']);
    const { payload } = await jwtVerify(form.get('assertion')!, publicKey, { audience: `${service.origin}/token`, issuer: 'push@parley-1.iam.example', currentDate: new Date(clock.now()) });
    expect([decodeProtectedHeader(form.get('assertion')!).alg, payload.scope, payload.exp! - payload.iat!]).toEqual(['RS256', 'https://www.googleapis.com/auth/firebase.messaging', 3_600]);
    await clock.advance(3_600_000);
    await adapter.send(target, message);
    expect(service.heard.filter(({ path }) => path === '/token')).toHaveLength(2);
    expect(service.heard.at(-1)!.headers.authorization).toBe('Bearer access-2');
  });

  it('sends data of strings, collapsed and with an end', async () => {
    await push().send(target, message);
    const heard = service.heard.at(-1)!;
    expect(heard).toMatchObject({ path: '/v1/projects/parley-1/messages:send', headers: { authorization: 'Bearer access-1', 'content-type': 'application/json' } });
    expect(JSON.parse(heard.body.toString())).toEqual({ message: {
      token: 'device:token', android: { collapse_key: 'ccc', priority: 'HIGH', ttl: '60s' },
      data: { kind: 'show', account: 'a', tag: 't', title: 'Ben', body: 'hello', path: '/w/1', items: '[{"entry":"e","key":"k"}]' },
    } });
  });

  const error = (status: string, errorCode?: string) => ({ error: { status, details: errorCode === undefined ? [] : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }] } });
  it.each([
    [404, error('NOT_FOUND', 'UNREGISTERED'), {}, { kind: 'gone' }], [403, error('PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), {}, { kind: 'gone' }], [404, error('NOT_FOUND'), {}, { kind: 'never' }],
    [429, error('RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), { 'retry-after': '30' }, { kind: 'refused', retryAfterMs: 30_000 }], [503, error('UNAVAILABLE', 'UNAVAILABLE'), {}, { kind: 'refused' }],
    [500, error('INTERNAL', 'INTERNAL'), {}, { kind: 'unknown' }], [400, error('INVALID_ARGUMENT', 'INVALID_ARGUMENT'), {}, { kind: 'never' }],
  ])('takes %i %j %j for %j', async (status, body, headers, outcome) => {
    sends(status, body, headers as Record<string, string>);
    expect(await push().send(target, message)).toMatchObject(outcome);
  });

  it('asks for another token when one is withdrawn, and says that nothing was sent', async () => {
    const adapter = push();
    sends(401, error('UNAUTHENTICATED'));
    expect(await adapter.send(target, message)).toMatchObject({ kind: 'refused' });
    sends(200);
    expect(await adapter.send(target, message)).toEqual({ kind: 'sent' });
    expect(service.heard.at(-1)!.headers.authorization).toBe('Bearer access-2');
  });

  it('a failed exchange sends nothing and may be tried again', async () => {
    service.answer = (_request, response) => void response.writeHead(503, { 'retry-after': '5' }).end();
    expect(await push().send(target, message)).toMatchObject({ kind: 'refused', retryAfterMs: 5_000 });
    expect(service.heard.map(({ path }) => path)).toEqual(['/token']);
  });
});
