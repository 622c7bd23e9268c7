import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClockedStore } from './leases.contract.ts';
import { openMemoryStore } from './memory/memory-store.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';

/** Every embedded adapter with a clock that tests move, for suites of what is built on the Store. */
export const CLOCKED_STORES: readonly { name: string; open: () => Promise<ClockedStore> }[] = [
  {
    name: 'memory',
    open: async () => {
      let now = 1_700_000_000_000;
      const store = openMemoryStore({ clock: { now: () => now }, random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) } });
      return { store, advance: (ms) => void (now += ms), dispose: async () => store.close() };
    },
  },
  {
    name: 'sqlite',
    open: async () => {
      let now = 1_700_000_000_000;
      const directory = mkdtempSync(join(tmpdir(), 'parley-store-'));
      const store = await openSqliteStore({ file: join(directory, 'parley.db'), writer: 'inline', now: () => now });
      return {
        store,
        advance: (ms) => void (now += ms),
        dispose: async () => {
          await store.close();
          rmSync(directory, { recursive: true, force: true });
        },
      };
    },
  },
];
