import { channelStream, parseStream, userStream, workspaceStream } from '../domain/streams.ts';
import type { CustomEmoji, Entity, Draft, Group, GroupMembership, InboxEntry, MembershipEntity, Membership, Message, Preference, Saved, Scheduled, Section, Summary, Thread, Workspace } from '../protocol/entities.ts';
import { ChannelReplica, type ChannelRecord, type Delta } from './channel-replica.ts';
import { later, type ReadPosition } from './counting.ts';
import type { Topics } from './observable.ts';
import { padded, type Persist, prefixRange } from './persist.ts';
import type { KeyValueStore } from './ports.ts';

/** A part of catching up as `/sync` and the `delta` frame carry it. */
export interface StreamPart extends Delta { reset?: boolean; gone?: boolean }

interface Held { rev: number; entity: Entity }

export interface ReplicaEvents {
  /** A channel changed in memory: its counts, ranges or reachability may ask for something. */
  channelChanged(channel: ChannelReplica): void;
  /** A membership came or went, or moved. */
  membershipChanged(channelId: string): void;
  /** A draft came, changed or went; `before` is what was held of it. */
  draftChanged(entity: Entity, before: Entity | null): void;
  /** The cursor of a stream moved by something received. */
  cursorMoved(stream: string, cursor: number): void;
}

/** What is told of by type. */
const TOPICS: Readonly<Record<string, string>> = { draft: 'drafts', saved: 'saved', preference: 'preferences', section: 'sections', inbox_entry: 'inbox', scheduled: 'scheduled', group: 'groups', group_membership: 'groups', emoji: 'emoji' };

/** At most so many channels keep their rows in memory, and so many on disk. */
export const WARM_CHANNELS = 40;
export const KEPT_CHANNELS = 200;
/** At most so many rows are kept of a channel that is not open. */
export const ROWS_PER_CHANNEL = 1_000;
/** So many of the newest rows are read first, and then so many at once. */
export const TAIL_ROWS = 200;
export const PART_ROWS = 500;

/** Types of the user stream that are kept. A cache that was written before one of them was known is asked again. */
const USER_TYPES = ['membership', 'thread', 'device', 'draft', 'saved', 'preference', 'section', 'inbox_entry', 'scheduled', 'group_membership'];
const WORKSPACE_TYPES = ['workspace', 'group', 'emoji'];
const KEPT_TYPES = new Set([...USER_TYPES, ...WORKSPACE_TYPES]);
const TYPES = [...KEPT_TYPES].join();

/**
 * Everything this device holds of the account: its streams' entities, cursors and channels, in memory and behind them in
 * the cache. The only writer of the cache.
 */
export class Replica {
  incarnation: string | null = null;
  /** Rises when everything is dropped: answers to earlier questions are not applied. */
  generation = 0;
  readonly channels = new Map<string, ChannelReplica>();
  private readonly cursors = new Map<string, number>();
  private readonly known = new Map<string, number>();
  private readonly entities = new Map<string, Held>();
  private readonly queues = new Map<string, ((channel: ChannelReplica) => void)[]>();
  private readonly rowCounts = new Map<string, number>();
  private readonly open = new Map<string, number>();

  /** `pause` lets what was read be drawn before more is. */
  constructor(readonly accountId: string, private readonly cache: KeyValueStore, private readonly persist: Persist, private readonly topics: Topics, private readonly events: ReplicaEvents, private readonly pause: () => Promise<void>) {}

  get userStream(): string { return userStream(this.accountId); }

  /** Reads everything but rows. */
  async load(): Promise<void> {
    // Asked all at once: the answers come in one turn of a start that shows nothing before them.
    const [incarnation, types, streams, entities, channels] = await Promise.all([
      this.cache.get('meta', 'incarnation'), this.cache.get('meta', 'types'), this.cache.range('streams', '', '\uffff'), this.cache.range('entities', '', '\uffff'), this.cache.range('channels', '', '\uffff'),
    ]);
    this.incarnation = (incarnation as string | undefined) ?? null;
    const known = types === TYPES;
    if (!known) this.persist.mark('meta/types', () => ({ collection: 'meta', key: 'types', value: TYPES }));
    if (known) for (const { key, value } of streams) this.cursors.set(key, value as number);
    for (const { key, value } of entities) this.entities.set(key, value as Held);
    for (const { value } of channels) {
      const record = value as ChannelRecord;
      // A channel that was only looked at when the app ended: nothing follows it.
      if (record.stayId === null) {
        this.wasDropped(this.channelOf(record.id));
        this.channels.delete(record.id);
        continue;
      }
      const channel = new ChannelReplica(record, this.accountId);
      channel.warm = record.rowCount === 0;
      this.rowCounts.set(record.id, record.rowCount);
      this.channels.set(record.id, channel);
    }
    for (const membership of this.memberships()) this.bind(membership);
  }

  /** The channel that was opened last: what a start most likely shows. */
  lastOpened(): string | null {
    let last: ChannelReplica | null = null;
    for (const channel of this.channels.values()) if (channel.openedAt > (last?.openedAt ?? 0)) last = channel;
    return last?.id ?? null;
  }

  // ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Every cursor there is, to catch up from or to say hello with. */
  allCursors(): Record<string, number> {
    const all: Record<string, number> = Object.fromEntries(this.cursors);
    for (const channel of this.channels.values()) if (channel.cursor !== null && !channel.gone) all[channelStream(channel.id)] = channel.cursor;
    return all;
  }

  cursorOf(stream: string): number | undefined {
    const parsed = parseStream(stream);
    if (parsed?.kind === 'channel') return this.channels.get(parsed.id)?.cursor ?? undefined;
    return this.cursors.get(stream);
  }

  /** A head was heard of. True when it is ahead of what is held. */
  head(stream: string, rev: number, seq: number): boolean {
    const parsed = parseStream(stream);
    if (parsed?.kind === 'channel') {
      const channel = this.channels.get(parsed.id);
      if (!channel) return this.membership(parsed.id) !== null;
      channel.head(rev, seq);
      return channel.behind;
    }
    this.known.set(stream, Math.max(rev, this.known.get(stream) ?? 0));
    return rev > (this.cursors.get(stream) ?? -1);
  }

  /** Streams that are known to have moved beyond what is held, and own channels never caught up with. */
  behind(): string[] {
    const streams: string[] = [];
    for (const [stream, rev] of this.known) if (rev > (this.cursors.get(stream) ?? -1)) streams.push(stream);
    for (const channel of this.channels.values()) if (this.follows(channel) && channel.behind) streams.push(channelStream(channel.id));
    return streams;
  }

  private follows(channel: ChannelReplica): boolean { return !channel.gone && (channel.stayId !== null || this.open.has(channel.id)); }

  /** Another incarnation of the store: everything held of the old one goes. True when it is another one. */
  setIncarnation(incarnation: string): boolean {
    if (this.incarnation === incarnation) return false;
    const first = this.incarnation === null;
    if (!first) this.dropAll();
    this.incarnation = incarnation;
    this.persist.mark('meta/incarnation', () => ({ collection: 'meta', key: 'incarnation', value: this.incarnation }));
    return !first;
  }

  dropAll(): void {
    this.generation += 1;
    this.cursors.clear();
    this.known.clear();
    this.entities.clear();
    this.rowCounts.clear();
    this.queues.clear();
    const shown = [...this.open.keys()];
    for (const channel of this.channels.values()) {
      channel.drop();
      channel.stayId = null;
      channel.channel = null;
      channel.position = { epoch: 0, seq: 0 };
      channel.gone = false;
      channel.warm = true;
    }
    for (const id of [...this.channels.keys()]) if (!shown.includes(id)) this.channels.delete(id);
    this.persist.unmark('');
    for (const collection of ['streams', 'entities', 'channels', 'rows', 'users', 'faces']) this.persist.mark(`clear/${collection}`, () => ({ collection, from: '', to: '\uffff', deleteRange: true }));
    this.persist.mark('meta/incarnation', () => ({ collection: 'meta', key: 'incarnation', value: this.incarnation }));
    this.topics.touch('channels', 'workspaces', 'threads', ...Object.values(TOPICS), ...shown.flatMap((id) => [`channel:${id}`, `rows:${id}`]));
  }

  private moveCursor(stream: string, to: number): void {
    this.cursors.set(stream, to);
    this.persist.mark(`streams/${stream}`, () => {
      const cursor = this.cursors.get(stream);
      return cursor === undefined ? { collection: 'streams', key: stream, delete: true } : { collection: 'streams', key: stream, value: cursor };
    });
    this.events.cursorMoved(stream, to);
  }

  /** One part of catching up, of any stream. */
  applyDelta(stream: string, part: StreamPart): void {
    const parsed = parseStream(stream);
    if (parsed?.kind === 'channel') return this.applyChannelDelta(parsed.id, part);
    if (part.gone) return this.dropStream(stream);
    if (part.reset) this.dropEntities(stream);
    this.known.set(stream, Math.max(part.head, this.known.get(stream) ?? 0));
    const cursor = this.cursors.get(stream) ?? 0;
    for (const entity of part.entities) this.applyEntity(entity);
    if (part.reset || part.from <= cursor) this.moveCursor(stream, part.reset ? part.to : Math.max(cursor, part.to));
  }

  private applyChannelDelta(id: string, part: StreamPart): void {
    if (part.gone) {
      const channel = this.channels.get(id);
      if (!channel) return;
      channel.drop();
      channel.gone = true;
      this.wasDropped(channel);
      return this.touched(channel);
    }
    const channel = this.channels.get(id);
    // Closed meanwhile and not one's own: nobody follows it.
    if (!channel || !this.follows(channel)) return;
    if (part.reset) {
      channel.drop();
      this.wasDropped(channel);
    }
    this.withChannel(id, (channel) => {
      const before = channel.cursor;
      channel.applyDelta(part.reset ? { ...part, from: 0 } : part);
      this.noteCursor(channel, before);
    });
  }

  /** A live frame. False when the delta must be asked. */
  applyLive(stream: string, from: number, rev: number, entities: readonly Entity[]): void {
    const parsed = parseStream(stream);
    if (parsed?.kind === 'channel') {
      if (!this.channels.has(parsed.id) && !this.membership(parsed.id)) return;
      return this.withChannel(parsed.id, (channel) => {
        const before = channel.cursor;
        channel.applyLive(from, rev, entities);
        this.noteCursor(channel, before);
      });
    }
    this.known.set(stream, Math.max(rev, this.known.get(stream) ?? 0));
    const cursor = this.cursors.get(stream);
    for (const entity of entities) this.applyEntity(entity);
    if (cursor !== undefined && from <= cursor) this.moveCursor(stream, Math.max(cursor, rev));
  }

  private noteCursor(channel: ChannelReplica, before: number | null): void {
    if (channel.cursor !== null && channel.cursor !== before) this.events.cursorMoved(channelStream(channel.id), channel.cursor);
  }

  // ── entities of user and workspace streams ──────────────────────────────────────────────────────────────────────

  /** Applied by rev, never backwards; tombstones stay, so that nothing older comes back. */
  private applyEntity(entity: Entity): void {
    const key = `${entity.type}/${entity.id}`;
    const held = this.entities.get(key);
    if (held && held.rev >= entity.rev) return;
    if (!KEPT_TYPES.has(entity.type)) return;
    this.entities.set(key, { rev: entity.rev, entity });
    this.keepEntity(key);
    if (entity.type === 'membership') {
      const channel = this.channelOf(entity.id);
      if (entity['deleted'] === true) this.leave(channel);
      else this.bind(entity as MembershipEntity);
      this.touched(channel);
      this.topics.touch('channels');
      this.events.membershipChanged(entity.id);
    } else if (entity.type === 'thread') this.topics.touch('threads', `thread:${entity.id}`);
    else if (entity.type === 'workspace') this.topics.touch('workspaces');
    else if (entity.type === 'draft') this.events.draftChanged(entity, held?.entity ?? null);
    else if (entity.type in TOPICS) this.topics.touch(TOPICS[entity.type]!);
  }

  /** What an act of one's own made of an entity, as answered: it may be ahead of the stream. */
  applyAnswer(entity: Entity): void {
    if (typeof entity.type === 'string' && typeof entity.rev === 'number') this.applyEntity(entity);
  }
  /** An act of one's own dropped it; the tombstone with its rev will follow. */
  applyDropped(type: string, id: string): void {
    const key = `${type}/${id}`;
    const held = this.entities.get(key);
    if (!held || held.entity['deleted'] === true) return;
    this.entities.set(key, { rev: held.rev, entity: { type, id, rev: held.rev, deleted: true } as Entity });
    this.keepEntity(key);
    if (type in TOPICS) this.topics.touch(TOPICS[type]!);
  }

  isDropped(type: string, id: string): boolean { return this.entities.get(`${type}/${id}`)?.entity['deleted'] === true; }

  private keepEntity(key: string): void {
    this.persist.mark(`entities/${key}`, () => {
      const held = this.entities.get(key);
      return held ? { collection: 'entities', key, value: held } : { collection: 'entities', key, delete: true };
    });
  }

  private bind(membership: MembershipEntity | (Membership & { id?: string })): void {
    const channel = this.channelOf(membership.channel_id);
    const before = channel.generation;
    channel.setStay(membership.stay_id, { epoch: membership.read_epoch, seq: membership.read_seq });
    channel.visibleFrom = membership.visible_from_seq;
    channel.joinedSeq = membership.joined_seq;
    if (channel.generation !== before) this.wasDropped(channel);
  }

  private leave(channel: ChannelReplica): void {
    channel.setStay(null, { epoch: 0, seq: 0 });
    channel.visibleFrom = 0;
    channel.joinedSeq = 0;
    channel.gone = channel.channel !== null && channel.channel.kind !== 'public';
    this.wasDropped(channel);
  }

  private dropEntities(stream: string): void {
    const workspace = parseStream(stream)?.kind === 'workspace';
    for (const [key, held] of this.entities) {
      if (workspace ? !this.isOf(held.entity, stream.slice(10)) : WORKSPACE_TYPES.includes(held.entity.type)) continue;
      this.entities.delete(key);
      this.keepEntity(key);
      // Not left: whether the stay still is the same, the entities that follow tell.
      if (held.entity.type === 'membership') this.topics.touch('channels', `channel:${held.entity.id}`);
    }
    this.topics.touch('threads', 'workspaces', ...Object.values(TOPICS));
  }
  private isOf(entity: Entity, workspaceId: string): boolean { return WORKSPACE_TYPES.includes(entity.type) && (entity.id === workspaceId || entity['workspace_id'] === workspaceId); }

  private dropStream(stream: string): void {
    this.dropEntities(stream);
    this.cursors.delete(stream);
    this.known.delete(stream);
    this.persist.mark(`streams/${stream}`, () => ({ collection: 'streams', key: stream, delete: true }));
  }

  membership(channelId: string): Membership | null {
    const held = this.entities.get(`membership/${channelId}`);
    return held && held.entity['deleted'] !== true ? (held.entity as MembershipEntity) : null;
  }
  *memberships(): Generator<MembershipEntity> {
    for (const { entity } of this.entities.values()) if (entity.type === 'membership' && entity['deleted'] !== true) yield entity as MembershipEntity;
  }
  thread(rootId: string): Thread | null {
    const held = this.entities.get(`thread/${rootId}`);
    return held && held.entity['deleted'] !== true ? (held.entity as unknown as Thread) : null;
  }
  threads(): Thread[] { return this.ofType('thread') as unknown as Thread[]; }
  drafts(): Draft[] { return this.ofType('draft') as unknown as Draft[]; }
  saved(): Saved[] { return this.ofType('saved') as unknown as Saved[]; }
  sections(): Section[] { return this.ofType('section') as unknown as Section[]; }
  groups(): Group[] { return this.ofType('group') as unknown as Group[]; }
  group(groupId: string): Group | null { const held = this.entities.get(`group/${groupId}`); return held && held.entity['deleted'] !== true ? (held.entity as unknown as Group) : null; }
  inGroup(groupId: string): boolean { const held = this.entities.get(`group_membership/${groupId}`); return held !== undefined && held.entity['deleted'] !== true; }
  groupMemberships(): GroupMembership[] { return this.ofType('group_membership') as unknown as GroupMembership[]; }
  customEmoji(): CustomEmoji[] { return this.ofType('emoji') as unknown as CustomEmoji[]; }
  inbox(): InboxEntry[] { return this.ofType('inbox_entry') as unknown as InboxEntry[]; }
  scheduled(): Scheduled[] { return this.ofType('scheduled') as unknown as Scheduled[]; }
  preferences(): Preference[] { return this.ofType('preference') as unknown as Preference[]; }
  workspaces(): Workspace[] { return this.ofType('workspace') as unknown as Workspace[]; }
  private ofType(type: string): Entity[] { return [...this.entities.values()].map((h) => h.entity).filter((e) => e.type === type && e['deleted'] !== true); }

  /** Positions as answered by acks, ahead of the entity that will say the same. */
  position(channelId: string, rootId: string | null): ReadPosition {
    if (rootId === null) return this.channels.get(channelId)?.position ?? { epoch: 0, seq: 0 };
    const thread = this.thread(rootId);
    const entity = { epoch: thread?.read_epoch ?? 0, seq: thread?.read_seq ?? 0 };
    return later(entity, this.answered.get(rootId) ?? entity);
  }
  private readonly answered = new Map<string, ReadPosition>();
  moveTo(channelId: string, rootId: string | null, position: ReadPosition): void {
    if (rootId !== null) {
      this.answered.set(rootId, later(this.answered.get(rootId) ?? position, position));
      return this.topics.touch('threads', `thread:${rootId}`);
    }
    const channel = this.channels.get(channelId);
    if (!channel?.stayId) return;
    channel.moveTo(position);
    this.touched(channel);
  }

  // ── channels ────────────────────────────────────────────────────────────────────────────────────────────────────

  channelOf(id: string): ChannelReplica {
    const held = this.channels.get(id);
    if (held) return held;
    const made = new ChannelReplica({ id }, this.accountId);
    this.channels.set(id, made);
    this.rowCounts.set(id, 0);
    return made;
  }

  applySummary(summary: Summary): void {
    this.withChannel(summary.channel_id, (channel) => {
      if (channel.stayId === null) return;
      const before = channel.cursor;
      channel.applySummary(summary, !this.open.has(channel.id) || channel.cursor === null);
      this.noteCursor(channel, before);
      this.topics.touch('channels');
    });
  }

  /** A message of one's own acts, as answered. */
  applyMessage(message: Message, sent: boolean): void {
    this.withChannel(message.channel_id, (channel) => (sent ? channel.applySent(message) : channel.applyMessage(message)));
  }

  /**
   * Runs `work` on a channel whose rows are in memory: at once, or when they have been read, in the order of the calls.
   * What waits is left out when everything held of the channel is dropped meanwhile.
   */
  withChannel(id: string, work: (channel: ChannelReplica) => void): void {
    const channel = this.channelOf(id);
    if (channel.warm) {
      work(channel);
      return this.touched(channel);
    }
    const queue = this.queues.get(id);
    if (queue) return void queue.push(work);
    this.queues.set(id, [work]);
    const warming = this.warm(channel).finally(() => this.warming.delete(id));
    this.warming.set(id, warming);
  }

  /** Resolves when the channel's rows are in memory. */
  async ready(id: string): Promise<ChannelReplica> {
    const channel = this.channelOf(id);
    if (channel.warm) return channel;
    if (!this.queues.has(id)) this.withChannel(id, () => {});
    await this.warming.get(id);
    return this.ready(id);
  }
  private readonly warming = new Map<string, Promise<void>>();

  private async warm(channel: ChannelReplica): Promise<void> {
    const { generation } = channel;
    const rows = await this.readRows(channel);
    const queue = this.queues.get(channel.id) ?? [];
    this.queues.delete(channel.id);
    if (this.channels.get(channel.id) !== channel) return void (channel.warm = true);
    if (!channel.warm && channel.generation === generation) for (const row of rows) channel.rows.set(row);
    const intact = channel.generation === generation;
    channel.warm = true;
    channel.tail = null;
    for (const work of queue) if (intact || channel.cursor === null) work(channel);
    this.touched(channel);
  }

  /** All rows of a channel. Many come in parts: the newest are shown, and the others read when these are drawn (SPEC CAC6). */
  private async readRows(channel: ChannelReplica): Promise<Message[]> {
    const { id, generation } = channel;
    const [first, end] = prefixRange(id);
    const newest = channel.ranges.at(-1)?.toSeq ?? 0;
    if ((this.rowCounts.get(id) ?? 0) <= PART_ROWS || newest === 0) return (await this.cache.range('rows', first, end)).map(({ value }) => value as Message);
    const fromSeq = Math.max(1, newest - TAIL_ROWS + 1);
    const border = `${id}/${padded(fromSeq)}`;
    const tail = (await this.cache.range('rows', border, end)).map(({ value }) => value as Message);
    if (!channel.warm && channel.generation === generation) {
      channel.tail = { fromSeq, rows: tail };
      this.topics.touch(`rows:${id}`);
    }
    const rows: Message[] = [];
    await this.pause();
    for (let from = first; channel.generation === generation; ) {
      const part = await this.cache.range('rows', from, border, { limit: PART_ROWS });
      for (const { value } of part) rows.push(value as Message);
      if (part.length < PART_ROWS) break;
      from = `${part.at(-1)!.key}\0`;
    }
    return [...rows, ...tail];
  }

  private wasDropped(channel: ChannelReplica): void {
    channel.warm = true;
    channel.tail = null;
    channel.dropped = true;
    this.touched(channel);
  }

  /** Notes a change: to be kept, shown, and looked at for what it asks. */
  touched(channel: ChannelReplica): void {
    const { id } = channel;
    if (channel.dropped) {
      this.persist.unmark(`rows/${id}/`);
      const [from, to] = prefixRange(id);
      this.persist.mark(`rows/${id}`, () => ({ collection: 'rows', from, to, deleteRange: true }));
      channel.dropped = false;
    }
    if (channel.clearedBelow > 0) {
      const [from] = prefixRange(id);
      const to = `${id}/${padded(channel.clearedBelow)}`;
      this.persist.unmark(`rows/${id}/`, `rows/${to}`);
      // A mark for each border: one that was refused still goes when a later one lies lower.
      this.persist.mark(`rows/${id}/<${to}`, () => ({ collection: 'rows', from, to, deleteRange: true }));
      channel.clearedBelow = 0;
    }
    for (const seq of channel.changed) {
      const key = `${id}/${padded(seq)}`;
      this.persist.mark(`rows/${key}`, () => {
        const row = channel.rows.bySeq(seq);
        return row && this.channels.get(id) === channel ? { collection: 'rows', key, value: row } : { collection: 'rows', key, delete: true };
      });
    }
    channel.changed.clear();
    if (channel.warm) this.rowCounts.set(id, channel.rows.size);
    this.persist.mark(`channels/${id}`, () => {
      const held = this.channels.get(id);
      return held && (held.stayId !== null || held.rows.size > 0 || this.open.has(id)) ? { collection: 'channels', key: id, value: held.record(this.rowCounts.get(id) ?? 0) } : { collection: 'channels', key: id, delete: true };
    });
    this.topics.touch(`channel:${id}`, `rows:${id}`);
    this.events.channelChanged(channel);
  }

  hold(id: string, now: number): void {
    this.open.set(id, (this.open.get(id) ?? 0) + 1);
    const channel = this.channelOf(id);
    channel.openedAt = now;
    this.touched(channel);
  }
  release(id: string): void {
    const left = (this.open.get(id) ?? 1) - 1;
    if (left > 0) this.open.set(id, left);
    else this.open.delete(id);
    const channel = this.channels.get(id);
    if (left > 0 || !channel) return;
    channel.gone = channel.stayId === null ? false : channel.gone;
    if (channel.stayId === null) {
      channel.drop();
      this.touched(channel);
      this.channels.delete(id);
    }
  }
  isOpen(id: string): boolean { return this.open.has(id); }
  opened(): string[] { return [...this.open.keys()]; }

  /** Bounds what is held: rows of channels that are not open, in memory and on disk (SPEC CAC4). Call when all is kept. */
  evict(keptChannels = KEPT_CHANNELS): void {
    const byUse = [...this.channels.values()].filter((c) => !this.open.has(c.id)).sort((a, b) => b.openedAt - a.openedAt);
    let warm = 0;
    let kept = 0;
    for (const channel of byUse) {
      if (channel.warm && channel.rows.size > ROWS_PER_CHANNEL) {
        channel.trim(Math.floor(ROWS_PER_CHANNEL / 2));
        this.touched(channel);
      }
      if ((this.rowCounts.get(channel.id) ?? 0) === 0) continue;
      kept += 1;
      if (kept > keptChannels && !this.queues.has(channel.id)) {
        this.forgetRows(channel);
        continue;
      }
      if (!channel.warm || this.persist.has(`rows/${channel.id}`)) continue;
      warm += 1;
      if (warm <= WARM_CHANNELS) continue;
      channel.rows.clear();
      channel.warm = false;
    }
  }

  /** Rows and ranges go, the cursor stays: nothing is claimed of what is not held. */
  private forgetRows(channel: ChannelReplica): void {
    channel.rows.clear();
    channel.changed.clear();
    channel.ranges = [];
    channel.threads.clear();
    channel.generation += 1;
    this.wasDropped(channel);
  }

  /** Half of what is kept goes, least recently opened first: the disk is full. */
  shrink(): void { this.evict(Math.floor([...this.rowCounts.values()].filter((n) => n > 0).length / 2)); }

  workspaceStreams(): string[] { return this.workspaces().map((w) => workspaceStream(w.id)); }
}
