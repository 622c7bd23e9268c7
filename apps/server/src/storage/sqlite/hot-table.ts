import type Database from 'better-sqlite3';
import { comparePart, orderedFields } from '../order.ts';
import { UniqueViolation, type KeyPart, type Table } from '../port.ts';
import type { GatheredValues } from './gathered-values.ts';
import { LIMIT, questionOf, valuesOf, whereSql } from './question.ts';
import { filedName, gatherIndexName, gatherName, quote, REST, shardHash, shardIndexName, unfiled } from './schema.ts';
import { PlainTable, type Asked, type Prepared, type TableAccess, type Values } from './table-access.ts';

/**
 * A table whose new rows are gathered in the order they come, where a commit touches few pages whatever their shards, and
 * filed under the indexes later, many of one shard at a time (see `Filing`). A row is in exactly one of both places, and
 * every question is asked of both.
 */
export class HotTable implements TableAccess {
  private readonly plain: PlainTable;
  private readonly columns: readonly string[];
  private readonly list: string;
  private readonly shardAt: number;
  private gatherOne: Database.Statement | undefined;

  constructor(private readonly prepared: Prepared, private readonly table: Table, private readonly writing?: { gathered(): void; values: GatheredValues }) {
    this.plain = new PlainTable(prepared, table);
    this.columns = Object.keys(table.columns);
    this.list = [...this.columns, REST].map(quote).join(', ');
    this.shardAt = this.columns.indexOf(table.shard!);
  }

  get(key: readonly KeyPart[]): Values | undefined {
    return this.plain.get(key) ?? this.gatheredOf({ prefix: key, limit: 1 })[0];
  }

  find(range: Asked & { limit: number }): Values[] {
    const fresh = this.gatheredOf(range);
    const filed = this.plain.find(range);
    if (fresh.length === 0) return filed;
    if (filed.length === 0) return fresh;
    return this.merge(filed, fresh, range);
  }

  count(range: Asked): number {
    const { from, terms, values } = this.ask(range);
    return this.plain.count(range) + (this.prepared.rows(`SELECT count(*) ${from}${whereSql(terms)}`).get(...values) as [number])[0];
  }

  insert(key: readonly KeyPart[], values: Values): void {
    if (this.get(key)) throw new UniqueViolation(this.table.name, 'key');
    this.refuseTaken(key, values);
    this.gather(values);
  }

  put(key: readonly KeyPart[], values: Values): void {
    this.refuseTaken(key, values);
    if (this.plain.get(key)) {
      this.plain.put(key, values);
      return;
    }
    const slot = this.slotOf(key);
    if (slot === undefined) this.gather(values);
    else this.prepared.run(`UPDATE ${quote(gatherName(this.table))} SET ${[...this.columns, REST].map((name) => `${quote(name)} = ?`).join(', ')} WHERE "$slot" = ?`).run(...values, slot);
    if (slot !== undefined) this.writing?.values.add(values);
  }

  delete(key: readonly KeyPart[]): boolean {
    if (this.plain.delete(key)) return true;
    const slot = this.slotOf(key);
    if (slot === undefined) return false;
    this.prepared.run(`DELETE FROM ${quote(gatherName(this.table))} WHERE "$slot" = ?`).run(slot);
    return true;
  }

  private gather(values: Values): void {
    (this.gatherOne ??= this.prepared.run(`INSERT INTO ${quote(gatherName(this.table))} ("$shard", ${this.list}) VALUES (?, ${values.map(() => '?').join(', ')})`)).run(shardHash(values[this.shardAt]), ...values);
    this.writing?.values.add(values);
    this.writing?.gathered();
  }

  private gatheredOf(range: Asked & { limit: number }): Values[] {
    if (this.cannotHold(range)) return [];
    const { from, terms, values, order } = this.ask(range);
    return this.prepared.rows(`SELECT ${this.list} ${from}${whereSql(terms)} ORDER BY ${order} ${LIMIT}`).all(...values, range.limit) as Values[];
  }

  /** True when the range is one unique value and the writer knows that no gathered row has it. */
  private cannotHold(range: Asked): boolean {
    if (!this.writing || !range.prefix) return false;
    const unique = range.index === undefined ? { fields: this.table.key, unique: true } : this.table.indexes[range.index];
    if (!unique?.unique || range.prefix.length !== unique.fields.length) return false;
    return !this.writing.values.mayHold(range.index ?? '', range.prefix);
  }

  private slotOf(key: readonly KeyPart[]): number | undefined {
    if (this.cannotHold({ prefix: key })) return undefined;
    const { from, terms, values } = this.ask({ prefix: key });
    return (this.prepared.rows(`SELECT "$slot" ${from}${whereSql(terms)}`).get(...values) as [number] | undefined)?.[0];
  }

  /** The range over what is gathered and not filed. */
  private ask(range: Asked): { from: string; terms: string[]; values: KeyPart[]; order: string } {
    const { terms, order } = questionOf(this.table, range);
    const values = valuesOf(this.table, range);
    const name = quote(gatherName(this.table));
    const first = range.prefix?.[0];
    if (first !== undefined && orderedFields(this.table, range.index)[0] === this.table.shard) {
      const shard = shardHash(first);
      const own = `"$shard" = ? AND "$slot" > coalesce((SELECT "$slot" FROM ${quote(filedName(this.table))} WHERE "$shard" = ?), 0)`;
      return { from: `FROM ${name} INDEXED BY ${quote(shardIndexName(this.table))}`, terms: [own, ...terms], values: [shard, shard, ...values], order };
    }
    const by = range.index !== undefined && this.table.indexes[range.index]!.fields[0] !== this.table.shard && first !== undefined ? ` INDEXED BY ${quote(gatherIndexName(this.table, range.index))}` : '';
    return { from: `FROM ${name}${by}`, terms: [unfiled(this.table), ...terms], values, order };
  }

  /** What SQLite checks for filed rows has to be asked for gathered ones. */
  private refuseTaken(key: readonly KeyPart[], values: Values): void {
    for (const [index, { unique, fields }] of Object.entries(this.table.indexes)) {
      if (!unique) continue;
      const prefix = fields.map((field) => values[this.columns.indexOf(field)]);
      if (prefix.some((part) => part === null)) continue;
      const [other] = this.find({ index, prefix: prefix as KeyPart[], limit: 1 });
      if (other && !this.table.key.every((field, i) => other[this.columns.indexOf(field)] === key[i])) throw new UniqueViolation(this.table.name, index);
    }
  }

  private merge(filed: Values[], fresh: Values[], range: Asked & { limit: number }): Values[] {
    const places = orderedFields(this.table, range.index).map((field) => this.columns.indexOf(field));
    const sign = range.reverse ? -1 : 1;
    const before = (a: Values, b: Values): boolean => {
      for (const place of places) {
        const order = comparePart(a[place] as KeyPart, b[place] as KeyPart) * sign;
        if (order !== 0) return order < 0;
      }
      return false;
    };
    const merged: Values[] = [];
    let i = 0;
    let j = 0;
    while (merged.length < range.limit && (i < filed.length || j < fresh.length)) {
      merged.push(j >= fresh.length || (i < filed.length && before(filed[i]!, fresh[j]!)) ? filed[i++]! : fresh[j++]!);
    }
    return merged;
  }
}
