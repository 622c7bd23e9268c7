import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createUser, setUp, signIn } from '../../libs/shared/src/protocol/calls/accounts.ts';
import { createChannel } from '../../libs/shared/src/protocol/calls/channels.ts';
import { sendMessage } from '../../libs/shared/src/protocol/calls/messages.ts';
import type { Call, InputOf, ResponseOf } from '../../libs/shared/src/protocol/call.ts';
import { Cluster, type ProcessPlan } from '../../apps/server/src/testing/cluster/cluster.ts';
import { NodeTransport } from '../../apps/server/src/testing/cluster/node-transport.ts';
import { LiveClient } from '../../apps/server/src/testing/live-client.ts';
import type { SendOrder, SendResult } from './http.child.senders.ts';

/**
 * Sends over HTTP into a cluster on one machine: mongod, Redis, two api processes that hold sockets too, one with the other roles, and the
 * senders, all on the same cores. Then at half of that rate: from a send until the last of its readers, who are at both gateways, has it. Arguments: rounds, seconds of each.
 */
export interface ClusterFigures {
  sends_per_s: number;
  send_p50_ms: number;
  send_p99_ms: number;
  /** From the call to the last reader. */
  shown_p50_ms: number;
  shown_p99_ms: number;
  /** Processor time of one send by part, microseconds, at the most. */
  api_us: number;
  dispatcher_us: number;
  mongod_us: number;
  redis_us: number;
}

const SENDERS = 32;
const CHANNELS = 50;
const READERS = 20;
const PROBES_PER_S = 20;
const TICK_US = 10_000;
const PASSWORD = 'benchmark-password';
const PROCESSES: readonly ProcessPlan[] = [
  { name: 'api-1', roles: ['api', 'gateway'] },
  { name: 'api-2', roles: ['api', 'gateway'] },
  { name: 'rest', roles: ['dispatcher', 'worker'] },
];

export async function run(args: string[] = []): Promise<{ name: 'cluster'; figures: ClusterFigures }> {
  const [rounds = 3, seconds = 5] = args.map(Number);
  const cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off', PARLEY_LOG_LEVEL: 'warn' }, processes: PROCESSES });
  const senders: ChildProcess[] = [];
  try {
    const apis = [cluster.process('api-1'), cluster.process('api-2')];
    const world = await populate(cluster);
    for (const _ of apis) {
      const child = fork(new URL('./http.child.senders.ts', import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
      await once(child, 'message');
      senders.push(child);
    }
    const load = (rate?: number): Promise<SendResult[]> => Promise.all(apis.map((api, i) => order(senders[i]!, { port: Number(new URL(api.url).port), tokens: world.tokens.filter((_, n) => n % apis.length === i), channels: world.channels, seconds, warmUpSeconds: 1, ...(rate === undefined ? {} : { rate: rate / apis.length }) })));
    const parts = { api: apis.map((a) => a.part.pid!), dispatcher: [cluster.process('rest').part.pid!], mongod: cluster.mongo.map((m) => m.pid!), redis: [cluster.redis.pid!] };
    const most: { rate: number; spent: Record<keyof typeof parts, number> }[] = [];
    for (let i = 0; i < rounds; i++) {
      const before = ticksOf(parts);
      const results = await load();
      const after = ticksOf(parts);
      const sent = results.reduce((n, r) => n + r.sent, 0);
      // The second of warming up is spent too, and counted as if it were like the others.
      const all = (sent * (seconds + 1)) / seconds;
      most.push({ rate: results.reduce((n, r) => n + r.sent / r.seconds, 0), spent: Object.fromEntries(Object.keys(parts).map((k) => [k, ((after[k as keyof typeof parts] - before[k as keyof typeof parts]) * TICK_US) / all])) as Record<keyof typeof parts, number> });
    }
    const rate = median(most.map((m) => m.rate));
    const half: { p50: number; p99: number }[] = [];
    const shown: number[] = [];
    const readers = await Promise.all(Array.from({ length: READERS }, (_, i) => LiveClient.connect(apis[i % apis.length]!.url, world.tokens[i]!, { looking_at: [world.probe] })));
    for (let i = 0; i < rounds; i++) {
      const probing = probe(apis[0]!.url, world, readers, (seconds + 1) * 1_000);
      const latencies = (await load(rate / 2)).flatMap((r) => r.latencies).sort((a, b) => a - b);
      half.push({ p50: at(latencies, 0.5), p99: at(latencies, 0.99) });
      shown.push(...(await probing));
    }
    for (const reader of readers) reader.close();
    shown.sort((a, b) => a - b);
    const spent = (part: keyof typeof parts): number => Math.round(median(most.map((m) => m.spent[part])));
    const figures: ClusterFigures = {
      sends_per_s: Math.round(rate), send_p50_ms: round(median(half.map((h) => h.p50))), send_p99_ms: round(median(half.map((h) => h.p99))),
      shown_p50_ms: round(at(shown, 0.5)), shown_p99_ms: round(at(shown, 0.99)), api_us: spent('api'), dispatcher_us: spent('dispatcher'), mongod_us: spent('mongod'), redis_us: spent('redis'),
    };
    console.log(`rounds: ${most.map((m) => Math.round(m.rate)).join(' ')}; p99 at half: ${half.map((h) => round(h.p99)).join(' ')}; ${shown.length} probes to ${READERS} readers`);
    console.table([figures]);
    return { name: 'cluster', figures };
  } finally {
    for (const child of senders) child.disconnect();
    await cluster.kill();
  }
}

interface World { tokens: string[]; channels: string[]; probe: string; owner: string }

async function populate(cluster: Cluster): Promise<World> {
  const url = cluster.process('api-1').url;
  const call = async <C extends Call>(token: string, c: C, input: InputOf<C>): Promise<ResponseOf<C>> => {
    const outcome = await new NodeTransport(() => url, token).call(c, input);
    if (outcome.kind !== 'ok') throw new Error(`${c.path}: ${JSON.stringify(outcome)}`);
    return outcome.value;
  };
  const owner = await call('', setUp, { workspace_name: 'Bench', username: 'owner', display_name: 'Owner', email: 'owner@example.org', password: PASSWORD });
  const workspace_id = owner.workspace!.id;
  const people = await Promise.all(Array.from({ length: SENDERS }, async (_, i) => {
    const email = `u${i}@example.org`;
    const user = await call(owner.token!, createUser, { workspace_id, username: `u${i}`, display_name: `Person ${i}`, email, password: PASSWORD });
    return { id: user.id, token: (await call('', signIn, { login: email, password: PASSWORD })).token! };
  }));
  const channels: string[] = [];
  for (let i = 0; i <= CHANNELS; i++) channels.push((await call(owner.token!, createChannel, { workspace_id, name: `bench-${i}`, user_ids: people.map((p) => p.id) })).id);
  return { tokens: people.map((p) => p.token), channels: channels.slice(1), probe: channels[0]!, owner: owner.token! };
}

/** Sends into a channel of its own, and takes the time until the last reader has it. */
async function probe(url: string, world: World, readers: readonly LiveClient[], ms: number): Promise<number[]> {
  const wire = new NodeTransport(() => url, world.owner);
  const under: Promise<number>[] = [];
  const end = performance.now() + ms;
  for (let n = 0; performance.now() < end; n++) {
    under.push((async () => {
      const content = `probe ${randomUUID()}`;
      const began = performance.now();
      const [outcome] = await Promise.all([wire.call(sendMessage, { channel_id: world.probe, content, client_msg_id: randomUUID() }), ...readers.map((reader) => reader.says(content))]);
      if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome));
      return performance.now() - began;
    })());
    await new Promise((resolve) => setTimeout(resolve, 1_000 / PROBES_PER_S));
  }
  return Promise.all(under);
}

function order(child: ChildProcess, what: SendOrder): Promise<SendResult> {
  return new Promise((resolve, reject) => {
    const listen = (message: { kind: string; result?: SendResult; error?: string }): void => {
      if (message.kind !== 'done' && message.kind !== 'failed') return;
      child.off('message', listen);
      if (message.result) resolve(message.result);
      else reject(new Error(message.error));
    };
    child.on('message', listen);
    child.send(what);
  });
}

function ticksOf<K extends string>(parts: Record<K, readonly number[]>): Record<K, number> {
  const ticks = (pid: number): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return Number(fields[11]) + Number(fields[12]);
  };
  return Object.fromEntries(Object.entries<readonly number[]>(parts).map(([name, pids]) => [name, pids.reduce((n, pid) => n + ticks(pid), 0)])) as Record<K, number>;
}

const at = (sorted: readonly number[], share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const round = (n: number): number => Number(n.toFixed(2));
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
