import type { Channel, CustomEmoji, Device, File, Group, Membership, Message, Thread, User, Workspace } from '@parley/shared/protocol/entities';
import type { Row, StreamControl, Table } from './port.ts';

const table = <R extends Row>(t: Omit<Table<R>, 'row'>): Table<R> => t;

/** One row a stream: the lock under which revs and seqs are taken. */
export interface HeadRow extends Row {
  stream: string;
  rev: number;
  seq: number;
  /** `created_at` of the newest message, microseconds. */
  last_at: number;
  /** Cursors below it get a reset. */
  floor: number;
}
export const heads = table<HeadRow>({ name: 'heads', warm: true, key: ['stream'], shard: 'stream', columns: { stream: 'text' }, indexes: {} });

/** Entities of user and workspace streams, tombstones included. `doc` is the entity as it crosses the wire plus private fields beside it. */
export interface EntityRow<D = unknown> extends Row {
  stream: string;
  type: string;
  id: string;
  rev: number;
  /** Orders entities of one type, newest last; absent: not listed. */
  sort?: string | null;
  doc: D;
}
export const entities = table<EntityRow>({
  name: 'entities', key: ['stream', 'type', 'id'], shard: 'stream',
  columns: { stream: 'text', type: 'text', id: 'text', rev: 'integer', sort: 'text' },
  indexes: { by_rev: { fields: ['stream', 'rev'], unique: true }, by_sort: { fields: ['stream', 'type', 'sort'] } },
});
/** Private fields beside a membership entity: a tombstone keeps the epoch, so that a rejoiner goes on from it. */
export type MembershipDoc = Membership & { deleted?: boolean; workspace_id: string; read_at?: number };
export type ThreadDoc = Thread & { deleted?: boolean };
export type DeviceDoc = Device & { deleted?: boolean };
export type WorkspaceDoc = Workspace;

/** `head_seq` and `head_rev` of the doc are stale by design; readers fill them from the head. */
export interface ChannelRow extends Row {
  id: string;
  workspace_id: string;
  kind: Channel['kind'];
  rev: number;
  /** Lower-cased name for browsing; null for direct messages. */
  browse_name: string | null;
  doc: Channel;
  /** The exact number of members; `doc.member_count` follows it, at most once a minute in channels of over 100. */
  members: number;
  /** When `doc.member_count` last moved, microseconds. */
  counted_at: number;
  /** While an import fills it: that import's id. */
  import_id?: string | null;
  /** `workspace/slack/C123` of channels filled by imports only. */
  import_source?: string | null;
  /** While an import fills it: the rev of the last change that was told. */
  import_rev?: number;
  /** 1 while inbox pointers are kept for it; see `features/pointers`. It follows the number of members a little late. */
  large?: number;
}
export const channels = table<ChannelRow>({
  name: 'channels', warm: true, key: ['id'], shard: 'id',
  columns: { id: 'text', workspace_id: 'text', kind: 'text', browse_name: 'text' },
  indexes: { by_name: { fields: ['workspace_id', 'browse_name'] } },
});

/** The truth of who is in a channel, read by `can()` inside each send's transaction. */
export interface MemberRow extends Row {
  channel_id: string;
  user_id: string;
  role: 'moderator' | 'member';
  stay_id: string;
  visible_from_seq: number;
  joined_seq: number;
  /** Microseconds. */
  joined_at: number;
}
export const members = table<MemberRow>({ name: 'members', warm: true, key: ['channel_id', 'user_id'], shard: 'channel_id', columns: { channel_id: 'text', user_id: 'text' }, indexes: {} });

/**
 * Members of a large channel for whom nothing in it was unread when `seq` was its head: whom the next message turns
 * unread. Every other member of it has a pointer.
 */
export interface CaughtUpRow extends Row { channel_id: string; user_id: string; seq: number }
export const caughtUp = table<CaughtUpRow>({
  name: 'caught_up', key: ['channel_id', 'user_id'], shard: 'channel_id', columns: { channel_id: 'text', user_id: 'text', seq: 'integer' }, indexes: { by_seq: { fields: ['channel_id', 'seq'] } },
});

/** Past and present stays, for holds and "who could see it". `left_seq` null while it lasts. */
export interface StayRow extends Row { channel_id: string; user_id: string; stay_id: string; joined_seq: number; joined_at: number; left_seq: number | null; left_at: number | null }
export const stays = table<StayRow>({ name: 'stays', key: ['channel_id', 'user_id', 'stay_id'], shard: 'channel_id', columns: { channel_id: 'text', user_id: 'text', stay_id: 'text' }, indexes: {} });

export interface MessageRow extends Row {
  channel_id: string;
  seq: number;
  rev: number;
  id: string;
  author_id: string;
  client_msg_id: string;
  parent_message_id: string | null;
  /** Its seq while it counts for the channel's unread (DESIGN "exact unread", before the reader is known), else null. */
  counted_seq: number | null;
  /** Its seq while it counts for its thread's unread, else null. */
  reply_seq: number | null;
  /** Its seq when the timeline view shows it: top-level or broadcast. */
  timeline_seq: number | null;
  /** Its seq while it counts and names everybody by `<!channel>`. */
  everyone_seq: number | null;
  /** Microseconds, strictly rising along seq. */
  created_us: number;
  doc: Message;
  /** Hash of what was asked to be sent, to tell a repeat from a conflict. */
  fingerprint: string;
  /** People whom groups and `<!here>` were resolved to. */
  targets?: string[];
  /** Of those the ones who were here, when groups are named too. */
  here?: string[];
  /** Links whose card the author took off. */
  removed_cards?: string[];
}
export const messages = table<MessageRow>({
  name: 'messages', key: ['channel_id', 'seq'], shard: 'channel_id', hot: true,
  repeated: { doc: ['id', 'channel_id', 'seq', 'rev', 'author_id', 'client_msg_id', 'parent_message_id'] },
  columns: {
    channel_id: 'text', seq: 'integer', rev: 'integer', id: 'text', author_id: 'text', client_msg_id: 'text', parent_message_id: 'text',
    counted_seq: 'integer', reply_seq: 'integer', timeline_seq: 'integer', everyone_seq: 'integer', created_us: 'integer',
  },
  indexes: {
    by_rev: { fields: ['channel_id', 'rev'], unique: true },
    by_client: { fields: ['channel_id', 'author_id', 'client_msg_id'], unique: true },
    by_id: { fields: ['id'] },
    by_thread: { fields: ['channel_id', 'parent_message_id', 'seq'] },
    by_timeline: { fields: ['channel_id', 'timeline_seq'] },
    by_counted: { fields: ['channel_id', 'counted_seq'] },
    by_author_counted: { fields: ['channel_id', 'author_id', 'counted_seq'] },
    by_everyone: { fields: ['channel_id', 'everyone_seq'] },
    by_author_everyone: { fields: ['channel_id', 'author_id', 'everyone_seq'] },
    by_reply: { fields: ['channel_id', 'parent_message_id', 'reply_seq'] },
    by_author_reply: { fields: ['channel_id', 'parent_message_id', 'author_id', 'reply_seq'] },
    by_time: { fields: ['channel_id', 'created_us'] },
  },
});

/** What the page of a link told, for the cards of all messages that link to it. */
export interface KeptCard { title: string; description: string; site: string; picture?: { hash: string; width: number; height: number; thumbhash: string; mime: string } }
/** By the hash of the address, until its time; null: it led to nothing. */
export interface LinkCardRow extends Row { url_hash: string; url: string; card: KeptCard | null; expires_at: number }
export const linkCards = table<LinkCardRow>({ name: 'link_cards', key: ['url_hash'], shard: 'url_hash', columns: { url_hash: 'text', expires_at: 'integer' }, indexes: { by_expiry: { fields: ['expires_at'] } } });

/** A group of people of a workspace: the truth of which the entity in the workspace's stream tells. */
export interface GroupRow extends Row { id: string; workspace_id: string; handle: string; created_by: string; created_at: number; doc: Group }
export const groups = table<GroupRow>({
  name: 'groups', key: ['id'], shard: 'id', columns: { id: 'text', workspace_id: 'text', handle: 'text' }, indexes: { by_handle: { fields: ['workspace_id', 'handle'] } },
});
/** A custom emoji and where its bytes are kept; `still` is the first frame of what moves. */
export interface EmojiRow extends Row { id: string; workspace_id: string; name: string; created_at: number; hash: string; still: string | null; doc: CustomEmoji }
export const emoji = table<EmojiRow>({
  name: 'emoji', key: ['id'], shard: 'id', columns: { id: 'text', workspace_id: 'text', name: 'text' }, indexes: { by_name: { fields: ['workspace_id', 'name'] } },
});
/** Who is in a group. `added_at` in microseconds. */
export interface GroupMemberRow extends Row { group_id: string; user_id: string; workspace_id: string; added_at: number }
export const groupMembers = table<GroupMemberRow>({
  name: 'group_members', key: ['group_id', 'user_id'], shard: 'group_id', columns: { group_id: 'text', user_id: 'text', workspace_id: 'text' },
  indexes: { by_user: { fields: ['user_id', 'workspace_id'] } },
});

/** One row for each person whom a counting message names (people, groups, `<!here>`), never its author. Gone when it no longer counts. */
export interface MentionRow extends Row { channel_id: string; user_id: string; seq: number; /** 1 when the same message also names everybody. */ everyone: number }
export const mentions = table<MentionRow>({
  name: 'mentions', key: ['channel_id', 'user_id', 'seq'], shard: 'channel_id',
  columns: { channel_id: 'text', user_id: 'text', seq: 'integer', everyone: 'integer' },
  indexes: { by_everyone: { fields: ['channel_id', 'user_id', 'everyone', 'seq'] }, by_message: { fields: ['channel_id', 'seq'] } },
});

/** The text before each edit or deletion, by the rev it had. */
export interface MessageVersionRow extends Row { channel_id: string; message_id: string; rev: number; content: string; replaced_at: number }
export const messageVersions = table<MessageVersionRow>({ name: 'message_versions', key: ['channel_id', 'message_id', 'rev'], shard: 'channel_id', columns: { channel_id: 'text', message_id: 'text', rev: 'integer' }, indexes: {} });

/** All reactions, also those beyond what a message lists. */
export interface ReactionRow extends Row { channel_id: string; message_id: string; emoji: string; user_id: string; at: number }
export const reactions = table<ReactionRow>({
  name: 'reactions', key: ['channel_id', 'message_id', 'emoji', 'user_id'], shard: 'channel_id',
  columns: { channel_id: 'text', message_id: 'text', emoji: 'text', user_id: 'text', at: 'integer' },
  indexes: { by_time: { fields: ['channel_id', 'message_id', 'emoji', 'at'] } },
});

/** What is pinned to a channel. */
export interface PinRow extends Row { channel_id: string; message_id: string; seq: number; pinned_by: string; pinned_at: number }
export const pins = table<PinRow>({
  name: 'pins', key: ['channel_id', 'message_id'], shard: 'channel_id', columns: { channel_id: 'text', message_id: 'text', pinned_at: 'integer' },
  indexes: { by_time: { fields: ['channel_id', 'pinned_at'] } },
});

/** Who wants to know of messages with a keyword, filed under one of its `leadsOf`, in each workspace that the person is in. */
export interface KeywordWatcherRow extends Row { workspace_id: string; lead: string; user_id: string; keywords: string[] }
export const keywordWatchers = table<KeywordWatcherRow>({
  name: 'keyword_watchers', key: ['workspace_id', 'lead', 'user_id'], shard: 'workspace_id', columns: { workspace_id: 'text', lead: 'text', user_id: 'text' },
  indexes: { by_user: { fields: ['workspace_id', 'user_id'] } },
});
/** Whose inbox has a keyword entry about a message, so that it follows what the text becomes. */
export interface KeywordHitRow extends Row { channel_id: string; message_id: string; user_id: string }
export const keywordHits = table<KeywordHitRow>({ name: 'keyword_hits', key: ['channel_id', 'message_id', 'user_id'], shard: 'channel_id', columns: { channel_id: 'text', message_id: 'text', user_id: 'text' }, indexes: {} });

/** Who follows a thread. An explicit choice wins over following by itself. */
export interface ThreadFollowerRow extends Row { channel_id: string; root_id: string; user_id: string; following: number; explicit: number; /** The read position that following begins with. */ from_seq: number }
export const threadFollowers = table<ThreadFollowerRow>({ name: 'thread_followers', key: ['channel_id', 'root_id', 'user_id'], shard: 'channel_id', columns: { channel_id: 'text', root_id: 'text', user_id: 'text' }, indexes: {} });

/** Up to where each device has received a channel. */
export interface DeliveredRow extends Row { channel_id: string; user_id: string; device_id: string; seq: number; at: number }
export const delivered = table<DeliveredRow>({ name: 'delivered', key: ['channel_id', 'user_id', 'device_id'], shard: 'channel_id', columns: { channel_id: 'text', user_id: 'text', device_id: 'text' }, indexes: {} });

export interface UserRow extends Row {
  id: string;
  server_role: 'owner' | 'admin' | 'member';
  password_hash: string | null;
  /** Key of the person's devices' outboxes, base64url; answered at sign-in only. */
  local_key: string;
  created_at: number;
  presence: 'auto' | 'away' | 'dnd';
  presence_until: number | null;
  doc: User;
}
export const users = table<UserRow>({ name: 'users', recalled: true, key: ['id'], shard: 'id', columns: { id: 'text' }, indexes: {} });

/** Uniqueness over everything: `email:…`, `username:…`, `channel:WS:name`, `handle:WS:name`, `emoji:WS:name`, `set_up`. */
export interface ClaimRow extends Row { id: string; owner_id: string }
export const claims = table<ClaimRow>({ name: 'claims', key: ['id'], shard: 'id', columns: { id: 'text' }, indexes: {} });

export interface WorkspaceMemberRow extends Row { workspace_id: string; user_id: string; role: 'owner' | 'admin' | 'member' | 'guest'; joined_at: number; deactivated: number; sort_name: string }
export const workspaceMembers = table<WorkspaceMemberRow>({
  name: 'workspace_members', warm: true, key: ['workspace_id', 'user_id'], shard: 'workspace_id',
  columns: { workspace_id: 'text', user_id: 'text', role: 'text', sort_name: 'text' },
  indexes: { by_user: { fields: ['user_id', 'workspace_id'] }, by_name: { fields: ['workspace_id', 'sort_name'] }, by_role: { fields: ['workspace_id', 'role', 'user_id'] } },
});
/** Folded words of each person's names, for finding by prefix. */
export interface PersonWordRow extends Row { workspace_id: string; word: string; user_id: string }
export const personWords = table<PersonWordRow>({ name: 'person_words', key: ['workspace_id', 'word', 'user_id'], shard: 'workspace_id', columns: { workspace_id: 'text', word: 'text', user_id: 'text' }, indexes: { by_user: { fields: ['workspace_id', 'user_id'] } } });

/** One signed-in client. `secret_hash` is SHA-256 of the token's secret. */
export interface SessionRow extends Row {
  user_id: string;
  device_id: string;
  secret_hash: string;
  name: string;
  platform: string;
  address: string;
  created_at: number;
  last_active_at: number;
  expires_at: number;
  revoked_at: number | null;
  /** What its browser asked for when it signed in. */
  language?: string;
}
export const sessions = table<SessionRow>({
  name: 'sessions', recalled: true, key: ['user_id', 'device_id'], shard: 'user_id', columns: { user_id: 'text', device_id: 'text', expires_at: 'integer' },
  indexes: { by_expiry: { fields: ['expires_at'] } },
});
/** Up to which rev a device has applied each stream, as it said last; noted now and then, for people who look into a delivery. */
export interface DeviceCursorsRow extends Row { user_id: string; device_id: string; cursors: Record<string, number>; at: number }
export const deviceCursors = table<DeviceCursorsRow>({ name: 'device_cursors', key: ['user_id', 'device_id'], shard: 'user_id', columns: { user_id: 'text', device_id: 'text' }, indexes: {} });

export interface InviteRow extends Row { token_hash: string; workspace_id: string; email: string | null; role: string; channel_ids: string[]; created_by: string; created_at: number; expires_at: number; used_by: string | null; /** The job that sends or sent its mail. */ mail_claim?: string | null; mail_refusals?: number }
export const invites = table<InviteRow>({ name: 'invites', key: ['token_hash'], shard: 'token_hash', columns: { token_hash: 'text' }, indexes: {} });

/** Answers of unsafe calls by `Idempotency-Key`, for 30 days. */
export interface IdempotencyRow extends Row { account_id: string; key: string; call: string; fingerprint: string; status: number; body: unknown; at: number }
export const idempotency = table<IdempotencyRow>({ name: 'idempotency', key: ['account_id', 'key'], shard: 'account_id', columns: { account_id: 'text', key: 'text', at: 'integer' }, indexes: { by_time: { fields: ['at'] } } });

/** Committed and not yet consumed by all: `pending` names the durable consumers that have not committed. */
export interface OutboxRow extends Row {
  id: string;
  stream: string;
  from: number;
  rev: number;
  seq: number;
  control: StreamControl[] | null;
  facts: Record<string, unknown> | null;
  at: number;
  /** Consumers done so far. */
  done: string[];
}
export const outbox = table<OutboxRow>({ name: 'outbox', key: ['id'], shard: null, columns: { id: 'text', stream: 'text', at: 'integer' }, indexes: {} });

export interface JobRow extends Row { id: string; kind: string; payload: unknown; state: 'ready' | 'leased' | 'parked'; run_at: number; attempts: number; lease_until: number | null; lease_token: string | null; error: string | null; dedupe: string | null }
export const jobs = table<JobRow>({
  name: 'jobs', key: ['id'], shard: null,
  columns: { id: 'text', state: 'text', run_at: 'integer', lease_until: 'integer', dedupe: 'text' },
  indexes: { by_ready: { fields: ['state', 'run_at'] }, by_lease: { fields: ['state', 'lease_until'] }, by_dedupe: { fields: ['dedupe'], unique: true } },
});

/** `token` rises with every new holder: what a stale holder writes is refused by it. */
export interface LeaseRow extends Row { name: string; holder: string; token: number; until: number }
export const leases = table<LeaseRow>({ name: 'leases', key: ['name'], shard: null, columns: { name: 'text' }, indexes: {} });

/** One process that serves the store, until then (microseconds, the store's clock). */
export interface ProcessRow extends Row { id: string; name: string; place: string | null; alone: number; local_files: number; roles: string[]; started_at: number; until: number }
export const processes = table<ProcessRow>({ name: 'processes', key: ['id'], shard: null, columns: { id: 'text' }, indexes: {} });

export interface ImportRow extends Row { id: string; workspace_id: string; user_id: string; kind: string; state: 'queued' | 'running' | 'done' | 'failed'; path: string; status: unknown; at: number }
export const imports = table<ImportRow>({ name: 'imports', key: ['id'], shard: null, columns: { id: 'text', workspace_id: 'text', at: 'integer' }, indexes: { by_workspace: { fields: ['workspace_id', 'at'] } } });
/** What a source's id became here: `scope` is `workspace/slack/user` and the like. */
export interface ImportMapRow extends Row { scope: string; source_id: string; id: string }
export const importMap = table<ImportMapRow>({ name: 'import_map', key: ['scope', 'source_id'], shard: 'scope', columns: { scope: 'text', source_id: 'text' }, indexes: {} });
/** What an import left out and why, in order; the first 1,000. */
export interface ImportSkipRow extends Row { import_id: string; n: number; where: string; reason: string }
export const importSkips = table<ImportSkipRow>({ name: 'import_skips', key: ['import_id', 'n'], shard: null, columns: { import_id: 'text', n: 'integer' }, indexes: {} });

/** Where one device is told while nobody looks. Ends with its session. */
export interface PushSubscriptionRow extends Row { user_id: string; device_id: string; kind: string; target: unknown; /** Hash of where it leads: one device of the world is told for one session. */ address: string; language: string; created_at: number }
export const pushSubscriptions = table<PushSubscriptionRow>({ name: 'push_subscriptions', key: ['user_id', 'device_id'], shard: 'user_id', columns: { user_id: 'text', device_id: 'text', address: 'text' }, indexes: { by_address: { fields: ['address'] } } });
/** How many devices of a person are told, for the consumer that asks with each change of their stream. */
export interface PushPersonRow extends Row { user_id: string; devices: number }
export const pushPeople = table<PushPersonRow>({ name: 'push_people', recalled: true, key: ['user_id'], shard: 'user_id', columns: { user_id: 'text' }, indexes: {} });
/** What a device was told under one tag (a channel), and what is being told right now. */
export interface PushToldRow extends Row {
  user_id: string;
  device_id: string;
  tag: string;
  told: { entry: string; key: string }[];
  /** 1 when a notification may stand there. */
  shown: number;
  /** Set before sending, cleared after: one that is still there was cut short, and what it told counts as told. */
  claim: { job: string; kind: 'show' | 'withdraw'; fresh: string[] } | null;
  /** Refusals in a row. */
  refusals: number;
}
export const pushTold = table<PushToldRow>({ name: 'push_told', key: ['user_id', 'device_id', 'tag'], shard: 'user_id', columns: { user_id: 'text', device_id: 'text', tag: 'text' }, indexes: {} });
/** A person's last mail about what they missed, and up to which time it told of everything. Microseconds. */
export interface DigestRow extends Row { user_id: string; last_at: number; told_to: number; claim: { job: string; last_at: number; told_to: number } | null; refusals: number }
export const digests = table<DigestRow>({ name: 'digests', key: ['user_id'], shard: 'user_id', columns: { user_id: 'text' }, indexes: {} });

/** A file of somebody, from the first byte on. What is private about it lies beside what crosses the wire. */
export interface FileRow extends Row {
  id: string;
  user_id: string;
  state: 'uploading' | 'kept';
  /** When it goes, microseconds; null while a message carries it. */
  expires_at: number | null;
  /** 1 once a message has carried it: from then on it is not its uploader's alone. */
  posted: number;
  /** Of the quota, while it lasts. */
  charged: number;
  /** The bytes as they were sent: the length of the upload, which making a picture anew may change. */
  upload_bytes: number;
  /** As declared by the uploader, until the bytes are there. */
  declared: string;
  /** Hashes of its bytes; null while uploading. `thumb` and `large` are pictures. */
  hash: string | null;
  thumb: string | null;
  large: string | null;
  /** A picture made anew: the only kind that is shown in place. */
  inline: number;
  doc: File;
}
export const files = table<FileRow>({
  name: 'files', key: ['id'], shard: 'id', columns: { id: 'text', user_id: 'text', expires_at: 'integer' },
  indexes: { by_expiry: { fields: ['expires_at'] } },
});
/** Which message carries which file: `place` is its seq × 100 plus the file's place in it. */
export interface FileUseRow extends Row { channel_id: string; place: number; file_id: string; message_id: string }
export const fileUses = table<FileUseRow>({ name: 'file_uses', key: ['channel_id', 'place'], shard: 'channel_id', columns: { channel_id: 'text', place: 'integer', file_id: 'text' }, indexes: { by_file: { fields: ['file_id'] } } });
/** How often files refer to the same bytes; `unused_at` since when none does. */
export interface BlobRow extends Row { hash: string; size: number; refs: number; unused_at: number | null }
export const blobs = table<BlobRow>({ name: 'blobs', key: ['hash'], shard: 'hash', columns: { hash: 'text', unused_at: 'integer' }, indexes: { by_unused: { fields: ['unused_at'] } } });
/** Who holds bytes that several processes keep in one place, and who removes them; times are the store's, microseconds. Never both at once. */
export interface FileHoldRow extends Row { name: string; holds: { id: string; until: number }[]; going: { id: string; until: number } | null; until: number }
export const fileHolds = table<FileHoldRow>({ name: 'file_holds', key: ['name'], shard: 'name', columns: { name: 'text', until: 'integer' }, indexes: { by_until: { fields: ['until'] } } });
/** What a person's files come to. */
export interface FileUsageRow extends Row { user_id: string; bytes: number }
export const fileUsage = table<FileUsageRow>({ name: 'file_usage', key: ['user_id'], shard: 'user_id', columns: { user_id: 'text' }, indexes: {} });

/** `incarnation`, `set_up`, `server`, `vapid`, `server_key`, `set_up_code`. */
export interface MetaRow extends Row { name: string; value: unknown }
export const meta = table<MetaRow>({ name: 'meta', key: ['name'], shard: null, columns: { name: 'text' }, indexes: {} });

export const TABLES: readonly Table[] = [
  heads, entities, channels, members, caughtUp, stays, messages, mentions, messageVersions, reactions, pins, keywordWatchers, keywordHits, threadFollowers, delivered, users, claims,
  workspaceMembers, personWords, sessions, invites, idempotency, outbox, jobs, leases, processes, imports, importMap, importSkips, files, fileUses, blobs, fileHolds, fileUsage, meta, groups, groupMembers, emoji,
  pushSubscriptions, pushPeople, pushTold, digests, linkCards, deviceCursors,
] as readonly Table[];
