import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../port.ts';
import { openSqliteStore } from '../sqlite/sqlite-store.ts';
import { TABLES } from '../testing.commands.ts';

/** Runs `work` with a directory of its own. */
export async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'parley-fault-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export async function openTestStore(file: string): Promise<Store> {
  return openSqliteStore({ file, tables: TABLES, commandsModule: new URL('../testing.commands.ts', import.meta.url).href });
}
