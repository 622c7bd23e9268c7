import { uuidv7 } from '@parley/shared/domain/ids';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';
import type { StoredEvent } from '../../storage/port.ts';
import { PARTITIONS, type DispatchLog, type LogEntry } from '../port.ts';
import { idOf, positionOf } from './position.ts';
import { StreamReader } from './stream-reader.ts';

/** How often it is looked whether Redis still has what was put there, beside every append. */
const LOOK_MS = 1_000;

/** KEYS mark, acknowledged, entries; ARGV position, first id to keep. Keeps the greater position; entries below it go. */
const ACKNOWLEDGE = `
local known = redis.call('GET', KEYS[2])
if known and tonumber(known) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('XTRIM', KEYS[3], 'MINID', ARGV[2])
return 1`;

interface Keys { mark: string; acknowledged: string; entries: string }

/**
 * The dispatch log on Redis Streams, one stream a partition; positions rise with the clock of Redis.
 *
 * What Redis loses is noticed by a mark that lies beside each stream and by the id of the server's run: either of them
 * gone renews this process's incarnation, and the sweeper logs again what the outbox still holds. Only what is
 * acknowledged is trimmed.
 */
export class RedisLog implements DispatchLog {
  readonly #keys: readonly Keys[] = Array.from({ length: PARTITIONS }, (_, p) => ({ mark: `parley:{p${p}}:mark`, acknowledged: `parley:{p${p}}:acknowledged`, entries: `parley:{p${p}}:log` }));
  readonly #reader: StreamReader;
  /** As first seen, of partitions that this process uses. */
  readonly #marks = new Map<number, string>();
  readonly #offChange: () => void;
  #incarnation: string;
  #run: string | null = null;
  #timer: Timer | null = null;
  #closed = false;

  constructor(private readonly link: RedisLink, private readonly deps: { clock: Clock; random: Random; logger: Logger }) {
    this.#incarnation = this.#uuid();
    this.#reader = new StreamReader(link);
    this.#offChange = link.onChange((up) => {
      if (up) this.#look();
    });
    this.#arm();
  }

  incarnation(): string {
    return this.#incarnation;
  }

  async append(partition: number, events: readonly StoredEvent[]): Promise<void> {
    if (this.#closed) throw new Error('the dispatch log is closed');
    const keys = this.#of(partition);
    const pipeline = this.link.client.pipeline().set(keys.mark, this.#uuid(), 'NX').get(keys.mark);
    for (const event of events) pipeline.xadd(keys.entries, '*', 'e', JSON.stringify(event));
    const [, mark, ...added] = results(await pipeline.exec());
    this.#see(partition, mark as string);
    if (added.length !== events.length) throw new Error('Redis did not take every entry');
  }

  async read(partition: number, position: number, limit: number, signal: AbortSignal): Promise<LogEntry[]> {
    const { entries } = this.#of(partition);
    if (!this.#marks.has(partition)) await this.#lookAt([partition]);
    const raw = await this.#reader.read(entries, idOf(position), limit, signal);
    return raw.map(([id, fields]) => ({ position: positionOf(id), event: JSON.parse(fields[1]!) as StoredEvent }));
  }

  async acknowledge(partition: number, position: number): Promise<void> {
    const keys = this.#of(partition);
    await this.link.client.eval(ACKNOWLEDGE, 3, keys.mark, keys.acknowledged, keys.entries, position, idOf(position + 1));
  }

  async acknowledged(partition: number): Promise<number> {
    return Number((await this.link.client.get(this.#of(partition).acknowledged)) ?? 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#offChange();
    this.#reader.close();
  }

  #of(partition: number): Keys {
    const keys = this.#keys[partition];
    if (!keys) throw new RangeError(`no partition ${partition}`);
    return keys;
  }

  #uuid(): string {
    return uuidv7(this.deps.clock, this.deps.random);
  }

  #arm(): void {
    this.#timer = this.deps.clock.setTimer(LOOK_MS, () => {
      if (this.link.isUp()) this.#look();
      if (!this.#closed) this.#arm();
    });
  }

  #look(): void {
    this.#lookAt([...this.#marks.keys()]).catch((error: unknown) => {
      if (!this.#closed) this.deps.logger.debug({ error: String(error) }, 'the log could not be looked at; it is tried again');
    });
  }

  /** Compares run and marks with what was seen before. */
  async #lookAt(partitions: readonly number[]): Promise<void> {
    const pipeline = this.link.client.pipeline().info('server');
    for (const p of partitions) pipeline.set(this.#of(p).mark, this.#uuid(), 'NX').get(this.#of(p).mark);
    const [info, ...rest] = results(await pipeline.exec());
    const run = /^run_id:(\w+)/m.exec(info as string)?.[1] ?? null;
    if (this.#run !== null && run !== this.#run) this.#lost('Redis was started again');
    this.#run = run;
    partitions.forEach((p, i) => this.#see(p, rest[2 * i + 1] as string));
  }

  #see(partition: number, mark: string): void {
    const known = this.#marks.get(partition);
    this.#marks.set(partition, mark);
    if (known !== undefined && known !== mark) this.#lost('entries were lost');
  }

  #lost(reason: string): void {
    this.#incarnation = this.#uuid();
    this.deps.logger.warn({ reason }, 'the dispatch log begins anew; the outbox fills it');
  }
}

/** @throws the first error of a pipeline */
function results(answers: [Error | null, unknown][] | null): unknown[] {
  if (!answers) throw new Error('Redis is away');
  return answers.map(([error, value]) => {
    if (error) throw error;
    return value;
  });
}
