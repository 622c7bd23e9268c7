import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../platform/system.ts';
import { silentLogger } from '../platform/logger.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import { DiskFiles } from './disk/disk-files.ts';
import { filesContract } from './files.contract.ts';
import { SharedHolds } from './shared-holds.ts';
import { sharedFilesContract } from './shared-files.contract.ts';

const directory = mkdtempSync(join(tmpdir(), 'parley-shared-files-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let count = 0;
const fresh = () => join(directory, String(++count));
const world = () => openMemoryStore({ clock: systemClock, random: systemRandom });

filesContract('disk, shared', async () => DiskFiles.open(fresh(), new SharedHolds(world(), 'files', silentLogger)));

sharedFilesContract('disk, shared', () => {
  const place = fresh();
  return { store: world(), open: (store) => DiskFiles.open(place, new SharedHolds(store, 'files', silentLogger)) };
});

it('a process that starts leaves what others are writing, and the collection takes what is a day old', async () => {
  const place = fresh();
  const files = await DiskFiles.open(place, new SharedHolds(world(), 'files', silentLogger));
  const [old, young] = ['old', 'young'].map((name) => join(place, 'incoming', name)) as [string, string];
  for (const path of [old, young]) writeFileSync(path, 'half');
  utimesSync(old, new Date(Date.now() - 90_000_000), new Date(Date.now() - 90_000_000));
  await DiskFiles.open(place, new SharedHolds(world(), 'files', silentLogger));
  await files.sweep!(Date.now());
  expect(readdirSync(join(place, 'incoming'))).toEqual(['young']);
});
