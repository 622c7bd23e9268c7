import { orderedFields, positionOf } from '../order.ts';
import type { KeyPart, Range, Table } from '../port.ts';
import { nullableFields, quote } from './schema.ts';

/** A range as SQL: conditions and order. The text depends on the range's shape alone, not on its values. */
export interface Question {
  terms: string[];
  order: string;
}

const BOUNDS = [['gt', '>'], ['gte', '>='], ['lt', '<'], ['lte', '<=']] as const;

export function questionOf(table: Table, range: Range & { reverse?: boolean }): Question {
  const fields = orderedFields(table, range.index);
  const given = range.prefix?.length ?? 0;
  const terms = fields.slice(0, given).map((field) => `${quote(field)} = ?`);
  const next = fields[given];
  for (const [bound, operator] of BOUNDS) {
    if (range[bound] === undefined) continue;
    if (next === undefined) throw new TypeError(`no field of ${table.name} left for a bound`);
    terms.push(`${quote(next)} ${operator} ?`);
  }
  if (range.after) terms.push(`(${fields.map(quote).join(', ')}) ${range.reverse ? '<' : '>'} (${fields.map(() => '?').join(', ')})`);
  for (const field of nullableFields(table, range.index)) terms.push(`${quote(field)} IS NOT NULL`);
  return { terms, order: fields.map((field) => `${quote(field)}${range.reverse ? ' DESC' : ''}`).join(', ') };
}

/** The values for the marks of `questionOf`, in their order. */
export function valuesOf(table: Table, range: Range): KeyPart[] {
  const values: KeyPart[] = range.prefix ? [...range.prefix] : [];
  for (const [bound] of BOUNDS) if (range[bound] !== undefined) values.push(range[bound]);
  if (!range.after) return values;
  const position = positionOf(range.after, orderedFields(table, range.index));
  if (!position) throw new TypeError(`the row to go on from is not in ${table.name}.${range.index ?? 'key'}`);
  values.push(...position);
  return values;
}

/** Ranges of one shape share their text. */
export function shapeOf(range: Range & { reverse?: boolean }): string {
  let shape = `${range.index ?? ''} ${range.prefix?.length ?? 0}`;
  for (const [bound] of BOUNDS) if (range[bound] !== undefined) shape += bound;
  if (range.after) shape += 'after';
  return range.reverse ? `${shape}reverse` : shape;
}

/** A sum, since SQLite looks into a bare mark in this place and would compile the statement anew for every value. */
export const LIMIT = 'LIMIT ? + 0';

export const whereSql = (terms: readonly string[]): string => (terms.length > 0 ? ` WHERE ${terms.join(' AND ')}` : '');
