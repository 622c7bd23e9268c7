import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest';
import { FakeClock, settle } from '@parley/shared/testing/fake-clock';
import { silentLogger } from '../../platform/logger.ts';
import { systemRandom } from '../../platform/system.ts';
import { openRedis, type RedisLink } from '../../platform/redis/redis-link.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import { registryContract } from '../registry.contract.ts';
import { RedisRegistry } from './redis-registry.ts';
import { SeveralRegistries } from './testing.several-registries.ts';

describe.skipIf(redisServer() === null)('on a redis-server', () => {
  let redis: TestRedis;
  let several: SeveralRegistries | null = null;
  const links: RedisLink[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    several = null;
    await Promise.all(links.splice(0).map((link) => link.close()));
  });
  afterAll(() => redis.stop());

  for (const processes of [1, 3])
    registryContract(`redis, ${processes === 1 ? 'one process' : `${processes} processes`}`, async (clock) => {
      const made: RedisRegistry[] = [];
      for (let i = 0; i < processes; i++) {
        const link = await openRedis(redis.url, { logger: silentLogger, name: 'test' });
        links.push(link);
        made.push(new RedisRegistry(link, { clock, random: systemRandom, logger: silentLogger }));
      }
      for (const registry of made) await registry.ready();
      several = new SeveralRegistries(made, settle);
      return several.registry();
    }, () => new FakeClock(undefined, async () => several?.arrived()));
});
