import type { Row, Table } from './port.ts';

/** Marks the name of a field that is kept without what its columns repeat. No field of a row may begin so. */
const MARK = '$';

/** Keeps what columns repeat of one JSON field once: a message's row is shorter by a third, and fits into its page. */
export interface Fold {
  /** Changes the fields that will be written as JSON, of which the row's own are not to be touched. */
  close(rest: Row, row: Row): void;
  /** The row as it was given, out of the fields that were written as JSON and its columns. */
  open(rest: Row, columns: Row): Row;
}

export function foldOf(table: Table): Fold | null {
  const repeated = Object.entries(table.repeated ?? {}).map(([field, names]) => ({ field, folded: `${MARK}${field}`, names, isRepeated: new Set(names) }));
  if (repeated.length === 0) return null;
  return {
    close(rest, row) {
      for (const { field, folded, names, isRepeated } of repeated) {
        const value = rest[field];
        if (!isObject(value) || !names.every((name) => value[name] === (row[name] ?? null))) continue;
        const kept: Record<string, unknown> = {};
        for (const name in value) if (!isRepeated.has(name)) kept[name] = value[name];
        delete rest[field];
        rest[folded] = kept;
      }
    },
    open(rest, columns) {
      const row: Row = {};
      for (const name in rest) if (name[0] !== MARK) row[name] = rest[name];
      Object.assign(row, columns);
      for (const { field, folded, names } of repeated) {
        const kept = rest[folded] as Record<string, unknown> | undefined;
        if (kept === undefined) continue;
        // Objects of one shape, and none that a field was deleted from: they are read and written much faster.
        const value: Record<string, unknown> = {};
        for (const name of names) value[name] = columns[name];
        for (const name in kept) value[name] = kept[name];
        row[field] = value;
      }
      return row;
    },
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
