import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { File } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Deps } from '../../platform/deps.ts';
import { files, type FileRow } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { admit, keeping, tooLarge, type IntakeDeps } from './intake.service.ts';
import type { FileLabel } from './files.commands.ts';
import { noSuchFile, presentFile } from './file-rows.ts';

/** Where the bytes of unfinished uploads lie, each under the file's id. */
export const uploadsDirectory = (deps: Pick<Deps, 'config'>): string => join(deps.config.dataDirectory, 'uploads');
export const uploadPath = (deps: Pick<Deps, 'config'>, id: string): string => join(uploadsDirectory(deps), id);

/** Refusals that no repeat changes: the upload is given up with them. */
const FINAL: readonly string[] = ['unsupported_media_type', 'quota_exceeded', 'too_large', 'forbidden'];

/** An upload begins: from now on its id is the file's. */
export async function beginUpload(deps: IntakeDeps, who: ActorRef, label: FileLabel, length: number): Promise<FileRow> {
  if (length > deps.config.fileBytes) throw tooLarge(deps.config.fileBytes);
  return deps.store.run('files.begin', { who: { user_id: who.user_id, server_role: who.server_role }, id: uuidv7(deps.clock, deps.random), label, upload_bytes: length, quota: deps.config.fileQuotaBytes });
}

/** One's own upload, finished or not. @throws ParleyError `not_found`, for another's and for one whose time is over as well */
export async function ownUpload(deps: Pick<Deps, 'store' | 'clock'>, who: ActorRef, id: string): Promise<FileRow> {
  const row = await deps.store.read((tx) => tx.get(files, [id]));
  if (!row || row.user_id !== who.user_id) throw noSuchFile();
  if (row.state === 'uploading' && row.expires_at !== null && row.expires_at <= deps.clock.now() * 1000) throw noSuchFile();
  return row;
}

const finishing = new Map<string, Promise<File>>();

/**
 * Makes a file of an upload whose bytes are all there; a repeat answers as the first. What is refused for good is given up.
 * @throws ParleyError `not_found` while bytes are missing
 */
export function finishUpload(deps: IntakeDeps, row: FileRow): Promise<File> {
  const path = uploadPath(deps, row.id);
  const known = finishing.get(path);
  if (known) return known;
  const work = finish(deps, row, path).finally(() => finishing.delete(path));
  finishing.set(path, work);
  return work;
}

async function finish(deps: IntakeDeps, row: FileRow, path: string): Promise<File> {
  if (row.state === 'kept') return presentFile(row);
  const size = await sizeOf(path);
  if (size !== row.upload_bytes) throw new ParleyError('not_found', size === null ? 'not there, or not for you' : `${size} of ${row.upload_bytes} bytes are there`);
  const who: ActorRef = { user_id: row.user_id, server_role: 'member' };
  try {
    const held = await keeping(() => deps.files.keepFile(path, row.upload_bytes), () => tooLarge(row.upload_bytes));
    const file = await admit(deps, who, { id: row.id, label: { name: row.doc.name, declared: row.declared }, begun: true }, held);
    await rm(path, { force: true });
    return file;
  } catch (error) {
    if (error instanceof ParleyError && FINAL.includes(error.code)) await discardUpload(deps, who, row.id);
    throw error;
  }
}

/** Gives an upload up, or a file that no message carries. @throws ParleyError `not_found`, `conflict` */
export async function discardUpload(deps: Pick<Deps, 'store' | 'config'>, who: ActorRef, id: string): Promise<void> {
  await deps.store.run('files.discard', { user_id: who.user_id, id });
  await rm(uploadPath(deps, id), { force: true });
}

export async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
