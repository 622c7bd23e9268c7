import type { Redis } from 'ioredis';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';

/** A blocked read ends by itself after it, so that a dead connection is noticed by who waits. */
const BLOCK_MS = 1_000;
/** Silence beyond the block that means a broken connection. */
const PATIENCE_MS = 2_000;
/** So many entries are handed out before others have their turn. */
const TURN_ENTRIES = 512;
const RETRY_MS = 200;

export type RawEntry = readonly [id: string, fields: readonly string[]];
interface Waiting {
  key: string;
  /** Entries behind this id. */
  after: string;
  limit: number;
  answer(entries: readonly RawEntry[]): void;
}

/**
 * Reads many streams over one connection: one blocking read stands for all who wait, and is begun anew when another comes.
 * While Redis is away everybody waits on.
 */
export class StreamReader {
  readonly #redis: Redis;
  readonly #waiting = new Set<Waiting>();
  #id: number | null = null;
  /** Counts reads; null: none is blocked. */
  #blocked: number | null = null;
  #reads = 0;
  /** The read that is being ended. */
  #unblocking: number | null = null;
  #running = false;
  #closed = false;

  constructor(private readonly link: RedisLink, private readonly logger: Logger) {
    this.#redis = link.dedicated('log-reader');
    this.#redis.on('close', () => {
      this.#id = null;
    });
    this.#redis.on('end', () => this.close());
  }

  /** Waits for entries of `key` behind `after`; fewer than `limit` are all there were. Answers none when `signal` aborts, the reader closes, or `release` is called. */
  async read(key: string, after: string, limit: number, signal: AbortSignal): Promise<readonly RawEntry[]> {
    if (signal.aborted || this.#closed) return [];
    return new Promise((resolve) => {
      const aborted = (): void => waiting.answer([]);
      const waiting: Waiting = {
        key, after, limit,
        answer: (entries) => {
          this.#waiting.delete(waiting);
          signal.removeEventListener('abort', aborted);
          resolve(entries);
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', aborted);
      if (this.#running) void this.#unblock();
      else void this.#run();
    });
  }

  /** Answers all who wait with nothing: what they wait behind may not be there any more. */
  release(): void {
    for (const waiting of [...this.#waiting]) waiting.answer([]);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.release();
    this.#redis.disconnect();
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.size > 0 && !this.#closed) {
      // Those who ask in the same turn share a read, those among them who were just answered.
      await new Promise(setImmediate);
      if (this.#waiting.size === 0) break;
      try {
        await this.#once();
      } catch (error) {
        if (this.#closed) break;
        this.logger.debug({ error: String(error) }, 'the dispatch log could not be read; it is tried again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#running = false;
  }

  async #once(): Promise<void> {
    let asked = [...this.#waiting];
    const answer = await this.#inTime(async () => {
      if (this.#id === null) {
        this.#id = Number(await this.#redis.client('ID'));
        asked = [...this.#waiting];
        if (asked.length === 0) return null;
      }
      this.#blocked = ++this.#reads;
      const limit = Math.max(...asked.map((w) => w.limit));
      return this.#redis.call('XREAD', 'COUNT', limit, 'BLOCK', BLOCK_MS, 'STREAMS', ...asked.map((w) => w.key), ...asked.map((w) => w.after));
    }).finally(() => {
      this.#blocked = null;
    });
    const found = new Map((answer ?? []) as [string, RawEntry[]][]);
    let inTurn = 0;
    for (const waiting of asked) {
      const entries = found.get(waiting.key);
      if (!entries || entries.length === 0) continue;
      waiting.answer(entries.slice(0, waiting.limit));
      if ((inTurn += entries.length) < TURN_ENTRIES) continue;
      inTurn = 0;
      await new Promise(setImmediate);
    }
  }

  async #inTime<T>(work: () => Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        this.#redis.disconnect(true);
        reject(new Error('Redis is silent'));
      }, BLOCK_MS + PATIENCE_MS);
    });
    try {
      return await Promise.race([work(), silence]);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Ends the read that is under way, so that the next one asks for the newcomer too. It may overtake the read on its way
   * to Redis, so it is repeated until one of them has come to an end.
   */
  async #unblock(): Promise<void> {
    const read = this.#blocked;
    if (read === null || read === this.#unblocking) return;
    this.#unblocking = read;
    try {
      while (this.#blocked === read && this.#id !== null) if (Number(await this.link.client.client('UNBLOCK', this.#id)) === 1) return;
    } catch {
      // Redis is away, or the block ends by itself.
    }
  }
}
