import type { File } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { blobs, fileUsage, files, type FileRow } from '../../storage/tables.ts';

const DAY_US = 86_400_000_000;
/** How long a file waits for a message, and an upload for its end. */
export const UNPOSTED_US = 14 * DAY_US;
export const UPLOAD_US = 7 * DAY_US;

/** As it crosses the wire. */
export const presentFile = (row: FileRow): File => row.doc;

/** Hashes of all bytes that a file refers to. */
export const blobsOf = (row: FileRow): string[] => [row.hash, row.thumb, row.large].filter((hash) => hash !== null);

export const noSuchFile = (): ParleyError => new ParleyError('not_found', 'not there, or not for you');

export async function usedBytes(tx: ReadTx, userId: string): Promise<number> {
  return (await tx.get(fileUsage, [userId]))?.bytes ?? 0;
}

/** Books `change` bytes. @throws ParleyError `quota_exceeded` when more is booked than one may keep */
export async function book(tx: Tx, userId: string, change: number, quota = Infinity): Promise<void> {
  if (change === 0) return;
  const bytes = (await usedBytes(tx, userId)) + change;
  if (change > 0 && bytes > quota) throw overQuota(quota);
  if (bytes <= 0) await tx.delete(fileUsage, [userId]);
  else await tx.put(fileUsage, { user_id: userId, bytes });
}

export const overQuota = (quota: number): ParleyError => new ParleyError('quota_exceeded', `one person's files may come to ${quota} bytes; delete some of yours`);

export async function refer(tx: Tx, blob: { hash: string; size: number }): Promise<void> {
  const row = await tx.get(blobs, [blob.hash]);
  await tx.put(blobs, { hash: blob.hash, size: blob.size, refs: (row?.refs ?? 0) + 1, unused_at: null });
}

export async function unrefer(tx: Tx, hash: string): Promise<void> {
  const row = await tx.get(blobs, [hash]);
  if (!row) return;
  const refs = Math.max(0, row.refs - 1);
  await tx.put(blobs, { ...row, refs, unused_at: refs === 0 ? tx.now() : null });
}

/** Forgets a file; its bytes go with the next collection. */
export async function dropFile(tx: Tx, row: FileRow): Promise<void> {
  for (const hash of blobsOf(row)) await unrefer(tx, hash);
  await book(tx, row.user_id, -row.charged);
  await tx.delete(files, [row.id]);
}
