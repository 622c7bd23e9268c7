import { createHash } from 'node:crypto';
import type { Row } from '../port.ts';

const MASK = (1n << 128n) - 1n;

/** One text for one JSON value, however its fields are ordered. */
export function canonicalJson(value: unknown): string {
  if (value === undefined) return 'null';
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonicalJson(item)}`).join(',')}}`;
}

/**
 * Number and checksum of a table's rows: the sum, modulo 2^128, of half of each canonical row's SHA-256. It does not
 * depend on the order, and a row that is there twice does not cancel out.
 */
export class TableSum {
  rows = 0;
  private sum = 0n;

  add(row: Row): void {
    this.rows++;
    this.sum = (this.sum + BigInt(`0x${createHash('sha256').update(canonicalJson(row)).digest('hex').slice(0, 32)}`)) & MASK;
  }

  get checksum(): string {
    return this.sum.toString(16).padStart(32, '0');
  }
}
