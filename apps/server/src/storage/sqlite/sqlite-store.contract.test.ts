import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeStore } from '../store.contract.ts';
import { COMMANDS, HOT_TABLES, TABLES } from '../testing.commands.ts';
import { openSqliteStore } from './sqlite-store.ts';

const VARIANTS = [
  { name: 'inline', writer: 'inline', tables: TABLES },
  { name: 'thread', writer: 'thread', tables: TABLES },
  { name: 'gathering', writer: 'inline', tables: HOT_TABLES },
  { name: 'filing at once', writer: 'inline', tables: HOT_TABLES, filing: { keep: 0, every: 1 } },
  { name: 'filing some', writer: 'inline', tables: HOT_TABLES, filing: { keep: 3, every: 2 } },
] as const;

for (const { name, ...variant } of VARIANTS) {
  describeStore(`sqlite, ${name}`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-store-'));
    const options = { file: join(directory, 'parley.db'), ...variant, commands: COMMANDS, commandsModule: new URL('../testing.commands.ts', import.meta.url).href };
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
