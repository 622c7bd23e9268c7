import { orderedFields } from '../order.ts';
import type { Table } from '../port.ts';

/** The column of all fields that are not columns of their own, as one JSON object. */
export const REST = '$rest';

export const quote = (name: string): string => `"${name}"`;
export const indexName = (table: Table, index: string): string => `${table.name}__${index}`;

/**
 * Rows lie in the order of their key (WITHOUT ROWID): a page of a channel is one stretch of the file, and no second tree
 * has to be kept for the key.
 */
export function tableSql(table: Table): string {
  const columns = Object.entries(table.columns).map(([name, type]) => `${quote(name)} ${type.toUpperCase()}${table.key.includes(name) ? ' NOT NULL' : ''}`);
  return `CREATE TABLE ${quote(table.name)} (${[...columns, `${quote(REST)} TEXT`].join(', ')}, PRIMARY KEY (${table.key.map(quote).join(', ')})) STRICT, WITHOUT ROWID`;
}

/** A row with a null in the index is left out of it by its condition, which questions repeat. */
export function indexSql(table: Table, index: string): string {
  const definition = table.indexes[index]!;
  const nullable = nullableFields(table, index);
  const where = nullable.length > 0 ? ` WHERE ${nullable.map((field) => `${quote(field)} IS NOT NULL`).join(' AND ')}` : '';
  return `CREATE ${definition.unique ? 'UNIQUE ' : ''}INDEX ${quote(indexName(table, index))} ON ${quote(table.name)} (${definition.fields.map(quote).join(', ')})${where}`;
}

export function nullableFields(table: Table, index: string | undefined): string[] {
  return index === undefined ? [] : orderedFields(table, index).filter((field) => !table.key.includes(field));
}

/** Where new rows of a hot table are gathered, and up to which slot those of each shard have been filed. */
export const gatherName = (table: Table): string => `${table.name}__new`;
export const filedName = (table: Table): string => `${table.name}__filed`;
export const shardIndexName = (table: Table): string => `${gatherName(table)}__shard`;
export const listName = (table: Table, index: string): string => `${indexName(table, index)}__list`;

/**
 * Indexes of a hot table that do not begin with the shard. Each is a table of its own, written with the row: filing goes by
 * shard, and would touch a page of such an index for every row.
 */
export const listedIndexes = (table: Table): string[] => Object.keys(table.indexes).filter((index) => table.indexes[index]!.fields[0] !== table.shard);

export function listSql(table: Table, index: string): string {
  const fields = orderedFields(table, index);
  return `CREATE TABLE ${quote(listName(table, index))} (${fields.map((field) => `${quote(field)} ${table.columns[field]!.toUpperCase()} NOT NULL`).join(', ')}, PRIMARY KEY (${fields.map(quote).join(', ')})) STRICT, WITHOUT ROWID`;
}

/**
 * A slot that a shard is filed up to must not come to mean another row. SQLite gives the one above the highest there is, and
 * of filed rows the highest goes only together with what says how far its shard is filed (see `Filing`).
 */
export function gatherSql(table: Table): string[] {
  const columns = Object.entries(table.columns).map(([name, type]) => `${quote(name)} ${type.toUpperCase()}`);
  const name = quote(gatherName(table));
  return [
    `CREATE TABLE ${name} ("$slot" INTEGER PRIMARY KEY, "$shard" INTEGER NOT NULL, ${columns.join(', ')}, ${quote(REST)} TEXT) STRICT`,
    `CREATE INDEX ${quote(shardIndexName(table))} ON ${name} ("$shard")`,
    `CREATE TABLE IF NOT EXISTS ${quote(filedName(table))} ("$shard" INTEGER PRIMARY KEY, "$slot" INTEGER NOT NULL) STRICT`,
  ];
}

/** Gathered rows that are not filed, as a condition. */
export const unfiled = (table: Table): string => `"$slot" > coalesce((SELECT f."$slot" FROM ${quote(filedName(table))} f WHERE f."$shard" = ${quote(gatherName(table))}."$shard"), 0)`;

/** A 32-bit hash (FNV-1a); several shards may share one. */
export function shardHash(value: unknown): number {
  const text = String(value);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
