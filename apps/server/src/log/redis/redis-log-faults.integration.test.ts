import { randomUUID } from 'node:crypto';
import { channelStream, type StreamName } from '@parley/shared/domain/streams';
import type { Clock } from '@parley/shared/domain/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../../platform/logger.ts';
import { noMetrics } from '../../platform/metrics.ts';
import { openRedis } from '../../platform/redis/redis-link.ts';
import { TestProxy } from '../../platform/redis/testing.proxy.ts';
import { redisServer, TestRedis } from '../../platform/redis/testing.redis.ts';
import { systemClock, systemRandom } from '../../platform/system.ts';
import type { Consumer } from '../../realtime/consumers.ts';
import { createRealtime, type Realtime } from '../../realtime/realtime.ts';
import { EmbeddedRegistry } from '../../registry/embedded/embedded-registry.ts';
import type { LinkMessage } from '../../registry/port.ts';
import { openMemoryStore } from '../../storage/memory/memory-store.ts';
import type { Store } from '../../storage/port.ts';
import { outbox } from '../../storage/tables.ts';
import { KIT_COMMANDS, RealtimeKit } from '../../testing/realtime-kit.ts';
import { partitionOf } from '../partition.ts';
import { RedisLog } from './redis-log.ts';

/** Parley's own times pass so much faster; those of Redis and its connections do not. */
const FASTER = 5;
const began = Date.now();
const fastClock: Clock = {
  now: () => began + (Date.now() - began) * FASTER,
  setTimer: (ms, task) => systemClock.setTimer(ms / FASTER, task),
};
const CHANNELS = 12;
const PATIENCE_MS = 25_000;

/**
 * Two processes on one store: what one commits it appends to the log, and the other dispatches it to a gateway and to a
 * consumer.
 */
class World {
  readonly store = openMemoryStore({ clock: fastClock, random: systemRandom, commands: KIT_COMMANDS as never });
  readonly streams: StreamName[] = Array.from({ length: CHANNELS }, () => channelStream(randomUUID()));
  readonly heads = new Map<StreamName, number>();
  /** What the gateway has of each stream, without a hole. */
  readonly cursors = new Map<StreamName, number>();
  readonly holes: string[] = [];
  readonly consumed = new Set<string>();
  slowestPost = 0;
  /** What the consumer waits for. */
  gate: Promise<void> = Promise.resolve();
  readonly #undo: (() => void | Promise<void>)[] = [];
  readonly #registry = new EmbeddedRegistry({ clock: fastClock, random: systemRandom });
  readonly #deps = { ...new RealtimeKit().deps, clock: fastClock, random: systemRandom, logger: silentLogger };
  #talking: Promise<void> | null = null;
  #quiet = false;

  async start(apiUrl: string, dispatcherUrl: string, most?: number): Promise<void> {
    await this.dispatcher(dispatcherUrl, most);
    await this.api(apiUrl, most);
    const gateway = this.#registry.attachGateway('gateway', { deliver: (message) => this.#deliver(message), typing: () => undefined, presence: () => undefined, profileChanged: () => undefined });
    this.#undo.push(() => gateway.detach());
    for (const stream of this.streams) gateway.subscribe(stream);
    await until(() => this.cursors.size === CHANNELS);
  }

  async api(url: string, most?: number): Promise<void> {
    await this.#process(url, this.store, 'api', most);
  }

  async dispatcher(url: string, most?: number): Promise<void> {
    const consumer: Consumer = { name: 'test', wants: () => true, consume: (event) => this.gate.then(() => void this.consumed.add(`${event.stream} ${event.rev}`)) };
    // What others commit is not told to it.
    const store: Store = Object.assign(Object.create(this.store) as Store, { onCommitted: () => () => undefined });
    await this.#process(url, store, 'dispatcher', most, [consumer]);
  }

  /** Posts until `quiet`. */
  talk(): void {
    this.#quiet = false;
    this.#talking = (async () => {
      while (!this.#quiet) {
        await Promise.all(this.streams.map((stream) => this.post(stream)));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    })();
  }

  async quiet(): Promise<void> {
    this.#quiet = true;
    await this.#talking;
  }

  async post(stream: StreamName): Promise<void> {
    const started = performance.now();
    const { rev } = (await this.store.run('kit.post' as never, { channel_id: stream.slice('channel:'.length), id: randomUUID(), author_id: 'a', content: 'hello' } as never)) as { rev: number };
    this.slowestPost = Math.max(this.slowestPost, performance.now() - started);
    this.heads.set(stream, Math.max(rev, this.heads.get(stream) ?? 0));
  }

  /** Every committed event reached the gateway, in order, and the consumer; nothing is left in the outbox. */
  async settled(): Promise<void> {
    await this.quiet();
    await until(async () => {
      for (const [stream, head] of this.heads) {
        if ((this.cursors.get(stream) ?? 0) < head) return false;
        for (let rev = 1; rev <= head; rev++) if (!this.consumed.has(`${stream} ${rev}`)) return false;
      }
      return (await this.store.read((tx) => tx.count(outbox, {}))) === 0;
    });
    expect(this.holes).toEqual([]);
    expect(this.slowestPost).toBeLessThan(1_000);
  }

  get sent(): number {
    return [...this.heads.values()].reduce((sum, head) => sum + head, 0);
  }

  /** So much was posted and delivered. */
  async delivered(more: number): Promise<void> {
    const all = (): number => [...this.cursors.values()].reduce((sum, rev) => sum + rev, 0);
    const goal = all() + more;
    await until(() => all() >= goal);
  }

  /** So much was posted, delivered or not. */
  async posted(more: number): Promise<void> {
    const goal = this.sent + more;
    await until(() => this.sent >= goal);
  }

  async stop(): Promise<void> {
    await this.quiet();
    for (const undo of this.#undo.splice(0).reverse()) await undo();
    await this.#registry.close();
    await this.store.close();
  }

  async #process(url: string, store: Store, role: 'api' | 'dispatcher', most?: number, consumers: Consumer[] = []): Promise<Realtime> {
    const link = await openRedis(url, { logger: silentLogger, name: role });
    const log = new RedisLog(link, { clock: fastClock, random: systemRandom, logger: silentLogger, metrics: noMetrics }, most);
    const realtime = createRealtime({ ...this.#deps, store }, { log, registry: this.#registry, consumers, alone: false, roles: new Set([role]) });
    await realtime.start();
    this.#undo.push(async () => {
      await realtime.stop();
      await log.close();
      await link.close();
    });
    return realtime;
  }

  #deliver({ body }: LinkMessage): void {
    if (body.kind === 'subscribed') this.cursors.set(body.stream, Math.max(body.rev, this.cursors.get(body.stream) ?? 0));
    if (body.kind !== 'events') return;
    for (const { stream, from, rev } of body.events) {
      const cursor = this.cursors.get(stream) ?? 0;
      if (from > cursor) this.holes.push(`${stream}: had ${cursor}, was told (${from}, ${rev}]`);
      else this.cursors.set(stream, Math.max(cursor, rev));
    }
  }
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!(await what())) {
    if (performance.now() > end) throw new Error('it did not come to be');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.skipIf(redisServer() === null)('the dispatch log while Redis fails: every committed event arrives in the end, and sends never wait', () => {
  let redis: TestRedis;
  let world: World;
  const undo: (() => Promise<void>)[] = [];
  beforeEach(async () => {
    redis = await TestRedis.start();
    world = new World();
  });
  afterEach(async () => {
    redis.resume();
    await world.stop();
    for (const one of undo.splice(0)) await one();
    await redis.stop();
  });
  const proxied = async (): Promise<TestProxy> => {
    const proxy = await TestProxy.start(redis.port);
    undo.push(() => proxy.stop());
    return proxy;
  };
  const urlOf = (proxy: TestProxy): string => `redis://127.0.0.1:${proxy.port}`;

  it('killed, and started again empty', async () => {
    await world.start(redis.url, redis.url);
    world.talk();
    await world.delivered(100);
    await redis.kill();
    await world.posted(100);
    await redis.run(true);
    await world.delivered(100);
    await world.settled();
  });

  it('killed, and started again with what it held some time ago', async () => {
    await world.start(redis.url, redis.url);
    world.talk();
    await world.delivered(100);
    await redis.command('SAVE');
    await world.delivered(100);
    await redis.kill();
    await world.posted(50);
    await redis.run();
    await world.delivered(100);
    await world.settled();
  });

  it('FLUSHALL, again and again', async () => {
    await world.start(redis.url, redis.url);
    world.talk();
    for (let n = 0; n < 4; n++) {
      await world.delivered(60);
      await redis.command('FLUSHALL');
    }
    await world.settled();
  });

  it('comes back empty with a clock that is an hour behind: readers do not wait for it to catch up', async () => {
    await world.start(redis.url, redis.url);
    const stream = world.streams[0]!;
    await world.post(stream);
    await world.settled();
    const state = `parley:{p${partitionOf(stream)}}:state`;
    await redis.command('HINCRBY', state, 'last', String(3_600_000 * 4_096));
    await world.post(stream);
    await world.settled();
    await redis.command('FLUSHALL');
    await world.post(stream);
    await world.settled();
  });

  it('out of memory: what it cannot take is logged when there is room', async () => {
    await world.start(redis.url, redis.url);
    world.talk();
    await world.delivered(60);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await world.posted(200);
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await world.settled();
  });

  it('stopped for some seconds: nobody waits for it, and it goes on', async () => {
    await world.start(redis.url, redis.url);
    world.talk();
    await world.delivered(60);
    redis.pause();
    await new Promise((resolve) => systemClock.setTimer(4_000, () => resolve(undefined)));
    redis.resume();
    await world.delivered(60);
    await world.settled();
  });

  it.each([['what the sender says', true, false], ['what the sender is told', false, true]])('%s is swallowed for some seconds', async (_, up, down) => {
    const proxy = await proxied();
    await world.start(urlOf(proxy), redis.url);
    world.talk();
    await world.delivered(60);
    proxy.swallow(up, down);
    await world.posted(500);
    proxy.swallow(false, false);
    await world.settled();
  });

  it('what the reader is told is swallowed for some seconds', async () => {
    const proxy = await proxied();
    await world.start(redis.url, urlOf(proxy));
    world.talk();
    await world.delivered(60);
    proxy.swallow(false, true);
    await world.posted(500);
    proxy.swallow(false, false);
    await world.settled();
  });

  it('nothing is consumed for a while: the log takes what it may hold and no more, and the rest comes later', async () => {
    let open = (): void => undefined;
    world.gate = new Promise((resolve) => (open = resolve));
    undo.push(async () => open());
    await world.start(redis.url, redis.url, 20);
    for (let n = 0; n < 40; n++) await Promise.all(world.streams.map((stream) => world.post(stream)));
    const lengths = await Promise.all(world.streams.map(async (stream) => Number(await redis.command('XLEN', `parley:{p${partitionOf(stream)}}:log`))));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(20);
    open();
    await world.settled();
  });
});
