import { checkKey, checkRow, positionOf } from '../order.ts';
import type { KeyPart, Range, Row, Table } from '../port.ts';
import type { Connection } from './connection.ts';
import { Filing, type FilingLimits } from './filing.ts';
import { GatheredValues } from './gathered-values.ts';
import { HotTable } from './hot-table.ts';
import { gatherName } from './schema.ts';
import { recallKey } from './recalled-rows.ts';
import { PlainTable, Prepared, type TableAccess, type Values } from './table-access.ts';

interface Access {
  table: TableAccess;
  columns: readonly string[];
}

/** One connection's tables, and the way between rows and columns. */
export class Statements {
  private readonly prepared: Prepared;
  private readonly tables = new Map<string, Access>();
  private readonly filings: Filing[] = [];
  private readonly gathered: GatheredValues[] = [];
  private version: unknown;
  private changed: string[] = [];

  /** `filing` is for the connection that writes. */
  constructor(db: Connection, private readonly filing?: FilingLimits) {
    this.prepared = new Prepared(db);
  }

  get(table: Table, key: readonly KeyPart[]): Row | undefined {
    checkKey(table, key);
    const access = this.of(table);
    const values = access.table.get(key);
    return values && toRow(access.columns, values);
  }

  find(table: Table, range: Range & { reverse?: boolean; limit: number }): Row[] {
    const access = this.of(table);
    return access.table.find(range).map((values) => toRow(access.columns, values));
  }

  count(table: Table, range: Range): number {
    return this.of(table).table.count(range);
  }

  insert(table: Table, row: Row): void {
    checkRow(table, row);
    const access = this.of(table);
    this.note(table, row);
    access.table.insert(positionOf(row, table.key)!, toValues(table, access.columns, row));
  }

  put(table: Table, row: Row): void {
    checkRow(table, row);
    const access = this.of(table);
    this.note(table, row);
    access.table.put(positionOf(row, table.key)!, toValues(table, access.columns, row));
  }

  delete(table: Table, key: readonly KeyPart[]): boolean {
    checkKey(table, key);
    if (table.recalled) this.changed.push(recallKey(table, key));
    return this.of(table).table.delete(key);
  }

  /** Called in each transaction that writes, before its commands: what is remembered of the file holds only while no other process writes. */
  begin(): void {
    const [version] = this.prepared.rows('PRAGMA data_version').get() as [number];
    if (version !== this.version) for (const values of this.gathered) values.forget();
    this.version = version;
  }

  /** Files gathered rows; called in each transaction that writes, after its commands. */
  file(): void {
    for (const filing of this.filings) filing.step();
  }

  /** Rows of recalled tables written since it was last asked, by `recallKey`; more than were changed when some were taken back. */
  takeChanged(): string[] {
    const changed = this.changed;
    if (changed.length > 0) this.changed = [];
    return changed;
  }

  private note(table: Table, row: Row): void {
    if (table.recalled) this.changed.push(recallKey(table, positionOf(row, table.key)!));
  }

  private of(table: Table): Access {
    let access = this.tables.get(table.name);
    if (!access) {
      access = { table: this.make(table), columns: Object.keys(table.columns) };
      this.tables.set(table.name, access);
    }
    return access;
  }

  private make(table: Table): TableAccess {
    // As the file has it: whoever opened it has brought it up to its declarations.
    const hot = this.prepared.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(gatherName(table)) !== undefined;
    if (!hot) return new PlainTable(this.prepared, table);
    if (!this.filing) return new HotTable(this.prepared, table);
    const filing = new Filing(this.prepared, table, this.filing);
    const values = new GatheredValues(this.prepared, table);
    this.filings.push(filing);
    this.gathered.push(values);
    return new HotTable(this.prepared, table, { gathered: () => filing.gathered(), values });
  }
}

function toRow(columns: readonly string[], values: Values): Row {
  const rest = values[columns.length];
  const row: Row = typeof rest === 'string' ? (JSON.parse(rest) as Row) : {};
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i];
  return row;
}

function toValues(table: Table, columns: readonly string[], row: Row): Values {
  const values: Values = [];
  for (const name of columns) values.push((row[name] ?? null) as string | number | null);
  let rest: Row | undefined;
  for (const name in row) {
    if (name in table.columns || row[name] === undefined) continue;
    rest ??= {};
    rest[name] = row[name];
  }
  values.push(rest ? JSON.stringify(rest) : null);
  return values;
}
