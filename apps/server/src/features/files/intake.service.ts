import { buffer } from 'node:stream/consumers';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { File } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { TooManyBytes, type Files, type HeldBlob, type HoldRef, type KeptBlob } from '../../files/port.ts';
import { MAX_PICTURE_BYTES, NotAPicture, type Box, type Picture } from '../../pictures/port.ts';
import type { Deps } from '../../platform/deps.ts';
import { blobs } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import type { FileContent, FileLabel } from './files.commands.ts';
import { HEAD_BYTES, kindOf, UNKNOWN_TYPE } from './file-kind.ts';
import { overQuota, usedBytes } from './file-rows.ts';
import { lanes } from '../../platform/lanes.ts';

export type IntakeDeps = Pick<Deps, 'store' | 'files' | 'pictures' | 'clock' | 'random' | 'config' | 'metrics'>;

/** WebP holds no more; larger pictures are made smaller. */
const FULL: Box = { maxWidth: 16_383, maxHeight: 16_383, format: 'same', animated: true };
/** So many are in memory at once; the others wait on the disk. */
const inPictureLane = lanes(3);
/** 360 by 320 on a dense screen. */
const THUMB: Box = { maxWidth: 720, maxHeight: 640 };
const LARGE: Box = { maxWidth: 2_048, maxHeight: 2_048, animated: true };

export interface Arrival {
  id: string;
  label: FileLabel;
  /** Whether `files.begin` has booked it. */
  begun: boolean;
}

/** Takes a whole file in one request. */
export async function uploadFile(deps: IntakeDeps, who: ActorRef, label: FileLabel, body: AsyncIterable<Uint8Array>, length: number | undefined): Promise<File> {
  const { fileBytes, fileQuotaBytes } = deps.config;
  if (length !== undefined && length > fileBytes) throw tooLarge(fileBytes);
  const used = await deps.store.read((tx) => usedBytes(tx, who.user_id));
  const arriving = arrivingAt(deps.files);
  const left = fileQuotaBytes - used - (arriving.get(who.user_id) ?? 0);
  const room = length ?? Math.min(fileBytes, left);
  if (left <= 0 || room > left) throw overQuota(fileQuotaBytes);
  arriving.set(who.user_id, (arriving.get(who.user_id) ?? 0) + room);
  try {
    const held = await keeping(() => deps.files.keep(body, room), () => (left < fileBytes ? overQuota(fileQuotaBytes) : tooLarge(fileBytes)));
    return await admit(deps, who, { id: uuidv7(deps.clock, deps.random), label, begun: false }, held);
  } finally {
    const others = arriving.get(who.user_id)! - room;
    if (others > 0) arriving.set(who.user_id, others);
    else arriving.delete(who.user_id);
  }
}

/** What each person is sending right now in single requests: it counts before it is booked, or many at once would fill the disk. */
const arrivals = new WeakMap<Files, Map<string, number>>();
function arrivingAt(files: Files): Map<string, number> {
  const known = arrivals.get(files) ?? new Map<string, number>();
  arrivals.set(files, known);
  return known;
}

export const tooLarge = (limit: number): ParleyError => new ParleyError('too_large', `a file may have ${limit} bytes`);

/** Runs what keeps bytes; its failures become those of the wire. */
export async function keeping(work: () => Promise<HeldBlob>, tooMany: () => ParleyError): Promise<HeldBlob> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof TooManyBytes ? tooMany() : fromDisk(error);
  }
}

/** A full disk and a body that broke off, as errors of the wire; all else as it is. */
export function fromDisk(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new ParleyError('storage_full', 'there is no room for the file', { retry_after_ms: 5_000 });
  if (code === 'ECONNRESET' || code === 'ERR_STREAM_PREMATURE_CLOSE') return new ParleyError('invalid_request', 'the body ended early');
  return error;
}

/**
 * Makes a file of bytes that are kept. Pictures are made anew here and now, not later: whoever uploads one knows its size
 * before sending, nobody ever gets the bytes of a stranger's camera, and an upload whose server died was simply not
 * acknowledged. Takes over `held`.
 */
export async function admit(deps: IntakeDeps, who: ActorRef, arrival: Arrival, held: HeldBlob): Promise<File> {
  const holding: HeldBlob[] = [held];
  let referred: string | undefined;
  try {
    const content = await examine(deps, held, arrival.label.declared, holding);
    // From here on the store may refer to it, even when it does not say so: only the collection removes it.
    referred = content.hash;
    const file = await deps.store.run('files.keep', {
      who: { user_id: who.user_id, server_role: who.server_role }, id: arrival.id, label: arrival.label, upload_bytes: held.size, content, begun: arrival.begun, quota: deps.config.fileQuotaBytes, holds: holdsOf(holding),
    });
    deps.metrics.count('parley_files_total', 1, { kind: content.picture ? 'picture' : 'other' });
    return file;
  } catch (error) {
    throw fromDisk(error);
  } finally {
    for (const blob of holding) blob.release();
    if (referred !== held.hash) await removeUnknown(deps, held.hash).catch(() => false);
  }
}

/** For the command that refers to them. */
export const holdsOf = (holding: readonly HeldBlob[]): HoldRef[] => holding.flatMap(({ hold }) => hold ?? []);

/** Removes bytes that no file has ever referred to. */
export const removeUnknown = (deps: Pick<Deps, 'store' | 'files'>, hash: string): Promise<boolean> => deps.files.remove(hash, async () => (await deps.store.read((tx) => tx.get(blobs, [hash]))) === undefined);

async function examine(deps: IntakeDeps, held: HeldBlob, declared: string, holding: HeldBlob[]): Promise<FileContent> {
  const kind = await kindOf(await headOf(deps.files, held), declared);
  const plain: FileContent = { mime: kind.mime, hash: held.hash, size: held.size };
  if (!kind.picture) return plain;
  if (held.size > MAX_PICTURE_BYTES) return { ...plain, mime: UNKNOWN_TYPE };
  // A picture that cannot be made anew is an attachment like any other.
  return (await inPictureLane(() => asPicture(deps, held, kind.mime, holding))) ?? { ...plain, mime: UNKNOWN_TYPE };
}

async function asPicture(deps: IntakeDeps, held: HeldBlob, kind: string, holding: HeldBlob[]): Promise<FileContent | null> {
  const from = performance.now();
  const sizes = await sizesOf(deps, await buffer(await deps.files.read(held.hash)));
  deps.metrics.observe('parley_picture_seconds', (performance.now() - from) / 1000);
  if (!sizes) return null;
  const keep = async ({ bytes }: Picture): Promise<KeptBlob> => {
    const kept = await deps.files.keep(once(bytes), bytes.byteLength);
    holding.push(kept);
    return { hash: kept.hash, size: kept.size };
  };
  const { full, thumb, large } = sizes;
  const whole = await keep(full);
  return {
    ...whole, mime: full.mime, ...(kind !== full.mime && kind === 'image/avif' && { ending: '.webp' }),
    picture: { width: full.width, height: full.height, thumbhash: thumb.thumbhash, thumb: await keep(thumb), large: large ? await keep(large) : null },
  };
}

async function sizesOf(deps: IntakeDeps, bytes: Uint8Array): Promise<{ full: Picture; thumb: Picture; large: Picture | null } | null> {
  try {
    const [full, thumb] = (await deps.pictures.sizes(bytes, [FULL, THUMB])) as [Picture, Picture];
    const large = full.width > LARGE.maxWidth || full.height > LARGE.maxHeight ? await deps.pictures.reencode(full.bytes, LARGE) : null;
    return { full, thumb, large };
  } catch (error) {
    if (error instanceof NotAPicture) return null;
    throw error;
  }
}

async function headOf(files: Files, { hash, size }: KeptBlob): Promise<Uint8Array> {
  return size === 0 ? new Uint8Array() : buffer(await files.read(hash, { start: 0, end: Math.min(size, HEAD_BYTES) - 1 }));
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
