import { ParleyError } from '@parley/shared/protocol/errors';
import { uuidv7 } from '@parley/shared/domain/ids';
import { noMetrics, type Metrics } from '../../platform/metrics.ts';
import { systemRandom } from '../../platform/system.ts';
import type { CommandHandler } from '../command.ts';
import { COMMANDS, type CommandArgs, type CommandName, type CommandResult } from '../commands.ts';
import type { KeyPart, ReadTx, Row, Store, StoredEvent, Table } from '../port.ts';
import { TABLES } from '../tables.ts';
import { Admission, DEFAULT_LIMITS, type AdmissionLimits } from '../admission.ts';
import { closedError, type Outcome } from './batch-writer.ts';
import { openWriter, type Connection, type Settings } from './connection.ts';
import type { FilingLimits } from './filing.ts';
import { InlineWriter } from './inline-writer.ts';
import { migrate } from './migrations.ts';
import { ReadPool } from './read-pool.ts';
import { RecalledRows } from './recalled-rows.ts';
import { REST } from './schema.ts';
import { ThreadWriter } from './thread-writer.ts';
import type { Committed, Writer, WriterEvents } from './writer.ts';

export interface SqliteStoreOptions {
  /** Path of the database; its log lies beside it. */
  file: string;
  /** `inline` waits for the disk in the caller's thread and takes `now`; default `thread`. */
  writer?: 'thread' | 'inline';
  /** Milliseconds since the epoch, for the inline writer. */
  now?: () => number;
  metrics?: Metrics;
  limits?: AdmissionLimits;
  /** For tests: other tables, commands, and the module a writer thread takes its commands from. */
  tables?: readonly Table[];
  commands?: Readonly<Record<string, CommandHandler<never, unknown>>>;
  commandsModule?: string;
  /** How many new rows of hot tables are gathered before they are filed. */
  filing?: FilingLimits;
  /** For benchmarks of the writer's thread: commands in one commit at most, in place of `MAX_BATCH`. */
  maxBatch?: number;
}

interface Waiting {
  since: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Opens the database, brings its schema up to this program and starts its writer. */
export async function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  const db = openWriter(options.file);
  try {
    const store = new SqliteStore(options, prepareFile(db, options));
    try {
      await store.opened();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  } finally {
    // Not before the writer has opened its own: the last one to close would write the log back and remove it.
    db.close();
  }
}

/** @throws NewerDatabaseError when the file is not for this program. */
function prepareFile(db: Connection, options: SqliteStoreOptions): string {
  migrate(db, options.tables ?? TABLES, Date.now());
  const read = db.prepare(`SELECT "${REST}" FROM meta WHERE name = 'incarnation'`).pluck();
  if (read.get() === undefined) {
    db.prepare(`INSERT INTO meta (name, "${REST}") VALUES ('incarnation', ?)`).run(JSON.stringify({ value: uuidv7({ now: () => Date.now() }, systemRandom) }));
  }
  return (JSON.parse(read.get() as string) as { value: string }).value;
}

class SqliteStore implements Store {
  private readonly pool: ReadPool;
  private readonly admission: Admission;
  private readonly recalled = new RecalledRows();
  private readonly metrics: Metrics;
  private readonly listeners = new Set<(events: StoredEvent[]) => void>();
  /** Submitted and not answered, oldest first. */
  private readonly waiting = new Map<number, Waiting>();
  private submission: { id: number; name: string; args: unknown }[] = [];
  private writer: Writer | undefined;
  private settings: Settings = {};
  private nextId = 1;
  private problem: string | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: SqliteStoreOptions, private readonly known: string) {
    this.pool = new ReadPool(options.file);
    this.admission = new Admission(options.limits ?? DEFAULT_LIMITS);
    this.metrics = options.metrics ?? noMetrics;
    this.writer = this.start();
  }

  async opened(): Promise<void> {
    this.settings = await this.writer!.ready;
  }

  async read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    return this.pool.read(work);
  }

  async recall<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    if (this.closing) throw closedError();
    return this.recalled.get(table, key, () => this.pool.read((tx) => tx.get(table, key)));
  }

  async run<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>> {
    if (this.closing) throw closedError();
    const now = performance.now();
    const oldest = this.waiting.values().next().value;
    this.admission.admit(this.waiting.size, oldest ? now - oldest.since : 0);
    const result = await new Promise<unknown>((resolve, reject) => {
      const id = this.nextId++;
      this.waiting.set(id, { since: now, resolve, reject });
      this.submission.push({ id, name, args });
      if (this.submission.length === 1) setImmediate(() => this.submit());
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
    const problems = this.closing ? ['closed'] : this.problem === undefined ? [] : [`the last commit failed: ${this.problem}`];
    return { adapter: 'sqlite', settings: { ...this.settings }, problems };
  }

  async close(): Promise<void> {
    this.closing ??= (async () => {
      this.submit();
      await this.writer?.close();
      this.pool.close();
    })();
    await this.closing;
  }

  private start(): Writer {
    const events: WriterEvents = { committed: (commit) => this.committed(commit), lost: (reason) => this.lost(reason) };
    const { file, filing, maxBatch, commandsModule } = this.options;
    const data = { file, ...(filing ? { filing } : {}), ...(maxBatch === undefined ? {} : { maxBatch }) };
    if (this.options.writer !== 'inline') return new ThreadWriter({ ...data, ...(commandsModule === undefined ? {} : { commandsModule }) }, events);
    const now = this.options.now ?? (() => Date.now());
    const commands = this.options.commands ?? (COMMANDS as Readonly<Record<string, CommandHandler<never, unknown>>>);
    return new InlineWriter({ ...data, commands, now, uuid: () => uuidv7({ now }, systemRandom) }, events);
  }

  /** All that was asked for in one turn of the event loop goes over in one message. */
  private submit(): void {
    if (this.submission.length === 0) return;
    const commands = this.submission;
    this.submission = [];
    this.metrics.gauge('parley_commit_queue', this.waiting.size);
    try {
      this.writer ??= this.start();
      this.writer.submit(commands);
    } catch (error) {
      // Arguments that cannot cross to the thread, or no thread to be had.
      for (const { id } of commands) this.settle(id, { ok: false, error });
    }
  }

  private committed({ outcomes, events, changed, seconds, problem }: Committed): void {
    this.problem = problem;
    if (problem === undefined) this.recalled.changed(changed);
    else this.recalled.forget();
    this.admission.committed(seconds);
    this.metrics.observe('parley_commit_batch_size', outcomes.length);
    this.metrics.observe('parley_commit_seconds', seconds);
    try {
      if (events.length > 0) for (const listener of [...this.listeners]) listener(events);
    } finally {
      for (const { id, outcome } of outcomes) this.settle(id, outcome);
      this.metrics.gauge('parley_commit_queue', this.waiting.size);
    }
  }

  private lost(reason: Error): void {
    this.writer = undefined;
    this.problem = reason.message;
    this.recalled.forget();
    const submitted = new Set(this.submission.map(({ id }) => id));
    for (const id of [...this.waiting.keys()]) {
      if (!submitted.has(id)) this.settle(id, { ok: false, error: new ParleyError('unavailable', 'the result of the commit is unknown', { retry_after_ms: 1_000 }) });
    }
  }

  private settle(id: number, outcome: Outcome): void {
    const waiting = this.waiting.get(id);
    if (!waiting) return;
    this.waiting.delete(id);
    if (outcome.ok) waiting.resolve(outcome.result);
    else waiting.reject(outcome.error);
  }
}
