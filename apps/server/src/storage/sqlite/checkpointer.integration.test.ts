import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { runScript, TABLES } from '../testing.commands.ts';
import { openSqliteStore } from './sqlite-store.ts';

it('CHK1 what is committed reaches the database file while the writer goes on, long before its own checkpoint', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'parley-checkpoint-'));
  const file = join(directory, 'parley.db');
  const store = await openSqliteStore({ file, tables: TABLES, commandsModule: new URL('../testing.commands.ts', import.meta.url).href });
  try {
    let n = 0;
    const write = async (): Promise<unknown> => runScript(store, [{ do: 'insert', row: { group: 'g', id: String(n++) } }]);
    for (let i = 0; i < 40; i++) await write();
    // One more commit for each look, so that a thread that was busy is asked again.
    await expect.poll(async () => {
      await write();
      return rowsWithoutLog(file, join(directory, 'copy.db'));
    }, { timeout: 30_000, interval: 5 }).toBeGreaterThan(0);
    expect(n).toBeLessThan(4000 / 4);
  } finally {
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Rows in the database file alone, as it is without the log beside it. */
function rowsWithoutLog(file: string, copy: string): number {
  copyFileSync(file, copy);
  const db = new Database(copy);
  try {
    const made = db.prepare("SELECT count(*) FROM sqlite_schema WHERE name = 'test_things'").pluck().get() as number;
    return made === 0 ? 0 : (db.prepare('SELECT count(*) FROM test_things').pluck().get() as number);
  } finally {
    db.close();
  }
}
