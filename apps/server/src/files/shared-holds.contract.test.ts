import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock, systemRandom } from '../platform/system.ts';
import { silentLogger } from '../platform/logger.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import { DiskFiles } from './disk/disk-files.ts';
import { filesContract } from './files.contract.ts';
import { blobs, fileHolds } from '../storage/tables.ts';
import { GOING_MS, HOLD_MS, SharedHolds } from './shared-holds.ts';
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

describe('a process that died or slept', () => {
  const opened = async () => {
    const clock = new FakeClock();
    const store = openMemoryStore({ clock, random: systemRandom });
    const place = fresh();
    const [one, two] = [await DiskFiles.open(place, new SharedHolds(store, 'files', silentLogger)), await DiskFiles.open(place, new SharedHolds(store, 'files', silentLogger))];
    return { clock, store, one, two };
  };
  const text = async function* (of: string) { yield Buffer.from(of); };
  const label = { name: 'a', declared: '' };

  it('holds for 15 minutes, then its bytes may go, and its commit is refused', async () => {
    const { clock, store, one, two } = await opened();
    const held = await one.keep(text('slept'), 9);
    await clock.advance(HOLD_MS - 1);
    expect(await two.remove(held.hash, async () => true)).toBe(false);
    await clock.advance(2);
    expect(await two.remove(held.hash, async () => true)).toBe(true);
    const commit = store.run('files.keep', { who: { user_id: 'ann', server_role: 'member' }, id: 'f', label, upload_bytes: 5, content: { mime: 'text/plain', hash: held.hash, size: 5 }, begun: false, quota: 100, holds: [held.hold!] });
    await expect(commit).rejects.toMatchObject({ code: 'unavailable' });
    expect(await store.read((tx) => tx.find(blobs, { limit: 9 }))).toEqual([]);
  });

  it('its hold ends with the commit, and what it left is forgotten by the collection', async () => {
    const { clock, store, one } = await opened();
    const held = await one.keep(text('kept'), 9);
    await store.run('files.keep', { who: { user_id: 'ann', server_role: 'member' }, id: 'f', label, upload_bytes: 4, content: { mime: 'text/plain', hash: held.hash, size: 4 }, begun: false, quota: 100, holds: [held.hold!] });
    expect(await store.read((tx) => tx.find(fileHolds, { limit: 9 }))).toEqual([]);
    const left = await one.keep(text('left'), 9);
    await clock.advance(HOLD_MS + 1);
    await store.run('holds.expire', { name: left.hold!.name });
    expect(await store.read((tx) => tx.find(fileHolds, { limit: 9 }))).toEqual([]);
  });

  it('within a removal keeps others from keeping the same bytes for a minute, and no longer', async () => {
    const { clock, store, one, two } = await opened();
    const { hash, release } = await one.keep(text('gone'), 9);
    release();
    const mark = { name: `files/${hash}`, id: 'of a process that is no more' };
    while (!(await store.run('holds.going', { ...mark, ms: GOING_MS })).going) await new Promise((resolve) => setImmediate(resolve));
    let held = false;
    const keeping = two.keep(text('gone'), 9).then((blob) => {
      held = true;
      return blob;
    });
    await clock.advance(GOING_MS - 1_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(held).toBe(false);
    await clock.advance(2_000);
    expect((await keeping).hash).toBe(hash);
    // Back from the dead, it takes nothing away that is held by now.
    expect((await store.run('holds.going', { ...mark, ms: GOING_MS })).going).toBe(false);
  });
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
