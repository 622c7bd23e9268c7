import { fraction } from '../domain/random.ts';
import { getMe, signOut } from '../protocol/calls/accounts.ts';
import type { CustomEmoji, Draft, Message, Saved, Scheduled, Thread, User } from '../protocol/entities.ts';
import { CLOSE, type ServerFrame } from '../protocol/frames.ts';
import { PROTOCOL_VERSION } from '../protocol/version.ts';
import { Acting } from './acting.ts';
import type { AttachedFile, CacheSearch, ConnectionView, Engine, GroupView, OutboxItem, Timeline, UploadView } from './api.ts';
import { transition, viewOf, type ConnectionEffect, type ConnectionEvent, type ConnectionState } from './connection.ts';
import type { ChannelReplica } from './channel-replica.ts';
import { Directory } from './directory.ts';
import { DraftSync } from './draft-sync.ts';
import { Drafts } from './drafts.ts';
import { Ephemeral } from './ephemeral.ts';
import { Derived, Family, Topics } from './observable.ts';
import { Outbox } from './outbox.ts';
import { Persist } from './persist.ts';
import { inboxView, preferencesView, savedView, scheduledView, sectionsView } from './personal-views.ts';
import type { Clock, KeyValueStore, Random, Socket, Timer, Transport, UploadPort } from './ports.ts';
import { Reads } from './reads.ts';
import { Replica } from './replica.ts';
import { Syncer } from './syncer.ts';
import { OpenTimeline, PAGE_SIZE } from './timeline.ts';
import { NO_UPLOADS, Uploads } from './uploads.ts';
import { channelView, threadView } from './views.ts';
import { emojiView, groupsView, groupView } from './workspace-views.ts';

export interface EngineOptions {
  accountId: string;
  deviceId: string;
  transport: Transport;
  /** What can be fetched again. Wiped on sign-out and revocation. */
  cache: KeyValueStore;
  /** Outbox, read positions on their way, drafts: what only this device has. Survives a revoked session. */
  durable: KeyValueStore;
  /** Carries files; without it none can be added. */
  uploads?: UploadPort;
  clock: Clock;
  random: Random;
  /** Sent in `hello` where no cookie does it. */
  token?: string;
  /** The stores are only memory: `storage` says so from the start. */
  volatile?: boolean;
  /** Messages asked at once, by default 100; and entities of one stream, by default what the server gives. */
  pageSize?: number;
  syncPageSize?: number;
  /** The session ended. Called after the cache was wiped; the place to delete the key of the durable store. */
  onSignedOut?: (reason: 'revoked' | 'expired' | 'signed_out') => void;
}

const KEEP_MS = 250;
const ACK_MS = 300;
/** Streams that the socket catches up by itself are asked by `/sync` only when it did not. */
const DELTA_GRACE_MS = 1_500;
const GAP_GRACE_MS = 50;
const COUNTS_MS = 150;
/** What a first screen does not need is read from the cache so long after what it needs. */
const DRAWN_MS = 150;

/** The sync engine of one account on one device. */
export function createEngine(options: EngineOptions): Engine {
  return new SyncEngine(options);
}

/** What an engine holds, for simulations that compare it with the store. */
export function replicaOf(engine: Engine): Replica {
  if (!(engine instanceof SyncEngine)) throw new TypeError('not an engine of this module');
  return engine.replica;
}

class SyncEngine implements Engine {
  readonly accountId: string;
  private readonly topics = new Topics();
  private readonly persist: Persist;
  readonly replica: Replica;
  private readonly outboxQueue: Outbox;
  private readonly reads: Reads;
  private readonly draftBook: Drafts;
  private readonly draftSync: DraftSync;
  private readonly uploadBook: Uploads;
  private readonly directory: Directory;
  private readonly ephemeral: Ephemeral;
  private readonly syncer: Syncer;
  private readonly acting: Acting;
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly transport: Transport;

  private state: ConnectionState = { kind: 'stopped' };
  private socket: Socket | null = null;
  private socketNumber = 0;
  private timer: Timer | null = null;
  private keepTimer: Timer | null = null;
  private ackTimer: Timer | null = null;
  private readonly moved = new Map<string, number>();
  private caughtUp = false;
  private started = false;
  private stopping = false;
  private looked: readonly string[] = [];
  private active = true;
  private meUser: User | null = null;
  private storageState: 'ok' | 'full' | 'unavailable' = 'ok';
  private readonly open = new Set<OpenTimeline>();

  readonly connection: Derived<ConnectionView>;
  readonly storage: Derived<'ok' | 'full' | 'unavailable'>;
  readonly me: Derived<User | null>;
  readonly workspaces;
  readonly outbox: Derived<readonly OutboxItem[]>;
  private readonly channelViews;
  private readonly channelLists;
  private readonly userViews;
  private readonly presenceViews;
  private readonly typingViews;
  private readonly threadViews;
  private readonly threadList;
  private readonly draftViews;
  private readonly uploadViews;
  private readonly draftList;
  private readonly savedList;
  private readonly savedViews;
  private readonly scheduledList: Derived<readonly Scheduled[]>;
  private readonly inboxList;
  private readonly sectionList;
  private readonly preferenceValues;
  private readonly groupLists;
  private readonly groupViews;
  private readonly emojiLists;

  constructor(private readonly options: EngineOptions) {
    const { accountId, transport, cache, durable, clock, random } = options;
    const { topics } = this;
    this.accountId = accountId;
    this.clock = clock;
    this.random = random;
    this.transport = transport;
    if (options.volatile) this.storageState = 'unavailable';
    const pause = (): Promise<void> => new Promise((resolve) => void clock.setTimer(DRAWN_MS, resolve));
    this.persist = new Persist(cache, (error) => this.setStorage(error.reason), () => this.setStorage('ok'));
    this.replica = new Replica(accountId, cache, this.persist, topics, {
      channelChanged: (channel) => this.channelChanged(channel),
      membershipChanged: (id) => this.membershipChanged(id),
      draftChanged: (entity, before) => this.draftChanged(entity as unknown as Draft & { deleted?: boolean }, before as unknown as Draft | null),
      cursorMoved: (stream, cursor) => this.cursorMoved(stream, cursor),
    }, pause);
    const signedOut = (): void => this.dispatch({ kind: 'signed_out', reason: 'expired' });
    this.uploadBook = new Uploads(durable, options.uploads ?? NO_UPLOADS, clock, random, {
      changed: (id) => topics.touch(`upload:${id}`),
      settled: (id) => {
        this.outboxQueue.fileChanged(id);
        this.draftBook.fileSettled(id);
      },
      refused: (error) => this.setStorage(error.reason), signedOut,
      needed: () => [...this.outboxQueue.fileIds(), ...this.draftBook.needed()],
    });
    this.outboxQueue = new Outbox(durable, transport, clock, random, {
      changed: (channelId) => {
        this.uploadBook.sweepSoon();
        this.topics.touch('outbox', `outbox:${channelId}`, `channel:${channelId}`, 'channels', 'threads', 'saved', 'sections', 'preferences', 'scheduled');
      },
      answered: (record, value) => this.acting.answered(record, value),
      left: (record) => this.reads.marked(record, null),
      signedOut,
    }, this.uploadBook);
    this.reads = new Reads(durable, transport, clock, (c, r) => this.replica.position(c, r), (c) => this.outboxQueue.of(c), {
      changed: (channelId, rootId) => this.topics.touch(`channel:${channelId}`, 'channels', ...(rootId ? [`thread:${rootId}`, 'threads'] : [])),
      answered: (channelId, rootId, position) => this.replica.moveTo(channelId, rootId, position),
      signedOut,
    });
    this.draftBook = new Drafts(durable, clock, random, options.deviceId, () => this.replica.drafts(), (id) => this.replica.isDropped('draft', id), {
      changed: (c, r) => {
        this.uploadBook.sweepSoon();
        topics.touch(`draft:${c}/${r ?? ''}`, 'drafts');
      },
      refused: (error) => this.setStorage(error.reason), toTell: () => this.draftSync.schedule(),
    }, this.uploadBook);
    this.draftSync = new DraftSync(this.draftBook, transport, clock, random, { dropped: (id) => this.replica.applyDropped('draft', id), signedOut });
    this.directory = new Directory(cache, this.persist, transport, clock, topics, () => this.replica.workspaces().map((w) => w.id), () => this.userViews.keys(), pause, () => this.setStorage('unavailable'));
    this.ephemeral = new Ephemeral(clock, topics);
    this.syncer = new Syncer(this.replica, transport, clock, random, (c) => this.wantsCounts(c), {
      changed: () => this.caughtUpChanged(),
      reached: () => this.outboxQueue.wake(),
      signedOut,
      restored: () => this.reconnect(),
    }, options.syncPageSize);
    this.acting = new Acting(this.replica, this.outboxQueue, this.reads, this.draftBook);

    this.connection = new Derived(topics, ['connection'], () => viewOf(this.state, this.caughtUp ? null : this.replica.behind().length));
    this.storage = new Derived(topics, ['storage'], () => this.storageState);
    this.me = new Derived(topics, [`user:${accountId}`], () => this.directory.get(accountId) ?? this.meUser);
    this.workspaces = new Derived(topics, ['workspaces'], () => this.replica.workspaces());
    this.outbox = new Derived(topics, ['outbox'], () => this.acting.items());
    this.channelViews = new Family((id) => new Derived(topics, [`channel:${id}`], () => channelView(this.replica, this.outboxQueue, this.reads, id)));
    this.channelLists = new Family((ws) => new Derived(topics, ['channels'], () => [...this.replica.memberships()].map((m) => this.channelViews.of(m.channel_id).get()).filter((v) => v !== null).filter((v) => v.workspaceId === ws)));
    this.userViews = new Family<User | null>((id) => new Derived(topics, [`user:${id}`], () => this.directory.get(id)), 10_000);
    this.presenceViews = new Family((id) => new Derived(topics, [`presence:${id}`], () => this.ephemeral.presence(id)));
    this.typingViews = new Family((key) => new Derived<readonly string[]>(topics, [`typing:${key}`], () => this.ephemeral.typing(key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1) || null)));
    this.threadViews = new Family<Thread | null>((id) => new Derived(topics, [`thread:${id}`, 'outbox'], () => threadView(this.replica, this.outboxQueue, this.reads, id)));
    this.threadList = new Derived(topics, ['threads'], () => this.replica.threads().map((t) => threadView(this.replica, this.outboxQueue, this.reads, t.root_id)!));
    this.draftList = new Derived(topics, ['drafts'], () => this.draftBook.all());
    this.savedList = new Derived(topics, ['saved'], () => savedView(this.replica, this.outboxQueue));
    this.savedViews = new Family<Saved | null>((id) => new Derived(topics, ['saved'], () => this.savedList.get().find((s) => s.message_id === id) ?? null));
    this.scheduledList = new Derived(topics, ['scheduled'], () => scheduledView(this.replica, this.outboxQueue, options.deviceId));
    this.inboxList = new Derived(topics, ['inbox', 'channels', 'threads', 'outbox'], () => inboxView(this.replica, this.reads, this.outboxQueue));
    this.sectionList = new Derived(topics, ['sections'], () => sectionsView(this.replica, this.outboxQueue));
    this.preferenceValues = new Derived(topics, ['preferences'], () => preferencesView(this.replica, this.outboxQueue));
    this.groupLists = new Family<readonly GroupView[]>((ws) => new Derived(topics, ['groups'], () => groupsView(this.replica, ws)));
    this.groupViews = new Family<GroupView | null>((id) => new Derived(topics, ['groups'], () => groupView(this.replica, id)));
    this.emojiLists = new Family<readonly CustomEmoji[]>((ws) => new Derived(topics, ['emoji'], () => emojiView(this.replica, ws)));
    this.uploadViews = new Family<UploadView | null>((id) => new Derived(topics, [`upload:${id}`], () => this.uploadBook.view(id)));
    this.draftViews = new Family((key) => new Derived(topics, [`draft:${key}`], () => this.draftBook.get(key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1) || null)));
  }

  private draftChanged(entity: Draft & { deleted?: boolean }, before: Draft | null): void {
    if (entity.deleted) this.draftBook.gone(entity.id);
    else this.draftBook.arrived(entity);
    if (before?.channel_id) this.topics.touch(`draft:${before.channel_id}/${before.thread_root_id ?? ''}`);
    this.topics.touch('drafts');
  }

  // ── what is read ────────────────────────────────────────────────────────────────────────────────────────────────

  channels(workspaceId: string) { return this.channelLists.of(workspaceId); }
  channel(channelId: string) { return this.channelViews.of(channelId); }
  user(userId: string) { return this.userViews.of(userId); }
  presence(userId: string) { return this.presenceViews.of(userId); }
  typing(channelId: string, rootId: string | null) { return this.typingViews.of(`${channelId}/${rootId ?? ''}`); }
  thread(rootId: string) { return this.threadViews.of(rootId); }
  threads() { return this.threadList; }
  draft(channelId: string, rootId: string | null) { return this.draftViews.of(`${channelId}/${rootId ?? ''}`); }

  upload(id: string) { return this.uploadViews.of(id); }
  drafts() { return this.draftList; }
  saved() { return this.savedList; }
  savedOf(messageId: string) { return this.savedViews.of(messageId); }
  scheduled() { return this.scheduledList; }
  inbox() { return this.inboxList; }
  sections() { return this.sectionList; }
  groups(workspaceId: string) { return this.groupLists.of(workspaceId); }
  group(groupId: string) { return this.groupViews.of(groupId); }
  customEmoji(workspaceId: string) { return this.emojiLists.of(workspaceId); }
  preferences() { return this.preferenceValues; }

  timeline(channelId: string, rootId: string | null = null): Timeline {
    if (!this.started) throw new Error('start the engine first');
    const timeline = new OpenTimeline(
      {
        replica: this.replica, outbox: this.outboxQueue, transport: this.transport, clock: this.clock, topics: this.topics, userId: this.accountId, pageSize: this.options.pageSize ?? PAGE_SIZE,
        online: () => this.usable, signedOut: () => this.dispatch({ kind: 'signed_out', reason: 'expired' }), requestSync: () => this.syncer.request(DELTA_GRACE_MS / 3),
      },
      channelId, rootId, () => {
        this.open.delete(timeline);
        this.sendLook();
      },
    );
    this.open.add(timeline);
    this.sendLook();
    if (this.replica.channelOf(channelId).cursor === null) this.syncer.request(GAP_GRACE_MS);
    return timeline;
  }

  async searchCached(search: CacheSearch) {
    // Words are cut by code that a start does not need.
    const { searchCache } = await import('./cache-search.ts');
    await this.directory.whole;
    return searchCache({ accountId: this.accountId, replica: this.replica, cache: this.options.cache, clock: this.clock, people: () => this.directory.known() }, search);
  }

  // ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────

  async start(): Promise<void> {
    if (this.starting) return this.starting;
    this.starting = this.begin();
    return this.starting;
  }
  private starting: Promise<void> | null = null;

  private async begin(): Promise<void> {
    // A cache that cannot be read is as good as none: all of it can be fetched again.
    const entities = this.replica.load().then(() => this.warmLast());
    const cached = Promise.all([entities, this.directory.load()]).catch(() => this.setStorage('unavailable'));
    const me = this.options.cache.get('meta', 'me').catch(() => null);
    // Drafts and sends name files by what is known of them.
    const files = this.uploadBook.load();
    await Promise.all([files, this.outboxQueue.load(), this.reads.load(), this.draftBook.load(Promise.all([cached, files])), cached]);
    void this.uploadBook.begin().catch(() => this.setStorage('unavailable'));
    this.meUser = ((await me) as User | null) ?? null;
    this.topics.touch('connection', 'channels', 'workspaces', 'threads', 'outbox', `user:${this.accountId}`);
    if (this.stopping) return;
    this.started = true;
    this.dispatch({ kind: 'start' });
    this.setUsable(true);
    for (const channel of this.replica.channels.values()) if (channel.stayId !== null) this.mind(channel);
    if (this.replica.cursorOf(this.replica.userStream) === undefined) this.syncer.request(0);
    void this.fetchMe();
  }

  /** Rows of what is most likely shown first are read while the rest of the start goes on. */
  private warmLast(): void {
    const last = this.replica.lastOpened();
    if (last !== null) void this.replica.ready(last).catch(() => this.setStorage('unavailable'));
  }

  private async fetchMe(): Promise<void> {
    const outcome = await this.transport.call(getMe, {});
    if (outcome.kind === 'problem' && outcome.problem.status === 401) return this.dispatch({ kind: 'signed_out', reason: 'expired' });
    if (outcome.kind !== 'ok' || this.state.kind === 'signed_out') return;
    this.meUser = outcome.value.user;
    this.persist.mark('meta/me', () => ({ collection: 'meta', key: 'me', value: this.meUser }));
    this.directory.put([outcome.value.user]);
    this.keepSoon();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    this.dispatch({ kind: 'stop' });
    this.halt();
    await this.draftBook.flush();
    await this.persist.flush();
    this.persist.stop();
  }

  /** Ends timers and questions; nothing is written after the flush that follows. */
  private halt(): void {
    for (const part of [this.syncer, this.outboxQueue, this.reads, this.draftSync, this.uploadBook, this.directory]) part.stop();
    this.keepTimer?.cancel();
    this.ackTimer?.cancel();
    this.timer?.cancel();
    this.ephemeral.clear();
  }

  async signOut(): Promise<void> {
    const outcome = await this.transport.call(signOut, {});
    if (outcome.kind === 'unreached' || (outcome.kind === 'problem' && outcome.problem.status !== 401)) throw new Error('The server did not end the session.');
    this.outboxQueue.stop();
    this.reads.stop();
    this.draftSync.stop();
    this.draftBook.forget();
    await this.uploadBook.forget();
    await this.options.durable.clear();
    this.dispatch({ kind: 'signed_out', reason: 'signed_out' });
    await this.wiped;
  }
  private wiped: Promise<void> = Promise.resolve();

  private async wipe(reason: 'revoked' | 'expired' | 'signed_out'): Promise<void> {
    this.halt();
    await this.persist.abandon();
    this.replica.dropAll();
    this.directory.clear();
    this.meUser = null;
    await this.persist.abandon();
    this.persist.stop();
    try {
      await this.options.cache.clear();
    } catch {
      this.setStorage('unavailable');
    }
    this.topics.touch('connection');
    this.options.onSignedOut?.(reason);
  }

  // ── connection ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Calls may be tried: over HTTP things may go where the socket does not. */
  private get usable(): boolean { return this.started && this.state.kind !== 'stopped' && this.state.kind !== 'offline' && this.state.kind !== 'signed_out'; }

  private dispatch(event: ConnectionEvent): void {
    const before = this.state;
    const step = transition(before, event, this.clock.now());
    this.state = step.state;
    if (before.kind !== step.state.kind) {
      if (before.kind === 'open') this.disconnected();
      if (step.state.kind === 'offline' || step.state.kind === 'signed_out') this.setUsable(false);
      if (before.kind === 'offline') this.setUsable(this.usable);
    }
    for (const effect of step.effects) this.run(effect);
    if (before !== step.state) this.topics.touch('connection');
  }

  private setUsable(usable: boolean): void {
    this.syncer.setRunning(usable);
    this.outboxQueue.setRunning(usable);
    this.reads.setRunning(usable);
    this.draftSync.setRunning(usable);
    this.uploadBook.setRunning(usable);
  }

  private run(effect: ConnectionEffect): void {
    switch (effect.kind) {
      case 'open': {
        const number = ++this.socketNumber;
        const current = (): boolean => number === this.socketNumber && this.socket !== null;
        this.socket = this.transport.connect({
          opened: () => void (current() && this.dispatch({ kind: 'opened' })),
          frame: (frame) => void (current() && this.received(frame)),
          closed: (code) => {
            if (!current()) return;
            this.socket = null;
            this.dispatch({ kind: 'closed', code, fraction: fraction(this.random) });
          },
        });
        return;
      }
      case 'close': {
        const { socket } = this;
        this.socket = null;
        socket?.close();
        return;
      }
      case 'hello':
        this.socket?.send({ type: 'hello', ...(this.options.token !== undefined && { token: this.options.token }), device_id: this.options.deviceId, protocol: PROTOCOL_VERSION, cursors: this.replica.allCursors(), looking_at: this.lookedAt() });
        return;
      case 'ping':
        this.socket?.send({ type: 'ping', t: effect.t });
        return;
      case 'timer':
        this.timer?.cancel();
        this.timer = this.clock.setTimer(effect.ms, () => this.dispatch({ kind: 'timer', fraction: fraction(this.random) }));
        return;
      case 'check_session':
        return void this.fetchMe();
      case 'forget_session':
        this.wiped = this.wipe(effect.reason);
        return;
    }
  }

  /** The store was restored: what follows on this socket was asked with cursors of the old one. */
  private reconnect(): void {
    this.dispatch({ kind: 'bye', code: CLOSE.resync, retryAfterMs: 0 });
    this.syncer.request(0);
  }

  private disconnected(): void {
    this.caughtUp = false;
    this.moved.clear();
    this.ephemeral.clear();
    this.directory.stop();
    for (const id of this.replica.opened()) {
      const channel = this.replica.channelOf(id);
      if (!channel.stuckRange(null)) channel.savedAt = this.clock.now();
    }
  }

  private received(frame: ServerFrame): void {
    this.dispatch(frame.type === 'pong' ? { kind: 'heard', pong: frame.t } : { kind: 'heard' });
    switch (frame.type) {
      case 'welcome': return this.welcomed(frame);
      case 'heads': return this.heads(frame.streams, true);
      case 'pong': return this.heads(frame.heads ?? {}, false);
      case 'head':
        if (this.replica.head(frame.stream, frame.head_rev, frame.head_seq ?? 0)) this.syncer.request(GAP_GRACE_MS);
        return this.caughtUpChanged();
      case 'delta':
        // Whether a channel is gone for the stay this device knows of, only a question asked in that stay can tell.
        if (frame.gone) return this.syncer.request(0);
        this.replica.applyDelta(frame.stream, frame);
        if (!frame.has_more && this.replica.behind().length > 0) this.syncer.request(DELTA_GRACE_MS);
        return this.caughtUpChanged();
      case 'live':
        this.replica.applyLive(frame.stream, frame.from, frame.rev, frame.entities);
        for (const e of frame.entities) if (e.type === 'message') this.ephemeral.arrived((e as unknown as Message).channel_id, (e as unknown as Message).parent_message_id, (e as unknown as Message).author_id);
        if (this.replica.head(frame.stream, frame.rev, 0)) this.syncer.request(GAP_GRACE_MS);
        return;
      case 'typing':
        if (frame.user_id !== this.accountId) this.ephemeral.onTyping(frame);
        return;
      case 'presence': return this.ephemeral.onPresence(frame);
      case 'people':
        this.directory.put(frame.users);
        return this.keepSoon();
      case 'bye': return this.dispatch({ kind: 'bye', code: frame.code, retryAfterMs: frame.retry_after_ms });
    }
  }

  private welcomed(frame: Extract<ServerFrame, { type: 'welcome' }>): void {
    if (this.replica.setIncarnation(frame.incarnation)) return this.reconnect();
    this.dispatch({ kind: 'welcome', heartbeatMs: frame.heartbeat_ms });
    this.outboxQueue.wake();
    this.reads.wake();
    this.draftSync.wake();
    this.uploadBook.wake();
    this.directory.setRunning(true);
    this.syncer.setRunning(true);
    for (const timeline of this.open) timeline.wake();
    // What was opened since the greeting is not in it.
    if (this.looked.length > 0 || this.open.size > 0) this.sendLook();
    if (!this.active) this.socket?.send({ type: 'presence', state: 'away' });
    this.keepSoon();
  }

  private heads(streams: Record<string, [number, number]>, opening: boolean): void {
    let soon = false;
    for (const [stream, [rev, seq]] of Object.entries(streams)) {
      if (!this.replica.head(stream, rev, seq)) continue;
      const followed = stream.startsWith('channel:') ? this.replica.isOpen(stream.slice(8)) : true;
      soon ||= !opening || !followed || this.replica.cursorOf(stream) === undefined;
    }
    const behind = this.replica.behind().length > 0;
    if (behind) this.syncer.request(soon ? GAP_GRACE_MS : DELTA_GRACE_MS);
    this.caughtUpChanged();
  }

  private caughtUpChanged(): void {
    if (this.state.kind !== 'open') return;
    if (!this.caughtUp && !this.syncer.active && this.replica.behind().length === 0) this.caughtUp = true;
    this.topics.touch('connection');
  }

  // ── what moved ──────────────────────────────────────────────────────────────────────────────────────────────────

  private wantsCounts(channel: ChannelReplica): boolean { return channel.warm && channel.countsAt(channel.position) === null; }

  private channelChanged(channel: ChannelReplica): void {
    this.topics.touch('channels');
    this.keepSoon();
    if (!this.started) return;
    this.mind(channel);
    this.outboxQueue.arrived(channel.id, (clientMsgId) => channel.rows.bySent(this.accountId, clientMsgId));
    if (this.replica.isOpen(channel.id)) for (const timeline of this.open) if (timeline.channelId === channel.id) timeline.tend();
  }

  /** Counts that are not known are told by rows, once these are in memory, or by the server. */
  private mind(channel: ChannelReplica): void {
    if (channel.stayId === null || channel.cursor === null || channel.countsAt(channel.position) !== null) return;
    if (channel.warm) this.syncer.request(COUNTS_MS);
    else void this.replica.ready(channel.id);
  }

  private membershipChanged(channelId: string): void {
    const channel = this.replica.channelOf(channelId);
    this.draftBook.again(channelId);
    if (channel.stayId !== null && channel.cursor === null) this.syncer.request(GAP_GRACE_MS);
    if (this.replica.isOpen(channelId) && channel.cursor === null) this.syncer.request(GAP_GRACE_MS);
    this.keepSoon();
  }

  private cursorMoved(stream: string, cursor: number): void {
    this.keepSoon();
    if (this.state.kind !== 'open') return;
    this.moved.set(stream, cursor);
    this.ackTimer ??= this.clock.setTimer(ACK_MS, () => {
      this.ackTimer = null;
      if (this.moved.size > 0) this.socket?.send({ type: 'ack', cursors: Object.fromEntries(this.moved) });
      this.moved.clear();
    });
  }

  private keepSoon(): void {
    if (this.stopping || this.state.kind === 'signed_out') return;
    this.keepTimer ??= this.clock.setTimer(KEEP_MS, () => void this.keep());
  }

  private async keep(): Promise<void> {
    this.directory.noteFaces();
    await this.persist.flush();
    this.keepTimer = null;
    if (this.state.kind === 'signed_out' || this.stopping) return;
    if (this.storageState === 'full') this.replica.shrink();
    else this.replica.evict();
    if (this.persist.pending && this.storageState !== 'unavailable') this.keepSoon();
  }

  private setStorage(state: 'ok' | 'full' | 'unavailable'): void {
    if (this.storageState === state || this.options.volatile) return;
    this.storageState = state;
    this.topics.touch('storage');
  }

  // ── what a person does ──────────────────────────────────────────────────────────────────────────────────────────

  send(message: Parameters<Engine['send']>[0]): Promise<void> { return this.noting(this.acting.send(message, this.clock, this.random)); }
  unsend(channelId: string, clientMsgId: string): Promise<string | null> { return this.acting.unsend(channelId, clientMsgId); }
  schedule(message: Parameters<Engine['schedule']>[0]): Promise<void> { return this.noting(this.acting.schedule(message, this.clock, this.random)); }
  reschedule(channelId: string, scheduledId: string, { content, sendAt }: Parameters<Engine['reschedule']>[2]): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'reschedule', scheduledId, ...(content !== undefined && { text: content }), ...(sendAt !== undefined && { sendAt }) })); }
  unschedule(channelId: string, scheduledId: string): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'unschedule', scheduledId })); }
  edit(channelId: string, messageId: string, content: string): Promise<void> { return this.noting(this.acting.edit(channelId, messageId, content)); }
  delete(channelId: string, messageId: string): Promise<void> { return this.noting(this.acting.delete(channelId, messageId)); }
  react(channelId: string, messageId: string, emoji: string, add: boolean): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'react', messageId, emoji, add })); }
  async retry(itemId: string): Promise<void> {
    const files = this.outboxQueue.all().find((record) => record.id === itemId)?.what;
    if (files?.act === 'send') for (const file of files.files ?? []) await this.uploadBook.resume(file.id);
    await this.outboxQueue.retry(itemId);
  }
  discard(itemId: string): Promise<void> { return this.noting(this.outboxQueue.discard(itemId)); }
  async attach(channelId: string, rootId: string | null, file: AttachedFile, source: unknown): Promise<void> {
    // Asked again by a tab whose leader died: only the bytes may be missing.
    if (this.uploadBook.has(file.id)) return this.uploadBook.supply(file.id, source);
    const added = this.uploadBook.add(channelId, file, source);
    this.draftBook.addFiles(channelId, rootId, [file.id]);
    await this.draftBook.flush();
    await added;
  }
  attachStored(channelId: string, rootId: string | null, fileIds: readonly string[]): void { this.draftBook.addFiles(channelId, rootId, fileIds.map((id) => this.uploadBook.localIdOf(id))); }
  detach(channelId: string, rootId: string | null, fileId: string): void {
    this.draftBook.removeFile(channelId, rootId, fileId);
    // At once: what was taken out must not be back after a reload.
    void this.draftBook.flush();
  }
  resumeUpload(fileId: string): Promise<void> { return this.uploadBook.resume(fileId); }
  supply(fileId: string, source: unknown): Promise<void> { return this.uploadBook.supply(fileId, source); }
  sendWithout(itemId: string, fileId: string): Promise<void> { return this.noting(this.outboxQueue.without(itemId, fileId)); }
  read(channelId: string, seq: number, rootId: string | null = null): void { this.reads.read(channelId, rootId, seq); }
  markUnread(channelId: string, firstUnreadSeq: number, rootId: string | null = null): Promise<void> { return this.noting(this.acting.markUnread(channelId, firstUnreadSeq, rootId)); }
  followThread(channelId: string, rootId: string, follow: boolean): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'follow', rootId, follow })); }
  setChannelLevel(channelId: string, change: Parameters<Engine['setChannelLevel']>[1]): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'level', ...change })); }
  setDraft(channelId: string, rootId: string | null, content: string, base?: string): void { this.draftBook.set(channelId, rootId, content, base); }
  dropDraft(id: string): void { this.draftBook.drop(id); }
  save(channelId: string, messageId: string, change: Parameters<Engine['save']>[2] = {}): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'save', messageId, ...change })); }
  unsave(channelId: string, messageId: string): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'unsave', messageId })); }
  pin(channelId: string, messageId: string, pinned: boolean): Promise<void> { return this.noting(this.outboxQueue.add(channelId, { act: 'pin', messageId, pinned })); }
  setPreference(key: string, value: unknown): Promise<void> { return this.noting(this.outboxQueue.add('', { act: 'preference', key, value })); }
  async markInbox(ids: readonly string[], read: boolean): Promise<void> {
    const upTo = this.inboxList.get().reduce((latest, entry) => (ids.includes(entry.id) && entry.at > latest ? entry.at : latest), '');
    if (upTo !== '') await this.outboxQueue.add('', { act: 'mark_inbox', ids, read, upTo });
  }
  putSection(id: string, change: Parameters<Engine['putSection']>[1]): Promise<void> { return this.noting(this.outboxQueue.add('', { act: 'section', id, ...change })); }
  dropSection(id: string): Promise<void> { return this.noting(this.outboxQueue.add('', { act: 'drop_section', sectionId: id })); }
  flushDrafts(): Promise<void> { return this.draftBook.flush(); }

  private async noting(work: Promise<unknown>): Promise<void> {
    await work;
  }

  setTyping(channelId: string, rootId: string | null): void {
    if (this.state.kind === 'open' && this.ephemeral.mayTell(channelId, rootId)) this.socket?.send({ type: 'typing', channel_id: channelId, ...(rootId !== null && { parent_message_id: rootId }) });
  }

  setActive(active: boolean): void {
    if (this.active === active) return;
    this.active = active;
    if (this.state.kind === 'open') this.socket?.send({ type: 'presence', state: active ? 'online' : 'away' });
  }

  look(userIds: readonly string[]): void {
    const next = [...new Set(userIds)].sort().slice(0, 1_000);
    if (next.join() === this.looked.join()) return;
    this.looked = next;
    this.sendLook();
  }

  private lookedAt(): string[] { return this.replica.opened().slice(0, 100); }
  private sendLook(): void {
    if (this.state.kind === 'open') this.socket?.send({ type: 'look', channel_ids: this.lookedAt(), user_ids: [...this.looked] });
  }

  wake(): void {
    this.dispatch({ kind: 'network', online: true });
    this.dispatch({ kind: 'wake' });
    this.outboxQueue.wake();
    this.reads.wake();
    this.draftSync.wake();
    this.uploadBook.wake();
    for (const timeline of this.open) timeline.wake();
  }
  setOnline(online: boolean): void { this.dispatch({ kind: 'network', online }); }
}
