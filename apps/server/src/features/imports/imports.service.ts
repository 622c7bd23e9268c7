import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { ImportStatus } from '@parley/shared/protocol/calls/imports';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { MAX_ATTEMPTS } from '../../jobs/port.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Store } from '../../storage/port.ts';
import { imports, importSkips, type ImportRow } from '../../storage/tables.ts';
import { demandInWorkspace, type ActorRef } from '../channels/channel-access.ts';
import { ArchiveError } from './archive/archive-error.ts';
import { IMPORT_JOB } from './imports.commands.ts';
import { ImportRun, type RunOptions } from './import-run.ts';
import { KEPT_SKIPS, progressOf } from './import-progress.ts';
import { SlackArchive } from './slack/slack-archive.ts';
import { survey } from './survey.ts';

/** Of an archive that comes over HTTP; what lies on the server's disk may be larger. */
export const UPLOAD_BYTES = 8 * 2 ** 30;

export type ImportDeps = Pick<Deps, 'store' | 'random' | 'clock'>;

const uploads = (deps: Pick<Deps, 'config'>): string => join(deps.config.dataDirectory, 'imports');

/** Takes an archive that a client sends, and queues its import. */
export async function startUpload(deps: Deps, who: ActorRef, input: { kind: string; workspace_id: string }, body: AsyncIterable<Uint8Array>, most = UPLOAD_BYTES): Promise<{ import_id: string }> {
  await deps.store.read((tx) => demandInWorkspace(tx, who, input.workspace_id, 'workspace.import'));
  const id = uuidv7(deps.clock, deps.random);
  const path = join(uploads(deps), `${id}.zip`);
  const fingerprint = await saveUpload(path, body, most);
  try {
    await deps.store.run('imports.create', { id, workspace_id: input.workspace_id, user_id: who.user_id, kind: input.kind, path, fingerprint, job: true });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
  return { import_id: id };
}

async function saveUpload(path: string, body: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  const part = `${path}.part`;
  const hash = createHash('sha256');
  let size = 0;
  await mkdir(join(path, '..'), { recursive: true, mode: 0o700 });
  const file = await open(part, 'w', 0o600);
  try {
    for await (const chunk of body) {
      size += chunk.length;
      if (size > most) throw new ParleyError('too_large', `an archive may have ${most} bytes; import larger ones on the server with \`parley import slack FILE\``);
      hash.update(chunk);
      await file.writeFile(chunk);
    }
    if (size === 0) throw new ParleyError('invalid_request', 'the body has to be the archive', { errors: [{ path: 'body', message: 'is empty' }] });
    await file.sync();
  } catch (error) {
    await rm(part, { force: true });
    throw (error as NodeJS.ErrnoException).code === 'ENOSPC' ? new ParleyError('storage_full', 'there is no room for the archive') : error;
  } finally {
    await file.close();
  }
  await rename(part, path);
  return hash.digest('hex');
}

/** How an import stands, for those who may import into its workspace. */
export async function importStatus(store: Store, who: ActorRef, id: string): Promise<ImportStatus> {
  return store.read(async (tx) => {
    const row = await tx.get(imports, [id]);
    if (!row) throw new ParleyError('not_found', 'no such import');
    await demandInWorkspace(tx, who, row.workspace_id, 'workspace.import').catch((error: unknown) => {
      throw error instanceof ParleyError ? new ParleyError('not_found', 'no such import') : error;
    });
    const skips = await tx.find(importSkips, { prefix: [id], limit: KEPT_SKIPS });
    return presentImport(row, skips.map(({ where, reason }) => ({ where, reason })));
  });
}

export function presentImport(row: ImportRow, skipped: { where: string; reason: string }[]): ImportStatus {
  const { counts, skipped_total, progress, stage, error } = progressOf(row);
  return { import_id: row.id, state: row.state, counts, skipped, skipped_total, progress, ...(stage ? { stage } : {}), ...(error === undefined ? {} : { error }) };
}

/** The sum of a file's bytes, by which the same archive is known again. */
export async function fingerprintOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/**
 * Runs an import to its end, from where it was. One whose archive cannot be read fails, before it has changed anything.
 * @throws Interrupted when the signal aborts; it goes on by the next call.
 */
export async function runImport(deps: ImportDeps, id: string, options: RunOptions & { path?: string } = {}): Promise<ImportRow> {
  const { row, runs } = await deps.store.run('imports.start', { import_id: id, runner: uuidv7(deps.clock, deps.random), ...(options.path === undefined ? {} : { path: options.path }) });
  if (!runs) return row;
  const pause = (ms: number) => new Promise<void>((resolve) => void deps.clock.setTimer(ms, resolve));
  try {
    const archive = await SlackArchive.open(row.path);
    try {
      // Once its first step is committed, the archive has been found whole.
      if (progressOf(row).step === 0) await survey(archive, options.onProgress ? { onProgress: (progress, stage) => options.onProgress?.(0, `checking ${stage} (${Math.floor(progress * 100)} %)`) } : {});
      await new ImportRun(deps, archive, row, { pause, ...options }).run();
    } finally {
      archive.close();
    }
  } catch (error) {
    const reason = error instanceof ArchiveError ? error.message : isMissing(error) ? 'the archive is not there any more' : undefined;
    if (reason === undefined) throw error;
    await deps.store.run('imports.fail', { import_id: id, error: reason });
  }
  return (await deps.store.read((tx) => tx.get(imports, [id])))!;
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** Imports that have not come to their end, oldest first. */
export async function unfinishedImports(store: Store): Promise<ImportRow[]> {
  const rows = await store.read((tx) => tx.find(imports, { limit: 100_000 }));
  return rows.filter((row) => row.state === 'queued' || row.state === 'running').sort((a, b) => a.at - b.at);
}

/** Gives every unfinished import a job: one that was begun on the command line and interrupted has none. */
export async function requeueImports(store: Store): Promise<void> {
  for (const row of await unfinishedImports(store)) {
    await store.run('jobs.enqueue', { job: { kind: IMPORT_JOB, payload: { import_id: row.id }, dedupe: `${IMPORT_JOB}:${row.id}` } });
  }
}

/** The worker's side. Imports run one after the other: two at once into one channel would each find the other's half. */
export function importJob(deps: Deps): JobHandler {
  let before: Promise<unknown> = Promise.resolve();
  return (job, signal) => {
    const id = (job.payload as { import_id: string }).import_id;
    const work = before.then(async () => {
      try {
        const row = await runImport(deps, id, { signal });
        if (row.path.startsWith(uploads(deps))) await rm(row.path, { force: true });
      } catch (error) {
        if (signal.aborted || job.attempt < MAX_ATTEMPTS) throw error;
        await deps.store.run('imports.fail', { import_id: id, error: `it was given up after ${job.attempt} attempts: ${error instanceof Error ? error.message : String(error)}` });
      }
    });
    before = work.catch(() => undefined);
    return work;
  };
}
