import type { Redis } from 'ioredis';
import type { RedisLink } from '../../platform/redis/redis-link.ts';

/** A blocked read ends by itself after it, so that a dead connection is noticed by who waits. */
const BLOCK_MS = 1_000;
/** Silence beyond the block that means a broken connection. */
const PATIENCE_MS = 2_000;
/** Entries of one partition in one answer at most. */
const MOST = 512;

export type RawEntry = readonly [id: string, fields: readonly string[]];
interface Waiting {
  key: string;
  /** Entries behind this id. */
  after: string;
  limit: number;
  resolve(entries: readonly RawEntry[]): void;
  reject(error: unknown): void;
}

/**
 * Reads many streams over one connection: one blocking read stands for all who wait, and is begun anew when another comes.
 */
export class StreamReader {
  readonly #redis: Redis;
  readonly #waiting = new Set<Waiting>();
  #id: number | null = null;
  #blocked = false;
  #running = false;
  #closed = false;

  constructor(private readonly link: RedisLink) {
    this.#redis = link.dedicated('log-reader');
    this.#redis.on('close', () => {
      this.#id = null;
      this.#fail(new Error('the connection to Redis was lost'));
    });
  }

  /** Waits for entries of `key` behind `after`; answers none when `signal` aborts or the reader closes. Rejects when Redis is away. */
  async read(key: string, after: string, limit: number, signal: AbortSignal): Promise<readonly RawEntry[]> {
    if (signal.aborted || this.#closed) return [];
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting.delete(waiting);
        signal.removeEventListener('abort', aborted);
      };
      const aborted = (): void => waiting.resolve([]);
      const waiting: Waiting = {
        key, after, limit,
        resolve: (entries) => {
          end();
          resolve(entries);
        },
        reject: (error) => {
          end();
          reject(error as Error);
        },
      };
      this.#waiting.add(waiting);
      signal.addEventListener('abort', aborted);
      if (this.#blocked) this.#unblock();
      else void this.#run();
    });
  }

  close(): void {
    this.#closed = true;
    for (const waiting of [...this.#waiting]) waiting.resolve([]);
    this.#redis.disconnect();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    // Those who ask in the same turn share a read.
    await Promise.resolve();
    while (this.#waiting.size > 0 && !this.#closed) {
      try {
        await this.#once([...this.#waiting]);
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#running = false;
  }

  async #once(asked: readonly Waiting[]): Promise<void> {
    this.#id ??= Number(await this.#redis.client('ID'));
    const limit = Math.min(MOST, Math.max(...asked.map((w) => w.limit)));
    this.#blocked = true;
    let answer: unknown;
    try {
      answer = await this.#inTime(this.#redis.call('XREAD', 'COUNT', limit, 'BLOCK', BLOCK_MS, 'STREAMS', ...asked.map((w) => w.key), ...asked.map((w) => w.after)));
    } finally {
      this.#blocked = false;
    }
    const found = new Map((answer ?? []) as [string, RawEntry[]][]);
    for (const waiting of asked) {
      const entries = found.get(waiting.key);
      if (entries && entries.length > 0) waiting.resolve(entries.slice(0, waiting.limit));
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    try {
      return await Promise.race([work, new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          this.#redis.disconnect(true);
          reject(new Error('Redis is silent'));
        }, BLOCK_MS + PATIENCE_MS);
      })]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The next read asks for the newcomer too. A lost message only means that it waits until the block ends. */
  #unblock(): void {
    if (this.#id !== null) this.link.client.client('UNBLOCK', this.#id).catch(() => undefined);
  }

  #fail(error: unknown): void {
    for (const waiting of [...this.#waiting]) waiting.reject(error);
  }
}
