import type { Message } from '@parley/shared/protocol/entities';
import type { ChannelRow } from '../../storage/tables.ts';

/** What a channel's event tells the inbox of a message: which, and who was named before an edit and is no longer. */
export interface InboxFact {
  message_id: string;
  dropped?: string[];
}

/** False for the messages of a room that name nobody and answer nothing: they cost the inbox nothing. */
export function needsInbox(channel: Pick<ChannelRow, 'kind'>, message: Message): boolean {
  const { mentions } = message;
  return channel.kind === 'dm' || channel.kind === 'group_dm' || message.parent_message_id !== null || mentions.user_ids.length > 0 || mentions.group_ids.length > 0 || mentions.everyone !== 'none';
}
