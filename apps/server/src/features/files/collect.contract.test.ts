import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deleteMessage, sendMessage } from '@parley/shared/protocol/calls/messages';
import type { Files } from '../../files/port.ts';
import { jobs } from '../../storage/tables.ts';
import type { Store } from '../../storage/port.ts';
import { FileWorld, idOf } from '../../testing/file-world.ts';
import { STORES } from '../../testing/conversation-world.ts';
import { blobs, files, fileUsage } from '../../storage/tables.ts';
import { JobWorker } from '../../jobs/job-worker.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { COLLECT_JOB, collectFiles, collectJob, scheduleCollection } from './collect.service.ts';
import { blobsOf } from './file-rows.ts';

const DAY = 86_400_000;

/** What the store says and what lies on the disk, held against each other. */
async function state(at: FileWorld) {
  const { store, files: bytes } = at.world.deps;
  const rows = await store.read((tx) => tx.find(files, { limit: 1_000 }));
  const known = await store.read((tx) => tx.find(blobs, { limit: 1_000 }));
  const kept: string[] = [];
  for await (const hash of bytes.hashes()) kept.push(hash);
  const uploads = existsSync(join(at.directory, 'uploads')) ? readdirSync(join(at.directory, 'uploads')) : [];
  return { rows, known, kept: kept.sort(), uploads };
}

/** No row without bytes, no bytes without a row, counts that are right. */
async function expectTidy(at: FileWorld): Promise<void> {
  const { rows, known, kept, uploads } = await state(at);
  const referred = rows.flatMap(blobsOf);
  expect([...new Set(referred)].sort()).toEqual(kept);
  expect(Object.fromEntries(known.map(({ hash, refs }) => [hash, refs]))).toEqual(Object.fromEntries(kept.map((hash) => [hash, referred.filter((h) => h === hash).length])));
  expect(uploads.sort()).toEqual(rows.filter((row) => row.state === 'uploading').map(({ id }) => id).sort());
  for (const person of new Set(rows.map(({ user_id }) => user_id))) {
    const usage = await at.world.store.read((tx) => tx.get(fileUsage, [person]));
    expect(usage?.bytes).toBe(rows.filter((row) => row.user_id === person).reduce((sum, row) => sum + row.charged, 0));
  }
}

/** Everything that takes time in a collection fails from the n-th time on: as if the process had ended there. */
function mortal(at: FileWorld, steps: number) {
  let left = steps;
  const step = (): void => {
    if (left-- <= 0) throw new Error('the process ended');
  };
  const { store, files: bytes } = at.world.deps;
  const around = async <T>(work: () => Promise<T>): Promise<T> => {
    step();
    const result = await work();
    step();
    return result;
  };
  const dyingStore = { ...store, read: (work: never) => around(() => store.read(work)), run: (name: never, args: never) => around(() => store.run(name, args) as Promise<never>) } as unknown as Store;
  const dyingFiles = { hashes: () => bytes.hashes(), remove: (hash: string, unused: () => Promise<boolean>) => around(() => bytes.remove(hash, unused)) } as unknown as Files;
  return { ...at.world.deps, store: dyingStore, files: dyingFiles };
}

describe.each(STORES)('collecting files on $adapter', (adapter) => {
  let at: FileWorld;
  beforeEach(async () => {
    at = await FileWorld.open({}, adapter);
  });
  afterEach(() => at.close());

  /** One of each: unposted, posted, deleted, shared bytes, a picture, half an upload, remnants. */
  async function everything(): Promise<{ gone: string[]; stay: string[] }> {
    const { alice, bob } = at.talk;
    const room = await at.talk.room('room', [alice, bob]);
    const post = async (id: string, n: number) => (await at.talk.as(alice).call(sendMessage, { channel_id: room.id, content: '', client_msg_id: `post-${n}`, file_ids: [id] })).message_id;
    const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#123456' } }).png().toBuffer();
    const unposted = [await at.upload(alice, 'a', 'unposted'), await at.upload(bob, 'b', 'shared'), await at.upload(alice, 'p.png', png, 'image/png')];
    const posted = [await at.upload(alice, 'c', 'shared'), await at.upload(alice, 'd', 'posted')];
    const deleted = await at.upload(alice, 'e', 'deleted');
    for (const [n, { id }] of posted.entries()) await post(id, n);
    await at.talk.as(alice).call(deleteMessage, { message_id: await post(deleted.id, 9) });
    const half = idOf(await at.begin(alice, 10));
    await at.patch(alice, half, 0, 'half');
    mkdirSync(join(at.directory, 'uploads'), { recursive: true });
    writeFileSync(join(at.directory, 'uploads', '0190a000-0000-7000-8000-00000000dead'), 'remnant');
    (await at.world.deps.files.keep((async function* () { yield randomBytes(10); })(), 10)).release();
    return { gone: [...unposted.map(({ id }) => id), deleted.id, half], stay: posted.map(({ id }) => id) };
  }

  it('takes nothing before its time: not what waits for a message, not half an upload', async () => {
    const { gone, stay } = await everything();
    await at.world.clock.advance(7 * DAY - 3_600_000);
    await collectFiles(at.world.deps);
    // That of the deleted message is over at once.
    expect((await state(at)).rows.map(({ id }) => id).sort()).toEqual([...gone.filter((id) => id !== gone[3]), ...stay].sort());
    await expectTidy(at);
    expect((await at.ask(at.talk.alice, 'GET', `files/${gone[0]!}`)).status).toBe(200);
  });

  it('takes unfinished uploads after 7 days, unposted files after 14, and gives their room back; what is posted stays', async () => {
    const { stay } = await everything();
    await at.world.clock.advance(14 * DAY + 1);
    await collectFiles(at.world.deps);
    const { rows, kept } = await state(at);
    expect([rows.map(({ id }) => id).sort(), kept.length]).toEqual([[...stay].sort(), 2]);
    await expectTidy(at);
    for (const id of stay) expect((await at.ask(at.talk.bob, 'GET', `files/${id}`)).status).toBe(200);
  });

  it('a file that is posted at the last moment stays', async () => {
    const { alice } = at.talk;
    const room = await at.talk.room('room', [alice]);
    const file = await at.upload(alice, 'a', 'late');
    await at.world.clock.advance(14 * DAY + 1);
    const found = await at.world.store.read((tx) => tx.find(files, { index: 'by_expiry', lte: at.world.clock.now() * 1000, limit: 10 }));
    expect(found.map(({ id }) => id)).toEqual([file.id]);
    await at.talk.as(alice).call(sendMessage, { channel_id: room.id, content: '', client_msg_id: 'late', file_ids: [file.id] });
    expect(await at.world.store.run('files.expire', { id: file.id })).toEqual({ expired: false });
    await collectFiles(at.world.deps);
    expect((await at.ask(alice, 'GET', `files/${file.id}`)).bytes.toString()).toBe('late');
  });

  it('whichever step the process ends at, the next run finishes, and never is a row without its bytes', async () => {
    const { stay } = await everything();
    await at.world.clock.advance(14 * DAY + 1);
    for (let steps = 0; ; steps++) {
      const outcome = await collectFiles(mortal(at, steps)).then(() => 'done', () => 'ended');
      const { rows, kept } = await state(at);
      for (const hash of rows.flatMap(blobsOf)) expect(kept, `after ${steps} steps`).toContain(hash);
      if (outcome === 'done') break;
      expect(steps).toBeLessThan(500);
    }
    await collectFiles(at.world.deps);
    expect((await state(at)).rows.map(({ id }) => id).sort()).toEqual([...stay].sort());
    await expectTidy(at);
  });

  it('uploads of the same bytes while they are collected lose nothing', async () => {
    const { alice, bob } = at.talk;
    const file = await at.upload(alice, 'a', 'again and again');
    await at.drop(alice, file.id);
    const [again] = await Promise.all([at.upload(bob, 'b', 'again and again'), collectFiles(at.world.deps), collectFiles(at.world.deps)]);
    expect((await at.ask(bob, 'GET', `files/${again.id}`)).bytes.toString()).toBe('again and again');
    await collectFiles(at.world.deps);
    await expectTidy(at);
  });

  it('runs once an hour as a job, and ordering it twice makes one', async () => {
    const { deps } = at.world;
    await scheduleCollection(deps, 60_000);
    await scheduleCollection(deps, 60_000);
    const waiting = async () => (await at.world.store.read((tx) => tx.find(jobs, { limit: 10 }))).filter(({ kind }) => kind === COLLECT_JOB);
    expect(await waiting()).toHaveLength(1);
    await everything();
    const worker = new JobWorker(deps, new StoreJobs(deps.store), { [COLLECT_JOB]: collectJob(deps) });
    worker.start();
    await at.world.clock.advance(62_000);
    await expect.poll(async () => {
      await at.world.clock.advance(1_000);
      return (await waiting()).map(({ state: s, run_at }) => [s, run_at > at.world.clock.now() * 1000]);
    }).toEqual([['ready', true]]);
    await worker.stop();
    await expectTidy(at);
  });
});
