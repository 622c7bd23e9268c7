import type { Channel, CustomEmoji, InboxEntry, Membership, Message, Saved, Scheduled, Section, Thread, User, Workspace } from '@parley/shared/protocol/entities';
import type { ChannelView, ConnectionView, DraftView, Engine, GroupView, HeldRange, MessageView, OutboxItem, PendingState, Readable, Timeline, TimelineView, UploadView } from '@parley/shared/sync/api';
import { CHANNEL, ME, MEI, message, TOM, uuid } from '../testing.ts';

/** An engine over a made-up world, for the list's measurements: everything is held in memory and answers at once. */

class Cell<T> implements Readable<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();
  constructor(value: T) { this.#value = value; }
  get = (): T => this.#value;
  subscribe = (listener: () => void): (() => void) => { this.#listeners.add(listener); return () => this.#listeners.delete(listener); };
  set(value: T): void { this.#value = value; for (const listener of [...this.#listeners]) listener(); }
}

export const WORKSPACE = uuid(500);
const names: [string, string][] = [[ME, 'Amara Okafor'], [MEI, 'Mei Lin'], [TOM, 'Tom Berger'], [uuid(4), 'Zoë Díaz'], [uuid(5), 'Deploy Bot']];
export const people: User[] = names.map(([id, display_name], i) => ({ id, display_name, username: display_name.toLowerCase().replace(/[^a-z]+/g, '.'), is_bot: i === 4, deactivated: false }));

const WORDS = 'the harbour crane ship late morning plan review deploy window weather ready boat paint list order under quay pilot signal north chart rope anchor buoy tide'.split(' ');
const sentence = (seed: number): string => Array.from({ length: 3 + ((seed * 7) % 23) }, (_, i) => WORDS[(seed * 13 + i * 5) % WORDS.length]).join(' ');

export function madeUp(seq: number): Message {
  const kinds: Partial<Message>[] = [
    {}, {}, { content: `${sentence(seq)} **${sentence(seq + 1)}** and \`code ${seq}\`` }, {}, { content: `${sentence(seq)}\n\n> ${sentence(seq + 3)}\n\n- ${sentence(seq + 4)}\n- ${sentence(seq + 5)}` }, {},
    { content: `\`\`\`ts\nexport function crane${seq}(load: number): string {\n  return \`load \${load}\`;\n}\n\`\`\`` }, { reactions: [{ emoji: '🚀', count: 3, user_ids: [MEI, TOM, uuid(4)] }, { emoji: '👍', count: 1, user_ids: [ME] }] }, {},
    { thread: { reply_count: 4, last_reply_seq: seq, last_reply_at: new Date(Date.UTC(2026, 10, 23)).toISOString(), participant_ids: [MEI, TOM] } },
  ];
  const author = [MEI, MEI, TOM, MEI, uuid(4), TOM, TOM, ME][Math.floor(seq / 3) % 8] ?? MEI;
  return message(seq, { author_id: author, content: sentence(seq), created_at: new Date(Date.UTC(2026, 10, 23, 20) - (10_000 - seq) * 70_000).toISOString(), ...kinds[seq % kinds.length] });
}

export interface FakeOptions { count: number; held: HeldRange[]; readSeq: number; page?: number }

export class FakeEngine implements Engine {
  async searchCached() { return []; }
  readonly accountId = ME;
  readonly connection = new Cell<ConnectionView>({ kind: 'live', latencyMs: 12 });
  readonly me = new Cell<User | null>(people[0] ?? null);
  readonly workspaces = new Cell<readonly Workspace[]>([{ id: WORKSPACE, name: 'Harbour Labs', settings: {} }]);
  readonly outbox = new Cell<readonly OutboxItem[]>([]);
  readonly storage = new Cell<'ok' | 'full' | 'unavailable'>('ok');
  readonly log: unknown[] = [];
  readonly messages = new Map<number, MessageView>();
  readonly channelCell: Cell<ChannelView | null>;
  readonly timelineCell: Cell<TimelineView>;
  readonly threadCells = new Map<string, Cell<TimelineView>>();
  readonly threadState = new Map<string, Cell<Thread | null>>();
  readonly draftCells = new Map<string, Cell<DraftView | null>>();
  readonly typingCell = new Cell<readonly string[]>([]);
  readonly #users = new Map(people.map((user) => [user.id, new Cell<User | null>(user)]));
  readonly #none = new Cell<ChannelView | null>(null);
  readonly #noThread = new Cell<Thread | null>(null);
  readonly #presence = new Cell<'online'>('online');
  readonly #all: Cell<readonly ChannelView[]>;
  readonly #threads = new Cell<readonly Thread[]>([]);
  readonly #page: number;
  head: number;
  delayMs = 0;

  constructor(options: FakeOptions) {
    this.head = options.count;
    this.#page = options.page ?? 50;
    for (let seq = 1; seq <= options.count; seq++) this.#put(madeUp(seq));
    const channel: Channel = { id: CHANNEL, workspace_id: WORKSPACE, kind: 'public', name: 'general', topic: '', purpose: 'All that is about the harbour.', member_count: 5, archived: false, posting: 'everyone', created_at: '2025-01-02T10:00:00.000Z', head_seq: options.count, head_rev: 1, purged_through_seq: 0, creator_id: MEI };
    const membership: Membership = { channel_id: CHANNEL, role: 'member', stay_id: uuid(600), visible_from_seq: 1, joined_seq: 0, read_epoch: 0, read_seq: options.readSeq, level: 'default', muted: false, joined_at: channel.created_at };
    const view: ChannelView = { id: CHANNEL, workspaceId: WORKSPACE, channel, membership, unread: options.count - options.readSeq, mentions: 0, lastMessageAt: null, headSeq: options.count };
    this.channelCell = new Cell<ChannelView | null>(view);
    this.#all = new Cell<readonly ChannelView[]>([view]);
    this.timelineCell = new Cell<TimelineView>(this.#view(options.held, []));
  }

  #put(made: Message): void { this.messages.set(made.seq, { key: made.author_id === ME ? made.client_msg_id : made.id, message: made }); }

  #view(ranges: readonly HeldRange[], pending: readonly MessageView[]): TimelineView {
    const merged: HeldRange[] = [];
    for (const range of [...ranges].sort((a, b) => a.fromSeq - b.fromSeq)) {
      const last = merged[merged.length - 1];
      if (last && range.fromSeq <= last.toSeq + 1) merged[merged.length - 1] = { ...last, toSeq: Math.max(last.toSeq, range.toSeq) };
      else merged.push(range);
    }
    const messages: MessageView[] = [];
    for (const range of merged) for (let seq = range.fromSeq; seq <= range.toSeq; seq++) { const view = this.messages.get(seq); if (view) messages.push(view); }
    return { channelId: CHANNEL, rootId: null, messages, pending, ranges: merged, headSeq: this.head, firstSeq: 1, loading: { before: false, after: false, cached: false }, savedAt: null, gone: false };
  }

  refresh(change: { ranges?: readonly HeldRange[]; pending?: readonly MessageView[] } = {}): void {
    const was = this.timelineCell.get();
    this.timelineCell.set(this.#view(change.ranges ?? was.ranges, change.pending ?? was.pending));
  }
  hold(fromSeq: number, toSeq: number): void { this.refresh({ ranges: [...this.timelineCell.get().ranges, { fromSeq: Math.max(1, fromSeq), toSeq: Math.min(this.head, toSeq), current: true }] }); }
  evict(fromSeq: number, toSeq: number): void {
    this.refresh({ ranges: this.timelineCell.get().ranges.flatMap((r) => (r.toSeq < fromSeq || r.fromSeq > toSeq ? [r] : [...(r.fromSeq < fromSeq ? [{ ...r, toSeq: fromSeq - 1 }] : []), ...(r.toSeq > toSeq ? [{ ...r, fromSeq: toSeq + 1 }] : [])])) });
  }
  change(seq: number, over: Partial<Message>): void {
    const was = this.messages.get(seq);
    if (!was) return;
    this.messages.set(seq, { ...was, message: { ...was.message, rev: was.message.rev + 100_000, ...over } });
    this.refresh();
  }
  arrive(over: Partial<Message> = {}): number {
    const seq = ++this.head;
    this.#put({ ...madeUp(seq), ...over });
    const ranges = this.timelineCell.get().ranges.map((r) => (r.toSeq === seq - 1 ? { ...r, toSeq: seq } : r));
    this.refresh({ ranges });
    return seq;
  }
  setReadSeq(seq: number): void {
    const view = this.channelCell.get();
    if (view?.membership) this.channelCell.set({ ...view, unread: Math.max(0, this.head - seq), membership: { ...view.membership, read_seq: seq } });
  }
  async #later(): Promise<void> { if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs)); }

  channels = () => this.#all;
  channel = (id: string): Readable<ChannelView | null> => (id === CHANNEL ? this.channelCell : this.#none);
  user = (id: string): Readable<User | null> => { let cell = this.#users.get(id); if (!cell) { cell = new Cell<User | null>(null); this.#users.set(id, cell); } return cell; };
  presence = () => this.#presence;
  typing = () => this.typingCell;
  thread = (rootId: string): Readable<Thread | null> => this.threadState.get(rootId) ?? this.#noThread;
  threads = () => this.#threads;
  readonly #drafts = new Cell<readonly DraftView[]>([]);
  readonly #saved = new Cell<readonly Saved[]>([]);
  readonly #inbox = new Cell<readonly InboxEntry[]>([]);
  readonly #sections = new Cell<readonly Section[]>([]);
  readonly #preferences = new Cell<Readonly<Record<string, unknown>>>({});
  readonly #notSaved = new Cell<Saved | null>(null);
  drafts = () => this.#drafts;
  readonly #scheduled = new Cell<readonly Scheduled[]>([]);
  scheduled = () => this.#scheduled;
  unsend = () => Promise.resolve(null);
  schedule = () => Promise.resolve();
  reschedule = () => Promise.resolve();
  unschedule = () => Promise.resolve();
  saved = () => this.#saved;
  savedOf = () => this.#notSaved;
  inbox = () => this.#inbox;
  sections = () => this.#sections;
  readonly #groups = new Cell<readonly GroupView[]>([]);
  readonly #group = new Cell<GroupView | null>(null);
  readonly #emoji = new Cell<readonly CustomEmoji[]>([]);
  groups = () => this.#groups;
  group = () => this.#group;
  customEmoji = () => this.#emoji;
  preferences = () => this.#preferences;
  draft = (channelId: string, rootId: string | null): Cell<DraftView | null> => { const key = `${channelId}/${rootId ?? ''}`; let cell = this.draftCells.get(key); if (!cell) { cell = new Cell<DraftView | null>(null); this.draftCells.set(key, cell); } return cell; };
  start = () => Promise.resolve();
  stop = () => Promise.resolve();
  signOut = () => Promise.resolve();

  timeline = (_channelId: string, rootId: string | null = null): Timeline => {
    const cell = rootId === null ? this.timelineCell : this.#threadTimeline(rootId);
    return {
      get: cell.get, subscribe: cell.subscribe, close: () => undefined,
      loadBefore: async (seq) => { this.log.push(['before', seq]); await this.#later(); this.hold(seq - this.#page, seq - 1); return true; },
      loadAfter: async (seq) => { this.log.push(['after', seq]); await this.#later(); this.hold(seq + 1, seq + this.#page); return true; },
      loadAround: async (target) => {
        this.log.push(['around', target]);
        await this.#later();
        const seq = 'seq' in target ? target.seq : 'messageId' in target ? [...this.messages.values()].find((m) => m.message.id === target.messageId)?.message.seq : [...this.messages.values()].find((m) => Date.parse(m.message.created_at) >= target.since)?.message.seq;
        if (seq === undefined) return false;
        this.hold(seq - this.#page / 2, seq + this.#page / 2);
        return { seq };
      },
      loadNewest: async () => { await this.#later(); this.hold(this.head - this.#page, this.head); return true; },
    };
  };
  #threadTimeline(rootId: string): Cell<TimelineView> {
    let cell = this.threadCells.get(rootId);
    if (!cell) {
      const root = [...this.messages.values()].find((m) => m.message.id === rootId);
      const replies = [1, 2, 3, 4].map((n): MessageView => { const made = message(20_000 + n, { parent_message_id: rootId, author_id: n % 2 ? TOM : MEI, content: sentence(n * 3), created_at: new Date(Date.UTC(2026, 10, 23, 20, n * 7)).toISOString() }); return { key: made.id, message: made }; });
      const messages = root ? [root, ...replies] : replies;
      cell = new Cell<TimelineView>({ ...this.timelineCell.get(), rootId, messages, pending: [], ranges: [{ fromSeq: messages[0]?.message.seq ?? 1, toSeq: 30_000, current: true }], firstSeq: messages[0]?.message.seq ?? 1, headSeq: 20_004 });
      this.threadCells.set(rootId, cell);
      if (!this.threadState.has(rootId)) this.threadState.set(rootId, new Cell<Thread | null>({ root_id: rootId, channel_id: CHANNEL, following: true, read_epoch: 0, read_seq: 20_002, unread: 2 }));
    }
    return cell;
  }

  send: Engine['send'] = ({ content, clientMsgId, rootId, files = [] }) => {
    this.log.push(['send', content]);
    const key = clientMsgId ?? `own-${this.head}-${this.timelineCell.get().pending.length}`;
    const made = message(0, { author_id: ME, content, files: files.map((file) => ({ ...file, created_at: '2026-11-23T20:01:00Z' })), client_msg_id: key, id: uuid(900_000 + this.head), parent_message_id: rootId ?? null, created_at: new Date(Date.UTC(2026, 10, 23, 20, 1)).toISOString() });
    this.refresh({ pending: [...this.timelineCell.get().pending, { key, message: made, pending: { kind: 'sending', act: 'send', since: Date.now() } }] });
    return Promise.resolve();
  };
  /** The server's answer to the oldest pending send. */
  answer(fileId?: string): void {
    const [first, ...rest] = this.timelineCell.get().pending;
    if (!first) return;
    const seq = ++this.head;
    this.messages.set(seq, { key: first.key, message: { ...first.message, seq, rev: seq, files: first.message.files.map((file) => ({ ...file, id: fileId ?? file.id })) } });
    this.refresh({ pending: rest, ranges: this.timelineCell.get().ranges.map((r) => (r.toSeq === seq - 1 ? { ...r, toSeq: seq } : r)) });
  }
  setPending(state: PendingState): void {
    const pending = this.timelineCell.get().pending.map((view) => ({ ...view, pending: state }));
    this.outbox.set(pending.map((view) => ({ id: `o-${view.key}`, act: 'send', channelId: CHANNEL, rootId: null, content: view.message.content, files: [], state, key: view.key })));
    this.refresh({ pending });
  }
  edit: Engine['edit'] = (_channel, id, content) => { this.log.push(['edit', content]); const seq = this.#seqOf(id); this.change(seq, { content, edited_at: new Date(Date.UTC(2026, 10, 23, 21)).toISOString() }); return Promise.resolve(); };
  delete: Engine['delete'] = (_channel, id) => { this.log.push(['delete', id]); this.change(this.#seqOf(id), { deleted: true, content: '' }); return Promise.resolve(); };
  react: Engine['react'] = (_channel, id, emoji, add) => {
    const seq = this.#seqOf(id);
    const was = this.messages.get(seq)?.message.reactions ?? [];
    const found = was.find((r) => r.emoji === emoji);
    const next = add ? (found ? was.map((r) => (r === found ? { ...r, count: r.count + 1, user_ids: [...r.user_ids, ME] } : r)) : [...was, { emoji, count: 1, user_ids: [ME] }]) : was.map((r) => (r === found ? { ...r, count: r.count - 1, user_ids: r.user_ids.filter((u) => u !== ME) } : r)).filter((r) => r.count > 0);
    this.change(seq, { reactions: next });
    return Promise.resolve();
  };
  #seqOf(id: string): number { return [...this.messages.values()].find((m) => m.message.id === id)?.message.seq ?? 0; }
  retry: Engine['retry'] = (id) => { this.log.push(['retry', id]); return Promise.resolve(); };
  discard: Engine['discard'] = (id) => { this.log.push(['discard', id]); const key = this.outbox.get().find((o) => o.id === id)?.key; this.refresh({ pending: this.timelineCell.get().pending.filter((p) => p.key !== key) }); return Promise.resolve(); };
  read: Engine['read'] = (_channel, seq, rootId) => { this.log.push(['read', seq, rootId ?? null]); if (!rootId) this.setReadSeq(seq); };
  markUnread: Engine['markUnread'] = (_channel, seq) => { this.log.push(['unread', seq]); this.setReadSeq(seq - 1); return Promise.resolve(); };
  setDraft: Engine['setDraft'] = (channelId, rootId, content) => { this.log.push(['draft', content]); this.draft(channelId, rootId).set(content === '' ? null : { channelId, rootId, foreign: false, others: [], files: [], content, clientMsgId: `draft-${this.head}-${this.log.length}`, updatedAt: 0 }); };
  flushDrafts = () => Promise.resolve();
  readonly #noUpload = new Cell<UploadView | null>(null);
  upload = () => this.#noUpload;
  attach = () => Promise.resolve();
  attachStored = () => undefined;
  detach = () => undefined;
  resumeUpload = () => Promise.resolve();
  supply = () => Promise.resolve();
  sendWithout = () => Promise.resolve();
  followThread: Engine['followThread'] = (_c, rootId, following) => { const cell = this.threadState.get(rootId); const was = cell?.get(); if (cell && was) cell.set({ ...was, following }); return Promise.resolve(); };
  setChannelLevel = () => Promise.resolve();
  dropDraft = () => undefined;
  save = () => Promise.resolve();
  unsave = () => Promise.resolve();
  pin = () => Promise.resolve();
  markInbox = () => Promise.resolve();
  setPreference = () => Promise.resolve();
  putSection = () => Promise.resolve();
  dropSection = () => Promise.resolve();
  setTyping: Engine['setTyping'] = () => { this.log.push(['typing']); };
  setActive = () => undefined;
  look = () => undefined;
  wake = () => undefined;
  setOnline = () => undefined;
}
