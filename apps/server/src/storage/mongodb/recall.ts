import type { Db, MongoClient, Timestamp } from 'mongodb';
import type { KeyPart, Row, Table } from '../port.ts';
import { fieldOf, fromDocument } from './documents.ts';
import { Reader } from './reader.ts';
import { keyName } from './rows.ts';

interface Wanted {
  key: readonly KeyPart[];
  resolve(row: Row | undefined): void;
  reject(error: unknown): void;
}

/** Rows in one question. */
const MOST = 500;

/**
 * Single rows for who asks before every call. Nothing is kept: another process may have changed a row, and nobody tells
 * of it. Those asked for while a question is under way are asked for together in the next, which begins after all of them.
 */
export class Recall {
  private readonly wanted = new Map<string, Wanted[]>();
  private readonly asking = new Set<string>();

  /** `floor`: the newest time that is known to be committed; no answer is older. */
  constructor(private readonly client: MongoClient, private readonly db: Db, private readonly floor: () => Timestamp | undefined) {}

  async row(table: Table, key: readonly KeyPart[]): Promise<Row | undefined> {
    return new Promise((resolve, reject) => {
      const wanted = this.wanted.get(table.name);
      if (wanted) wanted.push({ key, resolve, reject });
      else this.wanted.set(table.name, [{ key, resolve, reject }]);
      if (this.asking.has(table.name)) return;
      this.asking.add(table.name);
      void this.ask(table);
    });
  }

  private async ask(table: Table): Promise<void> {
    // Those of the same turn come along.
    await Promise.resolve();
    for (;;) {
      const wanted = this.wanted.get(table.name) ?? [];
      const some = wanted.splice(0, MOST);
      if (some.length === 0) {
        this.asking.delete(table.name);
        return;
      }
      try {
        const rows = await this.rows(table, some.map(({ key }) => key));
        for (const { key, resolve } of some) resolve(rows.get(keyName(key)));
      } catch (error) {
        for (const { reject } of some) reject(error);
      }
    }
  }

  private async rows(table: Table, keys: readonly (readonly KeyPart[])[]): Promise<Map<string, Row>> {
    const session = this.client.startSession({ causalConsistency: true });
    try {
      const floor = this.floor();
      if (floor) session.advanceOperationTime(floor);
      const documents = await new Reader(this.db, session, { level: 'majority' }).gather(table, undefined, keys);
      return new Map(documents.map((document) => [keyName(table.key.map((name) => document[fieldOf(table, name)] as KeyPart)), fromDocument(table, document)]));
    } finally {
      await session.endSession();
    }
  }
}
