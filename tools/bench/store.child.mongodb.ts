import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openMongoStore } from '../../apps/server/src/storage/mongodb/mongodb-store.ts';
import { connectMongo } from '../../apps/server/src/storage/mongodb/connection.ts';
import { toDocument } from '../../apps/server/src/storage/mongodb/documents.ts';
import { prepareSchema } from '../../apps/server/src/storage/mongodb/schema.ts';
import { channelDocument } from '../../apps/server/src/storage/mongodb/testing.conversation.ts';
import { startMongod, type Mongod } from '../../apps/server/src/storage/mongodb/testing.mongod.ts';
import type { SendArgs } from '../../apps/server/src/features/messages/send.command.ts';
import type { CommandHandler } from '../../apps/server/src/storage/command.ts';
import { COMMANDS as PRODUCT } from '../../apps/server/src/storage/commands.ts';
import type { Store, Table } from '../../apps/server/src/storage/port.ts';
import { channels, heads, members, messages, outbox, TABLES, workspaceMembers } from '../../apps/server/src/storage/tables.ts';
import { benchRow } from './store.child.commands.ts';

export interface MongodbFigures {
  batch: number;
  per_commit: number;
  store_per_s: number;
  bare_per_s: number;
  ratio: number;
  /** Processor time for one message, microseconds: of this process, and of mongod. */
  store_cpu_us: number;
  mongod_cpu_us: number;
  bare_cpu_us: number;
  bare_mongod_cpu_us: number;
}

const CHANNELS = 50;
const USERS = 64;
const TEXT = 'Does anybody know why the build on the second machine takes twice as long since Tuesday? I looked at the logs and found nothing. ';

interface People { workspace: string; channels: string[]; users: string[] }

/** Rows that the product's own sends ask for. */
const setUp: CommandHandler<People, object> = async (tx, { workspace, channels: ids, users }) => {
  for (const user_id of users) await tx.put(workspaceMembers, { workspace_id: workspace, user_id, role: 'member', joined_at: 0, deactivated: 0, sort_name: user_id });
  for (const id of ids) {
    await tx.put(heads, { stream: `channel:${id}`, rev: 0, seq: 0, last_at: 0, floor: 0 });
    await tx.put(channels, {
      id, workspace_id: workspace, kind: 'public', rev: 0, browse_name: id, members: users.length, counted_at: 0,
      doc: channelDocument(id, workspace, users.length),
    });
    for (const user_id of users) await tx.put(members, { channel_id: id, user_id, role: 'member', stay_id: user_id, visible_from_seq: 1, joined_seq: 0, joined_at: 0 });
  }
  return {};
};

function traffic(people: People): () => SendArgs {
  let n = 0;
  return () => ({
    who: { user_id: people.users[(n * 7) % USERS]!, server_role: 'member' }, channel_id: people.channels[n % CHANNELS]!, client_msg_id: randomUUID(),
    content: `${TEXT.slice(0, 40 + ((n * 37) % 90))} ${n++}`, fingerprint: 'f'.repeat(43), named: { user_ids: [], group_ids: [], everyone: 'none' },
  }) as SendArgs;
}

const newPeople = (): People => ({ workspace: randomUUID(), channels: Array.from({ length: CHANNELS }, () => randomUUID()), users: Array.from({ length: USERS }, () => randomUUID()) });

export async function mongodbRound(batches: readonly number[], lanes: number, seconds: number): Promise<MongodbFigures[]> {
  const mongod = await startMongod({ cacheGigabytes: 2 });
  try {
    const figures: MongodbFigures[] = [];
    for (const batch of batches) {
      const bare = await bareRate(mongod, `bare${batch}`, batch, lanes, seconds);
      const own = await storeRate(mongod, `own${batch}`, batch, lanes, seconds);
      figures.push({
        batch, per_commit: Number(own.perCommit.toFixed(1)), store_per_s: Math.round(own.rate), bare_per_s: Math.round(bare.rate), ratio: Number((own.rate / bare.rate).toFixed(2)),
        store_cpu_us: Math.round(own.cpu), mongod_cpu_us: Math.round(own.mongod), bare_cpu_us: Math.round(bare.cpu), bare_mongod_cpu_us: Math.round(bare.mongod),
      });
    }
    return figures;
  } finally {
    await mongod.stop();
  }
}

export async function storeRate(mongod: Mongod, database: string, batch: number, lanes: number, seconds: number): Promise<Measured & { perCommit: number }> {
  const store = await openMongoStore({ url: mongod.url(database), maxBatch: batch, commands: { ...PRODUCT, 'bench.people': setUp } as never });
  const people = newPeople();
  const call = store.run.bind(store) as unknown as (name: string, args: unknown) => Promise<unknown>;
  await call('bench.people', people);
  const next = traffic(people);
  const consumed = consumeOutbox(store);
  let commits = 0;
  let sent = 0;
  store.onCommitted((events) => {
    commits++;
    sent += events.length;
  });
  const result = await measure(mongod, async () => void (await Promise.all(Array.from({ length: batch }, async () => store.run('messages.send', next())))), batch, lanes, seconds);
  await consumed();
  await store.close();
  return { ...result, perCommit: sent / commits };
}

function consumeOutbox(store: Store): () => Promise<void> {
  let waiting: string[] = [];
  let running: Promise<unknown> = Promise.resolve();
  const flush = (): void => {
    const ids = waiting;
    waiting = [];
    running = Promise.all([running, store.run('outbox.consumed', { ids, consumer: 'all', consumers: ['all'] })]);
  };
  store.onCommitted((events) => {
    for (const event of events) waiting.push(event.outbox_id);
    if (waiting.length >= 256) flush();
  });
  return async () => {
    flush();
    await running;
  };
}

/** The same documents in the same collections, written by the driver alone: a transaction a batch, each over channels that no other has. */
async function bareRate(mongod: Mongod, database: string, batch: number, lanes: number, seconds: number): Promise<Measured> {
  const { client, db, close } = await connectMongo(mongod.url(database));
  await prepareSchema(db, TABLES);
  const people = newPeople();
  const revs = new Map<string, number>();
  let n = 0;
  const at = Date.now() * 1000;
  await db.collection<{ _id: string }>('heads').insertMany(people.channels.map((id) => ({ _id: `channel:${id}` })));
  const rounds = async (lane: number): Promise<void> => {
    const own = people.channels.filter((_, i) => i % lanes === lane);
    const sends = Array.from({ length: batch }, (_, i) => ({ channel_id: own[i % own.length]!, author_id: people.users[(n * 7) % USERS]!, id: randomUUID(), client_msg_id: randomUUID(), content: `${TEXT.slice(0, 40 + ((n * 37) % 90))} ${n++}` }));
    const rows = sends.map((send) => {
      const rev = (revs.get(send.channel_id) ?? 0) + 1;
      revs.set(send.channel_id, rev);
      return benchRow(send, rev, rev, at + rev);
    });
    const headRows = new Map(rows.map((row) => [row.channel_id, { stream: `channel:${row.channel_id}`, rev: row.rev, seq: row.seq, last_at: row.created_us, floor: 0 }]));
    const session = client.startSession();
    await session.withTransaction(async () => {
      await db.collection<{ _id: string }>('heads').bulkWrite([...headRows.values()].map((row) => {
        const { _id, ...replacement } = toDocument(heads as Table, row) as { _id: string };
        return { replaceOne: { filter: { _id }, replacement } };
      }), { session });
      await db.collection('messages').insertMany(rows.map((row) => toDocument(messages as Table, row)), { session });
      await db.collection('outbox').insertMany(rows.map((row) => toDocument(outbox as Table, { id: row.id, stream: `channel:${row.channel_id}`, from: row.rev - 1, rev: row.rev, seq: row.seq, control: null, facts: null, at: row.created_us, done: [] })), { session });
    }, { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', journal: true } });
    await session.endSession();
  };
  try {
    return await measure(mongod, rounds, batch, lanes, seconds);
  } finally {
    await close();
  }
}

interface Measured { rate: number; cpu: number; mongod: number }

async function measure(mongod: Mongod, round: (lane: number) => Promise<void>, batch: number, lanes: number, seconds: number): Promise<Measured> {
  let sent = 0;
  const until = async (end: number): Promise<unknown> => Promise.all(Array.from({ length: lanes }, async (_, lane) => {
    for (; performance.now() < end; sent += batch) await round(lane);
  }));
  await until(performance.now() + 1_000);
  sent = 0;
  const cpu = process.cpuUsage();
  const theirs = cpuOf(mongod.pid);
  const started = performance.now();
  await until(started + seconds * 1000);
  const { user, system } = process.cpuUsage(cpu);
  return { rate: (sent / (performance.now() - started)) * 1000, cpu: (user + system) / sent, mongod: (cpuOf(mongod.pid) - theirs) / sent };
}

/** Microseconds; the kernel counts hundredths of seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
