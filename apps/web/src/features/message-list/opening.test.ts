import { describe, expect, it } from 'vitest';
import { opensAt } from './opening.ts';
import { shown, timeline, uuid } from './testing.ts';

const from = (first: number, last: number, cached: boolean) => timeline({ messages: Array.from({ length: last - first + 1 }, (_, i) => shown(first + i)), loading: { before: false, after: false, cached } });
const left = (seq: number, atEnd = false) => ({ key: 'k', seq, offset: 0, atEnd });

describe('what a list waits for', () => {
  it('LST-15 the place that one left, as long as it may still come out of the cache', () => {
    expect(opensAt(from(801, 1_000, true), 1_000, null, left(40))).toBe(false);
    expect(opensAt(from(1, 1_000, false), 1_000, null, left(40))).toBe(true);
    expect(opensAt(from(801, 1_000, false), 1_000, null, left(40))).toBe(true);
    expect(opensAt(from(801, 1_000, true), 1_000, null, left(900))).toBe(true);
    expect(opensAt(from(801, 1_000, true), 1_000, null, left(40, true))).toBe(true);
  });
  it('LST-15 the line, else the newest message', () => {
    expect(opensAt(from(801, 1_000, true), 1_000, 700, null)).toBe(false);
    expect(opensAt(from(801, 1_000, true), 1_000, 900, null)).toBe(true);
    expect(opensAt(from(801, 999, false), 1_000, null, null)).toBe(false);
    expect(opensAt(timeline(), 0, null, null)).toBe(true);
  });
  it('of a thread anything', () => {
    expect(opensAt(timeline({ rootId: uuid(1) }), 5, null, null)).toBe(false);
    expect(opensAt(timeline({ rootId: uuid(1), messages: [shown(3)] }), 5, null, null)).toBe(true);
  });
});
