import { describe, expect, it } from 'vitest';
import * as calls from '@parley/shared/protocol/calls/accounts';
import type { StoredEvent } from '../../storage/port.ts';
import { testWorld } from '../../testing/test-core.ts';

describe('set_up', () => {
  const input = { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'O@example.org', password: 'long enough' };

  it('wants a whole form', async () => {
    const problem = await testWorld().as(null).refused(calls.setUp, { workspace_name: ' ', username: 'Olivia', email: 'x', password: 'short' });
    expect(problem.errors?.map((e) => e.path).sort()).toEqual(['display_name', 'email', 'password', 'username', 'workspace_name']);
  });

  it('wants the code unless the server and the request are on loopback', async () => {
    const world = testWorld();
    const anyone = world.as(null);
    expect(await anyone.refused(calls.setUp, input, { address: '10.0.0.1' })).toMatchObject({ status: 403 });
    expect(await anyone.refused(calls.setUp, input, { headers: { 'x-forwarded-for': '127.0.0.1' } })).toMatchObject({ status: 403 });
    expect(await anyone.refused(calls.setUp, input, { headers: { origin: 'http://evil.example' } })).toMatchObject({ status: 403 });
    expect(await anyone.refused(calls.setUp, { ...input, set_up_code: 'wrong' }, { address: '10.0.0.1' })).toMatchObject({ status: 403 });
    expect(await anyone.call(calls.getServer, {}, { address: '10.0.0.1' })).toMatchObject({ set_up: false, set_up_code_required: true });
    expect(await anyone.call(calls.getServer, {})).toMatchObject({ set_up: false, set_up_code_required: false });
    const open = testWorld({ config: { host: '0.0.0.0' } });
    expect(await open.as(null).refused(calls.setUp, input)).toMatchObject({ status: 403 });
    await open.as(null).call(calls.setUp, { ...input, set_up_code: 'test-code' });
  });

  it('happens once, however many try at the same time', async () => {
    const world = testWorld();
    const tries = await Promise.all([1, 2, 3].map((n) => world.as(null).send(calls.setUp, { ...input, username: `u${n}`, email: `u${n}@example.org` })));
    expect(tries.map((t) => t.status).sort()).toEqual([201, 409, 409]);
    expect(await world.as(null).call(calls.getServer, {})).toMatchObject({ set_up: true, sign_in: { password: true, oidc: [] } });
  });

  it('makes the owner of server and workspace', async () => {
    const world = await testWorld().setUp();
    const me = await world.as(world.owner).call(calls.getMe, {});
    expect(me).toMatchObject({ server_role: 'owner', device_id: world.owner.device_id, user: { username: 'olivia', email: 'olivia@example.org' }, workspaces: [{ role: 'owner', workspace: { name: 'Acme' } }] });
  });
});

describe('sign_in', () => {
  it('is refused alike for unknown people and wrong passwords', async () => {
    const world = await testWorld().setUp();
    const answers = [];
    for (const login of ['olivia', 'nobody', 'nobody@example.org']) answers.push({ ...(await world.as(null).refused(calls.signIn, { login, password: 'nope' })), trace_id: '' });
    expect(answers[0]).toMatchObject({ status: 401, code: 'not_authenticated' });
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });

  it('takes the username or the email in any case, and answers one local key for the account', async () => {
    const world = await testWorld().setUp();
    const a = await world.as(null).call(calls.signIn, { login: 'Olivia@Example.org', password: world.owner.password });
    const b = await world.as(null).call(calls.signIn, { login: 'OLIVIA', password: world.owner.password });
    expect(a.local_key).toMatch(/^[\w-]{43}$/);
    expect(b.local_key).toBe(a.local_key);
    expect(b.device_id).not.toBe(a.device_id);
  });

  it('knows a device again until it is revoked', async () => {
    const world = await testWorld().setUp();
    const signIn = (device_id: string) => world.as(null).call(calls.signIn, { login: 'olivia', password: world.owner.password, device_id });
    const again = await signIn(world.owner.device_id);
    expect(again.device_id).toBe(world.owner.device_id);
    expect(await world.as(world.owner).refused(calls.getMe, {})).toMatchObject({ status: 401 });
    await world.as({ token: again.token! }).call(calls.revokeDevice, { device_id: again.device_id });
    expect((await signIn(again.device_id)).device_id).not.toBe(again.device_id);
  });
});

describe('devices', () => {
  it('are one\'s own: 401, 400, 404', async () => {
    const world = await testWorld().setUp();
    const mia = await world.createUser('mia');
    expect(await world.as(null).refused(calls.getDevices, {})).toMatchObject({ status: 401 });
    expect(await world.as(mia).refused(calls.revokeDevice, { device_id: 'x' })).toMatchObject({ status: 400 });
    expect(await world.as(mia).refused(calls.revokeDevice, { device_id: world.owner.device_id })).toMatchObject({ status: 404 });
    expect((await world.as(mia).call(calls.getDevices, {})).items).toMatchObject([{ device_id: mia.device_id, current: true }]);
  });

  it('when revoked lose their session, and the gateways are told with the change', async () => {
    const world = await testWorld().setUp();
    const phone = await world.signIn('olivia', world.owner.password);
    const events: StoredEvent[] = [];
    world.store.onCommitted((committed) => events.push(...committed));
    await world.as(world.owner).call(calls.revokeDevice, { device_id: phone.device_id });
    expect(events).toMatchObject([{ stream: `user:${world.owner.id}`, control: [{ kind: 'revoked', device_ids: [phone.device_id] }], entities: [{ type: 'device', id: phone.device_id, deleted: true }] }]);
    expect(await world.as(phone).refused(calls.getMe, {})).toMatchObject({ status: 401 });
    expect((await world.as(world.owner).call(calls.getDevices, {})).items).toHaveLength(1);
  });
});

describe('one\'s own account', () => {
  it('needs a session for everything', async () => {
    const anyone = (await testWorld().setUp()).as(null);
    for (const call of [calls.updateProfile, calls.setStatus, calls.setPresence, calls.changePassword, calls.signOut]) expect(await anyone.refused(call, {})).toMatchObject({ status: 401 });
  });

  it('changes the profile, and the directory finds the new name', async () => {
    const world = await testWorld().setUp();
    const mia = await world.createUser('mia');
    expect(await world.as(mia).refused(calls.updateProfile, { display_name: '', time_zone: 'Mars/Olympus' })).toMatchObject({ status: 400 });
    expect(await world.as(mia).refused(calls.updateProfile, { time_zone: 'Mars/Olympus' })).toMatchObject({ status: 400, errors: [{ path: 'time_zone' }] });
    await world.as(mia).call(calls.updateProfile, { display_name: 'Zoë Quill', title: 'Writer', time_zone: 'Europe/Berlin' });
    const find = async (query: string) => (await world.as(world.owner).call(calls.getUsers, { workspace_id: world.workspace.id, query })).items.map((u) => u.display_name);
    expect(await find('zoe')).toEqual(['Zoë Quill']);
    expect(await find('qui zo')).toEqual(['Zoë Quill']);
    expect(await find('mia')).toEqual(['Zoë Quill']);
    expect(await find('xo')).toEqual([]);
  });

  it('shows a status until its end', async () => {
    const world = await testWorld().setUp();
    const owner = world.as(world.owner);
    const until = world.clock.now() + 60_000;
    expect((await owner.call(calls.setStatus, { emoji: 'palm_tree', text: 'Away', until })).status).toMatchObject({ text: 'Away' });
    expect((await owner.call(calls.getMe, {})).user.status).toMatchObject({ emoji: 'palm_tree', until: new Date(until).toISOString().replace('Z', '000Z') });
    await world.clock.advance(60_000);
    expect((await owner.call(calls.getMe, {})).user.status).toBeNull();
    expect(await owner.refused(calls.setStatus, { text: 'x', until: 9e15 })).toMatchObject({ status: 400 });
    expect((await owner.call(calls.setStatus, {})).status).toBeNull();
  });

  it('ends all other sessions with a new password', async () => {
    const world = await testWorld().setUp();
    const other = await world.signIn('olivia', world.owner.password);
    const owner = world.as(world.owner);
    expect(await owner.refused(calls.changePassword, { current_password: 'wrong', new_password: 'something new' })).toMatchObject({ status: 403 });
    await owner.call(calls.changePassword, { current_password: world.owner.password, new_password: 'something new' });
    await owner.call(calls.getMe, {});
    expect(await world.as(other).refused(calls.getMe, {})).toMatchObject({ status: 401 });
    expect(await world.as(null).refused(calls.signIn, { login: 'olivia', password: world.owner.password })).toMatchObject({ status: 401 });
    await world.signIn('olivia', 'something new');
  });
});
