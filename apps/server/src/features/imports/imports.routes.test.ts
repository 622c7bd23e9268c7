import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { getImport } from '@parley/shared/protocol/calls/imports';
import type { Problem } from '@parley/shared/protocol/errors';
import { JobWorker } from '../../jobs/job-worker.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { systemClock } from '../../platform/system.ts';
import { openMemoryStore } from '../../storage/memory/memory-store.ts';
import { systemRandom } from '../../platform/system.ts';
import { jobs } from '../../storage/tables.ts';
import { testWorld, type TestUser, type World } from '../../testing/test-core.ts';
import { IMPORT_JOB } from './imports.commands.ts';
import { importJob, requeueImports, startUpload } from './imports.service.ts';
import { smallExport, zipOf } from './testing.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'parley-uploads-'));
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

const world = () => testWorld({ config: { dataDirectory }, store: openMemoryStore({ clock: systemClock, random: systemRandom }) }).setUp();
const worker = (w: World) => new JobWorker({ clock: systemClock, logger: w.deps.logger, metrics: w.deps.metrics }, new StoreJobs(w.store), { [IMPORT_JOB]: importJob({ ...w.deps, clock: systemClock }) });

async function* chunks(bytes: Buffer, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}

async function upload(w: World, who: TestUser | null, query: Record<string, string>, bytes = zipOf(smallExport())): Promise<{ status: number; body: unknown }> {
  return w.core.handle({ method: 'POST', path: 'imports', query, headers: who ? { authorization: `Bearer ${who.token}` } : {}, address: '127.0.0.1', raw: chunks(bytes) });
}

/** Archives that are kept, and copies of them. */
async function left(w: World): Promise<string[]> {
  const hashes: string[] = [];
  for await (const hash of w.deps.archives.hashes()) hashes.push(hash);
  const copies = join(dataDirectory, 'imports');
  return [...hashes, ...(existsSync(copies) ? readdirSync(copies) : [])];
}

async function ended(w: World, id: string) {
  for (;;) {
    const status = await w.as(w.owner).call(getImport, { import_id: id });
    if (status.state === 'done' || status.state === 'failed') return status;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe('POST /imports', () => {
  test('is for administrators of the workspace', async () => {
    const w = await world();
    const query = { kind: 'slack', workspace_id: w.workspace.id };
    expect((await upload(w, null, query)).status).toBe(401);
    expect((await upload(w, w.owner, { kind: 'slack' })).status).toBe(400);
    expect((await upload(w, w.owner, { kind: 'irc', workspace_id: w.workspace.id })).status).toBe(400);
    expect((await upload(w, w.owner, { ...query, workspace_id: crypto.randomUUID() })).status).toBeGreaterThanOrEqual(403);
    expect((await upload(w, await w.createUser('mia'), query)).status).toBe(403);
    expect((await upload(w, w.owner, query, Buffer.alloc(0))).status).toBe(400);
    expect(await left(w)).toEqual([]);
  });

  test('takes the archive, and a worker brings it in and clears it away', async () => {
    const w = await world();
    const answer = await upload(w, w.owner, { kind: 'slack', workspace_id: w.workspace.id });
    expect(answer.status).toBe(202);
    const { import_id } = answer.body as { import_id: string };
    expect(await w.as(w.owner).call(getImport, { import_id })).toMatchObject({ state: 'queued', progress: 0, counts: { messages: 0 } });
    const at = worker(w);
    at.start();
    const status = await ended(w, import_id);
    await at.stop();
    expect(status).toMatchObject({ state: 'done', progress: 1, counts: { users: 7, channels: 4, messages: 12, replies: 2, reactions: 3, files: 1 } });
    expect(status.skipped.length).toBe(status.skipped_total);
    expect(await left(w)).toEqual([]);
    const mia = await w.createUser('mia');
    expect((await w.as(mia).refused(getImport, { import_id }) as Problem).status).toBe(404);
    expect((await w.as(w.owner).refused(getImport, { import_id: crypto.randomUUID() }) as Problem).status).toBe(404);
  });

  test('a damaged archive fails with file and line', async () => {
    const w = await world();
    const { import_id } = (await upload(w, w.owner, { kind: 'slack', workspace_id: w.workspace.id }, zipOf({ ...smallExport(), 'lobby/2020-01-01.json': '[\n{"a":]' }))).body as { import_id: string };
    const at = worker(w);
    at.start();
    expect(await ended(w, import_id)).toMatchObject({ state: 'failed', error: 'lobby/2020-01-01.json:2: is not JSON: unexpected "]"', counts: { users: 0 } });
    await at.stop();
  });

  test('an archive that is needed by another import stays until that one has ended; one that is lost fails its import', async () => {
    const w = await world();
    const query = { kind: 'slack', workspace_id: w.workspace.id };
    const ids: string[] = [];
    for (let i = 0; i < 2; i++) ids.push(((await upload(w, w.owner, query)).body as { import_id: string }).import_id);
    const at = worker(w);
    at.start();
    for (const id of ids) expect((await ended(w, id)).state).toBe('done');
    await at.stop();
    expect(await left(w)).toEqual([]);
    const lost = ((await upload(w, w.owner, query)).body as { import_id: string }).import_id;
    for (const hash of await left(w)) await w.deps.archives.remove(hash, async () => true);
    const again = worker(w);
    again.start();
    expect(await ended(w, lost)).toMatchObject({ state: 'failed', error: 'the archive is not there any more' });
    await again.stop();
  });

  test('what is too large is refused and leaves nothing behind', async () => {
    const w = await world();
    await expect(startUpload(w.deps, { user_id: w.owner.id, server_role: 'owner' }, { kind: 'slack', workspace_id: w.workspace.id }, chunks(Buffer.alloc(5_000)), 4_000)).rejects.toMatchObject({ code: 'too_large' });
    expect(await left(w)).toEqual([]);
  });

  test('goes on after a restart, also when it was begun without a job', async () => {
    const w = await world();
    const { import_id } = (await upload(w, w.owner, { kind: 'slack', workspace_id: w.workspace.id })).body as { import_id: string };
    await requeueImports(w.store);
    const queued = await w.store.read((tx) => tx.find(jobs, { limit: 10 }));
    expect(queued).toHaveLength(1);
    const lost = await new StoreJobs(w.store).lease(1, 1_000_000);
    await new StoreJobs(w.store).complete(lost[0]!);
    await requeueImports(w.store);
    const at = worker(w);
    at.start();
    expect((await ended(w, import_id)).state).toBe('done');
    await at.stop();
  });
});
