import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { ImportStatus } from '@parley/shared/protocol/calls/imports';
import { ParleyError } from '@parley/shared/protocol/errors';
import { NoSuchBlob } from '../../files/port.ts';
import type { JobHandler } from '../../jobs/job-worker.ts';
import { MAX_ATTEMPTS } from '../../jobs/port.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Store } from '../../storage/port.ts';
import { imports, importSkips, type ImportRow } from '../../storage/tables.ts';
import { demandInWorkspace, type ActorRef } from '../channels/channel-access.ts';
import { keeping } from '../files/intake.service.ts';
import { ArchiveError } from './archive/archive-error.ts';
import { IMPORT_JOB } from './imports.commands.ts';
import { ImportRun, type RunOptions } from './import-run.ts';
import { KEPT_SKIPS, progressOf } from './import-progress.ts';
import { SlackArchive } from './slack/slack-archive.ts';
import { survey } from './survey.ts';

/** Of an archive that comes over HTTP; what lies on the server's disk may be larger. */
export const UPLOAD_BYTES = 8 * 2 ** 30;

export type ImportDeps = Pick<Deps, 'store' | 'random' | 'clock'>;

/** Where the archive of an import over HTTP lies: under this and its hash in the archives. Others have the path of a file. */
const KEPT = 'archive:';

type ArchiveDeps = Pick<Deps, 'store' | 'archives'>;

/** Takes an archive that a client sends, and queues its import, which any worker may run. */
export async function startUpload(deps: Deps, who: ActorRef, input: { kind: string; workspace_id: string }, body: AsyncIterable<Uint8Array>, most = UPLOAD_BYTES): Promise<{ import_id: string }> {
  await deps.store.read((tx) => demandInWorkspace(tx, who, input.workspace_id, 'workspace.import'));
  const held = await keeping(() => deps.archives.keep(body, most), () => new ParleyError('too_large', `an archive may have ${most} bytes; import larger ones on the server with \`parley import slack FILE\``));
  try {
    if (held.size === 0) throw new ParleyError('invalid_request', 'the body has to be the archive', { errors: [{ path: 'body', message: 'is empty' }] });
    const id = uuidv7(deps.clock, deps.random);
    await deps.store.run('imports.create', { id, workspace_id: input.workspace_id, user_id: who.user_id, kind: input.kind, path: `${KEPT}${held.hash}`, fingerprint: held.hash, job: true });
    held.release();
    return { import_id: id };
  } catch (error) {
    held.release();
    await forget(deps, held.hash);
    throw error;
  }
}

/** The archive goes once no import needs it any more. */
async function forget(deps: ArchiveDeps, hash: string): Promise<void> {
  await deps.archives.remove(hash, async () => (await unfinishedImports(deps.store)).every((row) => row.path !== `${KEPT}${hash}`));
}

/** A copy on this machine, since an archive is not read from its beginning to its end. */
async function fetchArchive(deps: Pick<Deps, 'archives' | 'config'>, row: ImportRow): Promise<string> {
  const hash = row.path.slice(KEPT.length);
  const copy = join(deps.config.dataDirectory, 'imports', `${row.id}.zip`);
  await mkdir(dirname(copy), { recursive: true, mode: 0o700 });
  await pipeline(await deps.archives.read(hash), createWriteStream(copy, { mode: 0o600 }));
  return copy;
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
 * `path`: where the archive lies now, if elsewhere than before; `copy`: what to read in its place.
 * @throws Interrupted when the signal aborts; it goes on by the next call.
 */
export async function runImport(deps: ImportDeps, id: string, options: RunOptions & { path?: string; copy?: string } = {}): Promise<ImportRow> {
  const { row, runs } = await deps.store.run('imports.start', { import_id: id, runner: uuidv7(deps.clock, deps.random), ...(options.path === undefined ? {} : { path: options.path }) });
  if (!runs) return row;
  const pause = (ms: number) => new Promise<void>((resolve) => void deps.clock.setTimer(ms, resolve));
  try {
    const archive = await SlackArchive.open(options.copy ?? row.path);
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
        await runJob(deps, id, signal);
      } catch (error) {
        if (signal.aborted || job.attempt < MAX_ATTEMPTS) throw error;
        await deps.store.run('imports.fail', { import_id: id, error: `it was given up after ${job.attempt} attempts: ${error instanceof Error ? error.message : String(error)}` });
      }
    });
    before = work.catch(() => undefined);
    return work;
  };
}

async function runJob(deps: Deps, id: string, signal: AbortSignal): Promise<void> {
  const row = await deps.store.read((tx) => tx.get(imports, [id]));
  if (!row?.path.startsWith(KEPT)) return void (await runImport(deps, id, { signal }));
  let copy: string | undefined;
  try {
    if (row.state === 'queued' || row.state === 'running') {
      copy = await fetchArchive(deps, row).catch((error: unknown) => {
        // Lost with whoever kept it: the import says so.
        if (error instanceof NoSuchBlob) return join(deps.config.dataDirectory, 'imports', 'missing');
        throw error;
      });
      await runImport(deps, id, { signal, copy });
    }
    await forget(deps, row.path.slice(KEPT.length));
  } finally {
    if (copy !== undefined) await rm(copy, { force: true });
  }
}
