import type { Timestamp } from 'mongodb';
import { uuidv7 } from '@parley/shared/domain/ids';
import { silentLogger, type Logger } from '../../platform/logger.ts';
import { noMetrics, type Metrics } from '../../platform/metrics.ts';
import { systemRandom } from '../../platform/system.ts';
import type { CommandHandler } from '../command.ts';
import { COMMANDS, type CommandArgs, type CommandName, type CommandResult } from '../commands.ts';
import { cloneJson } from '../json.ts';
import { checkKey } from '../order.ts';
import type { KeyPart, ReadTx, Row, Store, StoredEvent, Table } from '../port.ts';
import { Admission, DEFAULT_LIMITS } from '../admission.ts';
import { StoreClock } from '../store-clock.ts';
import { outbox, TABLES } from '../tables.ts';
import { Committer, type Waiting } from './committer.ts';
import { connectMongo, type MongoConnection } from './connection.ts';
import { REST } from './documents.ts';
import { closedError, storageError } from './errors.ts';
import { GuardedAnswers } from './guards.ts';
import { readHealth } from './health.ts';
import { placeOf } from './place.ts';
import { Recall } from './recall.ts';
import { prepareSchema } from './schema.ts';
import { ServerTime } from './server-time.ts';
import { SnapshotReads } from './snapshot-reads.ts';

const COMMIT_MS = 15_000;

export interface MongoStoreOptions {
  /** `mongodb://` or `mongodb+srv://`; the database is that of its path, else `parley`. */
  url: string;
  database?: string;
  metrics?: Metrics;
  logger?: Logger;
  /** For tests: a clock in place of the primary's, milliseconds since the epoch; other tables and commands. */
  now?: () => number;
  tables?: readonly Table[];
  /** Most commands in one transaction. */
  maxBatch?: number;
  /** How long an unknown result of a commit is asked after, milliseconds; then it is `unavailable`. */
  commitMs?: number;
  commands?: Readonly<Record<string, CommandHandler<never, unknown>>>;
}

/**
 * Connects, and brings the database up to this program.
 * @throws MongoUnreachableError, NotReplicaSetError, NewerMongodbError
 */
export async function openMongoStore(options: MongoStoreOptions): Promise<Store> {
  const connected = await connectMongo(options.url, options.database);
  try {
    await prepareSchema(connected.db, options.tables ?? TABLES);
    const known = await knownIncarnation(connected);
    const time = await ServerTime.start(connected.client, connected.db, options.logger);
    const [newest] = await connected.db.collection(outbox.name).find({}, { sort: { _id: -1 }, limit: 1, readConcern: { level: 'majority' } }).toArray();
    const { operationTime } = await connected.db.admin().command({ ping: 1 });
    return new MongodbStore(connected, options, known, time, newest?.['_id'] as unknown as string | undefined, operationTime as Timestamp | undefined);
  } catch (error) {
    await connected.client.close();
    throw error;
  }
}

async function knownIncarnation({ db }: MongoConnection): Promise<string> {
  const fresh = JSON.stringify({ value: uuidv7({ now: () => Date.now() }, systemRandom) });
  const meta = db.collection<{ _id: string; [REST]: string }>('meta');
  // Two processes that begin at once agree on the first one's.
  await meta.updateOne({ _id: 'incarnation' }, { $setOnInsert: { [REST]: fresh } }, { upsert: true, writeConcern: { w: 'majority', journal: true } });
  const stored = await meta.findOne({ _id: 'incarnation' }, { readConcern: { level: 'majority' } });
  return (JSON.parse(stored![REST]) as { value: string }).value;
}

class MongodbStore implements Store {
  private readonly committer: Committer;
  private readonly recalled: Recall;
  private readonly admission = new Admission(DEFAULT_LIMITS);
  private readonly metrics: Metrics;
  private readonly logger: Logger;
  private readonly listeners = new Set<(events: StoredEvent[]) => void>();
  private readonly waiting = new Set<Waiting>();
  private readonly reading = new Set<Promise<unknown>>();
  private problem: string | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly connected: MongoConnection, options: MongoStoreOptions, private readonly known: string, private readonly time: ServerTime, newest: string | undefined, private floor: Timestamp | undefined) {
    this.metrics = options.metrics ?? noMetrics;
    this.logger = options.logger ?? silentLogger;
    this.recalled = new Recall(connected.client, connected.db, () => this.floor);
    const now = options.now ?? (() => time.now());
    this.committer = new Committer(
      {
        ...connected, clock: new StoreClock(now, newest), uuid: () => uuidv7({ now: () => Math.floor(now()) }, systemRandom),
        commands: options.commands ?? (COMMANDS as Readonly<Record<string, CommandHandler<never, unknown>>>),
        process: `-${Math.floor(Math.random() * 36 ** 5).toString(36).padStart(5, '0')}`, guarded: new GuardedAnswers(),
        commitMs: options.commitMs ?? COMMIT_MS, floor: () => this.floor, committedAt: (at) => this.passed(at),
      },
      { committed: (events) => this.tell(events), settled: (batch) => this.settled(batch) },
      options.maxBatch,
    );
  }

  async read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.tracked(async () => {
      const tx = new SnapshotReads(this.connected.client, this.connected.db, () => this.floor);
      try {
        return await work(tx);
      } finally {
        await tx.end();
      }
    });
  }

  async recall<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    checkKey(table as Table, key);
    return this.tracked(async () => (await this.recalled.row(table as Table, key)) as R | undefined);
  }

  async run<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
    if (this.closing) throw closedError();
    const oldest = this.waiting.values().next().value;
    this.admission.admit(this.waiting.size, oldest ? performance.now() - oldest.since : 0);
    const copy = cloneJson(args);
    const result = await new Promise<unknown>((resolve, reject) => {
      const done = (): void => void this.waiting.delete(waiting);
      const waiting: Waiting = {
        name, args: copy, place: placeOf(name, copy), since: performance.now(),
        resolve: (value) => (done(), resolve(value)),
        reject: (error) => (done(), reject(error)),
      };
      this.waiting.add(waiting);
      this.committer.add(waiting);
    });
    return result as CommandResult<N>;
  }

  onCommitted(listener: (events: StoredEvent[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  incarnation(): string {
    return this.known;
  }

  async health(): Promise<{ adapter: string; settings: Record<string, string | number>; problems: string[] }> {
    if (this.closing) return { adapter: 'mongodb', settings: {}, problems: ['closed'] };
    const { settings, problems } = await readHealth(this.connected.db);
    return { adapter: 'mongodb', settings, problems: this.problem === undefined ? problems : [...problems, `the last commit failed: ${this.problem}`] };
  }

  async close(): Promise<void> {
    this.closing ??= (async () => {
      await this.committer.idle();
      await Promise.allSettled(this.reading);
      this.time.stop();
      await this.connected.client.close();
    })();
    await this.closing;
  }

  private async tracked<T>(work: () => Promise<T>): Promise<T> {
    if (this.closing) throw closedError();
    const reading = work();
    this.reading.add(reading);
    try {
      return await reading;
    } catch (error) {
      throw storageError(error);
    } finally {
      this.reading.delete(reading);
    }
  }

  private passed(at: Timestamp): void {
    if (this.floor === undefined || at.greaterThan(this.floor)) this.floor = at;
    this.time.passed(at.getHighBitsUnsigned());
  }

  private tell(events: StoredEvent[]): void {
    for (const listener of [...this.listeners]) listener(events);
  }

  private settled({ size, seconds, problem }: { size: number; seconds: number; problem: string | undefined }): void {
    if (problem !== undefined) this.logger.warn({ problem, size }, 'a commit failed');
    else if (this.problem !== undefined) this.logger.info({}, 'commits go through again');
    this.problem = problem;
    this.admission.committed(seconds);
    this.metrics.observe('parley_commit_batch_size', size);
    this.metrics.observe('parley_commit_seconds', seconds);
    this.metrics.gauge('parley_commit_queue', this.waiting.size);
  }
}
