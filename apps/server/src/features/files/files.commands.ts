import { microsToIso } from '@parley/shared/domain/timestamp';
import type { File } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { blobs, files, type FileRow } from '../../storage/tables.ts';
import { demandAccess, type ActorRef } from '../channels/channel-access.ts';
import { settleHolds, type Hold } from './holds.commands.ts';
import { book, dropFile, noSuchFile, presentFile, refer, UNPOSTED_US, UPLOAD_US } from './file-rows.ts';

/** What a file is called, and where it is meant for; it may be posted elsewhere all the same. */
export interface FileLabel {
  name: string;
  /** The type as the uploader declared it. */
  declared: string;
  channel_id?: string | undefined;
}
/** What was found out about the bytes. Sizes are those of what is kept. */
export interface FileContent {
  mime: string;
  hash: string;
  size: number;
  /** Where making it anew changed its kind: how its name ends now. */
  ending?: string;
  picture?: { width: number; height: number; thumbhash: string; thumb: { hash: string; size: number }; large: { hash: string; size: number } | null };
}

export const fileCommands = {
  /** An upload begins: its bytes are booked before they come. */
  'files.begin': defineCommand(async (tx, args: { who: ActorRef; id: string; label: FileLabel; upload_bytes: number; quota: number }): Promise<FileRow> => {
    await demandPlace(tx, args.who, args.label);
    await book(tx, args.who.user_id, args.upload_bytes, args.quota);
    const row = newRow(tx, args.who.user_id, args.id, args.label, args.upload_bytes);
    await tx.insert(files, row);
    return row;
  }),

  /**
   * The bytes are there for good: the file is one that messages may carry. A repeat answers as the first.
   * @throws ParleyError `not_found` when the upload was given up meanwhile, `quota_exceeded`
   */
  'files.keep': defineCommand(async (tx, args: { who: ActorRef; id: string; label: FileLabel; upload_bytes: number; content: FileContent; begun: boolean; quota: number; holds?: Hold[] }): Promise<File> => {
    const { content } = args;
    const before = await tx.get(files, [args.id]);
    if (before && before.user_id !== args.who.user_id) throw noSuchFile();
    if (before?.state === 'kept') return presentFile(before);
    if (args.begun && !before) throw noSuchFile();
    if (!before) await demandPlace(tx, args.who, args.label);
    const row = before ?? newRow(tx, args.who.user_id, args.id, args.label, args.upload_bytes);
    await book(tx, args.who.user_id, content.size - (before?.charged ?? 0), args.quota);
    const { picture } = content;
    await settleHolds(tx, args.holds ?? []);
    for (const blob of [content, picture?.thumb, picture?.large]) if (blob) await refer(tx, blob);
    const name = content.ending === undefined ? row.doc.name : row.doc.name.replace(/\.[^.]{1,16}$/, '').slice(0, LIMITS.file_name_characters - content.ending.length) + content.ending;
    const doc: File = { ...row.doc, name, size: content.size, mime: content.mime, ...(picture && { width: picture.width, height: picture.height, thumbhash: picture.thumbhash }) };
    const kept: FileRow = {
      ...row, state: 'kept', expires_at: tx.now() + UNPOSTED_US, charged: content.size, hash: content.hash,
      thumb: picture?.thumb.hash ?? null, large: picture?.large?.hash ?? null, inline: picture ? 1 : 0, doc,
    };
    await tx.put(files, kept);
    return presentFile(kept);
  }),

  /** The uploader wants it no more. @throws ParleyError `not_found`, or `conflict` once a message has carried it */
  'files.discard': defineCommand(async (tx, args: { user_id: string; id: string }) => {
    const row = await tx.get(files, [args.id]);
    if (!row || row.user_id !== args.user_id) throw noSuchFile();
    if (row.posted) throw new ParleyError('conflict', 'a message carries it; delete that');
    await dropFile(tx, row);
    return { discarded: true };
  }),

  /** Drops it if its time has come: who has posted it meanwhile keeps it. */
  'files.expire': defineCommand(async (tx, args: { id: string }) => {
    const row = await tx.get(files, [args.id]);
    if (!row || row.expires_at === null || row.expires_at > tx.now()) return { expired: false };
    await dropFile(tx, row);
    return { expired: true };
  }),

  /** Whether nothing refers to the bytes; if so, nothing is known of them any more. */
  'files.forget_blob': defineCommand(async (tx, args: { hash: string }) => {
    const row = await tx.get(blobs, [args.hash]);
    if (row && row.refs > 0) return { unused: false };
    if (row) await tx.delete(blobs, [args.hash]);
    return { unused: true };
  }),
};

async function demandPlace(tx: Tx, who: ActorRef, label: FileLabel): Promise<void> {
  if (label.channel_id !== undefined) await demandAccess(tx, who, label.channel_id, 'message.post');
}

function newRow(tx: Tx, userId: string, id: string, label: FileLabel, bytes: number): FileRow {
  const doc: File = { id, name: label.name, size: bytes, mime: 'application/octet-stream', created_at: microsToIso(tx.now()) };
  return { id, user_id: userId, state: 'uploading', expires_at: tx.now() + UPLOAD_US, posted: 0, charged: bytes, upload_bytes: bytes, declared: label.declared, hash: null, thumb: null, large: null, inline: 0, doc };
}
