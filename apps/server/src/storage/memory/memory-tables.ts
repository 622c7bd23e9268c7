import { cloneJson } from '../json.ts';
import { checkKey, checkRow, orderedFields, positionOf, type Position } from '../order.ts';
import { UniqueViolation, type KeyPart, type Range, type Row, type Table } from '../port.ts';
import { SortedTree } from './sorted-tree.ts';

type Trees = Readonly<Record<string, SortedTree<Row>>>;
/** All rows at one moment: a tree for each key and each index. Never changed, only replaced. */
export type Snapshot = Readonly<Record<string, Trees>>;

const PRIMARY = '';

/** Reads of one snapshot; what it answers may be changed by the caller. */
export function getRow<R extends Row>(snapshot: Snapshot, table: Table<R>, key: readonly KeyPart[]): R | undefined {
  checkKey(table as Table, key);
  const row = tree(snapshot, table as Table, PRIMARY).get(key);
  return row && (cloneJson(row) as R);
}

export function findRows<R extends Row>(snapshot: Snapshot, table: Table<R>, range: Range & { reverse?: boolean; limit: number }): R[] {
  const rows = tree(snapshot, table as Table, range.index ?? PRIMARY);
  let [from, to] = interval(rows, table as Table, range);
  if (range.reverse) from = Math.max(from, to - range.limit);
  else to = Math.min(to, from + range.limit);
  const found = rows.slice(from, to).map((row) => cloneJson(row) as R);
  return range.reverse ? found.reverse() : found;
}

export function countRows<R extends Row>(snapshot: Snapshot, table: Table<R>, range: Range): number {
  const [from, to] = interval(tree(snapshot, table as Table, range.index ?? PRIMARY), table as Table, range);
  return Math.max(0, to - from);
}

/** The snapshot with this row in place of the one with its key, if any; `fresh` refuses to replace. */
export function withRow(snapshot: Snapshot, table: Table, given: Row, fresh: boolean): Snapshot {
  const row = cloneJson(given);
  checkRow(table, row);
  for (const name in table.columns) row[name] ??= null;
  const key = positionOf(row, table.key)!;
  const old = tree(snapshot, table, PRIMARY).get(key);
  if (old && fresh) throw new UniqueViolation(table.name, 'key');
  const trees: Record<string, SortedTree<Row>> = { ...snapshot[table.name] };
  trees[PRIMARY] = tree(snapshot, table, PRIMARY).set(key, row);
  for (const name in table.indexes) {
    const fields = orderedFields(table, name);
    const before = old && positionOf(old, fields);
    const after = positionOf(row, fields);
    let index = tree(snapshot, table, name);
    if (before) index = index.delete(before);
    if (after) {
      if (table.indexes[name]!.unique) {
        const own: Position = after.slice(0, table.indexes[name]!.fields.length);
        if (index.rank(own, true) > index.rank(own, false)) throw new UniqueViolation(table.name, name);
      }
      index = index.set(after, row);
    }
    trees[name] = index;
  }
  return { ...snapshot, [table.name]: trees };
}

/** The same snapshot when there is no such row. */
export function withoutRow(snapshot: Snapshot, table: Table, key: readonly KeyPart[]): Snapshot {
  checkKey(table, key);
  const old = tree(snapshot, table, PRIMARY).get(key);
  if (!old) return snapshot;
  const trees: Record<string, SortedTree<Row>> = { ...snapshot[table.name], [PRIMARY]: tree(snapshot, table, PRIMARY).delete(key) };
  for (const name in table.indexes) {
    const before = positionOf(old, orderedFields(table, name));
    if (before) trees[name] = tree(snapshot, table, name).delete(before);
  }
  return { ...snapshot, [table.name]: trees };
}

function tree(snapshot: Snapshot, table: Table, name: string): SortedTree<Row> {
  if (name !== PRIMARY && !table.indexes[name]) throw new TypeError(`no index ${table.name}.${name}`);
  return snapshot[table.name]?.[name] ?? SortedTree.empty<Row>();
}

/** Ranks of the first row of the range and of the first behind it. */
function interval(rows: SortedTree<Row>, table: Table, range: Range & { reverse?: boolean }): [number, number] {
  const prefix = range.prefix ?? [];
  let from = prefix.length ? rows.rank(prefix, false) : 0;
  let to = prefix.length ? rows.rank(prefix, true) : rows.size;
  if (range.gt !== undefined) from = Math.max(from, rows.rank([...prefix, range.gt], true));
  if (range.gte !== undefined) from = Math.max(from, rows.rank([...prefix, range.gte], false));
  if (range.lt !== undefined) to = Math.min(to, rows.rank([...prefix, range.lt], false));
  if (range.lte !== undefined) to = Math.min(to, rows.rank([...prefix, range.lte], true));
  if (range.after) {
    const position = positionOf(range.after, orderedFields(table, range.index));
    if (!position) throw new TypeError(`the row to go on from is not in ${table.name}.${range.index ?? 'key'}`);
    if (range.reverse) to = Math.min(to, rows.rank(position, false));
    else from = Math.max(from, rows.rank(position, true));
  }
  return [from, Math.max(from, to)];
}
