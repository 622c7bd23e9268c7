import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../../platform/system.ts';
import { silentLogger } from '../../platform/logger.ts';
import { noMetrics } from '../../platform/metrics.ts';
import { openRedis, type RedisLink } from '../../platform/redis/redis-link.ts';
import { TestProxy } from '../../platform/redis/testing.proxy.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import type { StoredEvent } from '../../storage/port.ts';
import { dispatchLogContract } from '../dispatch-log.contract.ts';
import { idOf } from './position.ts';
import { RedisLog } from './redis-log.ts';

const deps = { clock: systemClock, random: systemRandom, logger: silentLogger, metrics: noMetrics };
const event = (rev: number): StoredEvent => ({ outbox_id: `o${rev}`, stream: 'user:1', from: rev - 1, rev, seq: 0 });
const large = (rev: number, length: number): StoredEvent => ({ ...event(rev), facts: { kept: true }, entities: [{ type: 'message', content: 'x'.repeat(length) } as never] });
const never = new AbortController().signal;

describe.skipIf(redisServer() === null)('on a redis-server', () => {
  let redis: TestRedis;
  const links: RedisLink[] = [];
  const link = async (url = redis.url): Promise<RedisLink> => {
    const made = await openRedis(url, { logger: silentLogger, name: 'test' });
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

  it('a reader that comes while another one waits is served at once', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps);
    const abort = new AbortController();
    const waiting = log.read(40, 0, 10, abort.signal);
    const started = performance.now();
    for (let rev = 1; rev <= 100; rev++) {
      const [read] = await Promise.all([log.read(rev % 32, await log.acknowledged(rev % 32), 10, never), log.append(rev % 32, [event(rev)])]);
      expect(read.map((e) => e.event.rev)).toEqual([rev]);
      await log.acknowledge(rev % 32, read[0]!.position);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
    abort.abort();
    expect(await waiting).toEqual([]);
    await log.close();
  });

  it('a stale reader neither brings back what was acknowledged nor moves the acknowledgement back', async () => {
    await redis.command('FLUSHALL');
    const [stale, present] = [new RedisLog(await link(), deps), new RedisLog(await link(), deps)];
    await present.append(3, [event(1), event(2), event(3), event(4)]);
    const old = await stale.read(3, 0, 1, never);
    const [, , third] = await present.read(3, 0, 3, never);
    await present.acknowledge(3, third!.position);
    await stale.acknowledge(3, old[0]!.position);
    expect(await present.acknowledged(3)).toBe(third!.position);
    expect((await stale.read(3, old[0]!.position, 10, never)).map((e) => e.event.rev)).toEqual([4]);
    expect(Number(await redis.command('XLEN', 'parley:{p3}:log'))).toBe(1);
    for (const log of [stale, present]) await log.close();
  });

  it('what was read before a loss acknowledges nothing after it', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps);
    await log.append(3, [event(1)]);
    const [read] = await log.read(3, 0, 1, never);
    const before = log.incarnation();
    await redis.command('FLUSHALL');
    await until(() => log.incarnation() !== before);
    await log.acknowledge(3, read!.position);
    expect(await log.acknowledged(3)).toBe(0);
    await log.close();
  });

  it('an entry that is too long is logged without its entities; what is only told there stays', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps);
    await log.append(3, [large(1, 1_000), large(2, 100_000)]);
    const [short, long] = await log.read(3, 0, 2, never);
    expect(short!.event.entities).toHaveLength(1);
    expect(long!.event).toEqual({ ...event(2), facts: { kept: true } });
    await log.close();
  });

  it('a full partition refuses what is new, keeps what it has, and takes more when there is room', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps, 3);
    const before = log.incarnation();
    await log.append(3, [event(1), event(2)]);
    await expect(log.append(3, [event(3), event(4)])).rejects.toThrow(/full/);
    await log.append(4, [event(1)]);
    const read = await log.read(3, 0, 10, never);
    expect(read.map((e) => e.event.rev)).toEqual([1, 2]);
    await log.acknowledge(3, read[1]!.position);
    await log.append(3, [event(3), event(4)]);
    expect(log.incarnation()).toBe(before);
    await log.close();
  });

  it('out of memory by its own entries, it refuses new ones, and acknowledging makes room again', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps);
    const used = Number(/used_memory:(\d+)/.exec(String(await redis.command('INFO', 'memory')))![1]);
    await redis.command('CONFIG', 'SET', 'maxmemory', String(used + 2_000_000));
    let rev = 0;
    const full = async (): Promise<void> => {
      for (;;) await log.append(3, Array.from({ length: 50 }, () => large(++rev, 5_000)));
    };
    await expect(full()).rejects.toThrow(/OOM/);
    const read = await log.read(3, 0, 10_000, never);
    expect(read.length).toBeGreaterThan(100);
    await log.acknowledge(3, read.at(-1)!.position);
    expect(await log.acknowledged(3)).toBe(read.at(-1)!.position);
    await log.append(3, [event(++rev)]);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await log.close();
  });

  it('a replica that takes over renews the incarnation, though it has the marks', async () => {
    await redis.command('FLUSHALL');
    await redis.command('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
    const replica = await TestRedis.start({ settings: ['--replicaof', `127.0.0.1 ${redis.port}`] });
    const proxy = await TestProxy.start(redis.port);
    const log = new RedisLog(await link(`redis://127.0.0.1:${proxy.port}`), deps);
    await log.append(3, [event(1)]);
    const [read] = await log.read(3, 0, 1, never);
    await log.acknowledge(3, read!.position);
    await until(async () => (await replica.command('HGET', 'parley:{p3}:state', 'acknowledged')) === String(read!.position));
    const before = log.incarnation();
    await replica.command('REPLICAOF', 'NO', 'ONE');
    proxy.turnTo(replica.port);
    await until(() => log.incarnation() !== before);
    await log.append(3, [event(2)]);
    expect((await log.read(3, await log.acknowledged(3), 10, never)).map((e) => e.event.rev)).toEqual([2]);
    await log.close();
    await proxy.stop();
    await replica.stop();
  });

  it('one stream gone beside its mark, as an eviction leaves it, renews the incarnation', async () => {
    await redis.command('FLUSHALL');
    const log = new RedisLog(await link(), deps);
    await log.append(3, [event(1)]);
    const before = log.incarnation();
    await redis.command('DEL', 'parley:{p3}:log');
    await log.append(3, [event(2)]);
    expect(log.incarnation()).not.toBe(before);
    await log.close();
  });

  it('works with the rights that the documentation names, and measures what waits', async () => {
    await redis.command('FLUSHALL');
    await redis.command('ACL', 'SETUSER', 'parley', 'on', '>p', 'resetkeys', '~parley:*', 'resetchannels', '&parley:*', '+@read', '+@write', '+@connection', '+@scripting', '+@pubsub', '+@transaction', '+info', '+time');
    const gauges = new Map<string, number>();
    const fast = { ...systemClock, setTimer: (ms: number, task: () => void) => systemClock.setTimer(ms / 50, task) };
    const metrics = { ...noMetrics, gauge: (name: string, value: number, labels?: Record<string, string>) => void gauges.set(`${name} ${labels?.['partition']}`, value) };
    const log = new RedisLog(await link(redis.url.replace('//', '//parley:p@')), { ...deps, clock: fast, metrics });
    await log.append(3, [event(1), event(2), event(3)]);
    const read = await log.read(3, 0, 2, never);
    await until(() => gauges.get('parley_log_entries 3') === 3 && gauges.get('parley_log_lag_seconds 3')! > 0);
    await log.acknowledge(3, read[1]!.position);
    await until(() => gauges.get('parley_log_entries 3') === 1);
    expect(await redis.command('XRANGE', 'parley:{p3}:log', '-', idOf(read[1]!.position))).toEqual([]);
    await log.close();
  });
});
