import type { Message } from '@parley/shared/protocol/entities';
import type { ReadTx } from '../../storage/port.ts';
import type { ChannelRow, MessageRow } from '../../storage/tables.ts';
import { namedBy } from '../messages/targets.ts';
import { isWatched } from './keyword-watchers.ts';

/** What a channel's event tells the inbox of a message: which, and who was named before an edit and is no longer. */
export interface InboxFact {
  message_id: string;
  dropped?: string[];
  /** It named everybody before an edit and no longer does. */
  everyone?: true;
  /** Somebody in the workspace has keywords, so the text is looked through: `only` when nothing else needs the inbox. */
  words?: 'only' | 'also';
}

/** What of a new or changed text the inbox is told; null for what concerns nobody. */
export async function inboxFact(tx: ReadTx, channel: ChannelRow, row: MessageRow, before?: { named: readonly string[]; everyone: Message['mentions']['everyone'] }): Promise<InboxFact | null> {
  const message = row.doc;
  const still = new Set(before === undefined ? [] : namedBy(row));
  const dropped = (before?.named ?? []).filter((id) => !still.has(id));
  const everyone = before?.everyone === 'channel' && message.mentions.everyone !== 'channel';
  const needs = dropped.length > 0 || everyone || needsInbox(channel, message);
  const watched = !message.quiet && (await isWatched(tx, channel));
  if (!needs && !watched) return null;
  return { message_id: message.id, ...(dropped.length > 0 && { dropped }), ...(everyone && { everyone: true as const }), ...(watched && { words: needs ? ('also' as const) : ('only' as const) }) };
}

/** False for the messages of a room that name nobody and answer nothing: they cost the inbox nothing. */
function needsInbox(channel: Pick<ChannelRow, 'kind'>, message: Message): boolean {
  const { mentions } = message;
  return channel.kind === 'dm' || channel.kind === 'group_dm' || message.parent_message_id !== null || mentions.user_ids.length > 0 || mentions.group_ids.length > 0 || mentions.everyone !== 'none';
}
