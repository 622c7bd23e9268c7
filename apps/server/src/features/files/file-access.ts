import type { ReadTx } from '../../storage/port.ts';
import { files, fileUses, messages, type FileRow, type FileUseRow } from '../../storage/tables.ts';
import { accessTo, allows, type ActorRef } from '../channels/channel-access.ts';
import { messageFacts } from '../messages/find-message.ts';
import { noSuchFile } from './file-rows.ts';

const PAGE = 100;
/** The file's place in a message is part of its place in the channel. */
export const PLACES = 100;

/**
 * A file that one may read: one's own until a message has carried it; afterwards that of a message which one may read
 * and which carries this very file. Its uploader has no more rights to it then than others.
 * @throws ParleyError `not_found`
 */
export async function readableFile(tx: ReadTx, who: ActorRef, id: string): Promise<FileRow> {
  const row = await tx.get(files, [id]);
  if (row?.state !== 'kept') throw noSuchFile();
  const readable = row.posted ? await readInMessage(tx, who, id) : row.user_id === who.user_id;
  if (!readable) throw noSuchFile();
  return row;
}

async function readInMessage(tx: ReadTx, who: ActorRef, id: string): Promise<boolean> {
  for (let after: FileUseRow | undefined; ; ) {
    const uses: FileUseRow[] = await tx.find(fileUses, { index: 'by_file', prefix: [id], limit: PAGE, ...(after && { after }) });
    for (const use of uses) if (await carries(tx, who, use.channel_id, Math.floor(use.place / PLACES), id)) return true;
    if (uses.length < PAGE) return false;
    after = uses[uses.length - 1]!;
  }
}

async function carries(tx: ReadTx, who: ActorRef, channelId: string, seq: number, id: string): Promise<boolean> {
  const access = await accessTo(tx, who, channelId);
  const row = access && (await tx.get(messages, [channelId, seq]));
  if (!row || row.doc.deleted || seq <= access.row.doc.purged_through_seq) return false;
  return row.doc.files.some((file) => file.id === id) && allows(access, 'channel.view', messageFacts(row)) === 'allowed';
}
