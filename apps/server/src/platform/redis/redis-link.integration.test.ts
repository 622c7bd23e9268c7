import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noMetrics } from '../metrics.ts';
import { silentLogger, type Logger } from '../logger.ts';
import { openRateLimits, RATE_LIMITS } from '../rate-limits.ts';
import { systemClock } from '../system.ts';
import { openRedis, tooOld, type RedisLink } from './redis-link.ts';
import { TestProxy } from './testing.proxy.ts';
import { redisServer, TestRedis } from './testing.redis.ts';
import { redisWake } from './wake.ts';

describe.skipIf(redisServer() === null)('on a redis-server', () => {
  let redis: TestRedis;
  const undo: (() => void | Promise<void>)[] = [];
  const open = async (url = redis.url, logger: Logger = silentLogger): Promise<RedisLink> => {
    const link = await openRedis(url, { logger, name: 'test' });
    undo.push(() => link.close());
    return link;
  };
  const until = async (what: () => boolean): Promise<void> => {
    const end = performance.now() + 20_000;
    while (!what()) {
      if (performance.now() > end) throw new Error('it did not come to be');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    for (const one of undo.splice(0).reverse()) await one();
  });
  afterAll(() => redis.stop());

  describe('the link', () => {
    it('refuses to open where no Redis answers, and names neither address nor password', async () => {
      const lines: string[] = [];
      const write = (fields: object, text?: string): void => void lines.push(JSON.stringify(fields) + text);
      const logger: Logger = { debug: write, info: write, warn: write, error: write, child: () => logger } as Logger;
      const refused = await openRedis('redis://user:S3CRET@127.0.0.1:1', { logger, name: 'test' }).catch((error: unknown) => error);
      expect(String(refused)).toContain('PARLEY_REDIS_URL');
      expect(`${String(refused)} ${String((refused as Error).cause)} ${lines.join()}`).not.toMatch(/S3CRET/);
    });

    it('says so when Redis refuses the password', async () => {
      const right = await open();
      await right.client.config('SET', 'requirepass', 'right');
      undo.push(async () => void (await right.client.config('SET', 'requirepass', '')));
      const refused = await openRedis(redis.url.replace('//', '//:S3CRET@'), { logger: silentLogger, name: 'test' }).catch((error: unknown) => error);
      expect(String(refused)).toMatch(/PARLEY_REDIS_URL.*WRONGPASS/);
      expect(String(refused)).not.toMatch(/S3CRET/);
    });

    it('tells which servers are too old', async () => {
      expect(['redis_version:5.0.7', 'redis_version:6.0.16', 'redis_version:6.2.0', 'redis_version:7.0.15', 'redis_version:10.0.1', ''].map((line) => tooOld(`# Server\r\n${line}\r\nx:y`))).toEqual(['5.0.7', '6.0.16', null, null, null, null]);
    });

    it('fails commands at once while Redis is away, and comes back by itself', async () => {
      const link = await open();
      const changes: boolean[] = [];
      link.onChange((up) => changes.push(up));
      await redis.kill();
      await until(() => !link.isUp());
      const started = performance.now();
      await expect(link.client.get('x')).rejects.toThrow();
      expect(performance.now() - started).toBeLessThan(100);
      await redis.run(true);
      await until(() => link.isUp());
      expect(await link.client.get('x')).toBeNull();
      expect(changes).toEqual([false, true]);
    });

    it.each([['what it says', true, false], ['what it is told', false, true]])('finds within seconds that %s is swallowed, and comes back', async (_, up, down) => {
      const proxy = await TestProxy.start(redis.port);
      undo.push(() => proxy.stop());
      const link = await open(`redis://127.0.0.1:${proxy.port}`);
      const reader = link.dedicated('reader');
      await reader.ping();
      proxy.swallow(up, down);
      const started = performance.now();
      await until(() => !link.isUp());
      expect(performance.now() - started).toBeLessThan(5_000);
      proxy.swallow(false, false);
      await until(() => link.isUp());
      expect(performance.now() - started).toBeLessThan(12_000);
      expect(await link.client.ping()).toBe('PONG');
    }, 20_000);
  });

  describe('rate limits', () => {
    const subject = (n: number) => ({ user_id: `person-${n}`, address: '127.0.0.1', input: {} });
    const spend = async (limits: ReturnType<typeof openRateLimits>[], person: number, times: number): Promise<number> => {
      let refused = 0;
      for (let n = 0; n < times; n++) await limits[n % limits.length]!.take(['send'], subject(person)).catch(() => refused++);
      return refused;
    };

    it('hold over two processes together, and name the time to wait', async () => {
      await redis.command('FLUSHALL');
      const limits = [openRateLimits(noMetrics, await open()), openRateLimits(noMetrics, await open())];
      expect(await spend(limits, 1, RATE_LIMITS.send.points)).toBe(0);
      for (const each of limits) await expect(each.take(['send'], subject(1))).rejects.toMatchObject({ code: 'rate_limited' });
      await expect(limits[0]!.take(['send'], subject(2))).resolves.toBeUndefined();
      expect(((await redis.command('KEYS', '*')) as string[]).join()).not.toContain('person');
    });

    it('are counted by each process for itself while Redis is away, and together again when it is back', async () => {
      const links = [await open(), await open()];
      const limits = links.map((link) => openRateLimits(noMetrics, link));
      await redis.kill();
      expect(await spend(limits, 3, 2 * RATE_LIMITS.send.points)).toBe(0);
      for (const each of limits) await expect(each.take(['send'], subject(3))).rejects.toMatchObject({ code: 'rate_limited' });
      await redis.run(true);
      await until(() => links.every((link) => link.isUp()));
      // A failed call gives Redis a rest, so the first ones may still be counted here.
      let person = 4;
      while ((await spend(limits, person, 2 * RATE_LIMITS.send.points)) === 0) person++;
      expect(await spend(limits, person + 1, 2 * RATE_LIMITS.send.points)).toBe(RATE_LIMITS.send.points);
    });

    it('nobody waits for a Redis that hangs', async () => {
      const limits = openRateLimits(noMetrics, await open());
      redis.pause();
      undo.push(() => redis.resume());
      const started = performance.now();
      for (let n = 0; n < 20; n++) await limits.take(['person', 'send'], subject(5));
      expect(performance.now() - started).toBeLessThan(1_500);
    });
  });

  describe('word of work', () => {
    const wakeOf = async (link?: RedisLink) => {
      const wake = redisWake(link ?? (await open()), { clock: systemClock, logger: silentLogger });
      undo.push(() => wake.close());
      return wake;
    };

    it('reaches every process that listens for the kind, and no other kind', async () => {
      const [a, b] = [await wakeOf(), await wakeOf()];
      let [heard, other] = [0, 0];
      b.on('jobs', () => heard++);
      b.on('else', () => other++);
      await until(() => heard === 1 && other === 1); // Each is called once when it begins to hear.
      a.tell('jobs');
      a.tell('jobs');
      await until(() => heard === 2);
      expect([heard, other]).toEqual([2, 1]);
    });

    it('may be missed while Redis is away: whoever listens is called when it is back', async () => {
      const link = await open();
      const [a, b] = [await wakeOf(link), await wakeOf()];
      let heard = 0;
      b.on('jobs', () => heard++);
      await until(() => heard === 1);
      await redis.kill();
      await until(() => !link.isUp());
      a.tell('jobs');
      await redis.run(true);
      await until(() => heard > 1 && link.isUp());
      const before = heard;
      a.tell('jobs');
      await until(() => heard > before);
    });
  });
});
