import { randomUUID } from 'node:crypto';
import { EmbeddedRegistry } from '../../apps/server/src/registry/embedded/embedded-registry.ts';
import { RedisLog } from '../../apps/server/src/log/redis/redis-log.ts';
import { partitionOf } from '../../apps/server/src/log/partition.ts';
import { PARTITIONS, type DispatchLog } from '../../apps/server/src/log/port.ts';
import { silentLogger } from '../../apps/server/src/platform/logger.ts';
import { noMetrics } from '../../apps/server/src/platform/metrics.ts';
import { openRedis } from '../../apps/server/src/platform/redis/redis-link.ts';
import { TestRedis } from '../../apps/server/src/platform/redis/testing.redis.ts';
import { systemClock, systemRandom } from '../../apps/server/src/platform/system.ts';
import { createRealtime } from '../../apps/server/src/realtime/realtime.ts';
import { COMMANDS } from '../../apps/server/src/storage/commands.ts';
import { openMemoryStore } from '../../apps/server/src/storage/memory/memory-store.ts';
import type { StoredEvent } from '../../apps/server/src/storage/port.ts';
import { RealtimeKit } from '../../apps/server/src/testing/realtime-kit.ts';
import { uuidv7 } from '../../libs/shared/src/domain/ids.ts';
import { channelStream, type StreamName } from '../../libs/shared/src/domain/streams.ts';
import { benchRow } from './store.child.commands.ts';

/** Events a second through the dispatch log on Redis, and through nothing but ioredis: pipelined XADD, XREAD over all streams, XTRIM. */
export interface LogFigures {
  what: string;
  own_per_s: number;
  bare_per_s: number | '–';
  ratio: number | '–';
  /** Processor time of this process for one event, microseconds; Redis has its own. */
  own_cpu_us: number;
  bare_cpu_us: number | '–';
}

const EVENTS = 60_000;
const CHANNELS = 640;
const READ = 256;
const TEXT = 'Does anybody know why the build on the second machine takes twice as long since Tuesday? I looked at the logs and found nothing. ';
const deps = { clock: systemClock, random: systemRandom, logger: silentLogger, metrics: noMetrics };

/** A way to append to and to read from partitions. */
interface Way {
  append(partition: number, events: readonly StoredEvent[]): Promise<void>;
  /** Reads and acknowledges so many. */
  drain(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function run(args: string[] = []): Promise<{ name: 'log'; figures: LogFigures[] }> {
  const events = Number(args[0] ?? EVENTS);
  const redis = await TestRedis.start();
  const figures: LogFigures[] = [];
  try {
    for (const batch of [1, 16, 64]) figures.push(await compare(`append ${batch} at a time`, redis, (way) => measure(events, () => append(way, traffic(events), batch))));
    figures.push(await compare(`read, ${READ} of a partition at a time`, redis, async (way) => {
      await append(way, traffic(events), 64);
      return measure(events, () => way.drain(events));
    }));
    figures.push(await compare('append 16 at a time and read beside it', redis, (way) => measure(events, () => Promise.all([append(way, traffic(events), 16), way.drain(events)]))));
    figures.push(await dispatcher(redis, events));
    console.table(figures);
    await latencies(redis);
  } finally {
    await redis.stop();
  }
  return { name: 'log', figures };
}

async function compare(what: string, redis: TestRedis, run: (way: Way) => Promise<Measured>): Promise<LogFigures> {
  const once = async (open: (url: string) => Promise<Way>): Promise<Measured> => {
    await redis.command('FLUSHALL');
    const way = await open(redis.url);
    try {
      return await run(way);
    } finally {
      await way.close();
    }
  };
  // In turns; the better of three each, since others use the machine.
  const rounds: [Measured, Measured][] = [];
  for (let n = 0; n < 3; n++) rounds.push([await once(bareWay), await once(ownWay)]);
  const bare = rounds.map(([b]) => b).sort((a, b) => b.rate - a.rate)[0]!;
  const own = rounds.map(([, o]) => o).sort((a, b) => b.rate - a.rate)[0]!;
  return { what, own_per_s: Math.round(own.rate), bare_per_s: Math.round(bare.rate), ratio: Number((own.rate / bare.rate).toFixed(2)), own_cpu_us: Math.round(own.cpu), bare_cpu_us: Math.round(bare.cpu) };
}

interface Measured { rate: number; cpu: number }
async function measure(events: number, work: () => Promise<unknown>): Promise<Measured> {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  await work();
  const [spent, ms] = [process.cpuUsage(cpu), performance.now() - started];
  return { rate: (events / ms) * 1_000, cpu: (spent.user + spent.system) / events };
}

/** Messages of many channels, as their commits emit them, by partition. */
function traffic(count: number, streams = Array.from({ length: CHANNELS }, () => channelStream(randomUUID()))): StoredEvent[][] {
  const partitions: StoredEvent[][] = Array.from({ length: PARTITIONS }, () => []);
  const revs = new Map<StreamName, number>();
  for (let n = 0; n < count; n++) {
    const stream = streams[n % streams.length]!;
    const rev = (revs.get(stream) ?? 0) + 1;
    revs.set(stream, rev);
    const row = benchRow({ channel_id: stream.slice(8), author_id: randomUUID(), id: uuidv7(systemClock, systemRandom), client_msg_id: randomUUID(), content: `${TEXT.slice(0, 40 + ((n * 37) % 90))} ${n}` }, rev, rev, Date.now() * 1_000);
    partitions[partitionOf(stream)]!.push({ outbox_id: row.id, stream, from: rev - 1, rev, seq: rev, entities: [{ type: 'message', ...row.doc }] as never });
  }
  return partitions;
}

/** One append of a partition at a time, all partitions beside each other, as the relay does. */
async function append(way: Pick<Way, 'append'>, partitions: readonly StoredEvent[][], batch: number): Promise<void> {
  await Promise.all(partitions.map(async (events, partition) => {
    for (let at = 0; at < events.length; at += batch) await way.append(partition, events.slice(at, at + batch));
  }));
}

async function ownWay(url: string): Promise<Way> {
  const link = await openRedis(url, { logger: silentLogger, name: 'bench' });
  const log = new RedisLog(link, deps, Number.MAX_SAFE_INTEGER);
  return {
    append: (partition, events) => log.append(partition, events),
    drain: (count) => drain(log, count),
    async close() {
      await log.close();
      await link.close();
    },
  };
}

async function drain(log: DispatchLog, count: number): Promise<void> {
  const stops = Array.from({ length: PARTITIONS }, () => new AbortController());
  let left = count;
  await Promise.all(stops.map(async ({ signal }, partition) => {
    let position = 0;
    let acknowledged: Promise<void> = Promise.resolve();
    while (!signal.aborted) {
      const entries = await log.read(partition, position, READ, signal);
      if (entries.length === 0) continue;
      const upTo = (position = entries.at(-1)!.position);
      acknowledged = acknowledged.then(() => log.acknowledge(partition, upTo));
      if ((left -= entries.length) <= 0) for (const stop of stops) stop.abort();
    }
    await acknowledged;
  }));
}

async function bareWay(url: string): Promise<Way> {
  const link = await openRedis(url, { logger: silentLogger, name: 'bare' });
  const [writer, reader] = [link.dedicated('writer'), link.dedicated('reader')];
  const keys = Array.from({ length: PARTITIONS }, (_, p) => `bare:${p}`);
  const after = keys.map(() => '0-0');
  return {
    async append(partition, events) {
      const pipeline = writer.pipeline();
      for (const event of events) pipeline.xadd(keys[partition]!, '*', 'e', JSON.stringify(event));
      for (const [error] of (await pipeline.exec())!) if (error) throw error;
    },
    async drain(count) {
      for (let left = count; left > 0; ) {
        const answer = (await reader.call('XREAD', 'COUNT', READ, 'BLOCK', 1_000, 'STREAMS', ...keys, ...after)) as [string, [string, [string, string]][]][] | null;
        for (const [key, entries] of answer ?? []) {
          for (const [, fields] of entries) JSON.parse(fields[1]);
          const last = entries.at(-1)![0];
          after[keys.indexOf(key)] = last;
          left -= entries.length;
          await writer.xtrim(key, 'MINID', last);
        }
      }
    },
    close: () => link.close(),
  };
}

/** The product's dispatcher over the log, to one gateway that follows every channel; what the store and consumers cost is not in it. */
async function dispatcher(redis: TestRedis, events: number): Promise<LogFigures> {
  await redis.command('FLUSHALL');
  const link = await openRedis(redis.url, { logger: silentLogger, name: 'bench' });
  const log = new RedisLog(link, deps, Number.MAX_SAFE_INTEGER);
  const streams = Array.from({ length: CHANNELS }, () => channelStream(randomUUID()));
  const store = openMemoryStore({ ...deps, commands: COMMANDS });
  const registry = new EmbeddedRegistry(deps);
  let [left, waiting] = [events, CHANNELS];
  let arrived = (): void => undefined;
  let followed = (): void => undefined;
  const gateway = registry.attachGateway('bench', {
    deliver({ body }) {
      if (body.kind === 'subscribed' && --waiting === 0) followed();
      if (body.kind === 'events' && (left -= body.events.length) <= 0) arrived();
    },
    typing() {}, presence() {}, profileChanged() {},
  });
  const realtime = createRealtime({ ...new RealtimeKit().deps, ...deps, store }, { log, registry, consumers: [], alone: true });
  await new Promise<void>((resolve) => {
    followed = resolve;
    void realtime.start();
    for (const stream of streams) gateway.subscribe(stream);
  });
  const prepared = traffic(events, streams);
  const own = await measure(events, async () => {
    const all = new Promise<void>((resolve) => (arrived = resolve));
    await append(log, prepared, 64);
    await all;
  });
  await realtime.stop();
  gateway.detach();
  await registry.close();
  await store.close();
  await log.close();
  await link.close();
  return { what: 'append 64 at a time, dispatcher to a gateway beside it', own_per_s: Math.round(own.rate), bare_per_s: '–', ratio: '–', own_cpu_us: Math.round(own.cpu), bare_cpu_us: '–' };
}

/** From append to read, at a steady rate, one event at a time. */
async function latencies(redis: TestRedis): Promise<void> {
  await redis.command('FLUSHALL');
  const link = await openRedis(redis.url, { logger: silentLogger, name: 'bench' });
  const log = new RedisLog(link, deps, Number.MAX_SAFE_INTEGER);
  const [PER_S, SECONDS] = [2_000, 4];
  const sent = new Map<string, number>();
  const took: number[] = [];
  const stops = Array.from({ length: PARTITIONS }, () => new AbortController());
  const reading = Promise.all(stops.map(async ({ signal }, partition) => {
    let position = 0;
    while (!signal.aborted) {
      const entries = await log.read(partition, position, READ, signal);
      if (entries.length === 0) continue;
      for (const { event } of entries) took.push(performance.now() - sent.get(event.outbox_id)!);
      position = entries.at(-1)!.position;
      await log.acknowledge(partition, position);
      if (took.length >= PER_S * SECONDS) for (const stop of stops) stop.abort();
    }
  }));
  const events = traffic(PER_S * SECONDS).flatMap((list, partition) => list.map((event) => ({ event, partition }))).sort((a, b) => (a.event.outbox_id < b.event.outbox_id ? -1 : 1));
  const started = performance.now();
  for (let n = 0; n < events.length; n++) {
    while (performance.now() < started + (n / PER_S) * 1_000) await new Promise((resolve) => setTimeout(resolve, 1));
    const { event, partition } = events[n]!;
    sent.set(event.outbox_id, performance.now());
    void log.append(partition, [event]);
  }
  await reading;
  took.sort((a, b) => a - b);
  const at = (q: number): number => Number(took[Math.floor(took.length * q)]!.toFixed(2));
  console.log(`append → read at ${PER_S}/s, ms: p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(0.9999)}`);
  await log.close();
  await link.close();
}
