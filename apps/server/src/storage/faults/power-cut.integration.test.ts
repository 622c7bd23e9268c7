import { copyFileSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Store, Table } from '../port.ts';
import { runScript, things } from '../testing.commands.ts';
import { inDirectory, openTestStore } from './testing.directory.ts';

const add = async (store: Store, id: string): Promise<unknown> => runScript(store, [{ do: 'put', row: { group: 'g', id, rank: 1, label: id, rest: 'y'.repeat(400) } }]);

describe('a power cut', () => {
  it('CUT1 the log cut anywhere past what was synced: it opens, is sound, and holds all that was acknowledged', async () => {
    await inDirectory(async (directory) => {
      const file = join(directory, 'parley.db');
      const store = await openTestStore(file);
      let n = 0;
      let cuts = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }), fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean(), async (bursts, where, torn) => {
          const acknowledged = async (count: number): Promise<void> => void (await Promise.all(Array.from({ length: count }, async () => add(store, `n${n++}`))));
          for (const count of bursts) await acknowledged(count);
          const promised = n;
          // The state at the cut: the database as it is, and the log with some of what came after, of which nothing need be on the disk.
          const place = join(directory, `cut-${cuts++}`);
          mkdirSync(place);
          const cut = join(place, 'parley.db');
          copyFileSync(file, cut);
          const synced = statSync(`${file}-wal`).size;
          for (const count of bursts) await acknowledged(count);
          const log = readFileSync(`${file}-wal`);
          const length = synced + Math.floor((log.length - synced) * where);
          const kept = Buffer.from(log.subarray(0, length));
          if (torn && length > synced) kept.fill(0, synced + Math.floor((length - synced) / 2));
          writeFileSync(`${cut}-wal`, kept);
          const again = await openTestStore(cut);
          const there = new Set((await again.read((tx) => tx.find(things as Table, { prefix: ['g'], limit: 1_000_000 }))).map((row) => row['id']));
          for (let i = 0; i < promised; i++) expect(there).toContain(`n${i}`);
          await again.close();
          const db = new Database(cut, { readonly: true });
          expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
          db.close();
        }),
        { numRuns: 10, endOnFailure: true },
      );
      await store.close();
    });
  });
});
