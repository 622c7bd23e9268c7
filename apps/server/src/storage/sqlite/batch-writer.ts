import { ParleyError } from '@parley/shared/protocol/errors';
import type { CommandHandler } from '../command.ts';
import type { StoredEvent } from '../port.ts';
import { StoreClock } from '../store-clock.ts';
import { openWriter, readBack, type Connection, type Settings } from './connection.ts';
import { sqliteCode, storageError } from './errors.ts';
import { DEFAULT_FILING, type FilingLimits } from './filing.ts';
import { SqliteTx } from './sqlite-tx.ts';
import { Statements } from './statements.ts';

export interface Command {
  name: string;
  args: unknown;
}
export type Outcome = { ok: true; result: unknown } | { ok: false; error: unknown };
export interface Batch {
  /** As many as there were commands, in their order. */
  outcomes: Outcome[];
  events: StoredEvent[];
  /** Rows of recalled tables that were written, by `recallKey`. */
  changed: string[];
  /** From the beginning of the transaction to the end of its commit. */
  seconds: number;
  /** What the database refused the batch with, if it did. */
  problem?: string;
}

export interface BatchWriterOptions {
  file: string;
  commands: Readonly<Record<string, CommandHandler<never, unknown>>>;
  /** Milliseconds since the epoch. */
  now(): number;
  uuid(): string;
  filing?: FilingLimits;
}

interface Open {
  db: Connection;
  statements: Statements;
  clock: StoreClock;
  run: Record<'begin' | 'commit' | 'rollback' | 'save' | 'release' | 'undo', () => void>;
}

/** A command failed after it had written, and nothing marks where it began. */
const CANNOT_UNDO = Symbol('cannot undo');

/**
 * Runs commands in one transaction and commits them together. Nothing is answered before the commit has returned from the
 * disk. A command that fails takes back its own writes alone: nearly all fail before they write, so a savepoint for each
 * would be kept in vain, and is only kept when the batch is run again because one of them did not.
 */
export class BatchWriter {
  private open: Open | undefined;

  constructor(private readonly options: BatchWriterOptions) {
    this.open = this.connect();
  }

  settings(): Settings {
    return readBack((this.open ??= this.connect()).db);
  }

  async commit(commands: readonly Command[]): Promise<Batch> {
    const started = performance.now();
    const done = (outcomes: Outcome[], events: StoredEvent[], changed: string[], problem?: string): Batch => ({ outcomes, events, changed, seconds: (performance.now() - started) / 1000, ...(problem === undefined ? {} : { problem }) });
    try {
      const open = (this.open ??= this.connect());
      const { outcomes, events } = (await this.runAll(open, commands, false)) ?? (await this.runAll(open, commands, true))!;
      open.statements.file();
      open.run.commit();
      return done(outcomes, events, open.statements.takeChanged());
    } catch (error) {
      this.abandon();
      const failure = storageError(error) ?? error;
      const problem = sqliteCode(error) ?? String(error);
      return done(commands.map(() => ({ ok: false, error: failure })), [], [], problem);
    }
  }

  /** Brings the log into the database file, so that it is whole by itself. */
  close(): void {
    if (!this.open) return;
    const { db } = this.open;
    this.open = undefined;
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
  }

  /** Everything in a transaction that is left open; undefined, and none left, when it has to be run with savepoints. */
  private async runAll(open: Open, commands: readonly Command[], savepoints: boolean): Promise<{ outcomes: Outcome[]; events: StoredEvent[] } | undefined> {
    const outcomes: Outcome[] = [];
    const events: StoredEvent[] = [];
    open.run.begin();
    open.statements.begin();
    for (const command of commands) {
      const outcome = await this.execute(open, command, events, savepoints);
      if (outcome === CANNOT_UNDO) {
        open.run.rollback();
        open.statements.undone();
        return undefined;
      }
      outcomes.push(outcome);
    }
    return { outcomes, events };
  }

  /** @throws what the database itself fails with, which ends the whole batch; the command's own failures are an outcome. */
  private async execute(open: Open, command: Command, events: StoredEvent[], savepoint: boolean): Promise<Outcome | typeof CANNOT_UNDO> {
    if (savepoint) open.run.save();
    const written = open.statements.writes;
    const tx = new SqliteTx(open.statements, open.clock, this.options.uuid);
    try {
      const handler = this.options.commands[command.name];
      if (!handler) throw new TypeError(`no command ${command.name}`);
      const result: unknown = await handler(tx, command.args as never);
      events.push(...tx.finish());
      if (savepoint) open.run.release();
      return { ok: true, result };
    } catch (error) {
      tx.end();
      if (storageError(error) || !open.db.inTransaction) throw error;
      if (savepoint) {
        open.run.undo();
        open.run.release();
        open.statements.undone();
      } else if (open.statements.writes !== written) return CANNOT_UNDO;
      return { ok: false, error };
    }
  }

  /**
   * After a failure of unknown extent the connection is given up with its caches and its idea of the log; the next batch
   * begins on a new one, which reads what really is in the file.
   */
  private abandon(): void {
    const open = this.open;
    this.open = undefined;
    if (!open) return;
    try {
      if (open.db.inTransaction) open.run.rollback();
    } catch {
      // Closing takes it back as well.
    }
    open.db.close();
  }

  private connect(): Open {
    const db = openWriter(this.options.file);
    const step = (sql: string): (() => void) => {
      const statement = db.prepare(sql);
      return () => void statement.run();
    };
    const newest = db.prepare('SELECT max(id) FROM outbox').pluck().get() as string | null;
    return {
      db,
      statements: new Statements(db, this.options.filing ?? DEFAULT_FILING),
      clock: new StoreClock(this.options.now, newest ?? undefined),
      run: { begin: step('BEGIN IMMEDIATE'), commit: step('COMMIT'), rollback: step('ROLLBACK'), save: step('SAVEPOINT command'), release: step('RELEASE command'), undo: step('ROLLBACK TO command') },
    };
  }
}

export const closedError = (): ParleyError => new ParleyError('unavailable', 'the store is closed');
