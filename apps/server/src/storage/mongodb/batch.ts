import type { AnyBulkWriteOperation, ClientSession, Db, Document, MongoClient, Timestamp } from 'mongodb';
import type { CommandHandler } from '../command.ts';
import { cloneJson } from '../json.ts';
import type { StoredEvent } from '../port.ts';
import type { StoreClock } from '../store-clock.ts';
import { heads } from '../tables.ts';
import { BatchReads } from './batch-reads.ts';
import { keyFilter, LOCK, ORDER, toDocument } from './documents.ts';
import { failureOf } from './errors.ts';
import { MongodbTx } from './mongodb-tx.ts';
import { Overlay, type Written } from './overlay.ts';
import { Reader } from './reader.ts';

export interface Command {
  name: string;
  args: unknown;
}
export type Outcome = { ok: true; result: unknown } | { ok: false; error: unknown };
export interface Committed {
  outcomes: Outcome[];
  events: StoredEvent[];
}

export interface BatchOptions {
  client: MongoClient;
  db: Db;
  commands: Readonly<Record<string, CommandHandler<never, unknown>>>;
  clock: StoreClock;
  uuid(): string;
  /** The newest time that this process knows to be committed; its transactions begin no earlier. */
  floor(): Timestamp | undefined;
  committedAt(time: Timestamp): void;
}

/** How long an unknown result is asked after. */
const COMMIT_MS = 15_000;
const MAX_COMMIT_MS = 5_000;

/** Commands may have to be run again with violations looked for beforehand. */
export const CAREFUL = Symbol('careful');

/**
 * Runs commands in one transaction. Resolves after a majority has it in its journals.
 * @throws the database's own error, with nothing committed, unless `failureOf` calls it `unknown`.
 */
export async function runBatch(options: BatchOptions, commands: readonly Command[], careful: boolean): Promise<Committed | typeof CAREFUL> {
  const session = options.client.startSession({ causalConsistency: true });
  try {
    const floor = options.floor();
    if (floor) session.advanceOperationTime(floor);
    session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', j: true, wtimeoutMS: COMMIT_MS }, maxCommitTimeMS: MAX_COMMIT_MS });
    const done = await execute(options, session, commands, careful);
    if (done === CAREFUL) await session.abortTransaction();
    else await commit(session);
    if (session.operationTime) options.committedAt(session.operationTime);
    return done;
  } finally {
    // Ends what is left open, too.
    await session.endSession();
  }
}

async function execute(options: BatchOptions, session: ClientSession, commands: readonly Command[], careful: boolean): Promise<Committed | typeof CAREFUL> {
  const reads = new BatchReads(new Reader(options.db, session));
  const overlay = new Overlay();
  const begin = (into: Overlay): MongodbTx => new MongodbTx({ reads, overlay: into, clock: options.clock, uuid: options.uuid, careful });
  if (commands.length > 1) await foresee(options, commands, reads, begin);
  const outcomes: Outcome[] = [];
  const events: StoredEvent[] = [];
  const relied = new Map<string, { table: MongodbTx['relied'][number]['table']; key: MongodbTx['relied'][number]['key'] }>();
  for (const command of commands) {
    overlay.begin();
    const tx = begin(overlay);
    try {
      const result = cloneJson(await call(options, command, tx));
      const told = await tx.finish();
      events.push(...told);
      outcomes.push({ ok: true, result });
      if (overlay.writes > 0) for (const row of tx.relied) relied.set(`${row.table.name} ${row.key.join(' ')}`, row);
    } catch (error) {
      tx.end();
      // What it wrote was taken for allowed; whether it was decides which error is its.
      if (!careful && (overlay.writes > 0 || overlay.needsCare) && !reads.failure) return CAREFUL;
      overlay.undo();
      outcomes.push({ ok: false, error });
    }
    if (reads.failure) throw reads.failure.error;
    if (overlay.needsCare) return CAREFUL;
  }
  await write(options.db, session, overlay, events, careful);
  for (const { table, key } of relied.values()) {
    if (!overlay.get(table, key)) await options.db.collection(table.name).updateOne(keyFilter(table, key), { $inc: { [LOCK]: 1 } }, { session });
  }
  return { outcomes, events };
}

async function call(options: BatchOptions, command: Command, tx: MongodbTx): Promise<unknown> {
  const handler = options.commands[command.name];
  if (!handler) throw new TypeError(`no command ${command.name}`);
  return handler(tx, cloneJson(command.args) as never);
}

/** Runs all at once and throws away what they do, so that what they read is asked for together and known when their turn comes. */
async function foresee(options: BatchOptions, commands: readonly Command[], reads: BatchReads, begin: (into: Overlay) => MongodbTx): Promise<void> {
  await Promise.allSettled(commands.map(async (command) => {
    const tx = begin(new Overlay());
    try {
      await call(options, command, tx);
      await tx.finish();
    } finally {
      tx.end();
    }
  }));
  if (reads.failure) throw reads.failure.error;
}

async function write(db: Db, session: ClientSession, overlay: Overlay, events: readonly StoredEvent[], careful: boolean): Promise<void> {
  const newest = new Map(events.map((event) => [event.stream as string, event.outbox_id]));
  for (const rows of overlay.all(heads.name)) {
    const operations = rows.flatMap((written) => operationsOf(written, careful, newest)).sort((a, b) => a.rank - b.rank).map(({ operation }) => operation);
    if (operations.length > 0) await db.collection(rows[0]!.table.name).bulkWrite(operations, { session, ordered: true });
  }
}

/** Rows that leave go first, so that a unique value may pass from one row to another. */
function operationsOf({ table, key, row, fresh }: Written, careful: boolean, newest: ReadonlyMap<string, string>): { rank: number; operation: AnyBulkWriteOperation<Document> }[] {
  const filter = keyFilter(table, key);
  if (!row) return fresh ? [] : [{ rank: 0, operation: { deleteOne: { filter } } }];
  const document = toDocument(table, row);
  if (table.name === heads.name && newest.has(key[0] as string)) document[ORDER] = newest.get(key[0] as string);
  if (fresh) return [{ rank: 2, operation: { insertOne: { document } } }];
  if (careful && Object.values(table.indexes).some(({ unique }) => unique)) return [{ rank: 0, operation: { deleteOne: { filter } } }, { rank: 2, operation: { insertOne: { document } } }];
  const { _id: _, ...replacement } = document;
  return [{ rank: 1, operation: { replaceOne: { filter, replacement, upsert: true } } }];
}

async function commit(session: ClientSession): Promise<void> {
  const deadline = performance.now() + COMMIT_MS;
  for (;;) {
    try {
      return await session.commitTransaction();
    } catch (error) {
      // The same transaction may be committed again: it happens once.
      if (failureOf(error) !== 'unknown' || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
