import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { FakeClock, settle } from '@parley/shared/testing/fake-clock';
import { silentLogger } from '../../platform/logger.ts';
import { systemRandom } from '../../platform/system.ts';
import { openRedis, type RedisLink } from '../../platform/redis/redis-link.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import { registryContract } from '../registry.contract.ts';
import { RedisRegistry } from './redis-registry.ts';

let redis: TestRedis;
const links: RedisLink[] = [];
const registries: RedisRegistry[] = [];

/** Lets what was told arrive: a question, its answer, and what comes of it, which is a way through Redis each. */
async function arrived(): Promise<void> {
  for (let hop = 0; hop < 4; hop++) await Promise.all(registries.map((r) => r.settled()));
  await settle();
}

describe.skipIf(redisServer() === null)('on a redis-server', () => {
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    registries.length = 0;
    await Promise.all(links.splice(0).map((l) => l.close()));
  });
  afterAll(() => redis.stop());

  registryContract('redis', async (clock) => {
    const link = await openRedis(redis.url, { logger: silentLogger, name: 'test' });
    links.push(link);
    const registry = new RedisRegistry(link, { clock, random: systemRandom, logger: silentLogger });
    await registry.ready();
    registries.push(registry);
    return registry;
  }, () => new FakeClock(undefined, arrived));
});
