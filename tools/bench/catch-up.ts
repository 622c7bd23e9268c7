import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { firstJson } from './http.ts';
import { buildWorld, CHANNELS, LARGE, type CatchUpWorld } from './catch-up.child.world.ts';

/**
 * Coming back to 1,000 channels in one `POST /sync`, and pages of a channel of 200,000 messages, from the built server over
 * HTTP; beside them nothing but the SQLite questions that such an answer needs, its rows read and written as JSON.
 * Arguments: how many requests of each, `--main=FILE` for another bundle than the built one.
 */
export interface CatchUpFigures {
  what: string;
  p50_ms: number;
  p99_ms: number;
  bare_p50_ms: number;
  bare_p99_ms: number;
  ratio_p50: number;
  goal_p99_ms: number;
  kilobytes: number;
}

interface Times {
  p50: number;
  p99: number;
  bytes: number;
}

export async function run(args: string[] = []): Promise<{ name: 'catch-up'; figures: CatchUpFigures[] }> {
  const count = Number(args.find((a) => /^\d+$/.test(a)) ?? 200);
  const main = args.find((a) => a.startsWith('--main='))?.slice(7) ?? fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));
  const data = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  try {
    const started = performance.now();
    const world = await buildWorld(data);
    console.log(`data built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
    const server = spawn(process.execPath, [main, 'serve', '--json', '--data', data], { env: { ...process.env, PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off' }, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      const { url } = (await firstJson(server)) as { url: string };
      const figures = await measureAll(caller(url, world.token), world, join(data, 'parley.db'), count);
      console.table(figures);
      return { name: 'catch-up', figures };
    } finally {
      server.kill('SIGTERM');
      if (server.exitCode === null) await once(server, 'exit');
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

type Ask = (method: string, path: string, body?: string) => Promise<Buffer>;

async function measureAll(ask: Ask, world: CatchUpWorld, file: string, count: number): Promise<CatchUpFigures[]> {
  const db = new Database(file, { readonly: true });
  db.pragma('mmap_size = 0');
  const boot = JSON.stringify({ cursors: {} });
  await checkSummaries(ask, world, boot);
  const back = JSON.stringify({
    cursors: { [`user:${world.userId}`]: CHANNELS, ...Object.fromEntries(world.channels.map((id, i) => [`channel:${id}`, (i === 0 ? LARGE : 20) + 1 - (i % 2 === 0 ? 5 : 0)])) },
  });
  const [large] = world.channels as [string];
  const anywhere = (): number => 1 + Math.floor(Math.random() * LARGE);
  const bareSync = bareCatchUp(db, world);
  const barePage = bareHistory(db, large);
  const figures: CatchUpFigures[] = [];
  const add = async (what: string, goal: number, own: () => Promise<Buffer>, bare: () => Buffer): Promise<void> => {
    // In turns, so that whatever else the machine does meets both.
    const [a, b]: [number[], number[]] = [[], []];
    let bytes = 0;
    for (let i = -20; i < count; i++) {
      let from = performance.now();
      bytes = (await own()).length;
      if (i >= 0) a.push(performance.now() - from);
      from = performance.now();
      bare();
      if (i >= 0) b.push(performance.now() - from);
    }
    const [mine, theirs] = [times(a, bytes), times(b, 0)];
    figures.push({ what, p50_ms: round(mine.p50), p99_ms: round(mine.p99), bare_p50_ms: round(theirs.p50), bare_p99_ms: round(theirs.p99), ratio_p50: round(mine.p50 / theirs.p50), goal_p99_ms: goal, kilobytes: Math.round(mine.bytes / 1024) });
    console.log(`${what}: p50 ${round(mine.p50)} ms, p99 ${round(mine.p99)} ms; bare p50 ${round(theirs.p50)} ms, p99 ${round(theirs.p99)} ms`);
  };
  await add('sync, first time', 100, () => ask('POST', 'sync', boot), bareSync);
  await add('sync, half moved', 100, () => ask('POST', 'sync', back), bareSync);
  for (const size of [50, 200]) {
    await add(`page of ${size}, around`, 10, () => ask('GET', `messages?channel_id=${large}&page_size=${size}&around_seq=${anywhere()}`), () => barePage(anywhere(), size));
    await add(`page of ${size}, before`, 10, () => ask('GET', `messages?channel_id=${large}&page_size=${size}&before_seq=${anywhere() + 1}`), () => barePage(anywhere(), size));
  }
  await add('page of 50, at a time', 10, () => ask('GET', `messages?channel_id=${large}&page_size=50&since_ts=${new Date(Date.now() - (LARGE - anywhere()) * 60_000).toISOString()}`), () => barePage(anywhere(), 50));
  db.close();
  return figures;
}

/** A fast wrong answer is no answer. */
async function checkSummaries(ask: Ask, world: CatchUpWorld, body: string): Promise<void> {
  const { channels } = JSON.parse(String(await ask('POST', 'sync', body))) as { channels: { channel_id: string; unread: number; mentions: number }[] };
  const largest = channels.find((c) => c.channel_id === world.channels[0]);
  const unread = channels.filter((c) => c.unread > 0).length;
  const mentions = LARGE / 50 + LARGE / 1_000;
  if (channels.length !== CHANNELS || unread !== world.unread || largest?.unread !== LARGE || largest.mentions !== mentions) {
    throw new Error(`wrong counts: ${channels.length} channels, ${unread} unread, ${JSON.stringify(largest)}; ${mentions} mentions are there`);
  }
}

/** Of each channel: membership, head, member, document; of each unread one its counts. */
function bareCatchUp(db: Database.Database, world: CatchUpWorld): () => Buffer {
  const REST = '"$rest"';
  const memberships = db.prepare(`SELECT ${REST} AS rest FROM entities WHERE stream = ? AND type = 'membership'`).pluck();
  const head = db.prepare(`SELECT ${REST} AS rest FROM heads WHERE stream = ?`).pluck();
  const member = db.prepare(`SELECT ${REST} AS rest FROM members WHERE channel_id = ? AND user_id = ?`).pluck();
  const channel = db.prepare(`SELECT ${REST} AS rest FROM channels WHERE id = ?`).pluck();
  const counted = db.prepare('SELECT count(*) FROM messages WHERE channel_id = ? AND counted_seq > ? AND counted_seq IS NOT NULL').pluck();
  const own = db.prepare('SELECT count(*) FROM messages WHERE channel_id = ? AND author_id = ? AND counted_seq > ? AND counted_seq IS NOT NULL').pluck();
  const named = db.prepare('SELECT count(*) FROM mentions WHERE channel_id = ? AND user_id = ? AND seq > ?').pluck();
  const everyone = db.prepare('SELECT count(*) FROM messages WHERE channel_id = ? AND everyone_seq > ? AND everyone_seq IS NOT NULL').pluck();
  return db.transaction(() => {
    const answer = (memberships.all(`user:${world.userId}`) as string[]).map((text) => {
      const { doc } = JSON.parse(text) as { doc: { channel_id: string; read_seq: number } };
      const at = JSON.parse(head.get(`channel:${doc.channel_id}`) as string) as { seq: number };
      const stay = JSON.parse(member.get(doc.channel_id, world.userId) as string) as object;
      const about = JSON.parse(channel.get(doc.channel_id) as string) as object;
      const unread = at.seq > doc.read_seq
        ? [counted.get(doc.channel_id, doc.read_seq), own.get(doc.channel_id, world.userId, doc.read_seq), named.get(doc.channel_id, world.userId, doc.read_seq), everyone.get(doc.channel_id, doc.read_seq)]
        : [];
      return { ...doc, at, stay, about, unread };
    });
    return Buffer.from(JSON.stringify(answer));
  });
}

function bareHistory(db: Database.Database, channel: string): (seq: number, size: number) => Buffer {
  const page = db.prepare('SELECT "$rest" AS rest FROM messages WHERE channel_id = ? AND seq >= ? ORDER BY seq LIMIT ?').pluck();
  return (seq, size) => Buffer.from(JSON.stringify((page.all(channel, seq, size) as string[]).map((text) => (JSON.parse(text) as { doc: unknown }).doc)));
}

function times(values: number[], bytes: number): Times {
  values.sort((a, b) => a - b);
  return { p50: values[Math.floor(values.length / 2)]!, p99: values[Math.min(values.length - 1, Math.floor(values.length * 0.99))]!, bytes };
}

const round = (n: number): number => Number(n.toFixed(2));

/** One request after the other over one connection; the time ends with the answer's last byte. */
function caller(url: string, token: string): Ask {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return (method, path, body) => new Promise((resolve, reject) => {
    const sent = request(`${url}/api/v1/${path}`, { agent, method, headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }) } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
      answer.on('end', () => (answer.statusCode === 200 ? resolve(Buffer.concat(chunks)) : reject(new Error(`${path}: ${answer.statusCode} ${Buffer.concat(chunks).toString().slice(0, 300)}`))));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
