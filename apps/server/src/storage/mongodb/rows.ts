import { comparePart, comparePrefix, orderedFields, positionOf, type Position } from '../order.ts';
import type { KeyPart, Range, Row, Table } from '../port.ts';

/** A question to one table, and its answers as documents. */
export type Question = Range & { reverse?: boolean; limit: number };

/** One text for a key; no two keys have the same. */
export function keyName(key: readonly KeyPart[]): string {
  let name = '';
  for (const part of key) name += typeof part === 'string' ? `${part.length}:${part}` : `#${part};`;
  return name;
}

/** Whether a row is in a range, and where; for rows that are not in the database yet. */
export function placeIn(table: Table, range: Range & { reverse?: boolean }, row: Row): Position | undefined {
  const position = positionOf(row, orderedFields(table, range.index));
  const prefix = range.prefix ?? [];
  if (!position || comparePrefix(position, prefix) !== 0) return undefined;
  const next = position[prefix.length];
  if (next !== undefined) {
    if (range.gt !== undefined && comparePart(next, range.gt) <= 0) return undefined;
    if (range.gte !== undefined && comparePart(next, range.gte) < 0) return undefined;
    if (range.lt !== undefined && comparePart(next, range.lt) >= 0) return undefined;
    if (range.lte !== undefined && comparePart(next, range.lte) > 0) return undefined;
  }
  if (range.after) {
    const after = positionOf(range.after, orderedFields(table, range.index));
    if (!after) throw new TypeError(`the row to go on from is not in ${table.name}.${range.index ?? 'key'}`);
    const order = comparePrefix(position, after);
    if (range.reverse ? order >= 0 : order <= 0) return undefined;
  }
  return position;
}
