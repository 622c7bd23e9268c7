import type { MessageFacts } from '@parley/shared/domain/can';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx } from '../../storage/port.ts';
import { messages, type MessageRow } from '../../storage/tables.ts';
import { accessTo, allows, demand, type Access, type ActorRef } from '../channels/channel-access.ts';

export interface MessageRef {
  channel_id?: string;
  message_id: string;
}

const NOT_FOUND = 'not there, or not for you';

/** By id alone this is a query over all channels, for callers who do not know the channel. */
export async function findMessage(tx: ReadTx, ref: MessageRef): Promise<MessageRow | undefined> {
  const [row] = await tx.find(messages, { index: 'by_id', prefix: [ref.message_id], limit: 1 });
  return row && (ref.channel_id === undefined || row.channel_id === ref.channel_id) ? row : undefined;
}

export const messageFacts = (row: MessageRow): MessageFacts => ({ author_id: row.author_id, seq: row.seq, deleted: row.doc.deleted });

/** @throws ParleyError `not_found` unless the person may read the message. */
export async function demandMessage(tx: ReadTx, who: ActorRef, ref: MessageRef): Promise<{ row: MessageRow; access: Access }> {
  const row = await findMessage(tx, ref);
  const access = row && (await accessTo(tx, who, row.channel_id));
  if (!row || !access || row.seq <= access.row.doc.purged_through_seq) throw new ParleyError('not_found', NOT_FOUND);
  demand(allows(access, 'channel.view', messageFacts(row)));
  return { row, access };
}
