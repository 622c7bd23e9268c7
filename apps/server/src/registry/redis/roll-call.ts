import type { Clock } from '@parley/shared/domain/clock';
import type { RedisLink } from '../../platform/redis/redis-link.ts';

/** A gateway that has not answered for so long is struck off the roll. */
export const GATEWAY_MS = 8_000;
/** One that is not on the roll is gone after this long: Redis may have lost the roll, and gateways answer each two seconds. */
const ABSENT_MS = 4_000;

/** KEYS incarnation, gateways; ARGV new incarnation, milliseconds, own gateways. By the clock of Redis, since those of servers differ. */
const CALL = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #ARGV do redis.call('ZADD', KEYS[2], now, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2])
return { redis.call('GET', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, -1) }`;

const KEYS = ['parley:{registry}:incarnation', 'parley:{registry}:gateways'] as const;

/** What a call brought: gateways that were not known, and those that are gone. */
export interface Roll { incarnation: string; came: readonly string[]; gone: readonly string[] }

/** Who is there: each process tells its gateways and hears of all others, and of the incarnation of Redis. */
export class RollCall {
  /** When a gateway was last heard of, by this process's clock. */
  readonly #heard = new Map<string, number>();

  constructor(private readonly link: RedisLink, private readonly clock: Clock) {}

  /** All that are there as far as this process knows. */
  gateways(): Iterable<string> {
    return this.#heard.keys();
  }

  isThere(gateway: string): boolean {
    return this.#heard.has(gateway);
  }

  /** Something else shows that it is there. */
  heard(gateway: string): void {
    this.#heard.set(gateway, this.clock.now());
  }

  /** @throws when Redis does not answer; what was known stays. */
  async answer(own: readonly string[], candidate: string): Promise<Roll> {
    const [incarnation, gateways] = (await this.link.client.eval(CALL, 2, ...KEYS, candidate, GATEWAY_MS, ...own)) as [string, string[]];
    const came = gateways.filter((gateway) => !this.#heard.has(gateway));
    for (const gateway of gateways) this.heard(gateway);
    const limit = this.clock.now() - ABSENT_MS;
    const gone = [...this.#heard].filter(([, at]) => at < limit).map(([gateway]) => gateway);
    for (const gateway of gone) this.#heard.delete(gateway);
    return { incarnation, came, gone };
  }

  /** A gateway goes, so that nobody waits for its silence. */
  async leave(gateway: string): Promise<void> {
    this.#heard.delete(gateway);
    await this.link.client.zrem(KEYS[1], gateway);
  }
}
