import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemRandom } from '../../platform/system.ts';
import { STORES } from '../../testing/conversation-world.ts';
import { openMemoryStore, type MemoryState } from '../memory/memory-store.ts';
import { getRow } from '../memory/memory-tables.ts';
import { meta } from '../tables.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import { describeMove } from './move.contract.ts';
import { canonicalJson, TableSum } from './table-sum.ts';

describeMove('memory to memory', async () => {
  const state: MemoryState = { snapshot: {}, incarnation: 'target' };
  return {
    openSource: STORES[0]!.open,
    openTarget: async () => {
      // Others keep it in `meta`.
      state.incarnation = (getRow(state.snapshot, meta, ['incarnation'])?.value as string | undefined) ?? state.incarnation;
      return openMemoryStore({ clock: { now: () => Date.now() }, random: systemRandom, state });
    },
    dispose: async () => undefined,
  };
});

describeMove('sqlite to sqlite', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-move-'));
  return {
    openSource: STORES[1]!.open,
    openTarget: () => openSqliteStore({ file: join(directory, 'parley.db'), writer: 'inline' }),
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
});

describe('the checksum of a table', () => {
  const sumOf = (rows: Record<string, unknown>[]): string => {
    const sum = new TableSum();
    for (const row of rows) sum.add(row);
    return sum.checksum;
  };

  it('does not depend on the order of rows or fields, and sees every difference', () => {
    const [a, b] = [{ id: 'a', doc: { x: 1, y: [1, 2] } }, { id: 'b', doc: null }];
    expect(sumOf([a, b])).toBe(sumOf([b, { doc: { y: [1, 2], x: 1 }, id: 'a' }]));
    for (const other of [[a], [a, a], [b, b], [a, b, b], [a, { id: 'b' }], [a, { id: 'b', doc: 0 }], [{ id: 'a', doc: { x: 1, y: [2, 1] } }, b]]) expect(sumOf(other)).not.toBe(sumOf([a, b]));
    expect(sumOf([a, a])).not.toBe(sumOf([]));
  });

  it('writes one text for one value', () => {
    expect(canonicalJson({ b: [null, 'x"', { d: 1, c: true }], a: undefined, A: 1.5 })).toBe('{"A":1.5,"b":[null,"x\\"",{"c":true,"d":1}]}');
  });
});
