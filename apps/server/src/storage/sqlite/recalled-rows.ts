import type { KeyPart, Row, Table } from '../port.ts';

export const recallKey = (table: Table, key: readonly KeyPart[]): string => `${table.name}\n${key.join('\n')}`;

/** Rows of recalled tables that were read lately, until a commit changes them. */
export class RecalledRows {
  private readonly rows = new Map<string, Row | undefined>();
  /** Commits heard of: what a reader found that began before the last one may be older. */
  private heard = 0;

  constructor(private readonly max = 20_000) {}

  /** `read` finds the row in a transaction of its own, begun when it is called. */
  async get<R extends Row>(table: Table<R>, key: readonly KeyPart[], read: () => Promise<R | undefined>): Promise<R | undefined> {
    const name = recallKey(table as Table, key);
    if (this.rows.has(name)) return this.rows.get(name) as R | undefined;
    const heard = this.heard;
    const row = await read();
    if (row === undefined || heard !== this.heard) return row;
    if (this.rows.size >= this.max) this.rows.delete(this.rows.keys().next().value!);
    this.rows.set(name, row);
    return row;
  }

  /** A commit changed these rows; called before anybody is told of it. */
  changed(names: readonly string[]): void {
    if (names.length === 0) return;
    this.heard++;
    for (const name of names) this.rows.delete(name);
  }

  /** It is not known what was committed. */
  forget(): void {
    this.heard++;
    this.rows.clear();
  }
}
