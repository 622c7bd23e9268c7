import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../platform/system.ts';
import { silentLogger } from '../../platform/logger.ts';
import { noMetrics } from '../../platform/metrics.ts';
import { openRedis, type RedisLink } from '../../platform/redis/redis-link.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import { dispatchLogContract } from '../dispatch-log.contract.ts';
import { RedisLog } from './redis-log.ts';

const deps = { clock: systemClock, random: systemRandom, logger: silentLogger, metrics: noMetrics };
const event = (rev: number) => ({ outbox_id: `o${rev}`, stream: 'user:1' as const, from: rev - 1, rev, seq: 0 });
const never = new AbortController().signal;

describe.skipIf(redisServer() === null)('on a redis-server', () => {
  let redis: TestRedis;
  const links: RedisLink[] = [];
  const link = async (): Promise<RedisLink> => {
    const made = await openRedis(redis.url, { logger: silentLogger, name: 'test' });
    links.push(made);
    return made;
  };
  const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
    const end = performance.now() + 20_000;
    while (!(await what())) {
      if (performance.now() > end) throw new Error('it did not come to be');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    await Promise.all(links.splice(0).map((l) => l.close()));
  });
  afterAll(() => redis.stop());

  dispatchLogContract('redis', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps);
    return {
      log,
      lose: async () => {
        const before = log.incarnation();
        await redis.command('FLUSHALL');
        await until(() => log.incarnation() !== before);
      },
    };
  });

  it('two processes append to one partition, and a third reads all in one order', async () => {
    await redis.command('FLUSHALL');
    const [a, b, c] = [new RedisLog(await link(), deps), new RedisLog(await link(), deps), new RedisLog(await link(), deps)];
    const reading = c.read(1, 0, 10, never);
    await Promise.all([a.append(1, [event(1)]), b.append(1, [event(2)])]);
    const first = await reading;
    const rest = first.length === 2 ? [] : await c.read(1, first[0]!.position, 10, never);
    const all = [...first, ...rest];
    expect(all.map((e) => e.event.rev).sort()).toEqual([1, 2]);
    expect(all[1]!.position).toBeGreaterThan(all[0]!.position);
    for (const log of [a, b, c]) await log.close();
  });

  it('a server that was killed and comes back empty renews the incarnation, and reading goes on with new entries', async () => {
    const log = new RedisLog(await link(), deps);
    await log.append(2, [event(1)]);
    const { position } = (await log.read(2, 0, 1, never))[0]!;
    const before = log.incarnation();
    await redis.kill();
    await expect(log.append(2, [event(2)])).rejects.toThrow();
    await redis.run(true);
    await until(() => log.incarnation() !== before);
    await log.append(2, [event(3)]);
    expect((await log.read(2, position, 10, never)).map((e) => e.event.rev)).toEqual([3]);
    await log.close();
  });
});
