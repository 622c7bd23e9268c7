import { describe, expect, it } from 'vitest';
import * as calls from '@parley/shared/protocol/calls/accounts';
import { createChannel, getChannels, inviteToChannel } from '@parley/shared/protocol/calls/channels';
import { testWorld } from '../../testing/test-core.ts';

const NOBODY = '01900000-0000-7000-8000-000000000000';

describe('create_workspace and create_user', () => {
  it('are for server admins: 401, 400, 403, 404', async () => {
    const world = await testWorld().setUp();
    const mia = await world.createUser('mia', { role: 'owner' });
    const person = { workspace_id: world.workspace.id, username: 'ben', display_name: 'Ben', email: 'ben@example.org' };
    expect(await world.as(null).refused(calls.createWorkspace, { name: 'X' })).toMatchObject({ status: 401 });
    expect(await world.as(world.owner).refused(calls.createWorkspace, { name: '' })).toMatchObject({ status: 400 });
    expect(await world.as(mia).refused(calls.createWorkspace, { name: 'X' })).toMatchObject({ status: 403 });
    expect(await world.as(mia).refused(calls.createUser, person)).toMatchObject({ status: 403 });
    expect(await world.as(world.owner).refused(calls.createUser, { ...person, workspace_id: NOBODY })).toMatchObject({ status: 404 });
    await world.as(world.owner).call(calls.createUser, person);
    expect(await world.as(world.owner).refused(calls.createUser, person)).toMatchObject({ status: 409, errors: [{ path: 'username' }] });
    expect(await world.as(world.owner).refused(calls.createUser, { ...person, username: 'ben2', email: 'BEN@example.org' })).toMatchObject({ status: 409, errors: [{ path: 'email' }] });
    // A refused one leaves no half of itself behind.
    await world.as(world.owner).call(calls.createUser, { ...person, username: 'ben2', email: 'ben2@example.org' });
  });

  it('put people into general', async () => {
    const world = await testWorld().setUp();
    const mia = await world.createUser('mia');
    const channels = (await world.as(mia).call(getChannels, { workspace_id: world.workspace.id })).items;
    expect(channels).toMatchObject([{ name: 'general', is_default: true, member_count: 2 }]);
    const other = await world.createWorkspace('Other');
    expect(await world.as(mia).refused(getChannels, { workspace_id: other.id })).toMatchObject({ status: 404 });
    expect((await world.as(world.owner).call(getChannels, { workspace_id: other.id })).items).toMatchObject([{ name: 'general' }]);
  });
});

describe('invitations', () => {
  it('are refused: 401, 400, 403, 404', async () => {
    const world = await testWorld().setUp();
    const guest = await world.createUser('gus', { role: 'guest' });
    const mia = await world.createUser('mia');
    const ask = { workspace_id: world.workspace.id };
    expect(await world.as(null).refused(calls.createInvite, ask)).toMatchObject({ status: 401 });
    expect(await world.as(mia).refused(calls.createInvite, { ...ask, role: 'king' })).toMatchObject({ status: 400 });
    expect(await world.as(guest).refused(calls.createInvite, ask)).toMatchObject({ status: 403 });
    expect(await world.as(mia).refused(calls.createInvite, { ...ask, role: 'admin' })).toMatchObject({ status: 403 });
    expect(await world.as(mia).refused(calls.createInvite, { workspace_id: NOBODY })).toMatchObject({ status: 404 });
    const secret = await world.as(world.owner).call(createChannel, { ...ask, name: 'secret', is_private: true });
    expect(await world.as(mia).refused(calls.createInvite, { ...ask, channel_ids: [secret.id] })).toMatchObject({ status: 404 });
    expect(await world.as(null).refused(calls.getInvite, { invite_token: 'guess' })).toMatchObject({ status: 404 });
    expect(await world.as(null).refused(calls.acceptInvite, { invite_token: 'guess', username: 'x', display_name: 'x', email: 'x@y', password: 'long enough' })).toMatchObject({ status: 404 });
  });

  it('make an account in general and the named channels, once', async () => {
    const world = await testWorld().setUp();
    const room = await world.as(world.owner).call(createChannel, { workspace_id: world.workspace.id, name: 'room', is_private: true });
    const invite = await world.as(world.owner).call(calls.createInvite, { workspace_id: world.workspace.id, email: 'nina@example.org', channel_ids: [room.id] });
    expect(invite.url).toBe(`http://localhost:3210/invite/${invite.invite_token}`);
    const { invite_token } = invite;
    expect(await world.as(null).call(calls.getInvite, { invite_token })).toMatchObject({ invited_by: 'Olivia Owner', email: 'nina@example.org', channel_names: ['room'], workspace: { name: 'Acme' } });
    const problem = await world.as(null).refused(calls.acceptInvite, { invite_token });
    expect(problem.errors?.map((e) => e.path).sort()).toEqual(['display_name', 'password', 'username']);
    const nina = { invite_token, username: 'nina', display_name: 'Nina', password: 'long enough' };
    expect(await world.as(null).refused(calls.acceptInvite, { ...nina, email: 'other@example.org' })).toMatchObject({ status: 400, errors: [{ path: 'email' }] });
    const joined = await world.as(null).call(calls.acceptInvite, nina);
    const names = (await world.as({ token: joined.token! }).call(getChannels, { workspace_id: world.workspace.id })).items.map((c) => c.name);
    expect(names.sort()).toEqual(['general', 'room']);
    expect(await world.as(null).refused(calls.acceptInvite, { ...nina, username: 'nina2' })).toMatchObject({ status: 409 });
    expect(await world.as(null).refused(calls.getInvite, { invite_token })).toMatchObject({ status: 404 });
  });

  it('take in somebody who is signed in, who may repeat it, and end after a week', async () => {
    const world = await testWorld().setUp();
    const mia = await world.createUser('mia');
    const other = await world.createWorkspace('Other');
    const { invite_token } = await world.as(world.owner).call(calls.createInvite, { workspace_id: other.id });
    for (let i = 0; i < 2; i++) expect(await world.as(mia).call(calls.acceptInvite, { invite_token })).toMatchObject({ token: null, device_id: mia.device_id, workspace: { id: other.id } });
    expect((await world.as(mia).call(calls.getMe, {})).workspaces).toHaveLength(2);
    const late = await world.as(world.owner).call(calls.createInvite, { workspace_id: other.id });
    await world.clock.advance(8 * 24 * 3600_000);
    expect(await world.as(mia).refused(calls.acceptInvite, { invite_token: late.invite_token })).toMatchObject({ status: 404 });
  });
});

describe('users', () => {
  it('are refused: 401, 400, 404', async () => {
    const world = await testWorld().setUp();
    const workspace_id = world.workspace.id;
    expect(await world.as(null).refused(calls.getUsers, { workspace_id })).toMatchObject({ status: 401 });
    const owner = world.as(world.owner);
    expect(await owner.refused(calls.getUsers, { workspace_id, ids: 'a,b' })).toMatchObject({ status: 400, errors: [{ path: 'ids' }] });
    expect(await owner.refused(calls.getUsers, { workspace_id, ids: world.owner.id, query: 'o' })).toMatchObject({ status: 400 });
    expect(await owner.refused(calls.getUsers, { workspace_id, cursor: '!!' })).toMatchObject({ status: 400, errors: [{ path: 'cursor' }] });
    expect(await owner.refused(calls.getUsers, { workspace_id: NOBODY })).toMatchObject({ status: 404 });
  });

  it('come in pages by name, with the email for oneself and admins only', async () => {
    const world = await testWorld().setUp();
    const names = ['ada', 'ben', 'cleo', 'dan', 'eve'];
    const users = [];
    for (const name of names) users.push(await world.createUser(name));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await world.as(users[0]!).call(calls.getUsers, { workspace_id: world.workspace.id, page_size: 2, ...(cursor ? { cursor } : {}) });
      for (const user of page.items) {
        seen.push(user.username);
        expect('email' in user).toBe(user.username === 'ada');
      }
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual([...names, 'olivia']);
    const byId = await world.as(world.owner).call(calls.getUsers, { workspace_id: world.workspace.id, ids: `${users[1]!.id},${NOBODY}` });
    expect(byId.items).toMatchObject([{ username: 'ben', email: 'ben@example.org' }]);
  });

  it('show guests only people of shared channels', async () => {
    const world = await testWorld().setUp();
    const [gus, mia, zed] = [await world.createUser('gus', { role: 'guest' }), await world.createUser('mia'), await world.createUser('zed')];
    const list = async () => (await world.as(gus).call(calls.getUsers, { workspace_id: world.workspace.id })).items.map((u) => u.username);
    expect(await list()).toEqual(['gus']);
    const room = await world.as(mia).call(createChannel, { workspace_id: world.workspace.id, name: 'room' });
    await world.as(mia).call(inviteToChannel, { channel_id: room.id, user_ids: [gus.id] });
    expect(await list()).toEqual(['gus', 'mia']);
    expect((await world.as(gus).call(calls.getUsers, { workspace_id: world.workspace.id, ids: `${mia.id},${zed.id}` })).items.map((u) => u.username)).toEqual(['mia']);
    expect((await world.as(gus).call(calls.getUsers, { workspace_id: world.workspace.id, query: 'zed' })).items).toEqual([]);
  });
});

describe('set_role and deactivate_user', () => {
  it('are refused: 401, 400, 403, 404', async () => {
    const world = await testWorld().setUp();
    const [mia, ben] = [await world.createUser('mia'), await world.createUser('ben')];
    const workspace_id = world.workspace.id;
    expect(await world.as(null).refused(calls.setRole, { user_id: mia.id, role: 'admin' })).toMatchObject({ status: 401 });
    expect(await world.as(world.owner).refused(calls.setRole, { user_id: mia.id, workspace_id, role: 'moderator' })).toMatchObject({ status: 400 });
    expect(await world.as(mia).refused(calls.setRole, { user_id: ben.id, workspace_id, role: 'admin' })).toMatchObject({ status: 403 });
    expect(await world.as(mia).refused(calls.setRole, { user_id: mia.id, role: 'admin' })).toMatchObject({ status: 403 });
    expect(await world.as(world.owner).refused(calls.setRole, { user_id: NOBODY, workspace_id, role: 'admin' })).toMatchObject({ status: 404 });
    expect(await world.as(mia).refused(calls.deactivateUser, { user_id: ben.id, workspace_id })).toMatchObject({ status: 403 });
    expect(await world.as(mia).refused(calls.deactivateUser, { user_id: ben.id })).toMatchObject({ status: 403 });
  });

  it('give nothing above one\'s own role, and keep the last owner', async () => {
    const world = await testWorld().setUp();
    const [ada, mia] = [await world.createUser('ada', { role: 'admin' }), await world.createUser('mia')];
    const workspace_id = world.workspace.id;
    expect(await world.as(ada).refused(calls.setRole, { user_id: mia.id, workspace_id, role: 'owner' })).toMatchObject({ status: 403 });
    expect(await world.as(ada).refused(calls.setRole, { user_id: world.owner.id, workspace_id, role: 'member' })).toMatchObject({ status: 403 });
    await world.as(ada).call(calls.setRole, { user_id: mia.id, workspace_id, role: 'admin' });
    const owner = world.as(world.owner);
    expect(await owner.refused(calls.setRole, { user_id: world.owner.id, workspace_id, role: 'admin' })).toMatchObject({ status: 403 });
    expect(await owner.refused(calls.setRole, { user_id: world.owner.id, role: 'member' })).toMatchObject({ status: 403 });
    expect(await owner.refused(calls.deactivateUser, { user_id: world.owner.id })).toMatchObject({ status: 403 });
    await owner.call(calls.setRole, { user_id: mia.id, workspace_id, role: 'owner' });
    await owner.call(calls.setRole, { user_id: world.owner.id, workspace_id, role: 'admin' });
    await owner.call(calls.setRole, { user_id: mia.id, role: 'owner' });
    await owner.call(calls.setRole, { user_id: world.owner.id, role: 'member' });
    expect(await owner.refused(calls.createWorkspace, { name: 'X' })).toMatchObject({ status: 403 });
  });

  it('end a membership with its channels, and an account with its sessions', async () => {
    const world = await testWorld().setUp();
    const mia = await world.createUser('mia');
    const workspace_id = world.workspace.id;
    const owner = world.as(world.owner);
    expect(await owner.call(calls.deactivateUser, { user_id: mia.id, workspace_id })).toMatchObject({ deactivated: true });
    expect(await world.as(mia).refused(getChannels, { workspace_id })).toMatchObject({ status: 404 });
    expect((await world.as(mia).call(calls.getMe, {})).workspaces).toEqual([]);
    expect((await owner.call(getChannels, { workspace_id })).items).toMatchObject([{ name: 'general', member_count: 1 }]);
    expect((await owner.call(calls.getUsers, { workspace_id })).items).toHaveLength(1);
    expect((await owner.call(calls.getUsers, { workspace_id, ids: mia.id })).items).toMatchObject([{ deactivated: true }]);
    await owner.call(calls.deactivateUser, { user_id: mia.id });
    expect(await world.as(mia).refused(calls.getMe, {})).toMatchObject({ status: 401 });
    expect(await world.as(null).refused(calls.signIn, { login: 'mia', password: mia.password })).toMatchObject({ status: 401 });
  });
});
