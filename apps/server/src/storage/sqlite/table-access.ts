import type Database from 'better-sqlite3';
import type { KeyPart, Range, Table } from '../port.ts';
import type { Connection } from './connection.ts';
import { uniqueViolation } from './errors.ts';
import { LIMIT, questionOf, shapeOf, valuesOf, whereSql } from './question.ts';
import { indexName, quote, REST } from './schema.ts';

/** A row as SQLite holds it: the columns in their order, then the rest as JSON. */
export type Values = (string | number | null)[];
export type Asked = Range & { reverse?: boolean };

/** One table's statements on one connection. */
export interface TableAccess {
  get(key: readonly KeyPart[]): Values | undefined;
  find(range: Asked & { limit: number }): Values[];
  count(range: Asked): number;
  insert(key: readonly KeyPart[], values: Values): void;
  put(key: readonly KeyPart[], values: Values): void;
  delete(key: readonly KeyPart[]): boolean;
}

/** Prepares each statement once. */
export class Prepared {
  private readonly cache = new Map<string, Database.Statement>();

  constructor(private readonly db: Connection) {}

  rows(sql: string): Database.Statement {
    return this.of(`r${sql}`, () => this.db.prepare(sql).raw());
  }

  run(sql: string): Database.Statement {
    return this.of(`w${sql}`, () => this.db.prepare(sql));
  }

  private of(key: string, make: () => Database.Statement): Database.Statement {
    let statement = this.cache.get(key);
    if (!statement) {
      statement = make();
      this.cache.set(key, statement);
    }
    return statement;
  }
}

/** A table whose rows lie under all their indexes. */
export class PlainTable implements TableAccess {
  private readonly list: string;
  private readonly getOne: Database.Statement;
  private readonly insertOne: Database.Statement;
  private readonly putOne: Database.Statement;
  private readonly deleteOne: Database.Statement;
  private readonly shapes = new Map<string, Database.Statement>();

  constructor(private readonly prepared: Prepared, private readonly table: Table) {
    const all = [...Object.keys(table.columns), REST];
    this.list = all.map(quote).join(', ');
    const name = quote(table.name);
    const isKey = table.key.map((field) => `${quote(field)} = ?`).join(' AND ');
    const insert = `INSERT INTO ${name} (${this.list}) VALUES (${all.map(() => '?').join(', ')})`;
    const replaced = all.filter((field) => !table.key.includes(field)).map((field) => `${quote(field)} = excluded.${quote(field)}`).join(', ');
    this.getOne = prepared.rows(`SELECT ${this.list} FROM ${name} WHERE ${isKey}`);
    this.insertOne = prepared.run(insert);
    this.putOne = prepared.run(`${insert} ON CONFLICT (${table.key.map(quote).join(', ')}) DO UPDATE SET ${replaced}`);
    this.deleteOne = prepared.run(`DELETE FROM ${name} WHERE ${isKey}`);
  }

  get(key: readonly KeyPart[]): Values | undefined {
    return this.getOne.get(...key) as Values | undefined;
  }

  find(range: Asked & { limit: number }): Values[] {
    const statement = this.shaped(`f${shapeOf(range)}`, () => {
      const { terms, order } = questionOf(this.table, range);
      return `SELECT ${this.list} ${this.from(range)}${whereSql(terms)} ORDER BY ${order} ${LIMIT}`;
    });
    return statement.all(...valuesOf(this.table, range), range.limit) as Values[];
  }

  count(range: Asked): number {
    const statement = this.shaped(`c${shapeOf(range)}`, () => `SELECT count(*) ${this.from(range)}${whereSql(questionOf(this.table, range).terms)}`);
    return (statement.get(...valuesOf(this.table, range)) as [number])[0];
  }

  insert(key: readonly KeyPart[], values: Values): void {
    this.write(this.insertOne, values, () => this.get(key) !== undefined);
  }

  put(_key: readonly KeyPart[], values: Values): void {
    this.write(this.putOne, values, () => false);
  }

  delete(key: readonly KeyPart[]): boolean {
    return this.deleteOne.run(...key).changes > 0;
  }

  private shaped(shape: string, sql: () => string): Database.Statement {
    let statement = this.shapes.get(shape);
    if (!statement) {
      statement = this.prepared.rows(sql());
      this.shapes.set(shape, statement);
    }
    return statement;
  }

  private from(range: Asked): string {
    return `FROM ${quote(this.table.name)}${range.index === undefined ? '' : ` INDEXED BY ${quote(indexName(this.table, range.index))}`}`;
  }

  private write(statement: Database.Statement, values: Values, keyExists: () => boolean): void {
    try {
      statement.run(...values);
    } catch (error) {
      throw uniqueViolation(error, this.table, keyExists) ?? error;
    }
  }
}
