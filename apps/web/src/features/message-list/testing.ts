import type { Message } from '@parley/shared/protocol/entities';
import type { MessageView, PendingState, TimelineView } from '@parley/shared/sync/api';

/** Builders for tests and the harness. */

export const uuid = (n: number): string => `0190a000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
export const ME = uuid(1);
export const MEI = uuid(2);
export const TOM = uuid(3);
export const CHANNEL = uuid(100);

export function message(seq: number, over: Partial<Message> = {}): Message {
  return {
    id: uuid(10_000 + seq), channel_id: CHANNEL, seq, rev: seq, author_id: MEI, parent_message_id: null, broadcast: false, client_msg_id: `c${seq}`, kind: 'text',
    content: `message ${seq}`, mentions: { user_ids: [], group_ids: [], everyone: 'none' }, files: [], reactions: [], thread: null, pinned: false, quiet: false, imported: false,
    created_at: new Date(Date.UTC(2026, 10, 23, 9, 0, 0) + seq * 60_000).toISOString(), edited_at: null, deleted: false, ...over,
  };
}

export function shown(seq: number, over: Partial<Message> = {}, pending?: PendingState): MessageView {
  const made = message(seq, over);
  return { key: made.author_id === ME ? made.client_msg_id : made.id, message: made, ...(pending ? { pending } : {}) };
}

export function timeline(over: Partial<TimelineView> = {}): TimelineView {
  const messages = over.messages ?? [];
  const first = messages[0]?.message.seq ?? 1;
  const last = messages[messages.length - 1]?.message.seq ?? 0;
  return {
    channelId: CHANNEL, rootId: null, messages, pending: [], ranges: messages.length > 0 ? [{ fromSeq: first, toSeq: last, current: true }] : [], headSeq: last, firstSeq: 1,
    loading: { before: false, after: false, cached: false }, savedAt: null, gone: false, ...over,
  };
}
