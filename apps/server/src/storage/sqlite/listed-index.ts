import type Database from 'better-sqlite3';
import { orderedFields } from '../order.ts';
import type { KeyPart, Table } from '../port.ts';
import { LIMIT, questionOf, valuesOf, whereSql } from './question.ts';
import { listName, quote } from './schema.ts';
import type { Asked, Prepared, Values } from './table-access.ts';

/** An index of a hot table that does not begin with the shard, as a table of its own (see `listedIndexes`). */
export class ListedIndex {
  private readonly places: readonly number[];
  private readonly name: string;
  private readonly keyList: string;
  private readonly insertSql: string;
  private readonly deleteSql: string;

  constructor(private readonly prepared: Prepared, private readonly table: Table, index: string) {
    const columns = Object.keys(table.columns);
    const fields = orderedFields(table, index);
    this.places = fields.map((field) => columns.indexOf(field));
    this.name = quote(listName(table, index));
    this.keyList = table.key.map(quote).join(', ');
    this.insertSql = `INSERT INTO ${this.name} VALUES (${fields.map(() => '?').join(', ')})`;
    this.deleteSql = `DELETE FROM ${this.name} WHERE ${fields.map((field) => `${quote(field)} = ?`).join(' AND ')}`;
  }

  /** Keys of the rows within the range, in its order. */
  keys(range: Asked & { limit: number }): KeyPart[][] {
    const { terms, order } = questionOf(this.table, range);
    return this.rows(`SELECT ${this.keyList} FROM ${this.name}${whereSql(terms)} ORDER BY ${order} ${LIMIT}`).all(...valuesOf(this.table, range), range.limit) as KeyPart[][];
  }

  count(range: Asked): number {
    return (this.rows(`SELECT count(*) FROM ${this.name}${whereSql(questionOf(this.table, range).terms)}`).get(...valuesOf(this.table, range)) as [number])[0];
  }

  /** A row changed from the one to the other; undefined: there was or is none. */
  change(before: Values | undefined, after: Values | undefined): void {
    const old = before && this.entryOf(before);
    const fresh = after && this.entryOf(after);
    if (old && fresh && old.every((part, i) => part === fresh[i])) return;
    if (old) this.prepared.run(this.deleteSql).run(...old);
    if (fresh) this.prepared.run(this.insertSql).run(...fresh);
  }

  /** Undefined when a field is null: then the row is not listed. */
  private entryOf(values: Values): Values | undefined {
    const entry = this.places.map((place) => values[place] ?? null);
    return entry.includes(null) ? undefined : entry;
  }

  private rows(sql: string): Database.Statement {
    return this.prepared.rows(sql);
  }
}
