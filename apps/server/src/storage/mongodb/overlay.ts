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
    rows.set(name, { table, key, row, fresh: before ? before.fresh : fresh });
  }

  of(table: Table): ReadonlyMap<string, Written> | undefined {
    return this.tables.get(table.name);
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
      if (before) this.tables.get(table)!.set(name, before);
      else this.tables.get(table)!.delete(name);
    }
    this.journal = [];
  }
}
