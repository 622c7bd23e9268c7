import type Database from 'better-sqlite3';
import { comparePart, orderedFields } from '../order.ts';
import { UniqueViolation, type KeyPart, type Table } from '../port.ts';
import type { Ceilings } from './ceilings.ts';
import type { GatheredValues } from './gathered-values.ts';
import { LIMIT, questionOf, valuesOf, whereSql } from './question.ts';
import { ListedIndex } from './listed-index.ts';
import { filedName, gatherName, listedIndexes, quote, REST, shardHash, shardIndexName, unfiled } from './schema.ts';
import { PlainTable, type Asked, type Prepared, type TableAccess, type Values } from './table-access.ts';

interface Writing {
  /** A row was gathered. */
  gathered(): void;
  values: GatheredValues;
  ceilings: Ceilings;
}

/** The key ('') or a unique index; `rises` when its last field is a number, as seqs and revs are. */
interface Unique {
  index: string;
  places: readonly number[];
  rises: boolean;
}

const nameOf = (index: string, parts: readonly KeyPart[]): string => `${index}\n${parts.join('\n')}`;

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
  /** Unique values (but those that rise) that this transaction has looked for and not found, and not written since. */
  private readonly absent = new Set<string>();
  private readonly unique: readonly Unique[];
  private readonly lists: ReadonlyMap<string, ListedIndex>;

  constructor(private readonly prepared: Prepared, private readonly table: Table, private readonly writing?: Writing) {
    this.plain = new PlainTable(prepared, table);
    this.columns = Object.keys(table.columns);
    this.list = [...this.columns, REST].map(quote).join(', ');
    this.shardAt = this.columns.indexOf(table.shard!);
    const unique = (index: string, fields: readonly string[]): Unique => ({ index, places: fields.map((field) => this.columns.indexOf(field)), rises: table.columns[fields.at(-1)!] === 'integer' });
    this.lists = new Map(listedIndexes(table).map((index) => [index, new ListedIndex(prepared, table, index)]));
    this.unique = [unique('', table.key), ...Object.entries(table.indexes).filter(([, index]) => index.unique).map(([name, { fields }]) => unique(name, fields))];
  }

  /** A transaction that writes begins; `changed`: another process has written since the last. */
  begin(changed: boolean): void {
    this.absent.clear();
    if (!changed) return;
    this.writing?.values.forget();
    this.writing?.ceilings.forget();
  }

  get(key: readonly KeyPart[]): Values | undefined {
    return this.plain.get(key) ?? this.gatheredOf({ prefix: key, limit: 1 })[0];
  }

  find(range: Asked & { limit: number }): Values[] {
    const found = this.findBoth(range);
    if (found.length === 0 && this.writing && range.limit > 0 && this.isOneUniqueValue(range)) this.noteAbsent(range.index ?? '', range.prefix!);
    return found;
  }

  private findBoth(range: Asked & { limit: number }): Values[] {
    const list = range.index === undefined ? undefined : this.lists.get(range.index);
    if (list) {
      return list.keys(range).flatMap((key) => {
        const row = this.get(key);
        return row ? [row] : [];
      });
    }
    const fresh = this.gatheredOf(range);
    const filed = this.plain.find(range);
    if (fresh.length === 0) return filed;
    if (filed.length === 0) return fresh;
    return this.merge(filed, fresh, range);
  }

  count(range: Asked): number {
    const list = range.index === undefined ? undefined : this.lists.get(range.index);
    if (list) return list.count(range);
    const { from, terms, values } = this.ask(range);
    return this.plain.count(range) + (this.prepared.rows(`SELECT count(*) ${from}${whereSql(terms)}`).get(...values) as [number])[0];
  }

  insert(key: readonly KeyPart[], values: Values): void {
    if (!this.isFree(this.unique[0]!, key) && this.get(key)) throw new UniqueViolation(this.table.name, 'key');
    this.refuseTaken(key, values);
    this.gather(values);
  }

  put(key: readonly KeyPart[], values: Values): void {
    this.refuseTaken(key, values);
    const filed = this.plain.get(key);
    if (filed) {
      this.plain.put(key, values);
      this.relist(filed, values);
      this.took(values);
      return;
    }
    const slot = this.slotOf(key);
    if (slot === undefined) return this.gather(values);
    this.relist(this.gatheredOf({ prefix: key, limit: 1 })[0], values);
    this.prepared.run(`UPDATE ${quote(gatherName(this.table))} SET ${[...this.columns, REST].map((name) => `${quote(name)} = ?`).join(', ')} WHERE "$slot" = ?`).run(...values, slot);
    this.writing?.values.add(values);
    this.took(values);
  }

  delete(key: readonly KeyPart[]): boolean {
    if (this.lists.size > 0) this.relist(this.get(key), undefined);
    if (this.plain.delete(key)) return true;
    const slot = this.slotOf(key);
    if (slot === undefined) return false;
    this.prepared.run(`DELETE FROM ${quote(gatherName(this.table))} WHERE "$slot" = ?`).run(slot);
    return true;
  }

  private gather(values: Values): void {
    (this.gatherOne ??= this.prepared.run(`INSERT INTO ${quote(gatherName(this.table))} ("$shard", ${this.list}) VALUES (?, ${values.map(() => '?').join(', ')})`)).run(shardHash(values[this.shardAt]), ...values);
    this.relist(undefined, values);
    this.writing?.values.add(values);
    this.writing?.gathered();
    this.took(values);
  }

  /** A row changed from the one to the other. */
  private relist(before: Values | undefined, after: Values | undefined): void {
    for (const list of this.lists.values()) list.change(before, after);
  }

  private noteAbsent(index: string, parts: readonly KeyPart[]): void {
    if (this.unique.some((unique) => unique.index === index && !unique.rises)) this.absent.add(nameOf(index, parts));
  }

  /** These unique values are in the table now. */
  private took(values: Values): void {
    if (!this.writing) return;
    for (const { index, places, rises } of this.unique) {
      const parts = places.map((place) => values[place]);
      if (parts.includes(null)) continue;
      if (rises) this.writing.ceilings.raise(index, parts as KeyPart[]);
      else this.absent.delete(nameOf(index, parts as KeyPart[]));
    }
  }

  /** True when it is known without a search that nothing has this unique value. */
  private isFree({ index, rises }: Unique, parts: readonly KeyPart[]): boolean {
    if (!this.writing) return false;
    return rises ? this.writing.ceilings.isAbove(index, parts, () => this.highest(index, parts.slice(0, -1))) : this.absent.has(nameOf(index, parts));
  }

  private highest(index: string, prefix: readonly KeyPart[]): number {
    const [row] = this.findBoth({ ...(index === '' ? {} : { index }), prefix, reverse: true, limit: 1 });
    const field = (index === '' ? this.table.key : this.table.indexes[index]!.fields).at(-1)!;
    return row ? (row[this.columns.indexOf(field)] as number) : -Infinity;
  }

  private gatheredOf(range: Asked & { limit: number }): Values[] {
    if (this.cannotHold(range)) return [];
    const { from, terms, values, order } = this.ask(range);
    return this.prepared.rows(`SELECT ${this.list} ${from}${whereSql(terms)} ORDER BY ${order} ${LIMIT}`).all(...values, range.limit) as Values[];
  }

  /** True when the range is one unique value and the writer knows that no gathered row has it. */
  private cannotHold(range: Asked): boolean {
    return this.writing !== undefined && this.isOneUniqueValue(range) && !this.writing.values.mayHold(range.index ?? '', range.prefix!);
  }

  private isOneUniqueValue(range: Asked): boolean {
    const unique = range.index === undefined ? { fields: this.table.key, unique: true } : this.table.indexes[range.index];
    return unique?.unique === true && range.prefix?.length === unique.fields.length;
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
    return { from: `FROM ${name}`, terms: [unfiled(this.table), ...terms], values, order };
  }

  /** What SQLite checks for filed rows has to be asked for gathered ones. */
  private refuseTaken(key: readonly KeyPart[], values: Values): void {
    for (const unique of this.unique) {
      if (unique.index === '') continue;
      const prefix = unique.places.map((place) => values[place]);
      if (prefix.includes(null) || this.isFree(unique, prefix as KeyPart[])) continue;
      const [other] = this.findBoth({ index: unique.index, prefix: prefix as KeyPart[], limit: 1 });
      if (other && !this.table.key.every((field, i) => other[this.columns.indexOf(field)] === key[i])) throw new UniqueViolation(this.table.name, unique.index);
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
