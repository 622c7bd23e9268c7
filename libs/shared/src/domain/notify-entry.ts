import type { NotifyEvent } from './notify.ts';

/** An entry of the inbox, as far as deciding about it needs. */
export interface NotifiableEntry {
  id: string;
  kind: string;
  message_id?: string | undefined;
  scheduled_id?: string | undefined;
  in_channel: boolean;
  actor_ids: readonly string[];
  at: string;
}
export interface NotifiableMessage {
  content: string;
  mentions: { user_ids: readonly string[]; group_ids: readonly string[]; everyone: 'none' | 'channel' | 'here' };
}

/** What an entry tells the decision function; null for kinds that nobody is notified of. `message`: that of the entry, when it is at hand. */
export function eventOfEntry(entry: NotifiableEntry, message: NotifiableMessage | null, me: string): NotifyEvent | null {
  const kinds: Partial<Record<string, Partial<NotifyEvent>>> = {
    mention: { named: true }, dm: { direct: true }, keyword: {}, thread: { reply: entry.in_channel ? 'broadcast' : 'thread' },
    reaction: { kind: 'reaction' }, reminder: { kind: entry.scheduled_id === undefined ? 'reminder' : 'send_failed' }, invitation: { kind: 'invitation' },
  };
  const facts = kinds[entry.kind];
  if (facts === undefined) return null;
  const everyone = entry.kind === 'mention' && message !== null && message.mentions.everyone !== 'none' && !message.mentions.user_ids.includes(me);
  return {
    kind: 'message', by: entry.actor_ids[0] ?? null, at: Date.parse(entry.at), ...facts,
    ...(everyone && { everyone: message.mentions.everyone, named: message.mentions.group_ids.length > 0 }),
    ...(entry.kind === 'keyword' && { text: message?.content ?? '' }),
  };
}

/** Tells one happening from the next of the same conversation, thread or message. */
export const keyOfEntry = (entry: Pick<NotifiableEntry, 'id' | 'message_id' | 'at'>): string => `${entry.id} ${entry.message_id ?? ''} ${entry.at}`;
