import { channelStream } from '@parley/shared/domain/streams';
import { partitionOf } from '../../apps/server/src/log/partition.ts';
import { silentLogger } from '../../apps/server/src/platform/logger.ts';
import { openRedis, type RedisLink } from '../../apps/server/src/platform/redis/redis-link.ts';
import { TestRedis } from '../../apps/server/src/platform/redis/testing.redis.ts';
import { systemClock, systemRandom } from '../../apps/server/src/platform/system.ts';
import type { LinkEvent } from '../../apps/server/src/registry/port.ts';
import { RedisRegistry } from '../../apps/server/src/registry/redis/redis-registry.ts';

export interface LinkFigures {
  /** Events in one link message. */
  batch: number;
  /** To each of two gateways, and counted once. */
  events_per_s: number;
  messages_per_s: number;
  /** The same bytes by nothing but publish and subscribe. */
  bare_events_per_s: number;
  ratio: number;
  p50_ms: number;
  p99_ms: number;
  bare_p50_ms: number;
  bare_p99_ms: number;
}

const ROUND_MS = 2_000;
const ROUNDS = 3;
/** Events under way at once. */
const WINDOW = 1_024;
const TRIPS = 1_000;
const STREAM = channelStream('00000000-0000-7000-8000-000000000001');
const PARTITION = partitionOf(STREAM);

/** One way to two receivers: `send` sends a batch to both, `received` is called for each that arrived. */
interface Way { send(batch: readonly LinkEvent[]): void; received: (events: number) => void }

/** `npm run bench -- links`: events of 1 KB from one dispatcher to two gateways over a real redis-server, everything in one process beside it. */
export async function run(): Promise<{ name: 'links'; figures: LinkFigures[] }> {
  const server = await TestRedis.start();
  const links: RedisLink[] = [];
  try {
    const link = async (): Promise<RedisLink> => {
      const made = await openRedis(server.url, { logger: silentLogger, name: 'bench' });
      links.push(made);
      return made;
    };
    const open = async (): Promise<RedisRegistry> => {
      const registry = new RedisRegistry(await link(), { clock: systemClock, random: systemRandom, logger: silentLogger });
      await registry.ready();
      return registry;
    };
    const own: Way = await product(await open(), [await open(), await open()]);
    const peer: Way = await publishing(await link());
    const figures: LinkFigures[] = [];
    for (const batch of [1, 16, 64]) {
      const [mine, theirs]: number[][] = [[], []];
      for (let round = 0; round < ROUNDS; round++) {
        mine!.push(await flood(own, batch));
        theirs!.push(await flood(peer, batch));
      }
      const [a, b] = [median(mine!), median(theirs!)];
      const [mineMs, theirsMs] = [await trips(own, batch), await trips(peer, batch)];
      figures.push({
        batch, events_per_s: Math.round(a), messages_per_s: Math.round((a / batch) * 2), bare_events_per_s: Math.round(b), ratio: Number((a / b).toFixed(2)),
        p50_ms: at(mineMs, 0.5), p99_ms: at(mineMs, 0.99), bare_p50_ms: at(theirsMs, 0.5), bare_p99_ms: at(theirsMs, 0.99),
      });
    }
    console.table(figures);
    return { name: 'links', figures };
  } finally {
    for (const link of links) await link.close();
    await server.stop();
  }
}

async function product(from: RedisRegistry, to: readonly RedisRegistry[]): Promise<Way> {
  const way: Way = { send: () => undefined, received: () => undefined };
  const dispatcher = from.attachDispatcher('d', { subscribe: (gateway, stream) => dispatcher.send(gateway, PARTITION, { kind: 'subscribed', stream, rev: 1, seq: 0 }), unsubscribe: () => undefined });
  dispatcher.own(PARTITION, 1);
  const ids = to.map((_, i) => `g${i}`);
  await Promise.all(to.map((registry, i) => new Promise<void>((resolve) => {
    registry.attachGateway(ids[i]!, {
      deliver: ({ body }) => {
        if (body.kind === 'events') way.received(body.events.length);
        else if (body.kind === 'subscribed') resolve();
      },
      typing: () => undefined, presence: () => undefined, profileChanged: () => undefined,
    }).subscribe(STREAM);
  })));
  way.send = (events) => ids.forEach((id) => dispatcher.send(id, PARTITION, { kind: 'events', partition: PARTITION, events }));
  return way;
}

async function publishing(link: RedisLink): Promise<Way> {
  const way: Way = { send: () => undefined, received: () => undefined };
  const to = [link.dedicated('bare'), link.dedicated('bare')];
  for (const [i, redis] of to.entries()) {
    await redis.subscribe(`bare${i}`);
    redis.on('message', (_: string, text: string) => way.received(text.split('\n').length));
  }
  way.send = (events) => {
    const text = events.map((event) => event.frame).join('\n');
    to.forEach((_, i) => void link.client.publish(`bare${i}`, text));
  };
  return way;
}

let rev = 1;
function batchOf(size: number): LinkEvent[] {
  return Array.from({ length: size }, () => {
    const from = rev++;
    const frame = JSON.stringify({ type: 'live', stream: STREAM, from, rev, entities: [{ type: 'message', id: STREAM, rev, seq: rev, content: 'x'.repeat(800) }] });
    return { stream: STREAM, from, rev, seq: rev, frame, entities: [] };
  });
}

/** Events a second that both had, with a window of them under way. */
async function flood(way: Way, batch: number): Promise<number> {
  let [sent, arrived] = [0, 0];
  const began = performance.now();
  const end = began + ROUND_MS;
  await new Promise<void>((resolve) => {
    const more = (): void => {
      if (performance.now() >= end) return void (arrived >= sent * 2 && resolve());
      for (let i = 0; i < 4 && sent - arrived / 2 < WINDOW; i++, sent += batch) way.send(batchOf(batch));
    };
    way.received = (events) => {
      arrived += events;
      more();
    };
    more();
  });
  return sent / ((performance.now() - began) / 1_000);
}

/** Milliseconds until both have a batch, one at a time. */
async function trips(way: Way, batch: number): Promise<number[]> {
  const took: number[] = [];
  for (let i = 0; i < TRIPS; i++) {
    let left = batch * 2;
    const began = performance.now();
    await new Promise<void>((resolve) => {
      way.received = (events) => void ((left -= events) <= 0 && resolve());
      way.send(batchOf(batch));
    });
    took.push(performance.now() - began);
  }
  return took.sort((a, b) => a - b);
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const at = (sorted: readonly number[], part: number): number => Number(sorted[Math.floor(sorted.length * part)]!.toFixed(2));
