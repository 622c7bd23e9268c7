import { uuidv7 } from '../domain/ids.ts';
import { fraction } from '../domain/random.ts';
import type { Message } from '../protocol/entities.ts';
import type { Problem } from '../protocol/errors.ts';
import { callOf, type Act, type OutboxRecord } from './acts.ts';
import type { AttachedFile, PendingState } from './api.ts';
import { padded } from './persist.ts';
import type { Clock, KeyValueChange, KeyValueStore, Outcome, Random, Timer, Transport } from './ports.ts';

export const OLD_MS = 30 * 24 * 3_600_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const IN_FLIGHT = 4;
/** Nothing is held longer, whatever a clock that was changed says. */
const HOLD_MAX_MS = 60_000;

export interface OutboxEvents {
  changed(channelId: string): void;
  /** Acknowledged; called before the item leaves, so that the act never vanishes from what is shown. */
  answered(record: OutboxRecord, value: unknown): void;
  /** Taken back for good or discarded. */
  left(record: OutboxRecord): void;
  /** The answer was 401. */
  signedOut(): void;
}

/** What the queue must know of files: their ids at the server, once these have them, and what became of the others. */
export interface SendFiles {
  /** Null while the server has it not. */
  fileIdOf(id: string): string | null;
  /** Whether it comes no further by itself. */
  stuck(id: string): 'refused' | 'lost' | null;
}

/** In order of acting; two engines over one store, where a browser cannot elect one, never write the same key. */
const keyOf = (record: OutboxRecord): string => `${padded(record.n)}/${record.id}`;

interface Waiting { retryAt: number; reason: 'offline' | 'rate_limited' | 'storage_full' | 'unavailable'; attempt: number }
type Item = { record: OutboxRecord; kept: boolean; inFlight: boolean; waiting: Waiting | null; attempt: number };

/**
 * The durable queue of acts (SPEC OUT): kept before it is sent, sent with ids that never change, in the order of acting
 * per channel among those that are ready, and out of the store only when the server has acknowledged or refused it.
 */
export class Outbox {
  private readonly items = new Map<string, Item>();
  private next = 1;
  private timer: Timer | null = null;
  private running = false;

  constructor(
    private readonly durable: KeyValueStore, private readonly transport: Transport, private readonly clock: Clock, private readonly random: Random, private readonly events: OutboxEvents,
    private readonly files: SendFiles = { fileIdOf: (id) => id, stuck: () => null },
  ) {}

  async load(): Promise<void> {
    for (const { value } of await this.durable.range('outbox', '', '\uffff')) {
      const record = value as OutboxRecord;
      this.items.set(record.id, { record, kept: true, inFlight: false, waiting: null, attempt: 0 });
      this.release(record);
      this.next = Math.max(this.next, record.n + 1);
    }
  }

  /** Everything in the order of acting, refused ones included. */
  all(): OutboxRecord[] { return [...this.items.values()].map((i) => i.record).sort((a, b) => a.n - b.n); }
  /** Of one channel: what is to be shown on top, refused sends included, other refused acts taken back. */
  of(channelId: string): OutboxRecord[] { return this.all().filter((r) => r.channelId === channelId); }

  stateOf(id: string): PendingState {
    const item = this.items.get(id)!;
    const { record } = item;
    const act = record.what.act === 'edit' || record.what.act === 'delete' || record.what.act === 'react' || record.what.act === 'pin' ? record.what.act : 'send';
    const base = { act, since: record.since } as const;
    if (record.refused) return { kind: 'refused', ...base, ...record.refused };
    const left = this.missing(record);
    const stuck = left.find((file) => this.files.stuck(file.id) !== null);
    if (stuck) return { kind: 'refused', ...base, code: `file_${this.files.stuck(stuck.id)!}`, detail: stuck.name };
    if (this.isHeld(record)) return { kind: 'held', act: 'send', since: record.since, until: record.heldUntil! };
    if (this.isOld(record)) return { kind: 'waiting', ...base, retryAt: null, reason: 'old' };
    if (left.length > 0) return { kind: 'waiting', act: 'send', since: record.since, retryAt: null, reason: 'files', files: left.length };
    if (item.waiting) return { kind: 'waiting', ...base, retryAt: item.waiting.reason === 'offline' ? null : item.waiting.retryAt, reason: item.waiting.reason };
    if (!this.running) return { kind: 'waiting', ...base, retryAt: null, reason: 'offline' };
    return { kind: 'sending', ...base };
  }

  /** Its files that the server has not got. */
  private missing({ what }: OutboxRecord): readonly AttachedFile[] { return what.act === 'send' ? (what.files ?? []).filter((file) => this.files.fileIdOf(file.id) === null) : []; }
  /** Ids of all files that something here still needs. */
  fileIds(): string[] { return [...this.items.values()].flatMap(({ record: { what } }) => (what.act === 'send' ? (what.files ?? []).map((file) => file.id) : [])); }
  /** A file has come further, or will come no further. */
  fileChanged(id: string): void {
    for (const { record } of this.items.values()) if (record.what.act === 'send' && record.what.files?.some((file) => file.id === id)) this.events.changed(record.channelId);
    this.pump();
  }
  /** A send that the server cannot have goes without one of its files; with nothing left it goes altogether. */
  async without(id: string, fileId: string): Promise<void> {
    const item = this.items.get(id);
    if (!item || item.inFlight || item.record.what.act !== 'send' || (item.record.attempted && !item.record.refused)) return;
    const { what } = item.record;
    const files = (what.files ?? []).filter((file) => file.id !== fileId);
    if (files.length === 0 && what.content.trim() === '') return this.discard(id);
    await this.replace(item, { what: { ...what, files }, refused: null });
    this.pump();
  }

  private isOld(record: OutboxRecord): boolean { return !record.confirmed && this.clock.now() - record.since > OLD_MS; }

  private isHeld({ heldUntil }: OutboxRecord): boolean {
    const left = (heldUntil ?? 0) - this.clock.now();
    return left > 0 && left <= HOLD_MAX_MS;
  }
  /** Shows, and lets out, what is held when its time is over. */
  private release(record: OutboxRecord): void {
    if (!this.isHeld(record)) return;
    this.clock.setTimer(record.heldUntil! - this.clock.now(), () => {
      if (!this.items.has(record.id)) return;
      this.events.changed(record.channelId);
      this.pump();
    });
  }

  /** Shown at once, durable when it resolves. @throws StorageRefused, and then it was never there. */
  async add(channelId: string, what: Act, also: readonly KeyValueChange[] = [], holdMs = 0): Promise<OutboxRecord> {
    const record: OutboxRecord = { n: this.next++, id: uuidv7(this.clock, this.random), channelId, since: this.clock.now(), attempted: false, refused: null, confirmed: false, what, ...(holdMs > 0 && { heldUntil: this.clock.now() + Math.min(holdMs, HOLD_MAX_MS) }) };
    const item: Item = { record, kept: false, inFlight: false, waiting: null, attempt: 0 };
    this.items.set(record.id, item);
    this.events.changed(channelId);
    try {
      await this.durable.write([this.put(record), ...also]);
    } catch (error) {
      this.items.delete(record.id);
      this.events.changed(channelId);
      throw error;
    }
    item.kept = true;
    this.release(record);
    this.pump();
    return record;
  }

  private put = (record: OutboxRecord): KeyValueChange => ({ collection: 'outbox', key: keyOf(record), value: record });
  private remove = (record: OutboxRecord): KeyValueChange => ({ collection: 'outbox', key: keyOf(record), delete: true });

  private async replace(item: Item, change: Partial<OutboxRecord>): Promise<void> {
    item.record = { ...item.record, ...change };
    this.events.changed(item.record.channelId);
    await this.durable.write([this.put(item.record)]);
  }

  /** Changes the text of a send that the server cannot have yet. False when it may have it. */
  async rewrite(channelId: string, clientMsgId: string, content: string): Promise<boolean> {
    const item = [...this.items.values()].find((i) => i.record.channelId === channelId && i.record.what.act === 'send' && i.record.what.clientMsgId === clientMsgId);
    if (!item || item.inFlight || (item.record.attempted && !item.record.refused) || item.record.what.act !== 'send') return false;
    await this.replace(item, { what: { ...item.record.what, content } });
    return true;
  }
  findSend(channelId: string, clientMsgId: string): OutboxRecord | undefined {
    return this.of(channelId).find((r) => r.what.act === 'send' && r.what.clientMsgId === clientMsgId);
  }

  async retry(id: string): Promise<void> {
    const item = this.items.get(id);
    if (!item || item.inFlight) return;
    item.waiting = null;
    await this.replace(item, { refused: null, confirmed: true });
    this.pump();
  }

  async discard(id: string): Promise<void> {
    const item = this.items.get(id);
    if (!item || item.inFlight) return;
    this.items.delete(id);
    this.events.left(item.record);
    this.events.changed(item.record.channelId);
    await this.durable.write([this.remove(item.record)]);
    this.pump();
  }

  /** Whether the server cannot have it. */
  canTakeBack(id: string): boolean {
    const item = this.items.get(id);
    return item !== undefined && item.kept && !item.inFlight && !item.record.attempted;
  }
  /** Leaves, in one write with `also`. @throws StorageRefused, and then it is still there. */
  async takeBack(id: string, also: readonly KeyValueChange[]): Promise<void> {
    const item = this.items.get(id)!;
    this.items.delete(id);
    this.events.changed(item.record.channelId);
    try {
      await this.durable.write([this.remove(item.record), ...also]);
    } catch (error) {
      this.items.set(id, item);
      this.events.changed(item.record.channelId);
      throw error;
    } finally {
      this.pump();
    }
    this.events.left(item.record);
  }

  /**
   * A send that was refused may be there all the same: the wire had repeated the call, and the copy was let in later, or
   * another device sent the same draft. The message itself is the better answer. What it lacks stays as a message of its
   * own: refused as before, or waiting for its files.
   */
  arrived(channelId: string, stored: (clientMsgId: string) => Message | undefined): void {
    if (this.items.size === 0) return;
    for (const record of this.of(channelId)) {
      const message = record.what.act === 'send' ? stored(record.what.clientMsgId) : undefined;
      if (!message || record.what.act !== 'send') continue;
      if (record.refused || (!record.attempted && record.what.files?.length)) void this.keepRest(record.id, record.what, message).catch(() => {});
    }
  }
  private async keepRest(id: string, what: Extract<Act, { act: 'send' }>, message: Message): Promise<void> {
    const item = this.items.get(id)!;
    const files = this.lacking(what, message);
    const content = message.deleted || message.content === what.content ? '' : what.content;
    if (files.length === 0 && content === '') return this.discard(id);
    await this.replace(item, { what: { ...what, clientMsgId: id, content, broadcast: false, files } });
    this.pump();
  }

  /** Sends go out while running. */
  setRunning(running: boolean): void {
    if (this.running === running) return;
    this.running = running;
    for (const record of this.all()) this.events.changed(record.channelId);
    if (running) this.wake();
    else this.timer?.cancel();
  }

  /** The server can be reached again: what waits for that alone goes out at once. */
  wake(): void {
    for (const item of this.items.values()) if (item.waiting && item.waiting.reason !== 'rate_limited') item.waiting = { ...item.waiting, retryAt: 0 };
    this.pump();
  }

  private pump(): void {
    if (!this.running) return;
    this.timer?.cancel();
    const busy = new Set([...this.items.values()].filter((i) => i.inFlight).map((i) => i.record.channelId));
    let free = IN_FLIGHT - busy.size;
    let earliest = Infinity;
    const now = this.clock.now();
    for (const { id } of this.all()) {
      const item = this.items.get(id)!;
      const { record } = item;
      // Refused and unconfirmed old ones, and those whose files are on their way, are not ready and are overtaken; one that waits holds back what comes after it.
      if (busy.has(record.channelId) || record.refused || this.isOld(record) || this.missing(record).length > 0) continue;
      busy.add(record.channelId);
      if (!item.kept || this.isHeld(record)) continue;
      if (item.waiting && item.waiting.retryAt > now) { earliest = Math.min(earliest, item.waiting.retryAt); continue; }
      if (free <= 0) continue;
      free -= 1;
      void this.run(item);
    }
    if (earliest < Infinity) this.timer = this.clock.setTimer(earliest - now, () => this.pump());
  }

  private async run(item: Item): Promise<void> {
    item.inFlight = true;
    item.waiting = null;
    if (!item.record.attempted) {
      item.record = { ...item.record, attempted: true };
      try {
        await this.durable.write([this.put(item.record)]);
      } catch {
        return this.wait(item, 'unavailable', null);
      }
    }
    const { call, input } = callOf(item.record, (id) => this.files.fileIdOf(id));
    const outcome = (await this.transport.call(call, input as never, { idempotencyKey: item.record.id })) as Outcome<unknown>;
    if (!this.items.has(item.record.id)) return;
    if (outcome.kind === 'ok') return this.acknowledged(item, outcome.value);
    if (outcome.kind === 'unreached') return this.wait(item, 'offline', null);
    return this.problem(item, outcome.problem, outcome.retryAfterMs);
  }

  private async problem(item: Item, problem: Problem, retryAfterMs: number | null): Promise<void> {
    if (problem.status === 401) {
      item.inFlight = false;
      return this.events.signedOut();
    }
    if (problem.status === 429) return this.wait(item, 'rate_limited', retryAfterMs);
    if (problem.status === 507) return this.wait(item, 'storage_full', retryAfterMs);
    if (problem.status >= 500) return this.wait(item, 'unavailable', retryAfterMs);
    if (problem.code === 'conflict' && problem.message && item.record.what.act === 'send') {
      // The server has this client_msg_id with other text: it is there, and what differs is an edit.
      const { content } = item.record.what;
      const { message } = problem;
      const answer = { message_id: message.id, message };
      if (message.content === content || message.deleted || content === '') return this.acknowledged(item, answer);
      void this.add(item.record.channelId, { act: 'edit', messageId: message.id, content });
      return this.acknowledged(item, answer);
    }
    item.inFlight = false;
    await this.replace(item, { refused: { code: problem.code, detail: problem.detail ?? problem.title } }).catch(() => {});
    this.events.left(item.record);
    this.pump();
  }

  private async acknowledged(item: Item, value: unknown): Promise<void> {
    const { record } = item;
    this.events.answered(record, value);
    const rest = this.restOf(record, value);
    const changes: KeyValueChange[] = [this.remove(record), ...(rest ? [this.put(rest)] : [])];
    if (record.what.act === 'send') changes.push(...this.resolve(record.channelId, record.what.clientMsgId, (value as { message_id: string }).message_id));
    this.items.delete(record.id);
    if (rest) this.items.set(rest.id, { record: rest, kept: true, inFlight: false, waiting: null, attempt: 0 });
    this.events.changed(record.channelId);
    // Not removed: after a restart it is sent again with the same ids and answered alike, and what follows it as well.
    await this.durable.write(changes).catch(() => {});
    this.pump();
  }

  /** Another device has sent this draft without files that were added here since: they follow as a message of their own, whose id is always the same. */
  private restOf({ id, channelId, what }: OutboxRecord, value: unknown): OutboxRecord | null {
    if (what.act !== 'send') return null;
    const files = this.lacking(what, (value as { message: Message }).message);
    if (files.length === 0) return null;
    return { n: this.next++, id: uuidv7(this.clock, this.random), channelId, since: this.clock.now(), attempted: false, refused: null, confirmed: false, what: { ...what, clientMsgId: id, content: '', broadcast: false, files } };
  }

  /** Files of a send that the message does not carry; of a deleted one nobody wants any. */
  private lacking(what: Extract<Act, { act: 'send' }>, message: Message): AttachedFile[] {
    if (message.deleted || !what.files?.length) return [];
    const there = new Set(message.files.map((file) => file.id));
    return what.files.filter((file) => !there.has(this.files.fileIdOf(file.id) ?? file.id));
  }

  /** Acts on a message that was still waiting now name its id. */
  private resolve(channelId: string, clientMsgId: string, messageId: string): KeyValueChange[] {
    const changes: KeyValueChange[] = [];
    for (const item of this.items.values()) {
      const { what } = item.record;
      if (item.record.channelId !== channelId || !('messageId' in what) || what.messageId !== clientMsgId) continue;
      item.record = { ...item.record, what: { ...what, messageId } };
      changes.push(this.put(item.record));
    }
    return changes;
  }

  private wait(item: Item, reason: Waiting['reason'], retryAfterMs: number | null): void {
    item.inFlight = false;
    item.attempt += 1;
    const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(item.attempt - 1, 10));
    const ms = retryAfterMs ?? full / 2 + (full / 2) * fraction(this.random);
    item.waiting = { retryAt: this.clock.now() + ms, reason, attempt: item.attempt };
    this.events.changed(item.record.channelId);
    this.pump();
  }

  stop(): void {
    this.running = false;
    this.timer?.cancel();
  }
}
