import { cloneJson } from '../json.ts';
import type { KeyPart, Row, Table } from '../port.ts';

/** Rows kept; when there are more, all are forgotten. */
const CAPACITY = 20_000;

/** Rows of warm tables as the one connection that writes has last read or written them. */
export class WarmRows {
  private readonly rows = new Map<string, Row>();

  get(table: Table, key: readonly KeyPart[]): Row | undefined {
    const row = this.rows.get(nameOf(table, key));
    return row && copyOf(row);
  }

  set(table: Table, key: readonly KeyPart[], row: Row): void {
    if (this.rows.size >= CAPACITY) this.rows.clear();
    this.rows.set(nameOf(table, key), copyOf(row));
  }

  delete(table: Table, key: readonly KeyPart[]): void {
    this.rows.delete(nameOf(table, key));
  }

  /** What was written has been taken back, or another process has written. */
  forget(): void {
    this.rows.clear();
  }
}

/** Whoever reads or has written a row may change it. */
function copyOf(row: Row): Row {
  const copy = { ...row };
  for (const name in copy) if (typeof copy[name] === 'object' && copy[name] !== null) copy[name] = cloneJson(copy[name]);
  return copy;
}

const nameOf = (table: Table, key: readonly KeyPart[]): string => `${table.name}\n${key.join('\n')}`;
