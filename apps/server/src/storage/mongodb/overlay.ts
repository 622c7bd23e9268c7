import type { KeyPart, Row, Table } from '../port.ts';
import { keyName } from './rows.ts';

/** What a batch will write of one row. */
export interface Written {
  table: Table;
  key: readonly KeyPart[];
  /** Null: deleted. */
  row: Row | null;
  /** The database has no such row. */
  fresh: boolean;
}

/**
 * Writes that wait for the end of their transaction. MongoDB has no savepoints: a command that fails must take back its
 * own writes alone, so nothing is written before it is known to stay.
 */
export class Overlay {
  /** Set when it can no longer be left to the end whether what was written was allowed. */
  needsCare = false;
  /** Unique values that were taken without looking, with the key of the row that took them. */
  readonly taken = new Map<string, string>();
  private readonly tables = new Map<string, Map<string, Written>>();
  /** Values of unique indexes that rows of this have, with their keys. */
  private readonly values = new Map<string, string>();
  private journal: { table: string; name: string; before: Written | undefined }[] = [];

  get(table: Table, key: readonly KeyPart[]): Written | undefined {
    return this.tables.get(table.name)?.get(keyName(key));
  }

  set(table: Table, key: readonly KeyPart[], row: Row | null, fresh: boolean): void {
    const name = keyName(key);
    let rows = this.tables.get(table.name);
    if (!rows) this.tables.set(table.name, (rows = new Map()));
    const before = rows.get(name);
    this.journal.push({ table: table.name, name, before });
    this.replace(rows, name, before, { table, key, row, fresh: before ? before.fresh : fresh });
  }

  of(table: Table): ReadonlyMap<string, Written> | undefined {
    return this.tables.get(table.name);
  }

  /** The name of the key whose row here has this value of a unique index. */
  ownerOf(value: string): string | undefined {
    return this.values.get(value);
  }

  /** Takes over what another has, which nothing in here speaks against. */
  adopt(other: Overlay): void {
    for (const rows of other.tables.values()) for (const { table, key, row, fresh } of rows.values()) this.set(table, key, row, fresh);
    for (const [value, name] of other.taken) this.taken.set(value, name);
  }

  * every(): Iterable<Written> {
    for (const rows of this.tables.values()) yield* rows.values();
  }

  /** Tables with something to write: `first` before all others, so that transactions meet there before they have done more. */
  all(first: string): Written[][] {
    const names = [...this.tables.keys()].sort((a, b) => Number(b === first) - Number(a === first) || (a < b ? -1 : 1));
    return names.map((name) => [...this.tables.get(name)!].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, written]) => written)).filter((rows) => rows.length > 0);
  }

  /** Writes since `begin`. */
  get writes(): number {
    return this.journal.length;
  }

  begin(): void {
    this.journal = [];
  }

  undo(): void {
    for (const { table, name, before } of this.journal.reverse()) {
      const rows = this.tables.get(table)!;
      this.replace(rows, name, rows.get(name), before);
    }
    this.journal = [];
  }

  private replace(rows: Map<string, Written>, name: string, before: Written | undefined, after: Written | undefined): void {
    if (before?.row) for (const [value] of uniqueValues(before.table, before.row)) if (this.values.get(value) === name) this.values.delete(value);
    if (after) rows.set(name, after);
    else rows.delete(name);
    if (after?.row) for (const [value] of uniqueValues(after.table, after.row)) this.values.set(value, name);
  }
}

/** The values that a row has in the unique indexes of its table, by names of their own. */
export function uniqueValues(table: Table, row: Row): [value: string, index: string, parts: KeyPart[]][] {
  const found: [string, string, KeyPart[]][] = [];
  for (const index in table.indexes) {
    const { unique, fields } = table.indexes[index]!;
    if (!unique || fields.some((name) => row[name] === null || row[name] === undefined)) continue;
    const parts = fields.map((name) => row[name] as KeyPart);
    found.push([valueName(table, index, parts), index, parts]);
  }
  return found;
}

export const valueName = (table: Table, index: string, parts: readonly KeyPart[]): string => `${table.name} ${index} ${keyName(parts)}`;
