import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HotOrder, HotResult, Person } from './hot.child.people.ts';
import { firstJson } from './http.ts';

/**
 * One channel at 500 messages a second beside 50 ordinary ones, through the built server in one process: what the ordinary
 * ones notice. Idle and hot take turns in one run. Arguments: rounds, seconds of each, `--main=FILE` for another bundle.
 */
export interface HotFigures {
  phase: 'idle' | 'hot';
  /** In ordinary channels, from when a send is due to its live frame, milliseconds. */
  p50_ms: number;
  p99_ms: number;
  ack_p99_ms: number;
  hot_per_s: number;
  /** Messages in one live frame of the hot channel. */
  per_frame: number;
  /** Of the machine's processors, percent: left by everybody, and taken by the server. */
  cpu_left: number;
  server_cpu: number;
}

const ORDINARY = 50;
const CROWD = 30;
const ORDINARY_RATE = 50;
const HOT_RATE = 500;
const PASSWORD = 'benchmark-password';

export async function run(args: string[] = []): Promise<{ name: 'hot'; figures: HotFigures[] }> {
  const [rounds = 3, seconds = 8] = args.filter((a) => /^\d+$/.test(a)).map(Number);
  const main = args.find((a) => a.startsWith('--main='))?.slice(7) ?? fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));
  if (!existsSync(main)) throw new Error(`${main} is missing: run \`npm run build\``);
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-hot-'));
  const people = fork(new URL('./hot.child.people.ts', import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  await once(people, 'message');
  const server = spawn(process.execPath, [main, 'serve', '--json', '--data', directory], { env: { ...process.env, PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off' }, stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const order = await seed(((await firstJson(server)) as { url: string }).url);
    await ask(people, { ...order, hotRate: HOT_RATE, seconds: 3 });
    const idle: HotFigures[] = [];
    const hot: HotFigures[] = [];
    for (let i = 0; i < rounds; i++) {
      idle.push(await phase(server, people, { ...order, hotRate: 0, seconds }));
      hot.push(await phase(server, people, { ...order, hotRate: HOT_RATE, seconds }));
    }
    const figures = [middle(idle), middle(hot)];
    console.log(`rounds: p99 idle ${idle.map((f) => f.p99_ms).join(' ')}, hot ${hot.map((f) => f.p99_ms).join(' ')}`);
    console.table(figures);
    console.log(`p99 hot / idle: ${round(figures[1]!.p99_ms / figures[0]!.p99_ms)}`);
    return { name: 'hot', figures };
  } finally {
    people.disconnect();
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
    rmSync(directory, { recursive: true, force: true });
  }
}

const round = (n: number): number => Number(n.toFixed(2));
/** The round in the middle by p99. */
const middle = (rounds: HotFigures[]): HotFigures => [...rounds].sort((a, b) => a.p99_ms - b.p99_ms)[Math.floor(rounds.length / 2)]!;

async function phase(server: ChildProcess, people: ChildProcess, order: HotOrder): Promise<HotFigures> {
  const before = { machine: machineTicks(), server: serverTicks(server.pid!), at: performance.now() };
  const result = await ask(people, order);
  const after = { machine: machineTicks(), server: serverTicks(server.pid!), at: performance.now() };
  const total = after.machine.total - before.machine.total;
  const at = (list: number[], share: number): number => round(list[Math.min(list.length - 1, Math.floor(list.length * share))]!);
  return {
    phase: order.hotRate > 0 ? 'hot' : 'idle', p50_ms: at(result.deliveries, 0.5), p99_ms: at(result.deliveries, 0.99), ack_p99_ms: at(result.acks, 0.99),
    hot_per_s: Math.round(result.hotSent / order.seconds), per_frame: result.hotFrames === 0 ? 0 : round((result.hotSent * result.hotListeners) / result.hotFrames),
    cpu_left: Math.round((100 * (after.machine.idle - before.machine.idle)) / total),
    server_cpu: Math.round((100 * (after.server - before.server)) / total),
  };
}

function ask(people: ChildProcess, order: HotOrder): Promise<HotResult> {
  return new Promise((resolve, reject) => {
    people.once('message', (message: { kind: string; result?: HotResult; error?: string }) => (message.result ? resolve(message.result) : reject(new Error(message.error))));
    people.send(order);
  });
}

function machineTicks(): { total: number; idle: number } {
  const fields = readFileSync('/proc/stat', 'utf8').split('\n')[0]!.trim().split(/\s+/).slice(1).map(Number);
  return { total: fields.reduce((sum, n) => sum + n, 0), idle: fields[3]! + fields[4]! };
}

function serverTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function seed(url: string): Promise<Omit<HotOrder, 'hotRate' | 'seconds'>> {
  const call = async (path: string, token: string | null, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) } });
    const json = (await answer.json()) as Record<string, unknown>;
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return json;
  };
  const owner = await call('set_up', null, { workspace_name: 'Bench', username: 'owner', display_name: 'Owner', email: 'owner@example.org', password: PASSWORD });
  const workspace_id = (owner['workspace'] as { id: string }).id;
  const token = owner['token'] as string;
  const all: (Person & { id: string })[] = [];
  for (let i = 0; i < ORDINARY + CROWD; i++) {
    const email = `u${i}@example.org`;
    const user = await call('create_user', token, { workspace_id, username: `u${i}`, display_name: `Person ${i}`, email, password: PASSWORD });
    const session = await call('sign_in', null, { login: email, password: PASSWORD });
    all.push({ id: user['id'] as string, token: session['token'] as string, device_id: session['device_id'] as string });
  }
  const ordinary: HotOrder['ordinary'] = [];
  for (let i = 0; i < ORDINARY; i++) {
    const user_ids = [0, 1, 2, 3].map((n) => all[(i + n) % ORDINARY]!.id);
    ordinary.push({ channel: (await call('create_channel', token, { workspace_id, name: `ordinary-${i}`, user_ids }))['id'] as string, person: all[i]! });
  }
  const crowd = all.slice(ORDINARY);
  const hot = (await call('create_channel', token, { workspace_id, name: 'hot', user_ids: crowd.map((p) => p.id) }))['id'] as string;
  return { port: Number(new URL(url).port), ordinary, hot: { channel: hot, people: crowd }, rate: ORDINARY_RATE };
}
