import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParleyError } from '@parley/shared/protocol/errors';
import { describe, expect, it } from 'vitest';
import { available } from '../faults/requirements.ts';
import type { Store, Table } from '../port.ts';
import { heads, leases, meta, outbox } from '../tables.ts';
import { COMMANDS, runScript, things } from '../testing.commands.ts';
import { openMongoStore } from './mongodb-store.ts';
import { hasMongod, startMongod, type Mongod } from './testing.mongod.ts';

const tables = [heads, outbox, leases, meta, things] as readonly unknown[] as readonly Table[];
const mounts = (): boolean => available('mounting a tmpfs', 'unshare', ['-m', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']);
const add = async (store: Store, id: string): Promise<unknown> => runScript(store, [{ do: 'put', row: { group: 'g', id, rest: 'x'.repeat(100_000) } }]);

/** A mongod ends itself when it cannot write its journal; whoever keeps it running starts it again. */
describe.skipIf(!hasMongod() || !mounts())('a mongod whose disk is full', () => {
  it('refuses writes with a time to come again, loses nothing acknowledged, and goes on when it is started with room', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'parley-disk-'));
    const disk = join(directory, 'disk');
    mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=512m', 'tmpfs', disk]).status).toBe(0);
    let mongod: Mongod | undefined;
    let store: Store | undefined;
    try {
      mongod = await startMongod({ directory: join(disk, 'db') });
      const port = Number(new URL(mongod.address).port);
      store = await openMongoStore({ url: `${mongod.url('full')}&serverSelectionTimeoutMS=1000`, tables, commands: COMMANDS });
      await add(store, 'before');
      const filler = join(disk, 'filler');
      const { bavail, bsize } = statfsSync(disk);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - 1024 * 1024)));
      const acknowledged = ['before'];
      let refusal: unknown;
      for (let n = 0; n < 2_000 && refusal === undefined; n++) await add(store, `a${n}`).then(() => acknowledged.push(`a${n}`), (error: unknown) => (refusal = error));
      expect(refusal).toBeInstanceOf(ParleyError);
      expect(['storage_full', 'unavailable']).toContain((refusal as ParleyError).code);
      expect((refusal as ParleyError).extra.retry_after_ms).toBeGreaterThan(0);
      expect((await store.health()).problems.length).toBeGreaterThan(0);

      rmSync(filler);
      await mongod.stop();
      mongod = await startMongod({ directory: join(disk, 'db'), port });
      const alive = store;
      await expect.poll(async () => add(alive, 'after').then(() => 'written', (error: unknown) => error), { timeout: 20_000 }).toBe('written');
      const kept = await alive.read((tx) => tx.find(things as Table, { prefix: ['g'], limit: 10_000 }));
      const ids = new Set(kept.map(({ id }) => id));
      for (const id of [...acknowledged, 'after']) expect(ids.has(id), id).toBe(true);
      expect((await alive.health()).problems).toEqual([]);
    } finally {
      await store?.close();
      await mongod?.stop();
      spawnSync('umount', ['-l', disk]);
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
