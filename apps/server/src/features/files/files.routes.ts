import { microsToIso } from '@parley/shared/domain/timestamp';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import * as calls from '@parley/shared/protocol/calls/files';
import { ParleyError } from '@parley/shared/protocol/errors';
import { invalidField } from '../../edge/parse.ts';
import { reply, route, type Context, type Reply, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { files, fileUses, messages, type FileRow } from '../../storage/tables.ts';
import { demandAccess, firstVisibleSeq, type ActorRef } from '../channels/channel-access.ts';
import { PLACES, readableFile } from './file-access.ts';
import { noSuchFile, presentFile } from './file-rows.ts';
import { uploadFile } from './intake.service.ts';
import { plainName } from './file-name.ts';
import { serveBytes } from './serve.ts';
import { finishUpload, ownUpload } from './uploads.service.ts';

const DEFAULT_PAGE = 50;

export function fileRoutes(deps: Deps): Route[] {
  const variant = (pick: (row: FileRow) => { hash: string | null; mime: string; inline: boolean }) => async (context: Context, input: { id: string }): Promise<Reply> => {
    const row = await deps.store.read((tx) => readableFile(tx, context.caller, input.id));
    const { hash, mime, inline } = pick(row);
    if (hash === null) throw noSuchFile();
    const { header } = context;
    const bytes = await serveBytes(deps.files, { hash, mime, inline, name: row.doc.name }, { range: header('range'), if_range: header('if-range'), if_none_match: header('if-none-match') });
    return reply(bytes.status, bytes);
  };
  return [
    route(calls.uploadFile, async ({ caller, body, header }, input) => {
      if (!body) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'body', message: 'has to be the file' }] });
      const length = header('content-length');
      return uploadFile(deps, caller, { name: plainName(input.name), declared: header('content-type') ?? '', channel_id: input.channel_id }, body, length === undefined ? undefined : Number(length));
    }, { limits: ['write'] }),
    route(calls.getFile, ({ caller }, input) => fileInfo(deps, caller, input.id)),
    route(calls.getFileBytes, (context, input) => variant((row) => ({ hash: row.hash, mime: row.doc.mime, inline: row.inline === 1 && input.download !== true }))(context, input)),
    route(calls.getFileThumb, variant((row) => ({ hash: row.thumb, mime: 'image/webp', inline: true }))),
    route(calls.getFileLarge, variant((row) => (row.large !== null ? { hash: row.large, mime: 'image/webp', inline: true } : { hash: row.inline ? row.hash : null, mime: row.doc.mime, inline: true }))),
    route(calls.getChannelFiles, ({ caller }, input) => channelFiles(deps, caller, input)),
  ];
}

/** Also for a client that did not hear the end of its own upload: then this brings it to its end. */
async function fileInfo(deps: Deps, who: ActorRef, id: string): Promise<ResponseOf<typeof calls.getFile>> {
  const row = await deps.store.read((tx) => tx.get(files, [id]));
  if (row?.state === 'uploading') return finishUpload(deps, await ownUpload(deps, who, id));
  return deps.store.read(async (tx) => presentFile(await readableFile(tx, who, id)));
}

async function channelFiles(deps: Pick<Deps, 'store'>, who: ActorRef, input: RequestOf<typeof calls.getChannelFiles>): Promise<ResponseOf<typeof calls.getChannelFiles>> {
  const size = input.page_size ?? DEFAULT_PAGE;
  const before = input.cursor === undefined ? undefined : Number(input.cursor);
  if (before !== undefined && !(Number.isSafeInteger(before) && before > 0)) throw invalidField('cursor', 'not one of ours');
  return deps.store.read(async (tx) => {
    const access = await demandAccess(tx, who, input.channel_id, 'channel.view');
    const uses = await tx.find(fileUses, { prefix: [input.channel_id], gte: firstVisibleSeq(access) * PLACES, ...(before !== undefined && { lt: before }), reverse: true, limit: size + 1 });
    const items = [];
    for (const use of uses.slice(0, size)) {
      const seq = Math.floor(use.place / PLACES);
      const row = await tx.get(messages, [input.channel_id, seq]);
      const file = row?.doc.files.find(({ id }) => id === use.file_id);
      if (row && file && !row.doc.deleted) items.push({ file, message_id: row.id, seq, author_id: row.author_id, at: microsToIso(row.created_us) });
    }
    return { items, next_cursor: uses.length > size ? String(uses[size - 1]!.place) : null };
  });
}
