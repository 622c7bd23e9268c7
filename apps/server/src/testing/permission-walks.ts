import { can, type Action, type Resource, type Verdict } from '@parley/shared/domain/can';
import { channelStream } from '@parley/shared/domain/streams';
import type { Delta, Summary } from '@parley/shared/protocol/entities';
import type { Problem } from '@parley/shared/protocol/errors';
import { expect } from 'vitest';
import type { CoreResponse } from '../core.ts';
import { actorAt, factsAt, type PermissionScene, type Place, type Role } from './permission-scene.ts';
import type { World } from './test-core.ts';

export interface Trial {
  scene: PermissionScene;
  role: Role;
  place: Place;
}
export interface Walk {
  path: string;
  /** Tells walks of one path apart. */
  as?: string;
  input(trial: Trial): unknown;
  verdict(trial: Trial): Verdict;
  /** What the server's answer comes to, where that is not its status. */
  read?(response: CoreResponse, trial: Trial): Verdict;
}

const OTHER = { author_id: 'somebody else', seq: 1, deleted: false };
/** The first that is not allowed. */
const all = (...verdicts: Verdict[]): Verdict => verdicts.find((v) => v !== 'allowed') ?? 'allowed';
export const asked = ({ scene, role, place }: Trial, action: Action, more: Resource = {}): Verdict => can(actorAt(scene, role, place), action, { channel: factsAt(role, place), message: OTHER, ...more });
const inChannel = (path: string, action: Action, input: (trial: Trial) => Record<string, unknown> = () => ({}), as?: string): Walk => ({ path, as, input: (t) => ({ channel_id: t.place.channel_id, ...input(t) }), verdict: (t) => asked(t, action) });
const onMessage = (path: string, action: Action, input: (trial: Trial) => Record<string, unknown> = () => ({})): Walk => ({ path, input: (t) => ({ message_id: t.place.message_id, ...input(t) }), verdict: (t) => asked(t, action) });
const inWorkspace = (path: string, action: Action, input: (trial: Trial) => Record<string, unknown> = () => ({}), more: Resource = {}, as?: string): Walk => ({ path, as, input: (t) => ({ workspace_id: t.place.workspace_id, ...input(t) }), verdict: (t) => asked(t, action, more) });
const own = (path: string, input: (trial: Trial) => unknown = () => ({})): Walk => ({ path, input, verdict: (t) => asked(t, 'self.manage') });
const onServer = (path: string, action: Action, input: (trial: Trial) => unknown, as?: string): Walk => ({ path, as, input, verdict: (t) => asked(t, action) });

const change = (now: 'member', next: 'guest'): Resource => ({ role: { now, next, self: false, owners: 0 } });

const DRAFT_ID = '0190a000-0000-7000-8000-0000000000d1';

export const WALKS: Walk[] = [
  inChannel('join_channel', 'channel.join'),
  inChannel('leave_channel', 'channel.leave'),
  inChannel('archive_channel', 'channel.archive'),
  inChannel('unarchive_channel', 'channel.archive'),
  inChannel('invite_to_channel', 'channel.invite', (t) => ({ user_ids: [t.place.stranger.id] })),
  inChannel('remove_from_channel', 'channel.remove', (t) => ({ user_ids: [t.place.maker.id] })),
  inChannel('update_channel', 'channel.rename', () => ({ name: 'another-name' }), 'name'),
  inChannel('update_channel', 'channel.set_topic', () => ({ topic: 'another topic' }), 'topic'),
  inChannel('update_channel', 'channel.set_posting', () => ({ posting: 'moderators' }), 'posting'),
  inChannel('members', 'channel.view'),
  inChannel('messages', 'channel.view'),
  inChannel('set_notification_level', 'channel.follow', () => ({ muted: true })),
  inChannel('set_role', 'channel.set_role', (t) => ({ user_id: t.place.maker.id, role: 'member' }), 'channel'),
  inChannel('mark_unread', 'channel.follow', () => ({ seq: 1 })),
  inChannel('send_message', 'message.post', () => ({ content: 'hi', client_msg_id: 'c1' })),
  {
    path: 'send_message', as: 'to everybody', input: (t) => ({ channel_id: t.place.channel_id, content: '<!channel>', client_msg_id: 'c1' }),
    verdict: (t) => all(asked(t, 'channel.view'), asked(t, 'message.post'), asked(t, 'mention.everyone')),
  },
  {
    path: 'send_message', as: 'as a reply', input: (t) => ({ channel_id: t.place.channel_id, content: 'hi', client_msg_id: 'c1', parent_message_id: t.place.message_id }),
    verdict: (t) => asked(t, 'message.post'),
  },
  onMessage('edit_message', 'message.edit', () => ({ content: 'changed' })),
  onMessage('delete_message', 'message.delete'),
  onMessage('react', 'message.react', () => ({ emoji: '👍' })),
  onMessage('ack', 'channel.follow', (t) => ({ device_id: t.scene.people[t.role].device_id })),
  onMessage('save_message', 'channel.view'),
  onMessage('remind', 'channel.view', () => ({ at: '2099-01-01T00:00:00Z' })),
  inChannel('schedule_message', 'message.post', () => ({ client_msg_id: DRAFT_ID, content: 'later', send_at: '2024-06-01T00:00:00Z' })),
  { path: 'update_scheduled', input: () => ({ id: DRAFT_ID, content: 'not there' }), verdict: () => 'not_found' },
  own('cancel_scheduled', () => ({ id: DRAFT_ID })),
  onMessage('pin_message', 'message.pin'),
  onMessage('unpin_message', 'message.pin'),
  inChannel('pins', 'channel.view'),
  own('files', () => ({ name: 'mine.txt' })),
  inChannel('files', 'message.post', () => ({ name: 'for them.txt' }), 'meant for a channel'),
  ...['files/{id}/info', 'files/{id}', 'files/{id}/thumb', 'files/{id}/large'].map((path): Walk => ({ path, input: (t) => ({ id: t.place.file_id }), verdict: (t) => asked(t, 'channel.view') })),
  inChannel('channel_files', 'channel.view'),
  inChannel('put_draft', 'channel.view', () => ({ id: DRAFT_ID, client_msg_id: DRAFT_ID, content: 'unsent', base_version: 0 })),
  own('delete_draft', () => ({ id: DRAFT_ID })),
  own('unsave_message', (t) => ({ message_id: t.place.message_id })),
  own('set_preference', () => ({ key: 'sidebar_names', value: 4 })),
  own('put_section', (t) => ({ id: DRAFT_ID, name: 'Mine', channel_ids: [t.place.channel_id] })),
  own('delete_section', () => ({ id: DRAFT_ID })),
  {
    path: 'add_emoji', input: (t) => ({ workspace_id: t.place.workspace_id, name: 'parley_mark' }), verdict: (t) => asked(t, 'workspace.groups_emoji'),
    // There is no picture: who may add one is told so.
    read: (response) => ((response.body as Problem).code === 'unsupported_media_type' ? 'allowed' : verdictOf(response)),
  },
  { path: 'remove_emoji', input: (t) => ({ emoji_id: t.place.emoji_id }), verdict: (t) => asked(t, 'workspace.groups_emoji') },
  { path: 'emoji/{id}', input: (t) => ({ id: t.place.emoji_id }), verdict: (t) => asked(t, 'workspace.view') },
  inWorkspace('create_group', 'workspace.groups_emoji', () => ({ name: 'Another', handle: 'another' })),
  { path: 'update_group', input: (t) => ({ group_id: t.place.group_id, name: 'Renamed' }), verdict: (t) => asked(t, 'workspace.groups_emoji') },
  { path: 'delete_group', input: (t) => ({ group_id: t.place.group_id }), verdict: (t) => asked(t, 'workspace.groups_emoji') },
  inWorkspace('groups', 'workspace.view'),
  {
    path: 'group_members', input: (t) => ({ group_id: t.place.group_id }), verdict: (t) => asked(t, 'workspace.view'),
    read: (response, t) => {
      if (response.status === 404) return 'not_found';
      // Nobody learns more of people than `people.view` lets them.
      const strangers = (response.body as { items: { user_id: string }[] }).items.filter((m) => m.user_id === t.place.stranger.id);
      expect(strangers.length === 1).toBe(asked(t, 'people.view', { shares_channel: false }) === 'allowed');
      return 'allowed';
    },
  },
  { path: 'remove_card', input: (t) => ({ message_id: t.place.message_id, url: 'https://a.example' }), verdict: (t) => asked(t, 'message.edit') },
  {
    path: 'card_picture', input: (t) => ({ channel_id: t.place.channel_id, message_id: t.place.message_id, hash: t.scene.picture_hash }), verdict: (t) => asked(t, 'channel.view'),
  },
  own('inbox'),
  own('mark_inbox', (t) => ({ read: true, ids: [`mention:${t.place.message_id}`] })),
  onMessage('receipts', 'channel.follow'),
  onMessage('follow_thread', 'channel.follow'),
  onMessage('unfollow_thread', 'channel.follow'),
  {
    path: 'ack_many', input: (t) => ({ positions: [{ channel_id: t.place.channel_id, read_epoch: 0, seq: 1 }] }), verdict: (t) => (asked(t, 'channel.follow') === 'allowed' ? 'allowed' : 'not_found'),
    read: (response) => ((response.body as { positions: unknown[] }).positions.length === 1 ? 'allowed' : 'not_found'),
  },
  {
    path: 'sync', input: (t) => ({ cursors: { [channelStream(t.place.channel_id)]: 0 }, counts: [t.place.channel_id] }), verdict: (t) => asked(t, 'channel.view'),
    read: (response, t) => {
      const body = response.body as { streams: Record<string, Delta>; channels: Summary[] };
      const summarised = body.channels.some((s) => s.channel_id === t.place.channel_id);
      expect(summarised).toBe(factsAt(t.role, t.place).membership !== null);
      return body.streams[channelStream(t.place.channel_id)]!.gone ? 'not_found' : 'allowed';
    },
  },
  {
    path: 'channels', input: (t) => ({ workspace_id: t.place.workspace_id }), verdict: (t) => asked(t, 'workspace.view'),
    read: (response, t) => {
      if (response.status === 404) return 'not_found';
      const listed = (response.body as { items: { id: string }[] }).items.some((c) => c.id === t.place.channel_id);
      expect(listed).toBe(asked(t, 'channel.view') === 'allowed');
      return 'allowed';
    },
  },
  {
    path: 'users', input: (t) => ({ workspace_id: t.place.workspace_id, ids: t.place.stranger.id }), verdict: (t) => asked(t, 'people.view', { shares_channel: false }),
    read: (response) => (response.status === 200 && (response.body as { items: unknown[] }).items.length === 1 ? 'allowed' : 'not_found'),
  },
  {
    path: 'search', input: (t) => ({ workspace_id: t.place.workspace_id, q: 'hello', page_size: 200 }), verdict: (t) => asked(t, 'workspace.view'),
    read: (response, t) => {
      if (response.status === 404) return 'not_found';
      const found = (response.body as { items: { message: { channel_id: string } }[] }).items.some((hit) => hit.message.channel_id === t.place.channel_id);
      expect(found).toBe(asked(t, 'channel.view') === 'allowed');
      return 'allowed';
    },
  },
  inWorkspace('create_channel', 'channel.create', () => ({ name: 'a-new-one' })),
  inWorkspace('open_dm', 'dm.open', (t) => ({ user_ids: [t.place.stranger.id] }), { shares_channel: false }, 'with a stranger'),
  inWorkspace('open_dm', 'dm.open', (t) => ({ user_ids: [t.place.maker.id] }), { shares_channel: true }, 'with an acquaintance'),
  inWorkspace('create_invite', 'workspace.invite', () => ({ role: 'guest' })),
  inWorkspace('set_role', 'workspace.set_role', (t) => ({ user_id: t.place.stranger.id, role: 'guest' }), change('member', 'guest'), 'workspace'),
  inWorkspace('deactivate_user', 'workspace.deactivate_member', (t) => ({ user_id: t.place.stranger.id }), change('member', 'guest'), 'workspace'),
  {
    path: 'imports', input: (t) => ({ kind: 'slack', workspace_id: t.place.workspace_id }), verdict: (t) => asked(t, 'workspace.import'),
    // The archive is empty: who may import is told so.
    read: (response) => ((response.body as Problem).code === 'invalid_request' ? 'allowed' : verdictOf(response)),
  },
  onServer('set_role', 'server.set_role', (t) => ({ user_id: t.place.stranger.id, role: 'member' }), 'server'),
  onServer('deactivate_user', 'server.deactivate_user', (t) => ({ user_id: t.place.stranger.id }), 'server'),
  inWorkspace('update_workspace', 'workspace.settings', () => ({ link_cards: false })),
  onServer('create_workspace', 'server.create_workspace', () => ({ name: 'Third' })),
  onServer('create_user', 'server.create_user', (t) => ({ workspace_id: t.place.workspace_id, username: 'newcomer', display_name: 'New', email: 'new@example.org' })),
  {
    path: 'push_subscribe', input: () => ({ kind: 'web', endpoint: 'https://push.example/x', keys: { p256dh: 'x', auth: 'x' } }), verdict: () => 'allowed',
    // The keys are none: who may subscribe is told so.
    read: (response) => ((response.body as Problem).code === 'invalid_request' ? 'allowed' : verdictOf(response)),
  },
  own('push_unsubscribe'),
  own('me'),
  own('devices'),
  own('revoke_device', (t) => ({ device_id: t.scene.people[t.role].device_id })),
  own('update_profile', () => ({ title: 'Dr' })),
  own('set_status', () => ({ text: 'away' })),
  own('set_presence', () => ({ presence: 'away' })),
  own('change_password', (t) => ({ current_password: t.scene.people[t.role].password, new_password: 'another password' })),
  own('sign_out'),
];

/** Open to all, or by a secret of their own: nothing in the table is about them. `imports/{import_id}` is walked with the importer's tests. */
export const NOT_OF_THE_TABLE = ['server', 'sign_in', 'set_up', 'invite', 'accept_invite', 'unsubscribe_mail', 'imports/{import_id}'];

export function verdictOf(response: CoreResponse): Verdict {
  if (response.status === 403) return 'forbidden';
  if (response.status === 404) return 'not_found';
  if (response.status < 300) return 'allowed';
  throw new Error(`neither allowed nor refused: ${response.status} ${JSON.stringify(response.body)}`);
}

export async function ask(world: World, walk: Walk, input: unknown, token: string | null): Promise<CoreResponse> {
  const { call } = world.core.routes.find((r) => r.call.path === walk.path)!;
  if (call.body !== 'raw') return world.as(token === null ? null : { token }).send(call, input);
  const query = Object.fromEntries(Object.entries(input as Record<string, string>));
  return world.core.handle({ method: call.method, path: call.path, query, headers: token === null ? {} : { authorization: `Bearer ${token}` }, address: '127.0.0.1', raw: nothing() });
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
