import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SendOrder, SendResult } from './http.child.senders.ts';

/**
 * Sends over HTTP: the built server, every check and index on, beside a bare Express route with the same group commit, in
 * turns. Arguments: rounds, seconds of each, `--main=FILE` for another bundle than the built one, `--profile=DIR`.
 */
export interface HttpFigures {
  own_per_s: number;
  bare_per_s: number;
  ratio: number;
  /** Processor time of the server's process for one send. */
  own_cpu_us: number;
  bare_cpu_us: number;
  cpu_ratio: number;
  /** At half of the most, milliseconds from when a send is due to its answer. */
  own_p50_ms: number;
  own_p99_ms: number;
  bare_p50_ms: number;
  bare_p99_ms: number;
}

const SENDERS = 64;
const CHANNELS = 50;
const TICKS_PER_SECOND = 100;
const PASSWORD = 'benchmark-password';

interface Target {
  process: ChildProcess;
  port: number;
  tokens: string[];
  channels: string[];
}
interface Round {
  rate: number;
  cpu: number;
  p50: number;
  p99: number;
}

export async function run(args: string[] = []): Promise<{ name: 'http'; figures: HttpFigures }> {
  const numbers = args.filter((a) => /^\d+$/.test(a)).map(Number);
  const [rounds = 3, seconds = 4] = numbers;
  const option = (name: string): string | undefined => args.find((a) => a.startsWith(`--${name}=`))?.slice(name.length + 3);
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  const senders = fork(new URL('./http.child.senders.ts', import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  await once(senders, 'message');
  const targets: Target[] = [];
  try {
    const own = await startServer(join(directory, 'own'), option('main') ?? fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url)), option('profile'));
    targets.push(own);
    const bare = await startBare(join(directory, 'bare.db'), own);
    targets.push(bare);
    const most = { own: [] as Round[], bare: [] as Round[] };
    const half = { own: [] as Round[], bare: [] as Round[] };
    for (let i = 0; i < rounds; i++) {
      most.bare.push(await measure(senders, bare, seconds));
      most.own.push(await measure(senders, own, seconds));
    }
    const rate = { own: median(most.own.map((r) => r.rate)), bare: median(most.bare.map((r) => r.rate)) };
    for (let i = 0; i < rounds; i++) {
      half.bare.push(await measure(senders, bare, seconds, rate.bare / 2));
      half.own.push(await measure(senders, own, seconds, rate.own / 2));
    }
    const cpu = { own: median(most.own.map((r) => r.cpu)), bare: median(most.bare.map((r) => r.cpu)) };
    const figures: HttpFigures = {
      own_per_s: Math.round(rate.own), bare_per_s: Math.round(rate.bare), ratio: round(rate.own / rate.bare),
      own_cpu_us: Math.round(cpu.own), bare_cpu_us: Math.round(cpu.bare), cpu_ratio: round(cpu.bare / cpu.own),
      own_p50_ms: round(median(half.own.map((r) => r.p50))), own_p99_ms: round(median(half.own.map((r) => r.p99))),
      bare_p50_ms: round(median(half.bare.map((r) => r.p50))), bare_p99_ms: round(median(half.bare.map((r) => r.p99))),
    };
    const spread = (side: Round[]): string => side.map((r) => Math.round(r.rate)).join(' ');
    console.log(`rounds: own ${spread(most.own)}, bare ${spread(most.bare)}; p99 at half: own ${half.own.map((r) => round(r.p99)).join(' ')}, bare ${half.bare.map((r) => round(r.p99)).join(' ')}`);
    console.table([figures]);
    return { name: 'http', figures };
  } finally {
    senders.disconnect();
    for (const target of targets) {
      target.process.kill('SIGTERM');
      if (target.process.exitCode === null) await once(target.process, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

const round = (n: number): number => Number(n.toFixed(2));
const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function measure(senders: ChildProcess, target: Target, seconds: number, rate?: number): Promise<Round> {
  const spent = { from: 0, to: 0 };
  const order: SendOrder = { port: target.port, tokens: target.tokens, channels: target.channels, seconds, warmUpSeconds: 1, ...(rate === undefined ? {} : { rate }) };
  const result = await new Promise<SendResult>((resolve, reject) => {
    const listen = (message: { kind: string; result?: SendResult; error?: string }): void => {
      if (message.kind === 'counting') spent.from = cpuTicks(target.process.pid!);
      else if (message.kind === 'counted') spent.to = cpuTicks(target.process.pid!);
      else {
        senders.off('message', listen);
        if (message.result) resolve(message.result);
        else reject(new Error(message.error));
      }
    };
    senders.on('message', listen);
    senders.send(order);
  });
  const at = (share: number): number => result.latencies[Math.min(result.latencies.length - 1, Math.floor(result.latencies.length * share))]!;
  return { rate: result.sent / result.seconds, cpu: (((spent.to - spent.from) / TICKS_PER_SECOND) * 1e6) / result.sent, p50: at(0.5), p99: at(0.99) };
}

/** Processor time of all threads of a process, in ticks of 10 ms. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function startServer(data: string, main: string, profile: string | undefined): Promise<Target> {
  if (!existsSync(main)) throw new Error(`${main} is missing: run \`npm run build\``);
  const child = spawn(process.execPath, [...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]), main, 'serve', '--json', '--data', data], {
    env: { ...process.env, PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off' }, stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { url } = (await firstJson(child)) as { url: string };
  const call = async (path: string, token: string | null, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) } });
    const json = (await answer.json()) as Record<string, unknown>;
    if (answer.status >= 300) throw new Error(`${path}: ${JSON.stringify(json)}`);
    return json;
  };
  const owner = await call('set_up', null, { workspace_name: 'Bench', username: 'owner', display_name: 'Owner', email: 'owner@example.org', password: PASSWORD });
  const workspace_id = (owner['workspace'] as { id: string }).id;
  const people = await Promise.all(Array.from({ length: SENDERS }, async (_, i) => {
    const email = `u${i}@example.org`;
    const user = await call('create_user', owner['token'] as string, { workspace_id, username: `u${i}`, display_name: `Person ${i}`, email, password: PASSWORD });
    const session = await call('sign_in', null, { login: email, password: PASSWORD });
    return { id: user['id'] as string, token: session['token'] as string };
  }));
  const user_ids = people.map((p) => p.id);
  const channels: string[] = [];
  for (let i = 0; i < CHANNELS; i++) channels.push((await call('create_channel', owner['token'] as string, { workspace_id, name: `bench-${i}`, user_ids }))['id'] as string);
  return { process: child, port: Number(new URL(url).port), tokens: people.map((p) => p.token), channels };
}

async function startBare(file: string, like: Target): Promise<Target> {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./http.child.bare.mjs', import.meta.url)), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { port } = (await firstJson(child)) as { port: number };
  return { process: child, port, tokens: like.tokens, channels: like.channels };
}

/** What a process tells when it listens. */
export async function firstJson(child: ChildProcess): Promise<unknown> {
  let text = '';
  for await (const chunk of child.stdout!) {
    text += String(chunk);
    try {
      return JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw new Error('the server ended before it listened');
}
