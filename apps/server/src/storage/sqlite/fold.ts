import type { Row, Table } from '../port.ts';

/** Marks the name of a field that is kept without what its columns repeat. No field of a row may begin so. */
const MARK = '$';

/** Keeps what columns repeat of one JSON field once: a message's row is shorter by a third, and fits into its page. */
export interface Fold {
  /** Changes the fields that will be written as JSON, of which the row's own are not to be touched. */
  close(rest: Row, row: Row): void;
  /** The row as it was given, out of one as it was read. */
  open(row: Row): Row;
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
    open(row) {
      for (const { field, folded, names } of repeated) {
        const kept = row[folded] as Record<string, unknown> | undefined;
        if (kept === undefined) continue;
        const value: Record<string, unknown> = {};
        for (const name of names) value[name] = row[name];
        row[field] = Object.assign(value, kept);
        delete row[folded];
      }
      return row;
    },
  };
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
