import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStore } from '../store.contract.ts';
import { COMMANDS, TABLES } from '../testing.commands.ts';
import { openSqliteStore } from './sqlite-store.ts';

for (const writer of ['inline', 'thread'] as const) {
  describeStore(`sqlite, ${writer}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-store-'));
    const options = { file: join(directory, 'parley.db'), writer, tables: TABLES, commands: COMMANDS, commandsModule: new URL('../testing.commands.ts', import.meta.url).href };
    let store = await openSqliteStore(options);
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openSqliteStore(options);
        return store;
      },
      dispose: async () => {
        await store.close();
        rmSync(directory, { recursive: true, force: true });
      },
    };
  });
}
