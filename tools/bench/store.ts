import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemRandom } from '../../apps/server/src/platform/system.ts';
import type { Store } from '../../apps/server/src/storage/port.ts';
import { openWriter } from '../../apps/server/src/storage/sqlite/connection.ts';
import { migrate } from '../../apps/server/src/storage/sqlite/migrations.ts';
import { openSqliteStore } from '../../apps/server/src/storage/sqlite/sqlite-store.ts';
import { quote, REST } from '../../apps/server/src/storage/sqlite/schema.ts';
import { heads, messages, outbox, TABLES } from '../../apps/server/src/storage/tables.ts';
import { uuidv7 } from '../../libs/shared/src/domain/ids.ts';
import { hasMongod } from '../../apps/server/src/storage/mongodb/testing.mongod.ts';
import { benchRow, type BenchSend } from './store.child.commands.ts';
import { mongodbRound, type MongodbFigures } from './store.child.mongodb.ts';

/** Messages a second through the Store port, and through nothing but SQLite with the same tables and commits. */
export interface StoreFigures {
  batch: number;
  /** Messages in one commit, as measured. */
  per_commit: number;
  store_per_s: number;
  bare_per_s: number;
  ratio: number;
  /** Processor time of the whole process for one message, microseconds. */
  store_cpu_us: number;
}

const clock = { now: () => Date.now() };

const CHANNELS = 50;
const USERS = 64;
const BATCHES = [1, 16, 64];
const SECONDS = 3;
/** So many batches wait at a time. */
const LANES = 3;
const MONGODB_BATCHES = [16, 64];
const MONGODB_LANES = 8;
const TEXT = 'Does anybody know why the build on the second machine takes twice as long since Tuesday? I looked at the logs and found nothing. ';

/** Arguments: seconds of each round, and `--only=sqlite` or `--only=mongodb`. */
export async function run(args: string[] = []): Promise<{ name: 'store'; figures: StoreFigures[]; mongodb: MongodbFigures[] }> {
  const only = args.find((a) => a.startsWith('--only='))?.slice('--only='.length);
  const seconds = Number(args.find((a) => /^\d+$/.test(a)) ?? SECONDS);
  const figures = only === 'mongodb' ? [] : await sqliteFigures(seconds);
  if (figures.length > 0) console.table(figures);
  const mongodb = only === 'sqlite' || !hasMongod() ? [] : await mongodbRound(MONGODB_BATCHES, MONGODB_LANES, seconds);
  if (mongodb.length > 0) console.table(mongodb);
  return { name: 'store', figures, mongodb };
}

async function sqliteFigures(seconds: number): Promise<StoreFigures[]> {
  const figures: StoreFigures[] = [];
  for (const batch of BATCHES) {
    const bare = await inDirectory(async (file) => bareRate(file, batch, seconds));
    const own = await inDirectory(async (file) => storeRate(file, batch, seconds));
    figures.push({ batch, per_commit: Number(own.perCommit.toFixed(1)), store_per_s: Math.round(own.rate), bare_per_s: Math.round(bare), ratio: Number((own.rate / bare).toFixed(2)), store_cpu_us: Math.round(own.cpuMicros) });
  }
  return figures;
}

async function inDirectory<T>(work: (file: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-bench-'));
  try {
    return await work(join(directory, 'parley.db'));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A pool of people and channels, and an endless supply of sends from it. */
function traffic(): { channels: string[]; users: string[]; next(): BenchSend } {
  const channels = Array.from({ length: CHANNELS }, () => randomUUID());
  const users = Array.from({ length: USERS }, () => randomUUID());
  let n = 0;
  return {
    channels, users,
    next: () => ({ channel_id: channels[n % CHANNELS]!, author_id: users[(n * 7) % USERS]!, id: uuidv7(clock, systemRandom), client_msg_id: randomUUID(), content: `${TEXT.slice(0, 40 + ((n * 37) % 90))} ${n++}` }),
  };
}

async function storeRate(file: string, batch: number, seconds: number): Promise<{ rate: number; cpuMicros: number; perCommit: number }> {
  const store = await openSqliteStore({ file, commandsModule: new URL('./store.child.commands.ts', import.meta.url).href, maxBatch: batch });
  const call = store.run.bind(store) as unknown as (name: string, args: unknown) => Promise<unknown>;
  const people = traffic();
  await call('bench.set_up', { channels: people.channels, users: people.users });
  const consumed = consumeOutbox(store, batch);
  const round = async (): Promise<void> => void (await Promise.all(Array.from({ length: batch }, async () => call('bench.send', people.next()))));
  let commits = 0;
  let sent = 0;
  store.onCommitted((events) => {
    commits++;
    sent += events.length;
  });
  // Senders do not wait for each other: while one batch is committed, the next has come.
  const result = await measure(round, batch, seconds, LANES);
  await consumed();
  await store.close();
  return { ...result, perCommit: sent / commits };
}

/** Rows leave the outbox as in the product, a good many at a time. */
function consumeOutbox(store: Store, batch: number): () => Promise<void> {
  let waiting: string[] = [];
  let running: Promise<unknown> = Promise.resolve();
  const flush = (): void => {
    const ids = waiting;
    waiting = [];
    running = Promise.all([running, store.run('outbox.consumed', { ids, consumer: 'all', consumers: ['all'] })]);
  };
  store.onCommitted((events) => {
    for (const event of events) waiting.push(event.outbox_id);
    if (waiting.length >= Math.max(256, batch)) flush();
  });
  return async () => {
    flush();
    await running;
  };
}

async function bareRate(file: string, batch: number, seconds: number): Promise<number> {
  const db = openWriter(file);
  migrate(db, TABLES, Date.now());
  const columns = Object.keys(messages.columns);
  const insert = db.prepare(`INSERT INTO messages (${[...columns, REST].map(quote).join()}) VALUES (${columns.map(() => '?').join()}, ?)`);
  const head = db.prepare(`INSERT INTO ${heads.name} (stream, "${REST}") VALUES (?, ?) ON CONFLICT (stream) DO UPDATE SET "${REST}" = excluded."${REST}"`);
  const log = db.prepare(`INSERT INTO ${outbox.name} (id, stream, at, "${REST}") VALUES (?, ?, ?, ?)`);
  const people = traffic();
  const revs = new Map<string, number>();
  const commit = db.transaction((sends: BenchSend[]) => {
    for (const send of sends) {
      const rev = (revs.get(send.channel_id) ?? 0) + 1;
      revs.set(send.channel_id, rev);
      const { doc, fingerprint, ...row } = benchRow(send, rev, rev, Date.now() * 1000 + rev);
      insert.run(...columns.map((name) => row[name]), JSON.stringify({ doc, fingerprint }));
      head.run(`channel:${send.channel_id}`, JSON.stringify({ rev, seq: rev, last_at: row.created_us, floor: 0 }));
      log.run(send.id, `channel:${send.channel_id}`, row.created_us, JSON.stringify({ from: rev - 1, rev, seq: rev, control: null, facts: null, done: [] }));
    }
  });
  const { rate } = await measure(async () => void commit(Array.from({ length: batch }, () => people.next())), batch, seconds);
  db.close();
  return rate;
}

/** Runs rounds one after the other, in `lanes` side by side. */
async function measure(round: () => Promise<void>, batch: number, seconds: number, lanes = 1): Promise<{ rate: number; cpuMicros: number }> {
  let messages = 0;
  const until = async (end: number): Promise<unknown> => Promise.all(Array.from({ length: lanes }, async () => {
    for (; performance.now() < end; messages += batch) await round();
  }));
  await until(performance.now() + 500);
  messages = 0;
  const cpu = process.cpuUsage();
  const started = performance.now();
  await until(started + seconds * 1000);
  const spent = process.cpuUsage(cpu);
  return { rate: (messages / (performance.now() - started)) * 1000, cpuMicros: (spent.user + spent.system) / messages };
}
