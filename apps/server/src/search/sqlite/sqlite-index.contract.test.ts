import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { searchIndexContract } from '../search-index.contract.ts';
import { SqliteSearchIndex } from './sqlite-index.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-search-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

let n = 0;
searchIndexContract('sqlite', () => {
  const file = join(directory, `search-${++n}.db`);
  return { index: new SqliteSearchIndex({ file }), again: () => new SqliteSearchIndex({ file }) };
});
