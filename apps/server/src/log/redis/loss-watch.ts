import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Logger } from '../../platform/logger.ts';
import { results, type RedisLink } from '../../platform/redis/redis-link.ts';

/** How often it is looked whether Redis still has what was put there, beside every append. */
const LOOK_MS = 1_000;

export interface PartitionKeys {
  /** A hash: `mark`, `last` (position given), `acknowledged`. */
  state: string;
  /** The stream. */
  entries: string;
}

/**
 * Notices that Redis may have lost entries:
 *
 * - Beside each stream lies a mark, made with the first entry. Another mark, none, or a mark without its stream: both or
 *   either were lost (`FLUSHALL`, an empty restart, eviction).
 * - Another `run_id`: Redis was started again, or another server answers at its address. What it kept on disk may be older
 *   than what was acknowledged to us.
 * - Another `master_replid`: a replica was promoted meanwhile, though this server is the primary again.
 *
 * Nobody uses a new connection before it was looked at.
 */
export class LossWatch {
  /** As last seen, of partitions that this process uses; null: nothing was ever logged there. */
  readonly #marks = new Map<number, string | null>();
  readonly #offChange: () => void;
  #server: string | null = null;
  /** Counts connections; the one that was looked at last. */
  #connection = 1;
  #lookedAt = 0;
  #looking: Promise<void> | null = null;
  #timer: Timer | null = null;
  #closed = false;
  #warned = false;

  constructor(
    private readonly link: RedisLink,
    private readonly deps: { clock: Clock; logger: Logger },
    private readonly keys: readonly PartitionKeys[],
    private readonly lost: (reason: string) => void,
  ) {
    this.#offChange = link.onChange((up) => {
      this.#connection++;
      if (up) this.#lookSoon();
    });
    this.#arm();
  }

  /** Resolves at once unless the connection is new. */
  fresh(): Promise<void> | undefined {
    if (this.#lookedAt === this.#connection) return undefined;
    return this.look();
  }

  /** The mark under which this partition's entries lie now. */
  async markOf(partition: number): Promise<string | null> {
    const known = this.#marks.get(partition);
    if (known) return known;
    await this.#lookAt([partition]);
    return this.#marks.get(partition) ?? null;
  }

  knownMarkOf(partition: number): string | null {
    return this.#marks.get(partition) ?? null;
  }

  see(partition: number, mark: string | null): void {
    const known = this.#marks.get(partition);
    if (known && known !== mark) this.#tell('entries were lost');
    this.#marks.set(partition, mark);
  }

  look(): Promise<void> {
    return (this.#looking ??= this.#lookAt([...this.#marks.keys()]).finally(() => {
      this.#looking = null;
    }));
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#offChange();
  }

  #arm(): void {
    this.#timer = this.deps.clock.setTimer(LOOK_MS, () => {
      if (this.link.isUp()) this.#lookSoon();
      if (!this.#closed) this.#arm();
    });
  }

  #lookSoon(): void {
    this.look().catch((error: unknown) => {
      if (!this.#closed) this.deps.logger.debug({ error: String(error) }, 'the dispatch log could not be looked at; it is tried again');
    });
  }

  async #lookAt(partitions: readonly number[]): Promise<void> {
    const connection = this.#connection;
    const pipeline = this.link.client.pipeline().info('server').info('replication').info('memory');
    for (const p of partitions) pipeline.hget(this.keys[p]!.state, 'mark').exists(this.keys[p]!.entries);
    const [about, replication, memory, ...rest] = results(await pipeline.exec());
    const server = `${field(about, 'run_id')} ${field(replication, 'master_replid')}`;
    if (this.#server !== null && server !== this.#server) this.#tell('Redis was started again or another one took over');
    this.#server = server;
    this.#warn(field(memory, 'maxmemory_policy'));
    partitions.forEach((p, i) => this.see(p, rest[2 * i + 1] === 1 ? (rest[2 * i] as string | null) : null));
    if (connection === this.#connection) this.#lookedAt = connection;
  }

  /** All that is known is from before; what is seen from now on is new. One loss is told once. */
  #tell(reason: string): void {
    this.#marks.clear();
    if (!this.#closed) this.lost(reason);
  }

  #warn(policy: string | undefined): void {
    if (this.#warned || policy === undefined || !policy.startsWith('allkeys')) return;
    this.#warned = true;
    this.deps.logger.error({ maxmemory_policy: policy }, 'Redis throws away whatever it likes when its memory is full; set maxmemory-policy to noeviction');
  }
}

const field = (info: unknown, name: string): string | undefined => new RegExp(`^${name}:(\\w[\\w-]*)`, 'm').exec(String(info))?.[1];
