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
