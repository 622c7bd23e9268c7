import { uuidv7 } from '@parley/shared/domain/ids';
import type { File } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Uploads } from '../../files/uploads.ts';
import type { Deps } from '../../platform/deps.ts';
import { files, type FileRow } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { admit, keeping, tooLarge, type IntakeDeps } from './intake.service.ts';
import type { FileLabel } from './files.commands.ts';
import { noSuchFile, presentFile } from './file-rows.ts';

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

type UploadDeps = IntakeDeps & Pick<Deps, 'uploads'>;

const finishing = new WeakMap<Uploads, Map<string, Promise<File>>>();

/**
 * Makes a file of an upload whose bytes are all there; a repeat answers as the first. What is refused for good is given up.
 * @throws ParleyError `not_found` while bytes are missing
 */
export function finishUpload(deps: UploadDeps, row: FileRow): Promise<File> {
  const running = finishing.get(deps.uploads) ?? new Map<string, Promise<File>>();
  finishing.set(deps.uploads, running);
  const known = running.get(row.id);
  if (known) return known;
  const work = finish(deps, row).finally(() => running.delete(row.id));
  running.set(row.id, work);
  return work;
}

async function finish(deps: UploadDeps, row: FileRow): Promise<File> {
  if (row.state === 'kept') return presentFile(row);
  const size = await deps.uploads.size(row.id);
  if (size !== row.upload_bytes) throw new ParleyError('not_found', size === null ? 'not there, or not for you' : `${size} of ${row.upload_bytes} bytes are there`);
  const who: ActorRef = { user_id: row.user_id, server_role: 'member' };
  try {
    const held = await keeping(() => deps.uploads.keep(row.id, row.upload_bytes, deps.files), () => tooLarge(row.upload_bytes));
    const file = await admit(deps, who, { id: row.id, label: { name: row.doc.name, declared: row.declared }, begun: true }, held);
    await deps.uploads.remove(row.id);
    return file;
  } catch (error) {
    // Another process may have been faster.
    const now = await deps.store.read((tx) => tx.get(files, [row.id]));
    if (now?.state === 'kept') return presentFile(now);
    if (error instanceof ParleyError && FINAL.includes(error.code)) await discardUpload(deps, who, row.id);
    throw error;
  }
}

/** Gives an upload up, or a file that no message carries. @throws ParleyError `not_found`, `conflict` */
export async function discardUpload(deps: Pick<Deps, 'store' | 'uploads'>, who: ActorRef, id: string): Promise<void> {
  await deps.store.run('files.discard', { user_id: who.user_id, id });
  await deps.uploads.remove(id);
}
