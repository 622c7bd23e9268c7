/**
 * Who may do what: DESIGN section 9 as one pure function. Everything that reads or writes for somebody asks it, with facts
 * read from the store inside the same transaction. Deny first: what the table does not allow is refused.
 */

export type Verdict = 'allowed' | 'forbidden' | 'not_found';

export interface Actor {
  user_id: string;
  server_role: 'owner' | 'admin' | 'member';
  /** In the workspace of the resource; null when not a member of it, or deactivated there. */
  workspace_role: 'owner' | 'admin' | 'member' | 'guest' | null;
  is_bot?: boolean;
}

/** Facts about a channel, and the actor's member row in it (null when not a member). */
export interface ChannelFacts {
  kind: 'public' | 'private' | 'dm' | 'group_dm';
  archived: boolean;
  posting: 'everyone' | 'moderators';
  is_default: boolean;
  member_count: number;
  creator_id: string | null;
  importing: boolean;
  membership: { role: 'moderator' | 'member'; visible_from_seq: number } | null;
}

export interface MessageFacts {
  author_id: string;
  seq: number;
  deleted: boolean;
}

export type WorkspaceRoleName = 'owner' | 'admin' | 'member' | 'guest';

/** What an action is done to. Leave out what the action does not look at. */
export interface Resource {
  channel?: ChannelFacts;
  message?: MessageFacts;
  /** Of the workspace: whether members may invite people, make groups and emoji. Absent: they may. */
  members_may_invite?: boolean;
  /** Of the other person or people: whether each shares a channel with the actor. */
  shares_channel?: boolean;
  /** Of a role change: the role now (null when not a member) and the new one. */
  role?: { now: WorkspaceRoleName | null; next: WorkspaceRoleName; self: boolean; owners: number };
}

/** How a column of the table reads. */
type Rule =
  | 'no'
  | 'yes'
  /** A member of the channel. */
  | 'inside'
  /** A member of the channel, where `posting` lets them. */
  | 'posting'
  /** One's own message. */
  | 'own'
  /** A channel that one created and is a member of. */
  | 'own_channel'
  /** A member of a channel with at most 100 members. */
  | 'small'
  /** When the workspace's setting lets members. */
  | 'setting'
  /** When the people share a channel with the actor. */
  | 'shared';

/** One row of the table: guest, member, channel moderator, workspace admin or owner. */
type Columns = readonly [guest: Rule, member: Rule, moderator: Rule, admin: Rule];

/**
 * Acts on a channel or on what is in it. Seeing comes before each of them: who may not see the channel gets `not_found`.
 * `rooms`: there are no such acts in direct messages. `open`: not in archived channels.
 */
const CHANNEL_ACTIONS = {
  'channel.view': { columns: ['inside', 'yes', 'yes', 'yes'] },
  'channel.join': { columns: ['inside', 'yes', 'yes', 'yes'], rooms: true, open: true },
  /** Who is not in it has left it: a repeat answers as the first. */
  'channel.leave': { columns: ['inside', 'yes', 'yes', 'yes'], rooms: true },
  'message.post': { columns: ['posting', 'posting', 'inside', 'inside'], open: true },
  'message.react': { columns: ['posting', 'posting', 'inside', 'inside'], open: true },
  'message.edit': { columns: ['own', 'own', 'own', 'own'] },
  'message.delete': { columns: ['own', 'own', 'yes', 'yes'] },
  'message.pin': { columns: ['no', 'inside', 'inside', 'yes'], open: true },
  'channel.set_topic': { columns: ['no', 'inside', 'inside', 'yes'], open: true, rooms: true },
  'channel.invite': { columns: ['no', 'inside', 'inside', 'yes'], open: true, rooms: true },
  'channel.remove': { columns: ['no', 'own_channel', 'yes', 'yes'], rooms: true },
  'channel.rename': { columns: ['no', 'own_channel', 'yes', 'yes'], rooms: true, open: true },
  'channel.set_posting': { columns: ['no', 'own_channel', 'yes', 'yes'], rooms: true, open: true },
  'channel.archive': { columns: ['no', 'own_channel', 'yes', 'yes'], rooms: true },
  'channel.set_role': { columns: ['no', 'own_channel', 'yes', 'yes'], rooms: true },
  'channel.convert': { columns: ['no', 'no', 'no', 'yes'], rooms: true },
  'channel.delete': { columns: ['no', 'no', 'no', 'yes'], rooms: true },
  'mention.everyone': { columns: ['no', 'small', 'inside', 'inside'] },
  /** Positions, levels and threads of one's own: what only a member has. */
  'channel.follow': { columns: ['inside', 'inside', 'inside', 'inside'] },
} as const satisfies Record<string, { columns: Columns; rooms?: boolean; open?: boolean }>;

/** Acts on a workspace. Who is not a member of it gets `not_found`, server admins too. */
const WORKSPACE_ACTIONS = {
  'workspace.view': ['yes', 'yes', 'yes', 'yes'],
  'people.view': ['shared', 'yes', 'yes', 'yes'],
  'channel.create': ['no', 'yes', 'yes', 'yes'],
  'dm.open': ['shared', 'yes', 'yes', 'yes'],
  'workspace.invite': ['no', 'setting', 'setting', 'yes'],
  'workspace.groups_emoji': ['no', 'setting', 'setting', 'yes'],
  'workspace.set_role': ['no', 'no', 'no', 'yes'],
  'workspace.deactivate_member': ['no', 'no', 'no', 'yes'],
  'workspace.settings': ['no', 'no', 'no', 'yes'],
  'workspace.import': ['no', 'no', 'no', 'yes'],
  'workspace.hooks': ['no', 'no', 'no', 'yes'],
  /** Retention, holds, export, audit: only by a compliance role, which nobody has by being a member or an admin. */
  'workspace.compliance': ['no', 'no', 'no', 'no'],
} as const satisfies Record<string, Columns>;

/** Accounts, passwords, factors, sessions of others, server settings, workspaces. */
const SERVER_ACTIONS = ['server.create_workspace', 'server.create_user', 'server.deactivate_user', 'server.set_role', 'server.settings'] as const;
/** One's own devices, tokens, preferences, data. */
const OWN_ACTIONS = ['self.manage'] as const;

export type ChannelAction = keyof typeof CHANNEL_ACTIONS;
export type WorkspaceAction = keyof typeof WORKSPACE_ACTIONS;
export type ServerAction = (typeof SERVER_ACTIONS)[number];
export type Action = ChannelAction | WorkspaceAction | ServerAction | (typeof OWN_ACTIONS)[number];

export const ACTIONS: readonly Action[] = [...(Object.keys(CHANNEL_ACTIONS) as ChannelAction[]), ...(Object.keys(WORKSPACE_ACTIONS) as WorkspaceAction[]), ...SERVER_ACTIONS, ...OWN_ACTIONS];

/** Channels with more members let only moderators and admins name everybody. */
export const EVERYONE_MEMBERS = 100;

/** @returns `allowed`; `forbidden` for what one knows of; `not_found` for what one may not know of. */
export function can(actor: Actor, action: Action, resource: Resource = {}): Verdict {
  if (action in CHANNEL_ACTIONS) return canInChannel(actor, action as ChannelAction, resource);
  if (action in WORKSPACE_ACTIONS) return canInWorkspace(actor, action as WorkspaceAction, resource);
  if ((OWN_ACTIONS as readonly string[]).includes(action)) return 'allowed';
  return actor.server_role === 'member' ? 'forbidden' : 'allowed';
}

function canInChannel(actor: Actor, action: ChannelAction, resource: Resource): Verdict {
  const channel = resource.channel;
  if (!channel || !sees(actor, channel)) return 'not_found';
  const message = resource.message;
  if (message && !seesMessage(channel, message)) return 'not_found';
  const rule: { columns: Columns; rooms?: boolean; open?: boolean } = CHANNEL_ACTIONS[action];
  const direct = channel.kind === 'dm' || channel.kind === 'group_dm';
  if (rule.rooms && direct) return 'forbidden';
  if (rule.open && channel.archived) return 'forbidden';
  if (channel.importing && (action === 'message.post' || action === 'message.react')) return 'forbidden';
  if (channel.is_default && (action === 'channel.leave' || action === 'channel.remove' || action === 'channel.archive' || action === 'channel.convert' || action === 'channel.delete')) return 'forbidden';
  return holds(rule.columns[column(actor, channel)]!, actor, resource) ? 'allowed' : 'forbidden';
}

function canInWorkspace(actor: Actor, action: WorkspaceAction, resource: Resource): Verdict {
  if (actor.workspace_role === null) return 'not_found';
  const rule = WORKSPACE_ACTIONS[action][column(actor)]!;
  if (!holds(rule, actor, resource)) return rule === 'shared' ? 'not_found' : 'forbidden';
  if ((action === 'workspace.set_role' || action === 'workspace.deactivate_member') && resource.role && !mayGive(actor.workspace_role, resource.role)) return 'forbidden';
  return 'allowed';
}

/** Guests see only what they are in; private channels and direct messages are seen by their members alone, admins included. */
function sees(actor: Actor, channel: ChannelFacts): boolean {
  if (actor.workspace_role === null) return false;
  if (channel.membership) return true;
  return channel.kind === 'public' && actor.workspace_role !== 'guest';
}

function seesMessage(channel: ChannelFacts, message: MessageFacts): boolean {
  return !channel.membership || message.seq >= channel.membership.visible_from_seq;
}

function column(actor: Actor, channel?: ChannelFacts): 0 | 1 | 2 | 3 {
  if (actor.workspace_role === 'guest') return 0;
  // A bot acts with its scopes, at most as a member.
  if (actor.is_bot) return 1;
  if (actor.workspace_role === 'owner' || actor.workspace_role === 'admin') return 3;
  return channel?.membership?.role === 'moderator' && channel.kind !== 'dm' && channel.kind !== 'group_dm' ? 2 : 1;
}

function holds(rule: Rule, actor: Actor, resource: Resource): boolean {
  const channel = resource.channel;
  const inside = channel?.membership != null;
  switch (rule) {
    case 'no':
      return false;
    case 'yes':
      return true;
    case 'inside':
      return inside;
    case 'posting':
      return inside && channel.posting === 'everyone';
    case 'own':
      return resource.message?.author_id === actor.user_id;
    case 'own_channel':
      return inside && channel.creator_id === actor.user_id;
    case 'small':
      return inside && channel.member_count <= EVERYONE_MEMBERS;
    case 'setting':
      return resource.members_may_invite !== false;
    case 'shared':
      return resource.shares_channel === true;
  }
}

const RANK: Record<WorkspaceRoleName, number> = { guest: 0, member: 1, admin: 2, owner: 3 };

/** Not above one's own role, neither what is given nor what is taken; the last owner cannot step down. */
function mayGive(own: WorkspaceRoleName, change: NonNullable<Resource['role']>): boolean {
  if (RANK[change.next] > RANK[own]) return false;
  if (change.now !== null && RANK[change.now] > RANK[own]) return false;
  return !(change.now === 'owner' && change.next !== 'owner' && change.owners <= 1);
}
