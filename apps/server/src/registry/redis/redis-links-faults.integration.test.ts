import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../../log/partition.ts';
import { silentLogger } from '../../platform/logger.ts';
import { openRedis } from '../../platform/redis/redis-link.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import { systemClock, systemRandom } from '../../platform/system.ts';
import { LinkMonitor } from '../../realtime/link-monitor.ts';
import { CutProxy } from '../../testing/cluster/cut-proxy.ts';
import type { GatewayPort } from '../port.ts';
import { RedisRegistry } from './redis-registry.ts';

/** Two streams whose partitions differ. */
const STREAMS = Array.from({ length: 64 }, (_, i): StreamName => `channel:00000000-0000-7000-8000-${String(i).padStart(12, '0')}`);
const [ONE, TWO] = [STREAMS[0]!, STREAMS.find((s) => partitionOf(s) !== partitionOf(STREAMS[0]!))!];

/** Gateways and dispatchers of several processes whose wires to Redis break; each gateway ends with the newest rev, and no number of a link falls. */
describe.skipIf(redisServer() === null)('links over broken wires', () => {
  let redis: TestRedis;
  const closing: (() => Promise<void>)[] = [];
  const heads = new Map<StreamName, number>();

  const process = async (port = redis.port): Promise<RedisRegistry> => {
    const link = await openRedis(`redis://127.0.0.1:${port}`, { logger: silentLogger, name: 'test' });
    const registry = new RedisRegistry(link, { clock: systemClock, random: systemRandom, logger: silentLogger });
    closing.unshift(async () => {
      await registry.close();
      await link.close();
    });
    await registry.ready();
    return registry;
  };
  const proxy = async (): Promise<CutProxy> => {
    const made = await CutProxy.open(redis.port);
    closing.push(() => made.close());
    return made;
  };
  const until = async (what: () => boolean): Promise<void> => {
    while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  /** As `realtime/gateway.ts` goes by its links: a gap asks again, silence reads heads. */
  const gateway = (registry: RedisRegistry, id: string) => {
    const monitor = new LinkMonitor(Date.now());
    const revs = new Map<StreamName, number>();
    const made = { monitor, revs, gaps: 0, took: 0, unheard: (stream: StreamName) => monitor.silent(partitionOf(stream), Date.now()), port: null as unknown as GatewayPort };
    const take = (stream: StreamName, rev: number): void => void revs.set(stream, Math.max(rev, revs.get(stream) ?? 0));
    made.port = registry.attachGateway(id, {
      deliver: (message) => {
        const verdict = monitor.judge(message, Date.now());
        if (verdict === 'stale') return;
        made.took++;
        if (message.body.kind === 'subscribed') take(message.body.stream, message.body.rev);
        if (message.body.kind === 'events') for (const { stream, rev } of message.body.events) take(stream, rev);
        if (verdict !== 'gap') return;
        made.gaps++;
        for (const stream of heads.keys()) made.port.subscribe(stream);
      },
      typing: () => undefined, presence: () => undefined, profileChanged: () => undefined,
    });
    for (const stream of heads.keys()) made.port.subscribe(stream);
    return made;
  };
  const dispatcher = (registry: RedisRegistry, id: string, owned: readonly StreamName[], token = 1) => {
    const port = registry.attachDispatcher(id, {
      subscribe: (to, stream) => port.send(to, partitionOf(stream), { kind: 'subscribed', stream, rev: heads.get(stream)!, seq: 0 }),
      unsubscribe: () => undefined,
    });
    for (const stream of owned) port.own(partitionOf(stream), token);
    return {
      port,
      tell: (to: string, stream: StreamName, size = 0) => {
        const from = heads.get(stream)!;
        heads.set(stream, from + 1);
        const frame = JSON.stringify({ entities: [], filler: 'x'.repeat(size) });
        port.send(to, partitionOf(stream), { kind: 'events', partition: partitionOf(stream), events: [{ stream, from, rev: from + 1, seq: 0, frame, entities: [] }] });
      },
    };
  };
  const whole = (g: { revs: Map<StreamName, number> }): boolean => [...heads].every(([stream, rev]) => g.revs.get(stream) === rev);

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
    await redis.command('FLUSHALL');
  });
  afterAll(() => redis.stop());

  it('a dispatcher that Redis does not hear is missed in its partition though another beats, and is followed again', async () => {
    heads.clear();
    heads.set(ONE, 1).set(TWO, 1);
    const wire = await proxy();
    const [a, b, c] = [await process(), await process(wire.port), await process()];
    const [deaf] = [dispatcher(b, 'd1', [ONE]), dispatcher(c, 'd2', [TWO])];
    const g = gateway(a, 'g1');
    await until(() => whole(g));
    wire.swallow('up');
    deaf.tell('g1', ONE);
    await until(() => g.unheard(ONE));
    expect(g.unheard(TWO)).toBe(false);
    wire.heal();
    await until(() => whole(g) && !g.unheard(ONE));
  }, 60_000);

  it('a gateway that is deaf notices, and asks again when its wire is whole', async () => {
    heads.clear();
    heads.set(ONE, 1);
    const wire = await proxy();
    const [a, b] = [await process(wire.port), await process()];
    const d = dispatcher(b, 'd1', [ONE]);
    const g = gateway(a, 'g1');
    await until(() => whole(g));
    wire.swallow('down');
    d.tell('g1', ONE);
    await until(() => g.unheard(ONE));
    wire.heal();
    await until(() => whole(g) && !g.unheard(ONE));
  }, 60_000);

  it('a gateway that reads too slowly is cut off by Redis, and made whole by asking again', async () => {
    heads.clear();
    heads.set(ONE, 1);
    await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 1mb 0 0');
    const wire = await proxy();
    const [a, b] = [await process(wire.port), await process()];
    const d = dispatcher(b, 'd1', [ONE]);
    const g = gateway(a, 'g1');
    await until(() => whole(g));
    wire.hold('down');
    for (let i = 0; i < 60; i++) {
      d.tell('g1', ONE, 250_000);
      await b.settled();
    }
    wire.heal();
    await until(() => whole(g) && !g.unheard(ONE));
  }, 60_000);

  it('what a link loses shows as a gap, and asking again heals it', async () => {
    heads.clear();
    heads.set(ONE, 1);
    const [a, b] = [await process(), await process()];
    const d = dispatcher(b, 'd1', [ONE]);
    const g = gateway(a, 'g1');
    await until(() => whole(g));
    // More in one turn than may wait for Redis.
    for (let i = 0; i < 100; i++) d.tell('g1', ONE, 250_000);
    await until(() => g.gaps > 0 && whole(g));
  }, 60_000);
});
