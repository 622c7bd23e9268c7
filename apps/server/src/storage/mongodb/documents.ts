import type { Document } from 'mongodb';
import { foldOf, type Fold } from '../fold.ts';
import { orderedFields } from '../order.ts';
import type { KeyPart, Range, Row, Table } from '../port.ts';
import { heads } from '../tables.ts';

/** The fields of a row that are no columns, as JSON text: names and values that BSON would refuse or change come back as they were. */
export const REST = '_rest';
/** In heads: the id of the newest outbox row of the stream, for ids that rise whichever process commits. */
export const ORDER = '_order';
/** Counts commands that relied on a row without changing it (see `LOCKED`). */
export const LOCK = '_lock';

/** A key of one field is the `_id` itself; longer ones have a unique index that begins with the shard key. */
export const fieldOf = (table: Table, column: string): string => (table.key.length === 1 && table.key[0] === column ? '_id' : column);

const folds = new WeakMap<Table, Fold | null>();

function foldFor(table: Table): Fold | null {
  let fold = folds.get(table);
  if (fold === undefined) folds.set(table, (fold = foldOf(table)));
  return fold;
}

/** A document among the heads may be there only for what it guards (see `guardOf`). */
export const isRow = (table: Table, document: Document): boolean => table.name !== heads.name || document[REST] !== undefined;

/** Absent columns are not stored, so that an index on those that exist leaves the row out. */
export function toDocument(table: Table, row: Row): Document {
  const document: Document = {};
  const rest: Row = {};
  let more = table.name === heads.name;
  for (const name in row) {
    const value = row[name];
    if (!(name in table.columns)) {
      rest[name] = value;
      more = true;
    } else if (value !== null && value !== undefined) document[fieldOf(table, name)] = value;
  }
  if (more) {
    foldFor(table)?.close(rest, row);
    document[REST] = JSON.stringify(rest);
  }
  return document;
}

/** A row of its own each time: what a caller does to it changes nothing. */
export function fromDocument(table: Table, document: Document): Row {
  const columns: Row = {};
  for (const name in table.columns) columns[name] = (document[fieldOf(table, name)] as unknown) ?? null;
  const rest = document[REST] === undefined ? {} : (JSON.parse(document[REST] as string) as Row);
  return foldFor(table)?.open(rest, columns) ?? Object.assign(rest, columns);
}

export const keyOf = (table: Table, row: Row): KeyPart[] => table.key.map((name) => row[name] as KeyPart);
export const keyFilter = (table: Table, key: readonly KeyPart[]): Document => Object.fromEntries(table.key.map((name, i) => [fieldOf(table, name), { $eq: key[i] }]));

/** The name of the index that a question is answered by. */
export const hintOf = (table: Table, index: string | undefined): string => index ?? (table.key.length === 1 ? '_id_' : 'key');

/** The fields that decide the order in an index; behind a unique value nothing is left to decide. */
export function sortedFields(table: Table, index: string | undefined): readonly string[] {
  const definition = index === undefined ? undefined : table.indexes[index];
  return definition?.unique ? definition.fields : orderedFields(table, index);
}

/** What a collection is asked for the rows of a range. */
export function rangeFilter(table: Table, range: Range & { reverse?: boolean }): Document {
  const fields = orderedFields(table, range.index);
  const prefix = range.prefix ?? [];
  const conditions = new Map<string, Document>(prefix.map((part, i) => [fields[i]!, { $eq: part }]));
  const bounds = boundsOf(range);
  if (bounds) conditions.set(fields[prefix.length]!, bounds);
  for (const name of range.index === undefined ? [] : table.indexes[range.index]!.fields) {
    // Says that it exists in a way that the index itself answers: every value of the column's type.
    if (!conditions.has(name) && !table.key.includes(name)) conditions.set(name, { $gte: table.columns[name] === 'text' ? '' : Number.NEGATIVE_INFINITY });
  }
  const filter: Document = Object.fromEntries([...conditions].map(([name, condition]) => [fieldOf(table, name), condition]));
  if (table.name === heads.name) filter[REST] = { $exists: true };
  if (range.after) filter['$and'] = behind(table, sortedFields(table, range.index).slice(prefix.length), range.index, range.after, range.reverse === true);
  return filter;
}

function boundsOf({ gt, gte, lt, lte }: Range): Document | undefined {
  const bounds = { ...(gt === undefined ? {} : { $gt: gt }), ...(gte === undefined ? {} : { $gte: gte }), ...(lt === undefined ? {} : { $lt: lt }), ...(lte === undefined ? {} : { $lte: lte }) };
  return Object.keys(bounds).length > 0 ? bounds : undefined;
}

/** Strictly behind a row in the order of these fields. */
function behind(table: Table, fields: readonly string[], index: string | undefined, after: Row, reverse: boolean): Document[] {
  const values = fields.map((name) => after[name]);
  if (values.some((value) => value === null || value === undefined)) throw new TypeError(`the row to go on from is not in ${table.name}.${index ?? 'key'}`);
  if (fields.length === 0) return [{ _id: { $exists: false } }];
  const names = fields.map((name) => fieldOf(table, name));
  const [past, from] = reverse ? ['$lt', '$lte'] : ['$gt', '$gte'];
  if (names.length === 1) return [{ [names[0]!]: { [past]: values[0] } }];
  const alternatives = names.map((name, i): Document => ({ ...Object.fromEntries(names.slice(0, i).map((before, j) => [before, { $eq: values[j] }])), [name]: { [past]: values[i] } }));
  // The first says again where the index is entered, which the alternatives alone would not.
  return [{ [names[0]!]: { [from]: values[0] } }, { $or: alternatives }];
}
