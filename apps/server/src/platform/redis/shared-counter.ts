import { createHash } from 'node:crypto';
import { type RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RedisLink } from './redis-link.ts';

/** Who has to wait longer for a count is not made to wait: the insurance counts. */
const PATIENCE_MS = 250;
/** After that Redis is not asked for a while. */
const REST_MS = 1_000;

export interface SharedCounterOptions {
  name: string;
  points: number;
  seconds: number;
  /** Counts while Redis is away or slow, for this process alone. */
  insurance: RateLimiterMemory;
}

/**
 * Counts uses of a key over all processes. A key that has used up its points is refused from memory until its time is
 * over, so that a flood does not reach Redis. Keys are hashed: addresses and names of accounts are nobody's business there.
 */
export class SharedCounter {
  readonly #shared: RateLimiterRedis;
  readonly #insurance: RateLimiterMemory;
  #restUntil = 0;

  constructor(private readonly link: RedisLink, { name, points, seconds, insurance }: SharedCounterOptions) {
    this.#insurance = insurance;
    this.#shared = new RateLimiterRedis({ storeClient: link.client, keyPrefix: `parley:limit:${name}`, points, duration: seconds, inMemoryBlockOnConsumed: points + 1 });
  }

  /** @throws RateLimiterRes when there are too many */
  async consume(key: string): Promise<void> {
    if (!this.link.isUp() || performance.now() < this.#restUntil) return void (await this.#insurance.consume(key));
    const counted = await this.#ask(createHash('sha256').update(key).digest('base64url').slice(0, 22));
    if (counted instanceof RateLimiterRes) throw counted;
    if (counted === 'counted') return;
    this.#restUntil = performance.now() + REST_MS;
    await this.#insurance.consume(key);
  }

  async #ask(key: string): Promise<'counted' | 'away' | RateLimiterRes> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'away'>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS, 'away');
    });
    const asked = this.#shared.consume(key).then(
      () => 'counted' as const,
      (refusal: unknown) => (refusal instanceof RateLimiterRes ? refusal : 'away' as const),
    );
    try {
      return await Promise.race([asked, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}
