import type { KeyPart, Row, Table } from './port.ts';

/** Where a row stands in a key or index: its fields there, then what makes it unique. */
export type Position = readonly KeyPart[];

/** Order of strings by their UTF-8 bytes, which differs from JavaScript's own where surrogates meet U+E000 and above. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    const xSurrogate = x >= 0xd800 && x <= 0xdfff;
    const ySurrogate = y >= 0xd800 && y <= 0xdfff;
    if (xSurrogate !== ySurrogate) return xSurrogate ? (y >= 0xe000 ? 1 : x - y) : x >= 0xe000 ? -1 : x - y;
    return x - y;
  }
  return a.length - b.length;
}

/** Order of two parts of one column; numbers come before strings, which only matters for a mistaken question. */
export function comparePart(a: KeyPart, b: KeyPart): number {
  if (typeof a === 'number') return typeof b === 'number' ? a - b : -1;
  return typeof b === 'number' ? 1 : compareText(a, b);
}

/** Compares only as many parts as `bound` has. */
export function comparePrefix(position: Position, bound: Position): number {
  for (let i = 0; i < bound.length; i++) {
    const order = comparePart(position[i]!, bound[i]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** Fields of the key, or of an index with the key behind them. */
export function orderedFields(table: Table, index: string | undefined): readonly string[] {
  if (index === undefined) return table.key;
  const definition = table.indexes[index];
  if (!definition) throw new TypeError(`no index ${table.name}.${index}`);
  return [...definition.fields, ...table.key.filter((field) => !definition.fields.includes(field))];
}

/** The row's position by these fields; undefined when one of them is null or absent, so that the row is not listed there. */
export function positionOf(row: Row, fields: readonly string[]): Position | undefined {
  const position: KeyPart[] = [];
  for (const field of fields) {
    const value = row[field];
    if (value === null || value === undefined) return undefined;
    position.push(value as KeyPart);
  }
  return position;
}

/** @throws TypeError when a column holds what it was not declared for, or a part of the key is missing. */
export function checkRow(table: Table, row: Row): void {
  for (const name in table.columns) {
    const value = row[name];
    if (value === null || value === undefined) {
      if (table.key.includes(name)) throw new TypeError(`${table.name}.${name} is part of the key and missing`);
    } else if (table.columns[name] === 'text' ? typeof value !== 'string' : !Number.isSafeInteger(value)) {
      throw new TypeError(`${table.name}.${name} must be ${table.columns[name]}`);
    }
  }
}

/** @throws TypeError unless the key names one row. */
export function checkKey(table: Table, key: Position): void {
  if (key.length !== table.key.length) throw new TypeError(`the key of ${table.name} has ${table.key.length} parts`);
}
