import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ParleyError } from '@parley/shared/protocol/errors';
import { describe, expect, it } from 'vitest';
import type { Store, Table } from '../port.ts';
import { runScript, things } from '../testing.commands.ts';
import { available } from './requirements.ts';
import { inDirectory, openTestStore } from './testing.directory.ts';

const mounts = (): boolean => available('mounting a tmpfs', 'unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']);
const add = async (store: Store, id: string): Promise<unknown> => runScript(store, [{ do: 'put', row: { group: 'g', id, rest: 'x'.repeat(20_000) } }]);

describe.skipIf(!mounts())('a full disk', () => {
  it('FUL1 writes are refused as storage_full, reads go on, and it recovers by itself', async () => {
    await inDirectory(async (directory) => {
      const disk = join(directory, 'disk');
      mkdirSync(disk);
      expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]).status).toBe(0);
      try {
        await fillAndFree(disk);
      } finally {
        spawnSync('umount', ['-l', disk]);
      }
    });
  });
});

async function fillAndFree(disk: string): Promise<void> {
  const store = await openTestStore(join(disk, 'parley.db'));
  writeFileSync(join(disk, 'filler'), Buffer.alloc(4 * 1024 * 1024));
  const acknowledged: string[] = [];
  let refusal: unknown;
  for (let n = 0; n < 1_000 && refusal === undefined; n++) {
    await add(store, `a${n}`).then(() => acknowledged.push(`a${n}`), (error: unknown) => (refusal = error));
  }
  expect(refusal).toBeInstanceOf(ParleyError);
  expect(refusal).toMatchObject({ code: 'storage_full', extra: { retry_after_ms: expect.any(Number) as number } });
  const burst = await Promise.allSettled(Array.from({ length: 20 }, async (_, i) => add(store, `b${i}`)));
  for (const outcome of burst) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'storage_full' });
  expect((await store.health()).problems).toHaveLength(1);
  expect(await store.read((tx) => tx.count(things as Table, { prefix: ['g'] }))).toBeGreaterThanOrEqual(acknowledged.length);
  rmSync(join(disk, 'filler'));
  await add(store, 'after');
  acknowledged.push('after');
  expect((await store.health()).problems).toEqual([]);
  await store.close();
  const again = await openTestStore(join(disk, 'parley.db'));
  for (const id of acknowledged) expect(await again.read((tx) => tx.get(things as Table, ['g', id])), id).toBeDefined();
  await again.close();
}
