import type { StreamName } from '@parley/shared/domain/streams';
import type { Channel, Membership } from '@parley/shared/protocol/entities';
import type { Deps } from '../platform/deps.ts';
import { PARTITIONS } from '../log/port.ts';
import type { GatewayPort, LinkEvent } from '../registry/port.ts';
import type { StreamControl } from '../storage/port.ts';
import { headOf } from '../storage/streams.ts';
import { channels } from '../storage/tables.ts';
import type { AckWheel } from './ack-wheel.ts';
import { BATCH_EVENTS, BATCH_MS, gathers, mayWait, merged } from './batches.ts';
import type { Connection } from './connection.ts';
import { encodeHead, lowestSeq, StreamHub, visibleFrame, type Follow } from './hub.ts';

/** A stream that nobody follows any more is kept this long, so that a reconnection finds it. */
const IDLE_MS = 10_000;
/** Members of a large channel who do not look get a `head` this long after the first change it stands for. */
export const HEAD_COALESCE_MS = 1_000;
const PENDING_EVENTS = 1_000;
const BUFFER_FRAMES = 128;
const BUFFER_BYTES = 262_144;
const RETRY_MS = 1_000;

/** What the hubs leave to the gateway. */
export interface HubHost {
  control(hub: StreamHub, control: StreamControl): void;
  /** Memberships and their tombstones that went out in a user stream. */
  memberships(hub: StreamHub, changed: readonly (Partial<Membership> & { id: string; deleted?: boolean })[]): void;
  /** Checks followers against the store and drops those who may not see the stream. */
  check(hub: StreamHub): Promise<void>;
}

/** The streams that a gateway follows, and the fan-out of their events. */
export class Hubs {
  readonly #hubs = new Map<StreamName, StreamHub>();
  /** Hubs of each partition. */
  readonly #followed: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #dirty: Connection[] = [];
  #step = 0;

  constructor(
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics' | 'config'>,
    private readonly port: GatewayPort,
    private readonly wheel: AckWheel,
    private readonly host: HubHost,
  ) {}

  /** Rises with every change that a read begun before does not show. */
  get step(): number {
    return this.#step;
  }

  get size(): number {
    return this.#hubs.size;
  }

  /** Whether streams of such a partition are followed. */
  some(which: (partition: number) => boolean): boolean {
    return this.#followed.some((streams, partition) => streams > 0 && which(partition));
  }

  peek(stream: StreamName): StreamHub | undefined {
    return this.#hubs.get(stream);
  }

  /** The stream's hub, subscribing it when it is new: one question to the dispatcher whoever asks. */
  get(stream: StreamName): StreamHub {
    let hub = this.#hubs.get(stream);
    if (!hub) {
      this.#hubs.set(stream, (hub = new StreamHub(stream)));
      this.#followed[hub.partition]!++;
      this.port.subscribe(stream);
    }
    return hub;
  }

  pin(hub: StreamHub): void {
    hub.pins++;
  }

  unpin(hub: StreamHub): void {
    hub.pins--;
    this.#idle(hub);
  }

  add(follow: Follow): void {
    follow.hub.followers.add(follow);
    if (follow.looking) follow.hub.lookers++;
    follow.connection.follows.set(follow.hub.stream, follow);
  }

  remove(follow: Follow): void {
    if (!follow.hub.followers.delete(follow)) return;
    if (follow.looking) follow.hub.lookers--;
    follow.catching = null;
    const { follows } = follow.connection;
    if (follows.get(follow.hub.stream) === follow) follows.delete(follow.hub.stream);
    this.#idle(follow.hub);
  }

  setLooking(follow: Follow, looking: boolean): void {
    if (follow.looking === looking) return;
    follow.looking = looking;
    follow.hub.lookers += looking ? 1 : -1;
    const { hub, connection } = follow;
    if (!looking || !hub.headTimer || follow.catching || follow.told >= hub.rev) return;
    // From here on it is told live: what waits to be told as a head comes first.
    follow.told = hub.rev;
    connection.live(encodeHead(hub));
  }

  /** Something that a permission read begun before may not show. */
  changed(hub: StreamHub): void {
    hub.changedAt = ++this.#step;
  }

  /** The dispatcher's answer, first or repeated. */
  subscribed(stream: StreamName, rev: number, seq: number): void {
    const hub = this.#hubs.get(stream);
    if (!hub) return;
    if (hub.rev < 0) {
      hub.rev = rev;
      hub.seq = seq;
      this.#describe(hub);
    } else if (rev > hub.rev) this.#take(hub, missed(hub, rev, seq));
  }

  /** Asks again for all streams, looked-at ones first: the answers show what was missed. */
  resubscribe(): void {
    for (const hub of [...this.#hubs.values()].sort((a, b) => b.lookers - a.lookers)) this.port.subscribe(hub.stream);
  }

  /** Without a dispatcher, heads are read from the store. */
  async poll(which: (hub: StreamHub) => boolean): Promise<void> {
    await this.#readHeads((hub) => hub.ready && which(hub), (hub, rev, seq) => {
      if (rev > hub.rev) this.#take(hub, missed(hub, rev, seq));
    });
  }

  /** Without a dispatcher, the store answers those who still wait for one: where a stream stands is where it begins. */
  async answer(): Promise<void> {
    await this.#readHeads((hub) => hub.rev < 0, (hub, rev, seq) => this.subscribed(hub.stream, rev, seq));
  }

  async #readHeads(which: (hub: StreamHub) => boolean, then: (hub: StreamHub, rev: number, seq: number) => void): Promise<void> {
    const hubs = [...this.#hubs.values()].filter(which);
    for (let i = 0; i < hubs.length; i += 500) {
      const part = hubs.slice(i, i + 500);
      const heads = await this.deps.store.read((tx) => Promise.all(part.map((hub) => headOf(tx, hub.stream))));
      part.forEach((hub, n) => then(hub, heads[n]!.rev, heads[n]!.seq));
    }
  }

  /** A batch of events; what one socket gets of it leaves in one write. */
  deliver(events: readonly LinkEvent[]): void {
    const now = this.deps.clock.now();
    for (const event of events) {
      const hub = this.#hubs.get(event.stream);
      if (hub) this.#take(hub, event, now);
    }
    this.#flush();
    for (const event of events) if (!this.#hubs.get(event.stream)?.batch) this.#measure(event);
  }

  #measure(event: LinkEvent): void {
    if (event.committed_at !== undefined) this.deps.metrics.observe('parley_send_to_delivery_seconds', Math.max(0, this.deps.clock.now() - event.committed_at) / 1_000);
  }

  tick(now: number): void {
    for (const hub of this.#hubs.values()) {
      if (hub.idleSince === 0 || now - hub.idleSince < IDLE_MS || hub.followers.size > 0 || hub.pins > 0) continue;
      hub.headTimer?.cancel();
      hub.batch?.timer.cancel();
      this.#hubs.delete(hub.stream);
      this.#followed[hub.partition]!--;
      this.port.unsubscribe(hub.stream);
    }
  }

  #idle(hub: StreamHub): void {
    if (hub.followers.size === 0 && hub.pins === 0) hub.idleSince = this.deps.clock.now();
  }

  #take(hub: StreamHub, event: LinkEvent, now = this.deps.clock.now()): void {
    if (hub.pending) return this.#hold(hub, event);
    if (hub.kind === 'channel') hub.pace.note(now);
    if (event.verify || this.#closes(hub, event)) {
      this.#leave(hub, now);
      hub.pending = [{ ...event, verify: false }];
      return this.#verify(hub);
    }
    if (!this.#gather(hub, event, now)) this.#forward(hub, event, now);
  }

  /** In a large or hot channel what comes close behind another waits for more. False: it leaves now, behind what waited. */
  #gather(hub: StreamHub, event: LinkEvent, now: number): boolean {
    const { batch } = hub;
    const last = batch?.events.at(-1)?.rev ?? hub.rev;
    if (batch && event.rev <= last) return true;
    if (!mayWait(event) || event.from > last || (batch?.events.length ?? 0) >= BATCH_EVENTS) this.#leave(hub, now);
    if (!mayWait(event) || (!hub.batch && !gathers(hub, now))) {
      hub.leftAt = now;
      return false;
    }
    if (hub.batch) hub.batch.events.push(event);
    else {
      const timer = this.deps.clock.setTimer(Math.max(0, hub.leftAt + BATCH_MS - now), () => {
        this.#leave(hub, this.deps.clock.now());
        this.#flush();
      });
      hub.batch = { events: [event], timer };
    }
    return true;
  }

  /** What was gathered leaves. */
  #leave(hub: StreamHub, now: number): void {
    const { batch } = hub;
    if (!batch) return;
    batch.timer.cancel();
    hub.batch = null;
    hub.leftAt = now;
    this.#forward(hub, merged(batch.events), now);
    for (const event of batch.events) this.#measure(event);
  }

  #hold(hub: StreamHub, event: LinkEvent): void {
    const pending = hub.pending!;
    pending.push(event);
    if (pending.length <= PENDING_EVENTS) return;
    hub.pending = [{ ...missed(hub, event.rev, event.seq), verify: true }];
  }

  #describe(hub: StreamHub): void {
    if (hub.kind !== 'channel') return this.#ready(hub);
    this.deps.store.read((tx) => tx.get(channels, [hub.id])).then(
      (row) => {
        if (row) this.#learn(hub, row.doc);
        this.#ready(hub);
      },
      (error: unknown) => {
        this.deps.logger.warn({ stream: hub.stream, error: String(error) }, 'a channel could not be read; trying again');
        this.deps.clock.setTimer(RETRY_MS, () => {
          if (this.#hubs.get(hub.stream) === hub) this.#describe(hub);
        });
      },
    );
  }

  #ready(hub: StreamHub): void {
    hub.ready = true;
    this.changed(hub);
    this.#resume(hub);
    const { waiters } = hub;
    hub.waiters = [];
    for (const resolve of waiters) resolve();
  }

  #learn(hub: StreamHub, channel: Pick<Channel, 'member_count' | 'kind' | 'workspace_id'>): void {
    hub.large = channel.member_count > this.deps.config.largeChannel;
    hub.channelKind = channel.kind;
    hub.workspaceId = channel.workspace_id;
  }

  /** A public channel turns private with this event. */
  #closes(hub: StreamHub, event: LinkEvent): boolean {
    return hub.channelKind === 'public' && event.entities.some((e) => e.type === 'channel' && (e as { kind?: string }).kind === 'private');
  }

  #verify(hub: StreamHub): void {
    this.changed(hub);
    this.host.check(hub).then(
      () => this.#resume(hub),
      (error: unknown) => {
        this.deps.logger.warn({ stream: hub.stream, error: String(error) }, 'followers could not be checked; trying again');
        this.deps.clock.setTimer(RETRY_MS, () => {
          if (this.#hubs.get(hub.stream) === hub) this.#verify(hub);
        });
      },
    );
  }

  #resume(hub: StreamHub): void {
    const events = hub.pending ?? [];
    hub.pending = null;
    const now = this.deps.clock.now();
    events.forEach((event, i) => {
      // What was just checked is forwarded as it is, though it says that the channel closes.
      if (i === 0 && !event.verify) this.#forward(hub, event, now);
      else this.#take(hub, event, now);
    });
    this.#flush();
  }

  #forward(hub: StreamHub, event: LinkEvent, now: number): void {
    if (event.rev <= hub.rev) return;
    for (const control of event.control ?? []) this.host.control(hub, control);
    hub.rev = event.rev;
    hub.seq = Math.max(hub.seq, event.seq);
    for (const entity of event.entities) if (entity.type === 'channel' && !('deleted' in entity)) this.#learn(hub, entity as unknown as Channel);
    // It is large no more: what was to be told as a head is told before what is told live.
    if (hub.headTimer && !hub.large) this.#point(hub);
    const frame = event.headOnly ? encodeHead(hub) : event.frame;
    const bytes = Buffer.byteLength(frame);
    const lowest = hub.kind === 'channel' ? lowestSeq(event) : Number.POSITIVE_INFINITY;
    const filtered = new Map<number, string>();
    let pointed = false;
    let delivered = 0;
    for (const follow of hub.followers) {
      const { connection } = follow;
      if (hub.large && !follow.looking) {
        pointed = true;
        continue;
      }
      let own = frame;
      if (lowest < follow.visibleFrom && !event.headOnly) {
        own = filtered.get(follow.visibleFrom) ?? visibleFrame(event, follow.visibleFrom);
        filtered.set(follow.visibleFrom, own);
      }
      follow.told = event.rev;
      if (follow.catching) {
        this.#buffer(follow, own, bytes, event.rev);
        continue;
      }
      if (follow.dueAt === 0) this.wheel.schedule(follow, now);
      this.push(connection, own, bytes);
      delivered++;
    }
    if (delivered > 0) this.deps.metrics.count('parley_deliveries_total', delivered);
    if (pointed) hub.headTimer ??= this.deps.clock.setTimer(HEAD_COALESCE_MS, () => this.#point(hub));
    if (hub.kind === 'user') this.host.memberships(hub, event.entities.filter((e) => e.type === 'membership') as never);
  }

  /** Queues a frame for the flush at the end of the batch. */
  push(connection: Connection, frame: string, bytes: number): void {
    if (connection.closed) return;
    if (!connection.queue.push(frame, bytes)) return connection.apply({ kind: 'too_slow' });
    if (connection.queue.dirty) return;
    connection.queue.dirty = true;
    this.#dirty.push(connection);
  }

  #flush(): void {
    for (const connection of this.#dirty) {
      connection.queue.dirty = false;
      connection.queue.flush();
    }
    this.#dirty.length = 0;
  }

  #buffer(follow: Follow, frame: string, bytes: number, rev: number): void {
    const buffer = follow.catching!;
    buffer.frames.push({ frame, bytes, rev });
    buffer.bytes += bytes;
    if (buffer.frames.length <= BUFFER_FRAMES && buffer.bytes <= BUFFER_BYTES) return;
    // Overflowing: dropped, and the delta must now reach this far.
    follow.catching = { frames: [], bytes: 0, needed: rev };
  }

  /** The coalesced `head` for members of a large channel who do not look. */
  #point(hub: StreamHub): void {
    hub.headTimer?.cancel();
    hub.headTimer = null;
    const now = this.deps.clock.now();
    const frame = encodeHead(hub);
    for (const follow of hub.followers) {
      if (follow.looking || follow.catching || follow.told >= hub.rev) continue;
      follow.told = hub.rev;
      if (follow.dueAt === 0) this.wheel.schedule(follow, now);
      this.push(follow.connection, frame, frame.length);
    }
    this.#flush();
  }
}

/** Stands for all that was not heard between the hub's rev and `rev`. */
function missed(hub: StreamHub, rev: number, seq: number): LinkEvent {
  return { stream: hub.stream, from: hub.rev, rev, seq, entities: [], frame: '', headOnly: true, verify: true };
}
