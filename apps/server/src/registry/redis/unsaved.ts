import type { Redis } from 'ioredis';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';

export type Pipeline = ReturnType<Redis['pipeline']>;

/** Puts commands on a pipeline, as things are then. */
export type Fill = (pipeline: Pipeline) => void;

interface Write { fill: Fill; tell(): void }

/** Written again in one round trip. */
const CHUNK = 500;
/** Beyond, the oldest are let go: what they would have changed ends by itself. */
const MOST = 100_000;

/** Writes to Redis, and remembers what it did not take (it is away, or out of memory) until it does; the newest of a key counts. */
export class Unsaved {
  readonly #failed = new Map<string, Write>();
  readonly #underWay = new Map<string, Write>();
  #retrying = false;

  constructor(private readonly link: RedisLink, private readonly logger: Logger) {}

  get size(): number {
    return this.#failed.size;
  }

  /** `tell` is called now, and once more when it had to be written again. */
  write(key: string, fill: Fill, tell: () => void): void {
    const write = { fill, tell };
    this.#failed.delete(key);
    if (this.link.isUp()) void this.#put([[key, write]]);
    else this.#remember(key, write);
    tell();
  }

  /** Writes again what failed. */
  async retry(): Promise<void> {
    if (this.#retrying) return;
    this.#retrying = true;
    try {
      for (let left = this.#failed.size; left > 0 && this.link.isUp(); left -= CHUNK) {
        const part = [...this.#failed].slice(0, CHUNK);
        for (const [key] of part) this.#failed.delete(key);
        if (!(await this.#put(part))) break;
        for (const [, { tell }] of part) tell();
      }
    } finally {
      this.#retrying = false;
    }
  }

  async #put(writes: readonly [string, Write][]): Promise<boolean> {
    const pipeline = this.link.client.pipeline();
    for (const [key, write] of writes) {
      this.#underWay.set(key, write);
      write.fill(pipeline);
    }
    let failure: unknown;
    try {
      failure = (await pipeline.exec())?.find(([error]) => error)?.[0];
    } catch (error) {
      failure = error;
    }
    for (const [key, write] of writes) {
      // A newer one of the same key has taken its place.
      if (this.#underWay.get(key) !== write) continue;
      this.#underWay.delete(key);
      if (failure) this.#remember(key, write);
    }
    if (failure) this.logger.debug({ error: String(failure) }, 'presence could not be told; it is told again');
    return !failure;
  }

  #remember(key: string, write: Write): void {
    this.#failed.set(key, write);
    if (this.#failed.size > MOST) this.#failed.delete(this.#failed.keys().next().value!);
  }
}
