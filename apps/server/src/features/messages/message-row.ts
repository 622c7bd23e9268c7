import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Message } from '@parley/shared/protocol/entities';
import type { MessageRow } from '../../storage/tables.ts';

/** What a message is made of, before the columns that follow from it. */
export interface MessageParts {
  id: string;
  channel_id: string;
  seq: number;
  rev: number;
  author_id: string;
  client_msg_id: string;
  kind: Message['kind'];
  content: string;
  created_us: number;
  parent_message_id?: string | null;
  broadcast?: boolean;
  mentions?: Message['mentions'];
  files?: Message['files'];
  reactions?: Message['reactions'];
  thread?: Message['thread'];
  quiet?: boolean;
  imported?: boolean;
  edited_us?: number | null;
  system?: Message['system'];
  fingerprint?: string;
  targets?: Pick<MessageRow, 'targets' | 'here'>;
}

export const NO_MENTIONS: Message['mentions'] = { user_ids: [], group_ids: [], everyone: 'none' };

/** The row of a message, its counting columns included. Sends, system messages and imports all make theirs here. */
export function buildMessageRow(parts: MessageParts): MessageRow {
  const doc: Message = {
    id: parts.id, channel_id: parts.channel_id, seq: parts.seq, rev: parts.rev, author_id: parts.author_id,
    parent_message_id: parts.parent_message_id ?? null, broadcast: parts.broadcast ?? false, client_msg_id: parts.client_msg_id,
    kind: parts.kind, content: parts.content, mentions: parts.mentions ?? NO_MENTIONS, files: parts.files ?? [], reactions: parts.reactions ?? [],
    thread: parts.thread ?? null, pinned: false, quiet: parts.quiet ?? false, imported: parts.imported ?? false,
    created_at: microsToIso(parts.created_us), edited_at: parts.edited_us == null ? null : microsToIso(parts.edited_us), deleted: false,
  };
  if (parts.system) doc.system = parts.system;
  const row: MessageRow = {
    channel_id: parts.channel_id, seq: parts.seq, rev: parts.rev, id: parts.id, author_id: parts.author_id, client_msg_id: parts.client_msg_id,
    parent_message_id: doc.parent_message_id, ...countingColumns(doc), created_us: parts.created_us, doc, fingerprint: parts.fingerprint ?? '',
  };
  return Object.assign(row, parts.targets);
}

/** Whether a message counts for anybody, before place and reader are looked at. */
export function counts(doc: Message): boolean {
  return doc.kind !== 'system' && !doc.quiet && !doc.imported && !doc.deleted;
}

/** The columns that decide what a message counts for; they follow from its document alone. */
export function countingColumns(doc: Message): Pick<MessageRow, 'counted_seq' | 'reply_seq' | 'timeline_seq' | 'everyone_seq'> {
  const inTimeline = doc.parent_message_id === null || doc.broadcast;
  const counting = counts(doc);
  return {
    counted_seq: counting && inTimeline ? doc.seq : null,
    reply_seq: counting && doc.parent_message_id !== null ? doc.seq : null,
    timeline_seq: inTimeline ? doc.seq : null,
    everyone_seq: counting && inTimeline && doc.mentions.everyone === 'channel' ? doc.seq : null,
  };
}
