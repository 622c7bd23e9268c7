import { checkKey, checkRow, positionOf } from '../order.ts';
import type { KeyPart, Range, Row, Table } from '../port.ts';
import { Ceilings } from './ceilings.ts';
import type { Connection } from './connection.ts';
import { Filing, type FilingLimits } from './filing.ts';
import { foldOf, type Fold } from '../fold.ts';
import { GatheredValues } from './gathered-values.ts';
import { HotTable } from './hot-table.ts';
import { recallKey } from './recalled-rows.ts';
import { gatherName } from './schema.ts';
import { PlainTable, Prepared, type TableAccess, type Values } from './table-access.ts';
import { WarmRows } from './warm-rows.ts';

interface Access {
  table: TableAccess;
  columns: readonly string[];
  fold: Fold | null;
}

/** One connection's tables, and the way between rows and columns. */
export class Statements {
  private readonly prepared: Prepared;
  private readonly tables = new Map<string, Access>();
  private readonly filings: Filing[] = [];
  private readonly hot: HotTable[] = [];
  private readonly warm: WarmRows | null;
  private version: unknown;
  private changed: string[] = [];
  /** Rises with every row that was written, or tried to be. */
  writes = 0;

  /** `filing` is for the connection that writes. */
  constructor(db: Connection, private readonly filing?: FilingLimits) {
    this.prepared = new Prepared(db);
    this.warm = filing ? new WarmRows() : null;
  }

  get(table: Table, key: readonly KeyPart[]): Row | undefined {
    checkKey(table, key);
    const warm = table.warm === true ? this.warm : null;
    const kept = warm?.get(table, key);
    if (kept) return kept;
    const access = this.of(table);
    const values = access.table.get(key);
    const row = values && toRow(access, values);
    if (row) warm?.set(table, key, row);
    return row;
  }

  find(table: Table, range: Range & { reverse?: boolean; limit: number }): Row[] {
    const access = this.of(table);
    return access.table.find(range).map((values) => toRow(access, values));
  }

  count(table: Table, range: Range): number {
    return this.of(table).table.count(range);
  }

  insert(table: Table, row: Row): void {
    this.writes++;
    checkRow(table, row);
    const access = this.of(table);
    this.note(table, row);
    const key = positionOf(row, table.key)!;
    access.table.insert(key, toValues(table, access, row));
    if (table.warm === true) this.warm?.delete(table, key);
  }

  put(table: Table, row: Row): void {
    this.writes++;
    checkRow(table, row);
    const access = this.of(table);
    this.note(table, row);
    const key = positionOf(row, table.key)!;
    access.table.put(key, toValues(table, access, row));
    if (table.warm !== true) return;
    // What is absent is read back as null.
    if (access.columns.every((name) => row[name] !== undefined)) this.warm?.set(table, key, row);
    else this.warm?.delete(table, key);
  }

  delete(table: Table, key: readonly KeyPart[]): boolean {
    this.writes++;
    checkKey(table, key);
    if (table.recalled) this.changed.push(recallKey(table, key));
    this.warm?.delete(table, key);
    return this.of(table).table.delete(key);
  }

  /** Called in each transaction that writes, before its commands: what is remembered of the file holds only while no other process writes. */
  begin(): void {
    const [version] = this.prepared.rows('PRAGMA data_version').get() as [number];
    const changed = version !== this.version;
    for (const hot of this.hot) hot.begin(changed);
    if (changed) this.warm?.forget();
    this.version = version;
  }

  /** Something of the transaction was taken back. */
  undone(): void {
    this.warm?.forget();
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
      access = { table: this.make(table), columns: Object.keys(table.columns), fold: foldOf(table) };
      this.tables.set(table.name, access);
    }
    return access;
  }

  private make(table: Table): TableAccess {
    // As the file has it: whoever opened it has brought it up to its declarations.
    const isHot = this.prepared.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(gatherName(table)) !== undefined;
    if (!isHot) return new PlainTable(this.prepared, table);
    if (!this.filing) return new HotTable(this.prepared, table);
    const filing = new Filing(this.prepared, table, this.filing);
    const values = new GatheredValues(this.prepared, table);
    const hotTable = new HotTable(this.prepared, table, { gathered: () => filing.gathered(), values, ceilings: new Ceilings() });
    this.filings.push(filing);
    this.hot.push(hotTable);
    return hotTable;
  }
}

function toRow({ columns, fold }: Access, values: Values): Row {
  const rest = values[columns.length];
  const row: Row = typeof rest === 'string' ? (JSON.parse(rest) as Row) : {};
  const into = fold ? ({} as Row) : row;
  for (let i = 0; i < columns.length; i++) into[columns[i]!] = values[i];
  return fold ? fold.open(row, into) : row;
}

function toValues(table: Table, { columns, fold }: Access, row: Row): Values {
  const values: Values = [];
  for (const name of columns) values.push((row[name] ?? null) as string | number | null);
  let rest: Row | undefined;
  for (const name in row) {
    if (name in table.columns || row[name] === undefined) continue;
    rest ??= {};
    rest[name] = row[name];
  }
  if (rest && fold) fold.close(rest, row);
  values.push(rest ? JSON.stringify(rest) : null);
  return values;
}
