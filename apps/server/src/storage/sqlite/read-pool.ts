import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx } from '../port.ts';
import { openReader, type Connection } from './connection.ts';
import { storageError } from './errors.ts';
import { SqliteReadTx } from './sqlite-tx.ts';
import { Statements } from './statements.ts';

interface Reader {
  db: Connection;
  statements: Statements;
  begin(): void;
  end(): void;
}

/**
 * Connections for reading, one for each read under way and kept for the next. Each read is a transaction of its own, begun
 * when it is asked for: so a caller always sees what it was acknowledged.
 */
export class ReadPool {
  private readonly idle: Reader[] = [];
  private readonly waiting: ((reader: Reader | undefined) => void)[] = [];
  private busy = 0;
  private closed = false;

  constructor(private readonly file: string, private readonly max = 16) {}

  async read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> {
    const reader = this.take() ?? (await this.wait());
    const tx = new SqliteReadTx(reader.statements);
    try {
      reader.begin();
      return await work(tx);
    } catch (error) {
      throw storageError(error) ?? error;
    } finally {
      tx.end();
      this.give(reader);
    }
  }

  /** Readers under way end by themselves; the connections close as they come back. */
  close(): void {
    this.closed = true;
    for (const waiting of this.waiting.splice(0)) waiting(undefined);
    for (const reader of this.idle.splice(0)) reader.db.close();
  }

  private take(): Reader | undefined {
    if (this.closed) throw new ParleyError('unavailable', 'the store is closed');
    const reader = this.idle.pop() ?? (this.busy < this.max ? this.open() : undefined);
    if (reader) this.busy++;
    return reader;
  }

  private async wait(): Promise<Reader> {
    const reader = await new Promise<Reader | undefined>((resolve) => this.waiting.push(resolve));
    if (!reader) throw new ParleyError('unavailable', 'the store is closed');
    return reader;
  }

  private give(reader: Reader): void {
    if (reader.db.inTransaction) reader.end();
    const next = this.waiting.shift();
    if (next) {
      next(reader);
      return;
    }
    this.busy--;
    if (this.closed) reader.db.close();
    else this.idle.push(reader);
  }

  private open(): Reader {
    try {
      const db = openReader(this.file);
      const begin = db.prepare('BEGIN');
      const end = db.prepare('COMMIT');
      return { db, statements: new Statements(db), begin: () => void begin.run(), end: () => void end.run() };
    } catch (error) {
      throw storageError(error) ?? error;
    }
  }
}
