import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Table } from '../port.ts';
import { things } from '../testing.commands.ts';
import { runChild } from './child.ts';
import { hasStrace } from './requirements.ts';
import { inDirectory, openTestStore } from './testing.directory.ts';

describe.skipIf(!hasStrace())('durable before acknowledged', () => {
  it('DUR1 every commit is brought to the disk before it is answered', async () => {
    await inDirectory(async (directory) => {
      const trace = join(directory, 'trace');
      const told = await runChild('rounds', join(directory, 'parley.db'), ['-o', trace, '-e', 'trace=fdatasync,fsync,access,faccessat,faccessat2']);
      expect(told[0]).toMatchObject({ opened: { settings: { journal_mode: 'wal', synchronous: 2 }, problems: [] } });
      const lines = readFileSync(trace, 'utf8').split('\n');
      const at = (mark: string): number => lines.findIndex((line) => line.includes(`/parley-mark/${mark}"`));
      for (const { round, commits } of told.slice(1) as unknown as { round: number; commits: number }[]) {
        const between = lines.slice(at(`begin-${round}`), at(`end-${round}`));
        const synced = between.filter((line) => /(fdatasync|fsync)(\(| resumed).*= 0/.test(line));
        expect(commits).toBeGreaterThan(0);
        expect(synced.length, `round ${round}`).toBeGreaterThanOrEqual(commits);
      }
    });
  });

  it('DUR2 what a failing sync was for is never acknowledged, and later commits are', async () => {
    await inDirectory(async (directory) => {
      const file = join(directory, 'parley.db');
      await (await openTestStore(file)).close();
      const told = await runChild('until-refused', file, ['-o', '/dev/null', '-e', 'trace=fdatasync,fsync', '-e', 'inject=fdatasync,fsync:error=EIO:when=20..29']);
      const answers = told.slice(1, -1) as unknown as { id: string; code?: string }[];
      const refused = answers.filter(({ code }) => code !== undefined);
      expect(refused.length).toBeGreaterThanOrEqual(5);
      expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['unavailable']));
      expect(answers.at(-1)!.code).toBeUndefined();
      expect(told.at(-1)).toMatchObject({ health: { problems: [] } });
      const store = await openTestStore(file);
      const there = new Set((await store.read((tx) => tx.find(things as Table, { limit: 100 }))).map((row) => row['id']));
      for (const { id, code } of answers) if (code === undefined) expect(there).toContain(id);
      await store.close();
    });
  });
});
