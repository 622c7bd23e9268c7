import type Database from 'better-sqlite3';
import { checkKey, checkRow, orderedFields, positionOf } from '../order.ts';
import type { KeyPart, Range, Row, Table } from '../port.ts';
import type { Connection } from './connection.ts';
import { uniqueViolation } from './errors.ts';
import { indexName, nullableFields, quote, REST } from './schema.ts';

type Question = Range & { reverse?: boolean };
type Values = (string | number | null)[];
const BOUNDS = [['gt', '>'], ['gte', '>='], ['lt', '<'], ['lte', '<=']] as const;

/** One connection's prepared statements, made on first use, and the way between rows and columns. */
export class Statements {
  private readonly cache = new Map<string, Database.Statement>();
  private readonly tables = new Map<Table, TableStatements>();

  constructor(private readonly db: Connection) {}

  get(table: Table, key: readonly KeyPart[]): Row | undefined {
    checkKey(table, key);
    const own = this.of(table);
    const values = own.get.get(...key) as Values | undefined;
    return values && toRow(own.columns, values);
  }

  find(table: Table, range: Question & { limit: number }): Row[] {
    const own = this.of(table);
    const { sql, values } = this.where(table, range);
    const found = this.select(`f ${table.name} ${sql}`, () => `SELECT ${own.list} ${sql} LIMIT ?`).all(...values, Math.min(range.limit, Number.MAX_SAFE_INTEGER)) as Values[];
    return found.map((row) => toRow(own.columns, row));
  }

  count(table: Table, range: Question): number {
    const { sql, values } = this.where(table, range, false);
    return (this.select(`c ${table.name} ${sql}`, () => `SELECT count(*) ${sql}`).get(...values) as [number])[0];
  }

  insert(table: Table, row: Row): void {
    this.write(table, row, this.of(table).insert, true);
  }

  put(table: Table, row: Row): void {
    this.write(table, row, this.of(table).put, false);
  }

  delete(table: Table, key: readonly KeyPart[]): boolean {
    checkKey(table, key);
    return this.of(table).delete.run(...key).changes > 0;
  }

  private write(table: Table, row: Row, statement: Database.Statement, fresh: boolean): void {
    checkRow(table, row);
    const own = this.of(table);
    const values: Values = own.columns.map((name) => (row[name] ?? null) as string | number | null);
    values.push(restOf(table, row));
    try {
      statement.run(...values);
    } catch (error) {
      throw uniqueViolation(error, table, () => fresh && this.get(table, positionOf(row, table.key)!) !== undefined) ?? error;
    }
  }

  /** From FROM to ORDER BY, with the values for its marks. */
  private where(table: Table, range: Question, ordered = true): { sql: string; values: KeyPart[] } {
    const fields = orderedFields(table, range.index);
    const values: KeyPart[] = [...(range.prefix ?? [])];
    const terms = values.map((_, i) => `${quote(fields[i]!)} = ?`);
    const next = fields[values.length];
    for (const [bound, operator] of BOUNDS) {
      const value = range[bound];
      if (value === undefined) continue;
      if (next === undefined) throw new TypeError(`no field of ${table.name} left for a bound`);
      terms.push(`${quote(next)} ${operator} ?`);
      values.push(value);
    }
    if (range.after) {
      const position = positionOf(range.after, fields);
      if (!position) throw new TypeError(`the row to go on from is not in ${table.name}.${range.index ?? 'key'}`);
      terms.push(`(${fields.map(quote).join(', ')}) ${range.reverse ? '<' : '>'} (${fields.map(() => '?').join(', ')})`);
      values.push(...position);
    }
    for (const field of nullableFields(table, range.index)) terms.push(`${quote(field)} IS NOT NULL`);
    const by = range.index === undefined ? '' : ` INDEXED BY ${quote(indexName(table, range.index))}`;
    const where = terms.length > 0 ? ` WHERE ${terms.join(' AND ')}` : '';
    const order = ordered ? ` ORDER BY ${fields.map((field) => `${quote(field)}${range.reverse ? ' DESC' : ''}`).join(', ')}` : '';
    return { sql: `FROM ${quote(table.name)}${by}${where}${order}`, values };
  }

  private select(key: string, sql: () => string): Database.Statement {
    let statement = this.cache.get(key);
    if (!statement) {
      statement = this.db.prepare(sql()).raw();
      this.cache.set(key, statement);
    }
    return statement;
  }

  private of(table: Table): TableStatements {
    let own = this.tables.get(table);
    if (!own) {
      own = prepare(this.db, table);
      this.tables.set(table, own);
    }
    return own;
  }
}

interface TableStatements {
  columns: readonly string[];
  list: string;
  get: Database.Statement;
  insert: Database.Statement;
  put: Database.Statement;
  delete: Database.Statement;
}

function prepare(db: Connection, table: Table): TableStatements {
  const columns = Object.keys(table.columns);
  const all = [...columns, REST];
  const list = all.map(quote).join(', ');
  const name = quote(table.name);
  const key = table.key.map(quote).join(', ');
  const isKey = table.key.map((field) => `${quote(field)} = ?`).join(' AND ');
  const insert = `INSERT INTO ${name} (${list}) VALUES (${all.map(() => '?').join(', ')})`;
  const replaced = all.filter((field) => !table.key.includes(field)).map((field) => `${quote(field)} = excluded.${quote(field)}`).join(', ');
  return {
    columns, list,
    get: db.prepare(`SELECT ${list} FROM ${name} WHERE ${isKey}`).raw(),
    insert: db.prepare(insert),
    put: db.prepare(`${insert} ON CONFLICT (${key}) DO UPDATE SET ${replaced}`),
    delete: db.prepare(`DELETE FROM ${name} WHERE ${isKey}`),
  };
}

function toRow(columns: readonly string[], values: Values): Row {
  const rest = values[columns.length];
  const row: Row = typeof rest === 'string' ? (JSON.parse(rest) as Row) : {};
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i];
  return row;
}

/** The fields that are no columns, or null when there are none. */
function restOf(table: Table, row: Row): string | null {
  let rest: Row | undefined;
  for (const name in row) {
    if (name in table.columns || row[name] === undefined) continue;
    rest ??= {};
    rest[name] = row[name];
  }
  return rest ? JSON.stringify(rest) : null;
}
