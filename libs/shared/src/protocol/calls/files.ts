import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { line, page, PageCursor, PageSize, QueryBoolean, Seq, Timestamp, Uuid } from '../common.ts';
import { File } from '../entities.ts';
import { LIMITS } from '../limits.ts';

/**
 * The body is the file; its type is that of `Content-Type`, held against its bytes. With `Tus-Resumable` the same path
 * takes resumable uploads (tus 1.0.0: creation, creation-with-upload, termination, expiration) with the metadata
 * `filename`, `filetype` and `channel_id?`; the id in the upload's URL is the file's.
 */
export const uploadFile = defineCall({
  path: 'files', method: 'POST', auth: 'session', status: 201, summary: 'Upload a file, to be named in file_ids of a message within 14 days', body: 'raw',
  request: z.strictObject({ name: line(LIMITS.file_name_characters), channel_id: z.optional(Uuid) }), response: File,
});
/** Also brings an upload to its end whose last answer was lost. */
export const getFile = defineCall({ path: 'files/{id}/info', method: 'GET', auth: 'session', status: 200, summary: 'What a file is', request: z.strictObject({ id: Uuid }), response: File });
export const getFileBytes = defineCall({
  path: 'files/{id}', method: 'GET', auth: 'session', status: 200, summary: 'A file\'s bytes', answer: 'bytes',
  request: z.strictObject({ id: Uuid, download: z.optional(QueryBoolean) }), response: z.unknown(),
});
/** 404 for what is no picture. */
export const getFileThumb = defineCall({ path: 'files/{id}/thumb', method: 'GET', auth: 'session', status: 200, summary: 'A picture, at most 720 by 640 pixels', answer: 'bytes', request: z.strictObject({ id: Uuid }), response: z.unknown() });
export const getFileLarge = defineCall({ path: 'files/{id}/large', method: 'GET', auth: 'session', status: 200, summary: 'A picture, at most 2048 pixels wide and high', answer: 'bytes', request: z.strictObject({ id: Uuid }), response: z.unknown() });
export const getChannelFiles = defineCall({
  path: 'channel_files', method: 'GET', auth: 'session', status: 200, summary: 'The files of a channel, newest first',
  request: z.strictObject({ channel_id: Uuid, cursor: z.optional(PageCursor), page_size: z.optional(PageSize) }),
  response: page(z.looseObject({ file: File, message_id: Uuid, seq: Seq, author_id: Uuid, at: Timestamp })),
});
