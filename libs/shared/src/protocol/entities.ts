import * as z from 'zod/mini';
import { Rev, Seq, StreamNameSchema, Timestamp, Uuid } from './common.ts';

/**
 * What crosses the wire about things. All loose: a reader ignores fields that it does not know.
 * An entity in a stream also carries `type`, `id` and `rev` (see `Entity`).
 */

export const ServerRole = z.enum(['owner', 'admin', 'member']);
export const WorkspaceRole = z.enum(['owner', 'admin', 'member', 'guest']);
export const ChannelKind = z.enum(['public', 'private', 'dm', 'group_dm']);
export const ChannelRole = z.enum(['moderator', 'member']);
export const Posting = z.enum(['everyone', 'moderators']);
export const MessageKind = z.enum(['text', 'me', 'bot', 'system']);
export const PresenceState = z.enum(['online', 'away', 'dnd', 'offline']);
export const Level = z.enum(['default', 'all', 'mentions', 'nothing']);

export const UserStatus = z.looseObject({ emoji: z.string(), text: z.string(), until: z.nullable(Timestamp) });

export const User = z.looseObject({
  id: Uuid,
  username: z.string(),
  display_name: z.string(),
  /** Only to oneself and admins. */
  email: z.optional(z.string()),
  avatar_url: z.optional(z.string()),
  title: z.optional(z.string()),
  time_zone: z.optional(z.string()),
  status: z.optional(z.nullable(UserStatus)),
  is_bot: z.boolean(),
  deactivated: z.boolean(),
});
export type User = z.infer<typeof User>;

export const Workspace = z.looseObject({ id: Uuid, name: z.string(), settings: z.record(z.string(), z.unknown()) });
export type Workspace = z.infer<typeof Workspace>;

export const Channel = z.looseObject({
  id: Uuid,
  workspace_id: Uuid,
  kind: ChannelKind,
  /** Empty for direct messages, whose people name them. */
  name: z.string(),
  topic: z.string(),
  purpose: z.string(),
  member_count: z.number(),
  archived: z.boolean(),
  posting: Posting,
  created_at: Timestamp,
  /** Read-time fields: they take no rev of their own. */
  head_seq: Seq,
  head_rev: Rev,
  purged_through_seq: Seq,
  /** True for the workspace's default channel, which can be neither left nor archived. */
  is_default: z.optional(z.boolean()),
  creator_id: z.optional(z.nullable(Uuid)),
  /** The people of a `dm` or `group_dm`, in all answers about it; absent for rooms. */
  user_ids: z.optional(z.array(Uuid)),
  /** While an import fills the channel, posting is refused. */
  importing: z.optional(z.boolean()),
});
export type Channel = z.infer<typeof Channel>;

export const File = z.looseObject({
  id: Uuid,
  name: z.string(),
  size: z.number(),
  mime: z.string(),
  width: z.optional(z.number()),
  height: z.optional(z.number()),
  thumbhash: z.optional(z.string()),
  created_at: Timestamp,
});
export type File = z.infer<typeof File>;

export const Mentions = z.looseObject({
  user_ids: z.array(Uuid),
  group_ids: z.array(Uuid),
  everyone: z.enum(['none', 'channel', 'here']),
  /** The first 50 people that groups, `<!channel>` and `<!here>` were resolved to. */
  target_ids: z.optional(z.array(Uuid)),
});

export const Reaction = z.looseObject({ emoji: z.string(), count: z.number(), user_ids: z.array(Uuid) });

export const ThreadSummary = z.looseObject({
  reply_count: z.number(),
  last_reply_seq: Seq,
  last_reply_at: Timestamp,
  participant_ids: z.array(Uuid),
});

/** What a link of a message leads to, as its page tells it. Read by the server once, alike for all readers. */
export const Card = z.looseObject({
  /** The link as it stands in the message. */
  url: z.string(),
  title: z.string(),
  description: z.string(),
  /** The name of the site; its host where it has none. */
  site: z.string(),
  /** A copy of the page's picture, made anew; served by this server to those who may read the message. */
  image: z.optional(z.looseObject({ url: z.string(), width: z.number(), height: z.number(), thumbhash: z.string() })),
});
export type Card = z.infer<typeof Card>;

/**
 * A message, alike for all readers. A deleted one is its own tombstone: `deleted: true`, `content: ""`, no files and
 * reactions, but author, mentions, parent and broadcast stay, so that counts can follow.
 */
export const Message = z.looseObject({
  id: Uuid,
  channel_id: Uuid,
  seq: Seq,
  rev: Rev,
  author_id: Uuid,
  parent_message_id: z.nullable(Uuid),
  /** A thread reply that the channel's timeline shows too. */
  broadcast: z.boolean(),
  client_msg_id: z.string(),
  kind: MessageKind,
  content: z.string(),
  mentions: Mentions,
  files: z.array(File),
  reactions: z.array(Reaction),
  thread: z.nullable(ThreadSummary),
  pinned: z.boolean(),
  quiet: z.boolean(),
  imported: z.boolean(),
  created_at: Timestamp,
  edited_at: z.nullable(Timestamp),
  deleted: z.boolean(),
  /** Of its first links, in their order; absent while there are none. Links to messages of this server have none: each reader's client asks for those. */
  cards: z.optional(z.array(Card)),
  /** What a `system` message tells; absent for others. */
  system: z.optional(z.looseObject({ event: z.string(), user_ids: z.optional(z.array(Uuid)), text: z.optional(z.string()) })),
});
export type Message = z.infer<typeof Message>;

/** The person's private view of a channel. Its entity id is the channel's id. */
export const Membership = z.looseObject({
  channel_id: Uuid,
  role: ChannelRole,
  /** Renewed by every joining: another one makes the device drop what it holds of the channel. */
  stay_id: Uuid,
  visible_from_seq: Seq,
  /** The head when the stay began: `<!channel>` at or below it does not name this person. */
  joined_seq: Seq,
  read_epoch: z.number(),
  read_seq: Seq,
  level: Level,
  muted: z.boolean(),
  joined_at: Timestamp,
});
export type Membership = z.infer<typeof Membership>;

/** The person's private view of a thread. Its entity id is the root's message id. */
export const Thread = z.looseObject({
  root_id: Uuid,
  channel_id: Uuid,
  following: z.boolean(),
  read_epoch: z.number(),
  read_seq: Seq,
  unread: z.number(),
});
export type Thread = z.infer<typeof Thread>;

export const Device = z.looseObject({
  device_id: Uuid,
  name: z.string(),
  platform: z.string(),
  created_at: Timestamp,
  last_active_at: Timestamp,
  address: z.optional(z.string()),
  current: z.optional(z.boolean()),
});
export type Device = z.infer<typeof Device>;

/** Exact at its `head_rev` and read position. */
export const Summary = z.looseObject({
  channel_id: Uuid,
  head_seq: Seq,
  head_rev: Rev,
  read_epoch: z.number(),
  read_seq: Seq,
  unread: z.number(),
  mentions: z.number(),
  last_message_at: z.nullable(Timestamp),
  channel: z.optional(Channel),
});
export type Summary = z.infer<typeof Summary>;

/**
 * Unsent text of a channel or thread. Its id is the `client_msg_id` that its message will have, so that two devices that
 * send it make one message; two texts of one place are two drafts.
 */
export const Draft = z.looseObject({
  id: Uuid,
  channel_id: Uuid,
  thread_root_id: z.optional(z.nullable(Uuid)),
  client_msg_id: z.string(),
  content: z.string(),
  file_ids: z.array(Uuid),
  /** Rises with each change; a change names the one it was made from. */
  version: z.number(),
  /** The device that wrote this version. */
  device_id: Uuid,
  updated_at: Timestamp,
});
export type Draft = z.infer<typeof Draft>;

export const SavedState = z.enum(['progress', 'done', 'archived']);
/** A message kept for later. Its entity id is the message's id. */
export const Saved = z.looseObject({
  message_id: Uuid,
  channel_id: Uuid,
  state: SavedState,
  due_at: z.optional(z.nullable(Timestamp)),
  note: z.optional(z.string()),
  /** When the reminder for `due_at` came due. */
  reminded_at: z.optional(z.nullable(Timestamp)),
  saved_at: Timestamp,
});
export type Saved = z.infer<typeof Saved>;

export const ScheduledState = z.enum(['waiting', 'failed']);
/**
 * A message that is sent at its time, for its author, whatever device is there. Its id is the `client_msg_id` of the message
 * that it becomes. It is gone once sent; one that could not be sent says why, and its text lies in a draft.
 */
export const Scheduled = z.looseObject({
  id: Uuid,
  channel_id: Uuid,
  parent_message_id: z.nullable(Uuid),
  broadcast: z.boolean(),
  quiet: z.boolean(),
  content: z.string(),
  file_ids: z.array(Uuid),
  send_at: Timestamp,
  state: ScheduledState,
  failure: z.optional(z.looseObject({ code: z.string(), detail: z.string() })),
  /** With `failed`: the draft that has its text now, unless there was no room for one. */
  draft_id: z.optional(Uuid),
  /** Rises with each change. */
  version: z.number(),
  /** The device that scheduled it. */
  device_id: Uuid,
  created_at: Timestamp,
});
export type Scheduled = z.infer<typeof Scheduled>;

/** A synced preference. Its entity id is the key. */
export const Preference = z.looseObject({ key: z.string(), value: z.unknown() });
export type Preference = z.infer<typeof Preference>;

/** A group of conversations in the sidebar; `starred` is the one that everybody has. A channel is in one at most. */
export const Section = z.looseObject({ id: z.string(), name: z.string(), position: z.number(), channel_ids: z.array(Uuid) });
export type Section = z.infer<typeof Section>;
/** The id of the section of starred conversations. */
export const STARRED = 'starred';

export const InboxKind = z.enum(['mention', 'dm', 'thread', 'reaction', 'keyword', 'reminder', 'invitation', 'pointer']);
/**
 * Something that needs a person. One for each message that names them, for each of their messages that was reacted to, and
 * one for each conversation, followed thread and channel they were brought into, which moves to the newest message.
 */
export const InboxEntry = z.looseObject({
  /** The kind and what it is about, such as `mention:MESSAGE_ID`. */
  id: z.string(),
  kind: InboxKind,
  channel_id: z.optional(Uuid),
  message_id: z.optional(Uuid),
  /** Of a `reminder` that tells of a scheduled message which could not be sent. It names no channel, since that may be why. */
  scheduled_id: z.optional(Uuid),
  /** Of a `keyword`: the one of the person's own that was found. */
  keyword: z.optional(z.string()),
  thread_root_id: z.nullable(Uuid),
  /** Whether its message stands in the channel: reading the channel is then reading it. */
  in_channel: z.boolean(),
  /** Of its message; 0 without one. */
  seq: Seq,
  /** Latest first, at most 5. */
  actor_ids: z.array(Uuid),
  at: Timestamp,
  /** As marked. What was read in its place counts too: see `isEntryRead`. */
  read: z.boolean(),
});
export type InboxEntry = z.infer<typeof InboxEntry>;

/** Some people of a workspace under one name, to be named together. Who they are is asked for (`GET /group_members`), not streamed. */
export const Group = z.looseObject({
  id: Uuid,
  workspace_id: Uuid,
  name: z.string(),
  /** What is typed after `@`; unique in the workspace. */
  handle: z.string(),
  member_count: z.number(),
  /** Kept, but naming it names nobody. */
  archived: z.boolean(),
});
export type Group = z.infer<typeof Group>;

/** That the person is in a group. Its entity id is the group's id. */
export const GroupMembership = z.looseObject({ group_id: Uuid, workspace_id: Uuid });
export type GroupMembership = z.infer<typeof GroupMembership>;

/** A picture of a workspace that is written `:name:` and reacted with by its name. */
export const CustomEmoji = z.looseObject({
  id: Uuid,
  workspace_id: Uuid,
  name: z.string(),
  /** Of its picture, on this server, for signed-in people of the workspace. Another picture has another address. */
  url: z.string(),
  /** Moves; `?still=true` after the address is one that does not. */
  animated: z.boolean(),
  width: z.number(),
  height: z.number(),
  added_by: Uuid,
});
export type CustomEmoji = z.infer<typeof CustomEmoji>;

const stamped = { id: z.string(), rev: Rev };
const tombstone = <T extends string>(type: T) => z.looseObject({ type: z.literal(type), ...stamped, deleted: z.literal(true) });

/** Tombstones of all types but `message`, whose tombstone is the message itself. */
export const Tombstone = z.union([
  tombstone('membership'), tombstone('thread'), tombstone('device'), tombstone('workspace'), tombstone('channel'),
  tombstone('draft'), tombstone('saved'), tombstone('preference'), tombstone('section'), tombstone('inbox_entry'), tombstone('scheduled'),
  tombstone('group'), tombstone('group_membership'), tombstone('emoji'),
]);

export const MessageEntity = z.extend(Message, { type: z.literal('message') });
export const ChannelEntity = z.extend(Channel, { type: z.literal('channel'), ...stamped });
export const MembershipEntity = z.extend(Membership, { type: z.literal('membership'), ...stamped });
export const ThreadEntity = z.extend(Thread, { type: z.literal('thread'), ...stamped });
export const DeviceEntity = z.extend(Device, { type: z.literal('device'), ...stamped });
export const WorkspaceEntity = z.extend(Workspace, { type: z.literal('workspace'), ...stamped });
export const DraftEntity = z.extend(Draft, { type: z.literal('draft'), rev: Rev });
export const SavedEntity = z.extend(Saved, { type: z.literal('saved'), ...stamped });
export const PreferenceEntity = z.extend(Preference, { type: z.literal('preference'), ...stamped });
export const SectionEntity = z.extend(Section, { type: z.literal('section'), rev: Rev });
export const InboxEntity = z.extend(InboxEntry, { type: z.literal('inbox_entry'), rev: Rev });
export const ScheduledEntity = z.extend(Scheduled, { type: z.literal('scheduled'), rev: Rev });
export const GroupEntity = z.extend(Group, { type: z.literal('group'), rev: Rev });
export const EmojiEntity = z.extend(CustomEmoji, { type: z.literal('emoji'), rev: Rev });
export const GroupMembershipEntity = z.extend(GroupMembership, { type: z.literal('group_membership'), ...stamped });

export type MessageEntity = z.infer<typeof MessageEntity>;
export type ChannelEntity = z.infer<typeof ChannelEntity>;
export type MembershipEntity = z.infer<typeof MembershipEntity>;
export type ThreadEntity = z.infer<typeof ThreadEntity>;
export type DeviceEntity = z.infer<typeof DeviceEntity>;
export type WorkspaceEntity = z.infer<typeof WorkspaceEntity>;
export type DraftEntity = z.infer<typeof DraftEntity>;
export type SavedEntity = z.infer<typeof SavedEntity>;
export type PreferenceEntity = z.infer<typeof PreferenceEntity>;
export type SectionEntity = z.infer<typeof SectionEntity>;
export type InboxEntity = z.infer<typeof InboxEntity>;
export type ScheduledEntity = z.infer<typeof ScheduledEntity>;
export type GroupEntity = z.infer<typeof GroupEntity>;
export type EmojiEntity = z.infer<typeof EmojiEntity>;
export type GroupMembershipEntity = z.infer<typeof GroupMembershipEntity>;
export type Tombstone = z.infer<typeof Tombstone>;

/** An entity of a type that this version does not know is kept out of the caches, but moves cursors. */
export const UnknownEntity = z.looseObject({ type: z.string(), ...stamped });
export const Entity = z.union([Tombstone, MessageEntity, ChannelEntity, MembershipEntity, ThreadEntity, DeviceEntity, WorkspaceEntity, DraftEntity, SavedEntity, PreferenceEntity, SectionEntity, InboxEntity, ScheduledEntity, GroupEntity, GroupMembershipEntity, EmojiEntity, UnknownEntity]);
export type KnownEntity = Tombstone | MessageEntity | ChannelEntity | MembershipEntity | ThreadEntity | DeviceEntity | WorkspaceEntity | DraftEntity | SavedEntity | PreferenceEntity | SectionEntity | InboxEntity | ScheduledEntity | GroupEntity | GroupMembershipEntity | EmojiEntity;
export type Entity = z.infer<typeof Entity>;

/** One stream's part of catching up: what `/sync` answers and the `delta` frame carries. */
export const Delta = z.looseObject({
  /** The cursor that was asked with. */
  from: Rev,
  /** The cursor after applying this part. */
  to: Rev,
  head: Rev,
  entities: z.array(Entity),
  has_more: z.boolean(),
  /** Too far behind: `entities` are the newest page of messages and every changed entity of other types. Seqs of that page. */
  gap: z.optional(z.looseObject({ oldest_seq: Seq, newest_seq: Seq })),
  /** Drop this stream's cache and cursor, then apply. */
  reset: z.optional(z.boolean()),
  /** One may not see this stream, or it does not exist: drop all of it. */
  gone: z.optional(z.boolean()),
});
export type Delta = z.infer<typeof Delta>;

export const StreamDelta = z.extend(Delta, { stream: StreamNameSchema });
