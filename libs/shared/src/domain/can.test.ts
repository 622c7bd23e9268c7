import { describe, expect, it } from 'vitest';
import { ACTIONS, can, type Action, type Actor, type ChannelFacts, type Resource, type Verdict } from './can.ts';

const ME = 'me';
const actor = (workspace_role: Actor['workspace_role'], server_role: Actor['server_role'] = 'member'): Actor => ({ user_id: ME, server_role, workspace_role });
const channel = (change: Partial<ChannelFacts> = {}): ChannelFacts => ({ kind: 'public', archived: false, posting: 'everyone', is_default: false, member_count: 3, creator_id: 'other', importing: false, membership: null, ...change });
const inside: ChannelFacts['membership'] = { role: 'member', visible_from_seq: 0 };
const moderator: ChannelFacts['membership'] = { role: 'moderator', visible_from_seq: 0 };

const A = 'allowed';
const F = 'forbidden';
const N = 'not_found';

/** The pinned table, written out: guest, member, channel moderator, workspace admin; first inside the channel, then outside it. */
const PUBLIC_CHANNEL: [Action, inside: Verdict[], outside: Verdict[]][] = [
  ['channel.view', [A, A, A, A], [N, A, A, A]],
  ['channel.join', [A, A, A, A], [N, A, A, A]],
  ['message.post', [A, A, A, A], [N, F, F, F]],
  ['message.react', [A, A, A, A], [N, F, F, F]],
  ['message.edit', [F, F, F, F], [N, F, F, F]],
  ['message.delete', [F, F, A, A], [N, F, F, A]],
  ['message.pin', [F, A, A, A], [N, F, F, A]],
  ['channel.set_topic', [F, A, A, A], [N, F, F, A]],
  ['channel.invite', [F, A, A, A], [N, F, F, A]],
  ['channel.remove', [F, F, A, A], [N, F, F, A]],
  ['channel.rename', [F, F, A, A], [N, F, F, A]],
  ['channel.set_posting', [F, F, A, A], [N, F, F, A]],
  ['channel.archive', [F, F, A, A], [N, F, F, A]],
  ['channel.set_role', [F, F, A, A], [N, F, F, A]],
  ['mention.everyone', [F, A, A, A], [N, F, F, F]],
  ['channel.convert', [F, F, F, A], [N, F, F, A]],
  ['channel.delete', [F, F, F, A], [N, F, F, A]],
  ['channel.follow', [A, A, A, A], [N, F, F, F]],
  ['channel.leave', [A, A, A, A], [N, A, A, A]],
];
const ROLES = ['guest', 'member', 'member', 'admin'] as const;
const foreign = { author_id: 'other', seq: 5, deleted: false };

describe('can', () => {
  it.each(PUBLIC_CHANNEL)('%s in a public channel', (action, within, outside) => {
    ROLES.forEach((role, i) => {
      const membership = i === 2 ? moderator : inside;
      expect(can(actor(role), action, { channel: channel({ membership }), message: foreign }), `${role} inside`).toBe(within[i]);
      expect(can(actor(role), action, { channel: channel(), message: foreign }), `${role} outside`).toBe(outside[i]);
    });
    expect(can(actor('owner'), action, { channel: channel(), message: foreign })).toBe(outside[3]);
  });

  it.each(ACTIONS.filter((a) => PUBLIC_CHANNEL.some(([b]) => a === b)))('%s: a private channel or direct message of others is not there, for all', (action) => {
    for (const kind of ['private', 'dm', 'group_dm'] as const) {
      for (const role of ['guest', 'member', 'admin', 'owner'] as const) expect(can(actor(role, 'owner'), action, { channel: channel({ kind }), message: foreign })).toBe(N);
    }
    expect(can(actor(null, 'owner'), action, { channel: channel({ membership: inside }), message: foreign })).toBe(N);
    expect(can(actor('admin'), action, {})).toBe(N);
  });

  it('one acts on what one made: own messages, own channels', () => {
    const own = { author_id: ME, seq: 5, deleted: false };
    for (const role of ROLES) {
      expect(can(actor(role), 'message.edit', { channel: channel({ membership: inside }), message: own })).toBe(A);
      expect(can(actor(role), 'message.delete', { channel: channel({ membership: inside }), message: own })).toBe(A);
    }
    for (const action of ['channel.remove', 'channel.rename', 'channel.set_posting', 'channel.archive', 'channel.set_role'] as const) {
      expect(can(actor('member'), action, { channel: channel({ creator_id: ME, membership: inside }) })).toBe(A);
      expect(can(actor('member'), action, { channel: channel({ creator_id: ME }) })).toBe(F);
      expect(can(actor('guest'), action, { channel: channel({ creator_id: ME, membership: inside }) })).toBe(F);
    }
  });

  it('posting limits hold for members, not for moderators and admins', () => {
    const limited = (membership: ChannelFacts['membership']): Resource => ({ channel: channel({ posting: 'moderators', membership }) });
    expect(can(actor('guest'), 'message.post', limited(inside))).toBe(F);
    expect(can(actor('member'), 'message.post', limited(inside))).toBe(F);
    expect(can(actor('member'), 'message.post', limited(moderator))).toBe(A);
    expect(can(actor('admin'), 'message.post', limited(inside))).toBe(A);
    expect(can(actor('admin'), 'message.post', limited(null))).toBe(F);
  });

  it('archived and importing channels take no posts', () => {
    for (const state of [{ archived: true }, { importing: true }]) {
      for (const action of ['message.post', 'message.react'] as const) expect(can(actor('owner'), action, { channel: channel({ ...state, membership: moderator }) })).toBe(F);
      expect(can(actor('member'), 'channel.view', { channel: channel({ ...state, membership: inside }) })).toBe(A);
    }
    expect(can(actor('member'), 'channel.join', { channel: channel({ archived: true }) })).toBe(F);
    expect(can(actor('member'), 'channel.archive', { channel: channel({ archived: true, membership: moderator }) })).toBe(A);
  });

  it('the default channel can be neither left nor archived; direct messages have no moderators and no joining', () => {
    for (const action of ['channel.leave', 'channel.archive', 'channel.remove'] as const) expect(can(actor('owner'), action, { channel: channel({ is_default: true, membership: moderator }) })).toBe(F);
    const direct = channel({ kind: 'group_dm', membership: moderator, creator_id: ME });
    for (const action of ['channel.join', 'channel.leave', 'channel.invite', 'channel.remove', 'channel.rename', 'channel.set_posting', 'channel.archive', 'channel.set_role', 'channel.set_topic'] as const) {
      expect(can(actor('admin'), action, { channel: direct }), action).toBe(F);
    }
    expect(can(actor('member'), 'message.delete', { channel: direct, message: foreign })).toBe(F);
    expect(can(actor('guest'), 'message.post', { channel: direct })).toBe(A);
  });

  it('everybody may be named in channels of up to 100 members', () => {
    const sized = (member_count: number, membership = inside): Resource => ({ channel: channel({ member_count, membership }) });
    expect(can(actor('member'), 'mention.everyone', sized(100))).toBe(A);
    expect(can(actor('member'), 'mention.everyone', sized(101))).toBe(F);
    expect(can(actor('member'), 'mention.everyone', sized(101, moderator))).toBe(A);
    expect(can(actor('admin'), 'mention.everyone', sized(101))).toBe(A);
    expect(can(actor('guest'), 'mention.everyone', sized(2))).toBe(F);
  });

  it('messages before a stay that began "from now" are not there', () => {
    const facts = channel({ kind: 'private', membership: { role: 'member', visible_from_seq: 10 } });
    expect(can(actor('member'), 'channel.view', { channel: facts, message: { author_id: ME, seq: 9, deleted: false } })).toBe(N);
    expect(can(actor('member'), 'channel.view', { channel: facts, message: { author_id: ME, seq: 10, deleted: false } })).toBe(A);
  });

  it('workspaces', () => {
    const table: [Action, Resource, Verdict[]][] = [
      ['workspace.view', {}, [A, A, A]],
      ['people.view', { shares_channel: false }, [N, A, A]],
      ['people.view', { shares_channel: true }, [A, A, A]],
      ['channel.create', {}, [F, A, A]],
      ['dm.open', { shares_channel: false }, [N, A, A]],
      ['dm.open', { shares_channel: true }, [A, A, A]],
      ['workspace.invite', {}, [F, A, A]],
      ['workspace.invite', { members_may_invite: false }, [F, F, A]],
      ['workspace.groups_emoji', { members_may_invite: false }, [F, F, A]],
      ['workspace.set_role', {}, [F, F, A]],
      ['workspace.deactivate_member', {}, [F, F, A]],
      ['workspace.import', {}, [F, F, A]],
      ['workspace.settings', {}, [F, F, A]],
      ['workspace.hooks', {}, [F, F, A]],
      ['workspace.compliance', {}, [F, F, F]],
    ];
    for (const [action, resource, verdicts] of table) {
      (['guest', 'member', 'admin'] as const).forEach((role, i) => expect(can(actor(role), action, resource), `${action} ${role}`).toBe(verdicts[i]));
      expect(can(actor(null, 'owner'), action, resource)).toBe(N);
    }
  });

  it('roles: not above one\'s own, and an owner stays', () => {
    const change = (now: 'owner' | 'admin' | 'member' | 'guest', next: typeof now, owners = 2): Resource => ({ role: { now, next, self: false, owners } });
    expect(can(actor('admin'), 'workspace.set_role', change('member', 'admin'))).toBe(A);
    expect(can(actor('admin'), 'workspace.set_role', change('member', 'owner'))).toBe(F);
    expect(can(actor('admin'), 'workspace.set_role', change('owner', 'member'))).toBe(F);
    expect(can(actor('owner'), 'workspace.set_role', change('owner', 'member'))).toBe(A);
    expect(can(actor('owner'), 'workspace.set_role', change('owner', 'member', 1))).toBe(F);
  });

  it('servers: accounts are of server admins only', () => {
    for (const action of ['server.create_workspace', 'server.create_user', 'server.deactivate_user', 'server.set_role', 'server.settings'] as const) {
      expect(can(actor('owner', 'member'), action)).toBe(F);
      expect(can(actor(null, 'admin'), action)).toBe(A);
      expect(can(actor(null, 'owner'), action)).toBe(A);
    }
    expect(can(actor(null), 'self.manage')).toBe(A);
  });

  it('bots act at most as members', () => {
    expect(can({ ...actor('admin'), is_bot: true }, 'channel.archive', { channel: channel({ membership: inside }) })).toBe(F);
  });
});
