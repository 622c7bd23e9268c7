import type { KeyPart, Range, ReadTx, Row, Table } from '../../storage/port.ts';

/**
 * One snapshot in which a row that was read is not read again: catching up asks for the same heads, channels and members
 * for streams and summaries alike. Rows are shared, so nobody changes them. Lives as long as one answer.
 */
export class SnapshotCache implements ReadTx {
  private readonly rows = new Map<Table, Map<string, Promise<Row | undefined>>>();

  constructor(private readonly tx: ReadTx) {}

  get<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined> {
    let known = this.rows.get(table as Table);
    if (!known) this.rows.set(table as Table, (known = new Map()));
    const name = key.length === 1 ? String(key[0]) : key.join(' ');
    let row = known.get(name);
    if (!row) known.set(name, (row = this.tx.get(table, key)));
    return row as Promise<R | undefined>;
  }

  find<R extends Row>(table: Table<R>, range: Range & { reverse?: boolean; limit: number }): Promise<R[]> {
    return this.tx.find(table, range);
  }

  count<R extends Row>(table: Table<R>, range: Range): Promise<number> {
    return this.tx.count(table, range);
  }
}
