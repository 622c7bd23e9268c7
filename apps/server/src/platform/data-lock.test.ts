import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { DataInUse, lockDataDirectory } from './data-lock.ts';

it('gives a data directory to one at a time', () => {
  const directory = mkdtempSync(`${tmpdir()}/parley-lock-`);
  try {
    const first = lockDataDirectory(directory);
    expect(() => lockDataDirectory(directory)).toThrow(DataInUse);
    first.release();
    lockDataDirectory(directory).release();
  } finally {
    rmSync(directory, { recursive: true });
  }
});
