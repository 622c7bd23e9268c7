import type { AttachedFile, ChannelView, ConnectionView, DraftView, Engine, GroupView, OutboxItem, Readable, Timeline, TimelineView, UploadView } from '@parley/shared/sync/api';
import type { CustomEmoji, InboxEntry, Saved, Scheduled, Section, Thread, User, Workspace } from '@parley/shared/protocol/entities';
import { initialValue, type Path } from './wire.ts';

/** Where the engine is: in this tab, or behind the leader's channel. */
export interface Backend {
  /** The value at once when it is known here. */
  peek?(path: Path): unknown;
  watch(id: number, path: Path, onValue: (value: unknown) => void): void;
  unwatch(id: number): void;
  invoke(method: string, args: unknown[]): Promise<unknown>;
}

/** A readable that outlives changes of the leader. */
class Relay<T> implements Readable<T> {
  private value: T;
  private watching = false;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly tabs: TabEngine, private readonly id: number, readonly path: Path) {
    this.value = initialValue(path) as T;
  }

  get(): T {
    const { backend } = this.tabs;
    if (backend?.peek) return backend.peek(this.path) as T;
    this.bind();
    return this.value;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    this.bind();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size > 0) return;
      this.watching = false;
      this.tabs.backend?.unwatch(this.id);
    };
  }

  private bind(): void {
    if (this.watching || !this.tabs.backend) return;
    this.watching = true;
    this.tabs.backend.watch(this.id, this.path, (value) => {
      this.value = value as T;
      for (const listener of [...this.listeners]) listener();
    });
  }

  /** The engine is somewhere else now. */
  rebind(): void {
    const wanted = this.watching || this.listeners.size > 0;
    this.watching = false;
    if (wanted) this.bind();
  }

  end(): void {
    this.watching = false;
    this.tabs.backend?.unwatch(this.id);
  }
}

/** One tab's face of the account's engine: the same whether this tab leads or follows, and through every hand-over. */
export class TabEngine implements Engine {
  backend: Backend | null = null;
  private readonly relays = new Map<string, Relay<unknown>>();
  private nextId = 1;
  private readonly waiting: (() => void)[] = [];
  readonly connection: Readable<ConnectionView> = this.relay(['connection']);
  readonly storage: Readable<'ok' | 'full' | 'unavailable'> = this.relay(['storage']);
  readonly me: Readable<User | null> = this.relay(['me']);
  readonly workspaces: Readable<readonly Workspace[]> = this.relay(['workspaces']);
  readonly outbox: Readable<readonly OutboxItem[]> = this.relay(['outbox']);
  private onStop: () => Promise<void> = async () => {};
  private startWith: () => Promise<void> = async () => {};

  constructor(readonly accountId: string, private readonly newId: () => string) {}

  /** How this tab joins the others, and leaves them. */
  onLife(start: () => Promise<void>, stop: () => Promise<void>): void {
    this.startWith = start;
    this.onStop = stop;
  }

  use(backend: Backend): void {
    this.backend = backend;
    for (const relay of this.relays.values()) relay.rebind();
    for (const go of this.waiting.splice(0)) go();
  }

  /** Calls back once there is an engine to ask. */
  whenUsable(then: () => void): void {
    if (this.backend) then();
    else this.waiting.push(then);
  }

  private relay<T>(path: Path): Relay<T> {
    const key = JSON.stringify(path);
    const held = this.relays.get(key);
    if (held) return held as Relay<T>;
    const made = new Relay<T>(this, this.nextId++, path);
    this.relays.set(key, made as Relay<unknown>);
    return made;
  }

  channels(workspaceId: string) { return this.relay<readonly ChannelView[]>(['channels', workspaceId]); }
  channel(channelId: string) { return this.relay<ChannelView | null>(['channel', channelId]); }
  user(userId: string) { return this.relay<User | null>(['user', userId]); }
  presence(userId: string) { return this.relay<'online' | 'away' | 'dnd' | 'offline'>(['presence', userId]); }
  typing(channelId: string, rootId: string | null) { return this.relay<readonly string[]>(['typing', channelId, rootId]); }
  thread(rootId: string) { return this.relay<Thread | null>(['thread', rootId]); }
  threads() { return this.relay<readonly Thread[]>(['threads']); }
  draft(channelId: string, rootId: string | null) { return this.relay<DraftView | null>(['draft', channelId, rootId]); }
  drafts() { return this.relay<readonly DraftView[]>(['drafts']); }
  saved() { return this.relay<readonly Saved[]>(['saved']); }
  savedOf(messageId: string) { return this.relay<Saved | null>(['savedOf', messageId]); }
  scheduled() { return this.relay<readonly Scheduled[]>(['scheduled']); }
  upload(id: string) { return this.relay<UploadView | null>(['upload', id]); }
  inbox() { return this.relay<readonly InboxEntry[]>(['inbox']); }
  sections() { return this.relay<readonly Section[]>(['sections']); }
  groups(workspaceId: string) { return this.relay<readonly GroupView[]>(['groups', workspaceId]); }
  group(groupId: string) { return this.relay<GroupView | null>(['group', groupId]); }
  customEmoji(workspaceId: string) { return this.relay<readonly CustomEmoji[]>(['customEmoji', workspaceId]); }
  preferences() { return this.relay<Readonly<Record<string, unknown>>>(['preferences']); }

  timeline(channelId: string, rootId: string | null = null): Timeline {
    const id = this.newId();
    const path: Path = ['timeline', id, channelId, rootId];
    const relay = this.relay<TimelineView>(path);
    // It begins to load when it is opened, not when somebody first looks.
    relay.get();
    const call = (name: string, ...args: unknown[]): Promise<unknown> => this.invoke(`timeline.${name}`, id, channelId, rootId, ...args);
    return {
      get: () => relay.get(),
      subscribe: (listener) => relay.subscribe(listener),
      loadBefore: (seq) => call('loadBefore', seq) as Promise<boolean>,
      loadAfter: (seq) => call('loadAfter', seq) as Promise<boolean>,
      loadAround: (target) => call('loadAround', target) as Promise<{ seq: number } | false>,
      loadNewest: () => call('loadNewest') as Promise<boolean>,
      close: () => {
        relay.end();
        this.relays.delete(JSON.stringify(path));
        void call('close');
      },
    };
  }

  /** Waits for an engine; what was asked of a leader that died is asked of the next by the backend. */
  private async invoke(method: string, ...args: unknown[]): Promise<unknown> {
    if (!this.backend) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.backend!.invoke(method, args);
  }
  private tell(method: string, ...args: unknown[]): void { void this.invoke(method, ...args).catch(() => {}); }
  private async act(method: string, ...args: unknown[]): Promise<void> { await this.invoke(method, ...args); }

  start(): Promise<void> { return this.startWith(); }
  stop(): Promise<void> { return this.onStop(); }
  searchCached(search: Parameters<Engine['searchCached']>[0]): ReturnType<Engine['searchCached']> { return this.invoke('searchCached', search) as ReturnType<Engine['searchCached']>; }
  signOut(): Promise<void> { return this.act('signOut'); }
  /** The id is made here, so that a hand-over in the middle cannot send twice. */
  send(message: Parameters<Engine['send']>[0]): Promise<void> { return this.act('send', { ...message, clientMsgId: message.clientMsgId ?? this.newId() }); }
  unsend(channelId: string, clientMsgId: string): Promise<string | null> { return this.invoke('unsend', channelId, clientMsgId) as Promise<string | null>; }
  schedule(message: Parameters<Engine['schedule']>[0]): Promise<void> { return this.act('schedule', { ...message, clientMsgId: message.clientMsgId ?? this.newId() }); }
  reschedule(channelId: string, scheduledId: string, change: Parameters<Engine['reschedule']>[2]): Promise<void> { return this.act('reschedule', channelId, scheduledId, change); }
  unschedule(channelId: string, scheduledId: string): Promise<void> { return this.act('unschedule', channelId, scheduledId); }
  edit(channelId: string, messageId: string, content: string): Promise<void> { return this.act('edit', channelId, messageId, content); }
  delete(channelId: string, messageId: string): Promise<void> { return this.act('delete', channelId, messageId); }
  react(channelId: string, messageId: string, emoji: string, add: boolean): Promise<void> { return this.act('react', channelId, messageId, emoji, add); }
  retry(itemId: string): Promise<void> { return this.act('retry', itemId); }
  discard(itemId: string): Promise<void> { return this.act('discard', itemId); }
  attach(channelId: string, rootId: string | null, file: AttachedFile, source: unknown): Promise<void> { return this.act('attach', channelId, rootId, file, source); }
  attachStored(channelId: string, rootId: string | null, fileIds: readonly string[]): void { this.tell('attachStored', channelId, rootId, fileIds); }
  detach(channelId: string, rootId: string | null, fileId: string): void { this.tell('detach', channelId, rootId, fileId); }
  resumeUpload(fileId: string): Promise<void> { return this.act('resumeUpload', fileId); }
  supply(fileId: string, source: unknown): Promise<void> { return this.act('supply', fileId, source); }
  sendWithout(itemId: string, fileId: string): Promise<void> { return this.act('sendWithout', itemId, fileId); }
  read(channelId: string, seq: number, rootId: string | null = null): void { this.tell('read', channelId, seq, rootId); }
  markUnread(channelId: string, firstUnreadSeq: number, rootId: string | null = null): Promise<void> { return this.act('markUnread', channelId, firstUnreadSeq, rootId); }
  setDraft(channelId: string, rootId: string | null, content: string, base?: string): void { this.tell('setDraft', channelId, rootId, content, base); }
  dropDraft(id: string): void { this.tell('dropDraft', id); }
  save(channelId: string, messageId: string, change: Parameters<Engine['save']>[2] = {}): Promise<void> { return this.act('save', channelId, messageId, change); }
  unsave(channelId: string, messageId: string): Promise<void> { return this.act('unsave', channelId, messageId); }
  pin(channelId: string, messageId: string, pinned: boolean): Promise<void> { return this.act('pin', channelId, messageId, pinned); }
  markInbox(ids: readonly string[], read: boolean): Promise<void> { return this.act('markInbox', ids, read); }
  setPreference(key: string, value: unknown): Promise<void> { return this.act('setPreference', key, value); }
  putSection(id: string, change: Parameters<Engine['putSection']>[1]): Promise<void> { return this.act('putSection', id, change); }
  dropSection(id: string): Promise<void> { return this.act('dropSection', id); }
  flushDrafts(): Promise<void> { return this.act('flushDrafts'); }
  followThread(channelId: string, rootId: string, follow: boolean): Promise<void> { return this.act('followThread', channelId, rootId, follow); }
  setChannelLevel(channelId: string, change: Parameters<Engine['setChannelLevel']>[1]): Promise<void> { return this.act('setChannelLevel', channelId, change); }
  setTyping(channelId: string, rootId: string | null): void { this.tell('setTyping', channelId, rootId); }
  setActive(active: boolean): void { this.tell('setActive', active); }
  look(userIds: readonly string[]): void { this.tell('look', [...userIds]); }
  wake(): void { this.tell('wake'); }
  setOnline(online: boolean): void { this.tell('setOnline', online); }
}
