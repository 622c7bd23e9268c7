import type { JobHandler } from '../../jobs/job-worker.ts';
import type { Deps } from '../../platform/deps.ts';
import { blobs, fileHolds, files, type BlobRow } from '../../storage/tables.ts';
import { removeUnknown } from './intake.service.ts';

export const COLLECT_JOB = 'files_collect';
const EVERY_MS = 3_600_000;
const PAGE = 100;

type CollectDeps = Pick<Deps, 'store' | 'files' | 'uploads' | 'clock'>;

/** Has a collection run after `delayMs`, unless one of the same hour waits already. */
export async function scheduleCollection(deps: Pick<Deps, 'store' | 'clock'>, delayMs: number): Promise<void> {
  const hour = Math.floor((deps.clock.now() + delayMs) / EVERY_MS);
  await deps.store.run('jobs.enqueue', { job: { kind: COLLECT_JOB, payload: {}, delayMs, dedupe: `${COLLECT_JOB}:${hour}` } });
}

/** Collects once an hour. The next one is ordered first: one that fails for good ends nothing. */
export function collectJob(deps: CollectDeps): JobHandler {
  return async (_job, signal) => {
    await scheduleCollection(deps, EVERY_MS);
    await collectFiles(deps, signal);
  };
}

/**
 * Drops what nobody wants any more: files that no message carries after their time, uploads that were not finished, bytes
 * that nothing refers to. Each step may be the last one before the process ends, and running it again does no harm: rows go
 * before bytes, so that no row ever refers to bytes that are gone, and bytes without a row are found by looking at what is
 * there.
 */
export async function collectFiles(deps: CollectDeps, signal?: AbortSignal): Promise<void> {
  await dropExpired(deps, signal);
  await dropUnused(deps, signal);
  await dropRemnants(deps, signal);
  await dropUnknown(deps, signal);
  await dropHolds(deps, signal);
  await deps.files.sweep?.(deps.clock.now());
}

async function dropExpired(deps: CollectDeps, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    const rows = await deps.store.read((tx) => tx.find(files, { index: 'by_expiry', lte: deps.clock.now() * 1000, limit: PAGE }));
    for (const { id, state } of rows) {
      if (signal?.aborted) return;
      const { expired } = await deps.store.run('files.expire', { id });
      if (expired && state === 'uploading') await deps.uploads.remove(id);
    }
    if (rows.length < PAGE) return;
  }
}

async function dropUnused(deps: CollectDeps, signal: AbortSignal | undefined): Promise<void> {
  let after: BlobRow | undefined;
  for (;;) {
    const rows: BlobRow[] = await deps.store.read((tx) => tx.find(blobs, { index: 'by_unused', lte: deps.clock.now() * 1000, limit: PAGE, ...(after && { after }) }));
    for (const { hash } of rows) {
      if (signal?.aborted) return;
      await deps.files.remove(hash, async () => (await deps.store.run('files.forget_blob', { hash })).unused);
    }
    if (rows.length < PAGE) return;
    // What somebody is just keeping stays, and is not asked about again.
    after = rows[rows.length - 1]!;
  }
}

/** Bytes of uploads that were given up, or became files. */
async function dropRemnants(deps: CollectDeps, signal: AbortSignal | undefined): Promise<void> {
  for await (const id of deps.uploads.ids()) {
    if (signal?.aborted) return;
    const row = await deps.store.read((tx) => tx.get(files, [id]));
    if (row?.state !== 'uploading') await deps.uploads.remove(id);
  }
}

/** Holds of processes that died. */
async function dropHolds(deps: CollectDeps, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    const rows = await deps.store.read((tx) => tx.find(fileHolds, { index: 'by_until', lte: deps.clock.now() * 1000, limit: PAGE }));
    for (const { name } of rows) {
      if (signal?.aborted) return;
      await deps.store.run('holds.expire', { name });
    }
    if (rows.length < PAGE) return;
  }
}

/** Bytes of which a process that died never told the store. */
async function dropUnknown(deps: CollectDeps, signal: AbortSignal | undefined): Promise<void> {
  for await (const hash of deps.files.hashes()) {
    if (signal?.aborted) return;
    if (!(await deps.store.read((tx) => tx.get(blobs, [hash])))) await removeUnknown(deps, hash);
  }
}
