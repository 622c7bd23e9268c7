import type { Channel, CustomEmoji, File, Group, InboxEntry, Membership, Message, Saved, Scheduled, Section, Thread, User, Workspace } from '../protocol/entities.ts';

/**
 * What the engine gives to a user interface. All state is read through `Readable`s, which hold the server's state with the
 * outbox's pending acts replayed on top; the interface keeps no counts, positions or lists of its own.
 */

/** A value that changes. `get` answers the same reference until it changes, so it fits `useSyncExternalStore`. */
export interface Readable<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}

export type ConnectionView =
  | { kind: 'starting' }
  | { kind: 'offline'; since: number }
  | { kind: 'connecting'; since: number; attempt: number }
  | { kind: 'waiting'; since: number; retryAt: number; reason: 'silent' | 'restarting' | 'too_many' }
  | { kind: 'catching_up'; since: number; channelsLeft: number }
  | { kind: 'live'; latencyMs: number | null }
  | { kind: 'signed_out'; at: number; reason: 'revoked' | 'expired' | 'signed_out' };

/** One row of the sidebar, from membership, channel and summary. */
export interface ChannelView {
  id: string;
  workspaceId: string;
  channel: Channel;
  /** Null while looking at a public channel without being a member. */
  membership: Membership | null;
  /** Null while the engine must ask the server again. */
  unread: number | null;
  mentions: number | null;
  lastMessageAt: string | null;
  headSeq: number;
}

/** A message as shown: stored, or pending in the outbox, or stored with pending acts on top. */
export interface MessageView {
  /** The row's identity for life: `client_msg_id` of one's own messages, else the id. */
  key: string;
  message: Message;
  /** Absent: stored and nothing pending. */
  pending?: PendingState;
}

export type PendingState =
  /** `since` is when the person acted; `retryAt` when the server asked to wait. */
  | { kind: 'sending'; act: ActKind; since: number }
  | { kind: 'waiting'; act: ActKind; since: number; retryAt: number | null; reason: 'offline' | 'rate_limited' | 'storage_full' | 'unavailable' | 'old' }
  /** Undo send: it goes at `until`, and can be taken back until then. */
  | { kind: 'held'; act: 'send'; since: number; until: number }
  /** For `files` of its files, which are not uploaded yet; it is overtaken by what is ready. */
  | { kind: 'waiting'; act: 'send'; since: number; retryAt: null; reason: 'files'; files: number }
  | { kind: 'refused'; act: ActKind; since: number; code: string; detail: string };
export type ActKind = 'send' | 'edit' | 'delete' | 'react' | 'pin';

/** A stretch of a channel's seqs that is held whole. `current`: known to be as the server has it. */
export interface HeldRange { fromSeq: number; toSeq: number; current: boolean }

/**
 * An open channel (or thread): what is held, ascending, holes left out; `ranges` says where the holes are.
 * Pending sends are apart, in outbox order.
 */
export interface TimelineView {
  channelId: string;
  rootId: string | null;
  messages: readonly MessageView[];
  pending: readonly MessageView[];
  ranges: readonly HeldRange[];
  headSeq: number;
  /** The first seq that this person may see. */
  firstSeq: number;
  /** `cached`: rows of the cache are still being read, and only the newest of them, if any, are here. */
  loading: { before: boolean; after: boolean; cached: boolean };
  /** When the oldest unconfirmed range was last confirmed; null when all is current. */
  savedAt: number | null;
  /** One may not see it any more, or it never was. */
  gone: boolean;
}

export interface Timeline extends Readable<TimelineView> {
  /** Each loads at most one page and resolves when it is shown, or false when the server cannot be reached. */
  loadBefore(seq: number): Promise<boolean>;
  loadAfter(seq: number): Promise<boolean>;
  loadAround(target: { seq: number } | { messageId: string } | { since: number }): Promise<{ seq: number } | false>;
  loadNewest(): Promise<boolean>;
  /** Ends the subscription to live events of this channel. */
  close(): void;
}

/** A file that is added to a text: one of this device, by the id that it gave, or one that the server has. */
export interface AttachedFile { id: string; name: string; size: number; mime: string; width?: number; height?: number; thumbhash?: string }

/** A group, and whether it names the person. */
export interface GroupView extends Group { mine: boolean }

/** How far a file of this device has come. `stopped`: cut, and gone on with by itself at `retryAt`, or when there is a network. */
export type UploadState =
  | { kind: 'waiting' }
  | { kind: 'sending'; sent: number }
  | { kind: 'stopped'; sent: number; retryAt: number | null }
  | { kind: 'refused'; code: string; detail: string }
  /** Its bytes are not here any more: the person must add it again. */
  | { kind: 'lost' }
  | { kind: 'done'; file: File };
export interface UploadView extends AttachedFile { state: UploadState }

/** Another text of the same place, from another device. */
export interface OtherDraft { id: string; content: string; fileIds: readonly string[]; deviceId: string; updatedAt: number }
/** The unsent text of a channel or thread. With no text of this device's own it is empty, and `others` has what there is. */
export interface DraftView { channelId: string; rootId: string | null; content: string; /** Ids of what is added to it: of `upload` while this device uploads it, else of the server. */ files: readonly string[]; clientMsgId: string; updatedAt: number; /** The text was written at another device. */ foreign: boolean; others: readonly OtherDraft[] }

export interface OutboxItem { id: string; act: ActKind | 'schedule' | 'ack' | 'mark_unread' | 'call'; channelId: string | null; /** Of a send. */ rootId: string | null; content: string | null; files: readonly AttachedFile[]; state: PendingState; key: string | null }

/** A question to what this device holds; `timeZone` is the one by which days are meant. */
export interface CacheSearch { workspaceId: string; q: string; timeZone: string; kind?: 'messages' | 'files'; limit: number }

export interface Engine {
  readonly accountId: string;
  readonly connection: Readable<ConnectionView>;
  readonly me: Readable<User | null>;
  readonly workspaces: Readable<readonly Workspace[]>;
  /** Every channel of one's own in a workspace, unordered. */
  channels(workspaceId: string): Readable<readonly ChannelView[]>;
  channel(channelId: string): Readable<ChannelView | null>;
  /** Known people by id; asking for unknown or unverified ones fetches them in batches. */
  user(userId: string): Readable<User | null>;
  presence(userId: string): Readable<'online' | 'away' | 'dnd' | 'offline'>;
  /** Who is typing in a channel or thread, newest last. */
  typing(channelId: string, rootId: string | null): Readable<readonly string[]>;
  thread(rootId: string): Readable<Thread | null>;
  threads(): Readable<readonly Thread[]>;
  draft(channelId: string, rootId: string | null): Readable<DraftView | null>;
  /** Every place with unsent text, latest first. */
  drafts(): Readable<readonly DraftView[]>;
  /** What is kept for later, latest first. */
  saved(): Readable<readonly Saved[]>;
  savedOf(messageId: string): Readable<Saved | null>;
  /** What is sent at a time, the next first, with what could not be sent. */
  scheduled(): Readable<readonly Scheduled[]>;
  /** What needs the person, newest first; `read` as it stands with their positions. */
  inbox(): Readable<readonly InboxEntry[]>;
  /** Sections of the sidebar in their order, starred first. */
  sections(): Readable<readonly Section[]>;
  /** Groups of a workspace in the order of their handles, archived ones too. */
  groups(workspaceId: string): Readable<readonly GroupView[]>;
  /** Null for one that is not known, or no longer there. */
  group(groupId: string): Readable<GroupView | null>;
  /** Custom emoji of a workspace in the order of their names. */
  customEmoji(workspaceId: string): Readable<readonly CustomEmoji[]>;
  /** Synced preferences by key, those at their default left out. */
  preferences(): Readable<Readonly<Record<string, unknown>>>;
  outbox: Readable<readonly OutboxItem[]>;
  /** A file of this device on its way; null when it is none, or its message was sent. */
  upload(id: string): Readable<UploadView | null>;
  /** Whether this device can keep things: `full` and `unavailable` mean that what is shown may not survive a reload. */
  storage: Readable<'ok' | 'full' | 'unavailable'>;

  /** Starts from the cache, then connects. Resolves when the cache is shown; nothing else may be called before. */
  start(): Promise<void>;
  /** Keeps cache, outbox and drafts. */
  stop(): Promise<void>;
  /** Ends the session on the server, then wipes cache, outbox and drafts. Rejects, and wipes nothing, when the server does not end it. */
  signOut(): Promise<void>;

  /** Opens a channel or thread for showing; live events for it flow until `close`. */
  timeline(channelId: string, rootId?: string | null): Timeline;

  /** Searches what this device holds, newest first, with the server's own words and filters. Works without a connection. */
  searchCached(search: CacheSearch): Promise<readonly { message: Message; highlights: readonly { start: number; end: number }[] }[]>;

  /** Durable in the outbox when it resolves; rejects with StorageRefused when it cannot be kept. */
  send(message: { channelId: string; content: string; rootId?: string | null; broadcast?: boolean; clientMsgId?: string; kind?: 'text' | 'me'; quiet?: boolean; /** Held for so long, so that it can be taken back; a minute at most. */ holdMs?: number; files?: readonly AttachedFile[] }): Promise<void>;
  /** Takes a send back that the server cannot have yet: its text is the draft of its place again, before what stands there. That draft's text, or null when it is too late. */
  unsend(channelId: string, clientMsgId: string): Promise<string | null>;
  /** The server sends it at `sendAt`. Takes the draft with it, as a send does. */
  schedule(message: { channelId: string; content: string; rootId?: string | null; broadcast?: boolean; clientMsgId?: string; quiet?: boolean; sendAt: string }): Promise<void>;
  /** Another text or time. A time that has passed sends it now. */
  reschedule(channelId: string, scheduledId: string, change: { content?: string; sendAt?: string }): Promise<void>;
  /** Takes it back, or what could not be sent out of the list. */
  unschedule(channelId: string, scheduledId: string): Promise<void>;
  edit(channelId: string, messageId: string, content: string): Promise<void>;
  delete(channelId: string, messageId: string): Promise<void>;
  react(channelId: string, messageId: string, emoji: string, add: boolean): Promise<void>;
  retry(itemId: string): Promise<void>;
  discard(itemId: string): Promise<void>;

  /** Adds a file to the draft of a place and begins to upload it. `file.id` is new; resolves when it is kept as well as it can be. */
  attach(channelId: string, rootId: string | null, file: AttachedFile, source: unknown): Promise<void>;
  /** Files that the server has already. */
  attachStored(channelId: string, rootId: string | null, fileIds: readonly string[]): void;
  detach(channelId: string, rootId: string | null, fileId: string): void;
  /** Goes on with one that stopped, or tries one again that was refused. */
  resumeUpload(fileId: string): Promise<void>;
  /** The bytes of one that was lost. */
  supply(fileId: string, source: unknown): Promise<void>;
  /** Takes a file out of a send that waits, which goes without it; a send that is left with nothing goes too. */
  sendWithout(itemId: string, fileId: string): Promise<void>;

  /** Read up to `seq`, in a channel or a thread; coalesced and sent at most once a second. */
  read(channelId: string, seq: number, rootId?: string | null): void;
  markUnread(channelId: string, firstUnreadSeq: number, rootId?: string | null): Promise<void>;
  /** Kept within a second through crash and reload; empty content clears it. */
  setDraft(channelId: string, rootId: string | null, content: string, base?: string): void;
  /** Another device's text is not wanted. */
  dropDraft(id: string): void;
  flushDrafts(): Promise<void>;

  followThread(channelId: string, rootId: string, follow: boolean): Promise<void>;
  setChannelLevel(channelId: string, change: { level?: Membership['level']; muted?: boolean }): Promise<void>;
  /** Keeps a message for later, or changes how; what is left out stays. */
  save(channelId: string, messageId: string, change?: { state?: Saved['state']; dueAt?: string | null; note?: string }): Promise<void>;
  unsave(channelId: string, messageId: string): Promise<void>;
  pin(channelId: string, messageId: string, pinned: boolean): Promise<void>;
  /** Null takes it back to its default. */
  setPreference(key: string, value: unknown): Promise<void>;
  /** Marks entries of the inbox read or unread as they are now; one that moves on meanwhile stays as it is. */
  markInbox(ids: readonly string[], read: boolean): Promise<void>;
  putSection(id: string, change: { name?: string; position?: number; channelIds?: readonly string[]; add?: readonly string[]; remove?: readonly string[] }): Promise<void>;
  dropSection(id: string): Promise<void>;
  setTyping(channelId: string, rootId: string | null): void;
  setActive(active: boolean): void;
  /** People whose profile and presence are on screen. */
  look(userIds: readonly string[]): void;
  /** Says that the network came back or the machine woke: tries at once. */
  wake(): void;
  /** What the device says of its network: while false nothing is tried. `wake` tries all the same. */
  setOnline(online: boolean): void;
}
