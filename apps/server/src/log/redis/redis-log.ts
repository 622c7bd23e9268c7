import { uuidv7 } from '@parley/shared/domain/ids';
import type { Clock } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';
import type { StoredEvent } from '../../storage/port.ts';
import { PARTITIONS, type DispatchLog, type LogEntry } from '../port.ts';
import { LogGauges } from './log-gauges.ts';
import { LossWatch, type PartitionKeys } from './loss-watch.ts';
import { idOf, positionOf } from './position.ts';
import { ACKNOWLEDGE, APPEND } from './scripts.ts';
import { StreamReader } from './stream-reader.ts';

/** Entries of one partition that nobody acknowledged. What comes beyond is refused; the outbox has it. */
export const MOST_ENTRIES = 10_000;
/** An entry that is longer is logged without its entities, which are then read from the store. In characters. */
const MOST_LENGTH = 16_384;
/** One call of Redis takes so many entries and characters, since nobody else is served meanwhile. */
const CHUNK_ENTRIES = 256;
const CHUNK_LENGTH = 1_048_576;

export interface RedisLogDeps { clock: Clock; random: Random; logger: Logger; metrics: Metrics }

/**
 * The dispatch log on Redis Streams, one stream a partition.
 *
 * - An append is one script a chunk: all its entries or none, behind everything that was there.
 * - Only what is acknowledged is trimmed. A partition holds `MOST_ENTRIES`; then, and when Redis is out of memory, appends
 *   are refused, and the sweeper logs the events again when there is room.
 * - What Redis loses renews this process's incarnation (see `LossWatch`); reads then answer nothing, so that readers begin
 *   anew at what is acknowledged, which may lie further back.
 * - While Redis is away appends fail at once and reads wait.
 */
export class RedisLog implements DispatchLog {
  readonly #keys: readonly PartitionKeys[] = Array.from({ length: PARTITIONS }, (_, p) => ({ state: `parley:{p${p}}:state`, entries: `parley:{p${p}}:log` }));
  readonly #watch: LossWatch;
  readonly #gauges: LogGauges;
  /** Made when somebody reads: processes that only append need no connection for it. */
  #reader: StreamReader | null = null;
  #incarnation: string;
  #closed = false;

  constructor(private readonly link: RedisLink, private readonly deps: RedisLogDeps, private readonly most = MOST_ENTRIES) {
    this.#incarnation = this.#uuid();
    this.#watch = new LossWatch(link, deps, this.#keys, (reason) => this.#lost(reason));
    this.#gauges = new LogGauges(link, deps, this.#keys);
  }

  incarnation(): string {
    return this.#incarnation;
  }

  async append(partition: number, events: readonly StoredEvent[]): Promise<void> {
    if (this.#closed) throw new Error('the dispatch log is closed');
    const { state, entries } = this.#of(partition);
    await this.#watch.fresh();
    for (const chunk of chunks(events.map(encode), Math.min(CHUNK_ENTRIES, this.most))) {
      const [mark, taken] = (await APPEND.run(this.link.client, [state, entries], [this.#uuid(), this.most, ...chunk])) as [string, number];
      this.#watch.see(partition, mark);
      if (taken === 1) continue;
      this.deps.metrics.count('parley_log_refused_total', chunk.length);
      throw new Error(`partition ${partition} of the dispatch log is full: no dispatcher acknowledges`);
    }
  }

  async read(partition: number, position: number, limit: number, signal: AbortSignal): Promise<LogEntry[]> {
    const { entries } = this.#of(partition);
    if (this.#closed) return [];
    this.#reader ??= new StreamReader(this.link, this.deps.logger);
    this.#gauges.follow(partition, signal);
    const raw = await this.#reader.read(entries, idOf(position), limit, signal);
    if (raw.length === 0) return [];
    await this.#watch.fresh();
    await this.#watch.markOf(partition);
    return raw.map(([id, fields]) => ({ position: positionOf(id), event: JSON.parse(fields[1]!) as StoredEvent }));
  }

  async acknowledge(partition: number, position: number): Promise<void> {
    const { state, entries } = this.#of(partition);
    await this.#watch.fresh();
    const mark = this.#watch.knownMarkOf(partition);
    // After a loss nothing is known until somebody reads again: the position is one of before.
    if (mark !== null) await ACKNOWLEDGE.run(this.link.client, [state, entries], [mark, position]);
  }

  async acknowledged(partition: number): Promise<number> {
    return Number((await this.link.client.hget(this.#of(partition).state, 'acknowledged')) ?? 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    this.#gauges.close();
    this.#reader?.close();
  }

  #of(partition: number): PartitionKeys {
    const keys = this.#keys[partition];
    if (!keys) throw new RangeError(`no partition ${partition}`);
    return keys;
  }

  #uuid(): string {
    return uuidv7(this.deps.clock, this.deps.random);
  }

  #lost(reason: string): void {
    this.#incarnation = this.#uuid();
    this.deps.metrics.count('parley_log_renewals_total');
    this.deps.logger.warn({ reason }, 'the dispatch log may have lost entries; the outbox fills it again');
    this.#reader?.release();
  }
}

function encode(event: StoredEvent): string {
  const whole = JSON.stringify(event);
  if (whole.length <= MOST_LENGTH || event.entities === undefined) return whole;
  const { entities: _, ...rest } = event;
  return JSON.stringify(rest);
}

function* chunks(entries: readonly string[], most: number): Generator<string[]> {
  let chunk: string[] = [];
  let length = 0;
  for (const entry of entries) {
    if (chunk.length > 0 && (chunk.length === most || length + entry.length > CHUNK_LENGTH)) {
      yield chunk;
      [chunk, length] = [[], 0];
    }
    chunk.push(entry);
    length += entry.length;
  }
  if (chunk.length > 0) yield chunk;
}
