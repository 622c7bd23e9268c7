import * as z from 'zod/mini';
import { describe, expect, it } from 'vitest';
import { defineCall } from '@parley/shared/protocol/call';
import { createInvite, createWorkspace, getMe, revokeDevice, setPresence, signIn, signOut, updateProfile } from '@parley/shared/protocol/calls/accounts';
import { ParleyError, type Problem } from '@parley/shared/protocol/errors';
import { route } from './edge/route.ts';
import { idempotency } from './storage/tables.ts';
import { testWorld, TEST_ORIGIN } from './testing/test-core.ts';

const probe = defineCall({ path: 'probe/{id}', method: 'POST', auth: 'none', status: 200, summary: 'a probe', request: z.strictObject({ id: z.string(), fail: z.optional(z.enum(['known', 'unknown'])) }), response: z.looseObject({}) });

describe('core', () => {
  it('answers 404 for unknown calls and 405 with Allow for a wrong method', async () => {
    const world = await testWorld().setUp();
    const request = { headers: {}, address: '127.0.0.1' };
    expect((await world.core.handle({ ...request, method: 'GET', path: 'nothing' })).status).toBe(404);
    expect((await world.core.handle({ ...request, method: 'GET', path: 'constructor' })).status).toBe(404);
    expect((await world.core.handle({ ...request, method: 'GET', path: 'probe/%E0%A4%A' })).status).toBe(404);
    const wrong = await world.core.handle({ ...request, method: 'POST', path: 'me' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers['allow']).toBe('GET, HEAD');
    expect(wrong.headers['content-type']).toBe('application/problem+json');
    expect(wrong.body).toMatchObject({ code: 'method_not_allowed', status: 405, trace_id: expect.stringMatching(/^[0-9a-f]{22}$/) });
  });

  it('answers 401 without a session, with a wrong one, and after it ended', async () => {
    const world = await testWorld().setUp();
    expect(await world.as(null).refused(getMe, {})).toMatchObject({ status: 401, code: 'not_authenticated' });
    const other = world.owner.token.replace(/.$/, (c) => (c === 'A' ? 'B' : 'A'));
    for (const token of [other, 'x', `${world.owner.id}.${world.owner.device_id}.`, `${world.owner.id}..`]) expect(await world.as({ token }).refused(getMe, {})).toMatchObject({ status: 401 });
    const second = await world.signIn('olivia', world.owner.password);
    await world.as(second).call(signOut, {});
    expect(await world.as(second).refused(getMe, {})).toMatchObject({ status: 401 });
    await world.as(world.owner).call(getMe, {});
    await world.clock.advance(91 * 24 * 3600_000);
    expect(await world.as(world.owner).refused(getMe, {})).toMatchObject({ status: 401 });
    expect(world.failures).toEqual([]);
  });

  it('names every wrong path of a request', async () => {
    const world = await testWorld().setUp();
    const problem = await world.as(null).refused(signIn, { login: 5, extra: 1, device_id: 'x' });
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(problem.errors?.map((e) => e.path).sort()).toEqual(['device_id', 'extra', 'login', 'password']);
    for (const body of [null, 1, 'text', [], [1]]) expect(await world.as(null).refused(signIn, body)).toMatchObject({ status: 400 });
    const query = await world.core.handle({ method: 'POST', path: 'sign_in', query: { login: 'x' }, body: {}, headers: {}, address: '127.0.0.1' });
    expect(query).toMatchObject({ status: 400, body: { errors: [{ path: 'login' }] } });
  });

  it('takes the cookie, and refuses unsafe calls with it from other origins', async () => {
    const world = await testWorld().setUp();
    const cookie = `other=1; parley_session=${world.owner.token}`;
    expect((await world.as(null).send(getMe, {}, { headers: { cookie } })).status).toBe(200);
    const post = (headers: Record<string, string>) => world.as(null).send(setPresence, { presence: 'away' }, { headers });
    expect((await post({ cookie })).status).toBe(403);
    expect((await post({ cookie, origin: 'http://evil.example' })).status).toBe(403);
    expect((await post({ cookie, origin: 'null' })).status).toBe(403);
    expect((await post({ cookie, origin: TEST_ORIGIN })).status).toBe(200);
    expect((await post({ authorization: `Bearer ${world.owner.token}`, origin: 'http://evil.example' })).status).toBe(200);
  });

  it('sets the cookie for its own origin only, and then answers no token', async () => {
    const world = await testWorld().setUp();
    const credentials = { login: 'olivia', password: world.owner.password };
    const browser = await world.as(null).send(signIn, credentials, { headers: { origin: TEST_ORIGIN } });
    expect(browser.body).toMatchObject({ token: null });
    expect(browser.headers['set-cookie']).toMatch(/^parley_session=[^;]+; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Lax$/);
    const script = await world.as(null).send(signIn, credentials);
    expect(script.headers['set-cookie']).toBeUndefined();
    expect((script.body as { token: string }).token).toMatch(/^[0-9a-f-]{36}\.[0-9a-f-]{36}\.[\w-]{43}$/);
  });

  it('answers a repeat with the same Idempotency-Key as the first, for 30 days and one account', async () => {
    const world = await testWorld().setUp();
    const headers = { 'idempotency-key': 'k1' };
    const owner = world.as(world.owner);
    const [a, b] = await Promise.all([owner.send(createWorkspace, { name: 'Two' }, { headers }), owner.send(createWorkspace, { name: 'Two' }, { headers })]);
    expect(a).toEqual(b);
    expect(a.status).toBe(201);
    expect((await owner.send(createWorkspace, { name: 'Two' }, { headers })).body).toEqual(a.body);
    expect((await owner.call(getMe, {})).workspaces).toHaveLength(2);
    expect(await owner.refused(createWorkspace, { name: 'Three' }, { headers })).toMatchObject({ status: 409, code: 'conflict' });
    expect(await owner.refused(updateProfile, { title: 'x' }, { headers })).toMatchObject({ status: 409 });
    expect(await owner.refused(createWorkspace, { name: 'Two' }, { headers: { 'idempotency-key': 'with space' } })).toMatchObject({ status: 400 });
    const mia = await world.createUser('mia');
    expect(await world.as(mia).refused(createWorkspace, { name: 'Two' }, { headers })).toMatchObject({ status: 403 });
    await world.clock.advance(31 * 24 * 3600_000);
    expect((await owner.send(createWorkspace, { name: 'Two' }, { headers })).body).not.toEqual(a.body);
  });

  it('keeps no secret of an answer in the store', async () => {
    const world = await testWorld().setUp();
    const ask = () => world.as(world.owner).send(createInvite, { workspace_id: world.workspace.id }, { headers: { 'idempotency-key': 'k2' } });
    const first = await ask();
    expect((await ask()).body).toEqual(first.body);
    const rows = await world.store.read((tx) => tx.find(idempotency, { limit: 10 }));
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toContain((first.body as { invite_token: string }).invite_token);
    expect(JSON.stringify(rows)).not.toContain('k2');
  });

  it('answers a repeat of a call without a body as the first', async () => {
    const world = await testWorld().setUp();
    const phone = await world.signIn('olivia', world.owner.password);
    const revoke = () => world.as(world.owner).send(revokeDevice, { device_id: phone.device_id }, { headers: { 'idempotency-key': 'k3' } });
    expect([(await revoke()).status, (await revoke()).status]).toEqual([204, 204]);
    expect(await world.as(world.owner).refused(revokeDevice, { device_id: phone.device_id })).toMatchObject({ status: 404 });
  });

  it('answers 500 without details for what it does not know, and logs it once', async () => {
    const world = await testWorld({
      routes: () => [route(probe, async (_c, input) => {
        if (input.fail === 'known') throw new ParleyError('unavailable', undefined, { retry_after_ms: 2_500 });
        if (input.fail === 'unknown') throw new Error('secret detail');
        return { got: input.id };
      })],
    }).setUp();
    const anyone = world.as(null);
    expect((await anyone.send(probe, { id: 'a/b' })).body).toEqual({ got: 'a/b' });
    const known = await anyone.send(probe, { id: '1', fail: 'known' });
    expect(known).toMatchObject({ status: 503, headers: { 'retry-after': '3' }, body: { retry_after_ms: 2500 } });
    const unknown = await anyone.send(probe, { id: '1', fail: 'unknown' });
    expect(unknown).toMatchObject({ status: 500, body: { code: 'internal' } });
    expect(JSON.stringify(unknown.body)).not.toContain('secret');
    expect(world.failures).toHaveLength(1);
  });

  it('answers 429 with Retry-After over a limit, per login and per address', async () => {
    const world = await testWorld({ config: { rateLimits: true } }).setUp();
    let limited: Problem | undefined;
    for (let i = 0; i < 30 && !limited; i++) {
      const response = await world.as(null).send(signIn, { login: 'olivia', password: 'wrong' }, { address: `10.0.0.${i}` });
      if (response.status === 429) limited = response.body as Problem;
      else expect(response.status).toBe(401);
    }
    expect(limited?.retry_after_ms).toBeGreaterThan(0);
    expect((await world.as(null).send(signIn, { login: 'other', password: 'wrong' }, { address: '10.0.1.1' })).status).toBe(401);
  });
});
