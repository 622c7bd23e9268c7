import type { RedisLink } from '../../platform/redis/redis-link.ts';

/** A gateway that was not heard of for so long is gone. */
export const GATEWAY_MS = 8_000;

/** KEYS incarnation, gateways; ARGV new incarnation, milliseconds, own gateways. By the clock of Redis, since those of servers differ. */
const CALL = `
redis.call('SET', KEYS[1], ARGV[1], 'NX')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for i = 3, #ARGV do redis.call('ZADD', KEYS[2], now, ARGV[i]) end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2])
return { redis.call('GET', KEYS[1]), redis.call('ZRANGE', KEYS[2], 0, -1) }`;

const KEYS = ['parley:{registry}:incarnation', 'parley:{registry}:gateways'] as const;

/** Who is there: each process tells its gateways and hears of all others, and of the incarnation of Redis. */
export class RollCall {
  constructor(private readonly link: RedisLink) {}

  async answer(own: readonly string[], candidate: string): Promise<{ incarnation: string; gateways: Set<string> }> {
    const [incarnation, gateways] = (await this.link.client.eval(CALL, 2, ...KEYS, candidate, GATEWAY_MS, ...own)) as [string, string[]];
    return { incarnation, gateways: new Set(gateways) };
  }

  /** A gateway goes, so that nobody waits for its silence. */
  async leave(gateway: string): Promise<void> {
    await this.link.client.zrem(KEYS[1], gateway);
  }
}
