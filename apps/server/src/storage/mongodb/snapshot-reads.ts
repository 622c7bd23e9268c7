import type { ClientSession, Db, MongoClient, Timestamp } from 'mongodb';
import { ParleyError } from '@parley/shared/protocol/errors';
import { checkKey, orderedFields } from '../order.ts';
import type { KeyPart, Range, ReadTx, Row, Table } from '../port.ts';
import { fromDocument } from './documents.ts';
import { isSnapshotGone } from './errors.ts';
import { Reader } from './reader.ts';
import type { Question } from './rows.ts';

/** How long a snapshot is waited for that has all this process knows to be committed. */
const WAIT_MS = 5_000;

/** Reads in a snapshot session. The first question decides of which moment it is. */
export class SnapshotReads implements ReadTx {
  private chosen: Promise<Reader> | undefined;
  private session: ClientSession | undefined;
  private over = false;

  constructor(private readonly client: MongoClient, private readonly db: Db, private readonly floor: () => Timestamp | undefined) {}

  async get<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    checkKey(table as Table, key);
    const found = await this.ask((reader) => reader.get(table as Table, key));
    return found && (fromDocument(table as Table, found) as R);
  }

  async find<R extends Row>(table: Table<R>, range: Question): Promise<R[]> {
    orderedFields(table as Table, range.index);
    if (range.limit <= 0) return [];
    const found = await this.ask((reader) => reader.find(table as Table, range));
    return found.map((document) => fromDocument(table as Table, document) as R);
  }

  async count<R extends Row>(table: Table<R>, range: Range): Promise<number> {
    orderedFields(table as Table, range.index);
    return this.ask((reader) => reader.count(table as Table, range));
  }

  async end(): Promise<void> {
    this.over = true;
    await this.session?.endSession();
  }

  private async ask<T>(question: (reader: Reader) => Promise<T>): Promise<T> {
    if (this.over) throw new TypeError('the transaction is over');
    if (this.chosen) return question(await this.chosen);
    let answer: T;
    this.chosen = this.choose(async (reader) => void (answer = await question(reader)));
    await this.chosen;
    return answer!;
  }

  /** After a change of primary a majority snapshot may be older than what has been acknowledged; such a one is left. */
  private async choose(first: (reader: Reader) => Promise<void>): Promise<Reader> {
    const floor = this.floor();
    const deadline = performance.now() + WAIT_MS;
    for (;;) {
      const session = this.client.startSession({ snapshot: true });
      const reader = new Reader(this.db, session);
      try {
        await first(reader);
        const at = (session as { snapshotTime?: Timestamp }).snapshotTime;
        if (floor === undefined || (at !== undefined && at.greaterThanOrEqual(floor))) {
          this.session = session;
          return reader;
        }
      } catch (error) {
        if (!isSnapshotGone(error) || performance.now() > deadline) {
          await session.endSession();
          throw error;
        }
      }
      await session.endSession();
      if (performance.now() > deadline) throw new ParleyError('unavailable', 'the database is behind what it has acknowledged', { retry_after_ms: 1_000 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
