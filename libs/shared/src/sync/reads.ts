import { ackMany } from '../protocol/calls/reading.ts';
import type { OutboxRecord } from './acts.ts';
import { isAhead, type ReadPosition } from './counting.ts';
import type { Clock, KeyValueChange, KeyValueStore, Timer, Transport } from './ports.ts';

/** A read position on its way: of a channel, or of a thread in it. */
interface PendingRead {
  channelId: string;
  rootId: string | null;
  /** Null: the epoch that the `mark_unread` before it will be given. */
  epoch: number | null;
  after: string | null;
  seq: number;
}

export const ACK_EVERY_MS = 1_000;
const RETRY_MS = 3_000;
const keyOf = (channelId: string, rootId: string | null): string => `${channelId}/${rootId ?? ''}`;

export interface ReadsEvents {
  changed(channelId: string, rootId: string | null): void;
  /** The server's position, and the counts that came with it. */
  answered(channelId: string, rootId: string | null, position: ReadPosition): void;
  signedOut(): void;
}

/**
 * Read positions on their way to the server (SPEC READ): the newest of each, named with its epoch, all together and at
 * most once a second; durable, so that what was read offline stays read.
 */
export class Reads {
  private readonly pending = new Map<string, PendingRead>();
  private timer: Timer | null = null;
  private inFlight = false;
  private running = false;

  constructor(
    private readonly durable: KeyValueStore, private readonly transport: Transport, private readonly clock: Clock,
    private readonly base: (channelId: string, rootId: string | null) => ReadPosition, private readonly marks: (channelId: string) => OutboxRecord[], private readonly events: ReadsEvents,
  ) {}

  async load(): Promise<void> {
    for (const { key, value } of await this.durable.range('reads', '', '\uffff')) this.pending.set(key, value as PendingRead);
  }

  /** The position as shown: the server's with pending acts on top. */
  position(channelId: string, rootId: string | null): ReadPosition {
    let position = this.base(channelId, rootId);
    let marked: string | null = null;
    for (const { id, what, refused } of this.marks(channelId)) {
      if (what.act !== 'mark_unread' || what.rootId !== rootId || refused) continue;
      position = { epoch: position.epoch + 1, seq: what.seq - 1 };
      marked = id;
    }
    const read = this.pending.get(keyOf(channelId, rootId));
    if (!read) return position;
    const counts = read.epoch === null ? read.after === marked : read.epoch === position.epoch;
    return counts ? { ...position, seq: Math.max(position.seq, read.seq) } : position;
  }

  read(channelId: string, rootId: string | null, seq: number): void {
    if (seq <= this.position(channelId, rootId).seq) return;
    const mark = [...this.marks(channelId)].reverse().find((r) => r.what.act === 'mark_unread' && r.what.rootId === rootId && !r.refused);
    const read: PendingRead = { channelId, rootId, epoch: mark ? null : this.base(channelId, rootId).epoch, after: mark?.id ?? null, seq };
    this.set(read);
    this.events.changed(channelId, rootId);
    this.schedule(ACK_EVERY_MS);
  }

  /** A `mark_unread` was answered with its new epoch: what was read after it now has one. */
  marked(record: OutboxRecord, epoch: number | null): void {
    if (record.what.act !== 'mark_unread') return;
    const read = this.pending.get(keyOf(record.channelId, record.what.rootId));
    if (!read || read.after !== record.id) return;
    if (epoch === null) this.drop(read);
    else this.set({ ...read, epoch, after: null });
    this.schedule(0);
  }

  private set(read: PendingRead): void {
    const key = keyOf(read.channelId, read.rootId);
    this.pending.set(key, read);
    this.keep({ collection: 'reads', key, value: read });
  }
  private drop(read: PendingRead): void {
    const key = keyOf(read.channelId, read.rootId);
    this.pending.delete(key);
    this.keep({ collection: 'reads', key, delete: true });
  }
  /** A position that is not kept is only read again by eye: no reason to disturb anybody. */
  private keep(change: KeyValueChange): void { void this.durable.write([change]).catch(() => {}); }

  setRunning(running: boolean): void {
    this.running = running;
    if (running) this.schedule(0);
    else this.timer?.cancel();
  }

  private schedule(ms: number): void {
    if (!this.running || this.inFlight || (this.timer && ms > 0)) return;
    this.timer?.cancel();
    this.timer = this.clock.setTimer(ms, () => {
      this.timer = null;
      void this.send();
    });
  }

  private async send(): Promise<void> {
    if (!this.running || this.inFlight) return;
    const sent: PendingRead[] = [];
    for (const read of [...this.pending.values()]) {
      if (read.epoch === null) continue;
      // An older epoch moves nothing, and what the server has already needs no saying.
      if (!isAhead({ epoch: read.epoch, seq: read.seq }, this.base(read.channelId, read.rootId)) || read.epoch < this.base(read.channelId, read.rootId).epoch) this.drop(read);
      else if (sent.length < 1_000) sent.push(read);
    }
    if (sent.length === 0) return;
    this.inFlight = true;
    const positions = sent.map((r) => ({ channel_id: r.channelId, ...(r.rootId !== null && { thread_root_id: r.rootId }), read_epoch: r.epoch!, seq: r.seq }));
    const outcome = await this.transport.call(ackMany, { positions });
    this.inFlight = false;
    if (outcome.kind === 'problem' && outcome.problem.status === 401) return this.events.signedOut();
    if (outcome.kind === 'unreached' || (outcome.kind === 'problem' && (outcome.problem.status >= 500 || outcome.problem.status === 429))) {
      return this.schedule((outcome.kind === 'problem' ? outcome.retryAfterMs : null) ?? RETRY_MS);
    }
    if (outcome.kind === 'ok') for (const p of outcome.value.positions) this.events.answered(p.channel_id, p.thread_root_id ?? null, { epoch: p.read_epoch, seq: p.read_seq });
    for (const read of sent) {
      const now = this.pending.get(keyOf(read.channelId, read.rootId));
      if (now && now.seq === read.seq && now.epoch === read.epoch) this.drop(now);
      this.events.changed(read.channelId, read.rootId);
    }
    if (this.pending.size > 0) this.schedule(ACK_EVERY_MS);
  }

  wake(): void { this.schedule(0); }
  stop(): void {
    this.running = false;
    this.timer?.cancel();
  }
}
