import type { Call } from '../protocol/call.ts';
import { setNotificationLevel } from '../protocol/calls/channels.ts';
import { markInbox } from '../protocol/calls/inbox.ts';
import { deleteMessage, editMessage, followThread, react, sendMessage, unfollowThread } from '../protocol/calls/messages.ts';
import { deleteSection, putSection, saveMessage, setPreference, unsaveMessage } from '../protocol/calls/personal.ts';
import { pinMessage, unpinMessage } from '../protocol/calls/pins.ts';
import { cancelScheduled, scheduleMessage, updateScheduled } from '../protocol/calls/scheduled.ts';
import { markUnread } from '../protocol/calls/reading.ts';
import type { Membership, Message, Saved } from '../protocol/entities.ts';
import type { AttachedFile } from './api.ts';

/** What a person did and the server has not acknowledged, as it lies in the outbox. JSON values only. */
export type Act =
  | { act: 'send'; clientMsgId: string; content: string; rootId: string | null; broadcast: boolean; kind: 'text' | 'me'; quiet: boolean; files?: readonly AttachedFile[] }
  /** `messageId` is the `client_msg_id` while the message itself is still waiting. */
  | { act: 'edit'; messageId: string; content: string }
  | { act: 'delete'; messageId: string }
  | { act: 'react'; messageId: string; emoji: string; add: boolean }
  | { act: 'mark_unread'; seq: number; rootId: string | null; fromEpoch: number | null }
  | { act: 'follow'; rootId: string; follow: boolean }
  | { act: 'level'; level?: Membership['level']; muted?: boolean }
  | { act: 'save'; messageId: string; state?: Saved['state']; dueAt?: string | null; note?: string }
  | { act: 'unsave'; messageId: string }
  | { act: 'pin'; messageId: string; pinned: boolean }
  /** `sendAt` is a time of the wire. */
  | { act: 'schedule'; clientMsgId: string; content: string; rootId: string | null; broadcast: boolean; quiet: boolean; sendAt: string }
  | { act: 'reschedule'; scheduledId: string; text?: string; sendAt?: string }
  | { act: 'unschedule'; scheduledId: string }
  /** The rest is about no channel: its `channelId` is empty. */
  | { act: 'preference'; key: string; value: unknown }
  | { act: 'section'; id: string; name?: string; position?: number; channelIds?: readonly string[]; add?: readonly string[]; remove?: readonly string[] }
  | { act: 'drop_section'; sectionId: string }
  /** As they were `upTo`: what has moved on since is news. */
  | { act: 'mark_inbox'; ids: readonly string[]; read: boolean; upTo: string };

export interface OutboxRecord {
  /** Order of acting; the key in the store. */
  n: number;
  /** Also the Idempotency-Key: never changes. */
  id: string;
  channelId: string;
  /** When the person acted, milliseconds. */
  since: number;
  /** The server may have it: what is sent must not change any more. */
  attempted: boolean;
  /** Refused for good: shown until retried or discarded, and out of the queue. */
  refused: { code: string; detail: string } | null;
  /** The person said that an old one may go out. */
  confirmed: boolean;
  /** A send that can be taken back until then, milliseconds; absent once it may go. */
  heldUntil?: number;
  what: Act;
}

/** The call that carries an act, with its input. `fileIdOf` names files as the server does. */
export function callOf(record: OutboxRecord, fileIdOf: (id: string) => string | null): { call: Call; input: unknown } {
  const channel_id = record.channelId;
  const { what } = record;
  switch (what.act) {
    case 'send':
      return {
        call: sendMessage,
        input: {
          channel_id, content: what.content, client_msg_id: what.clientMsgId, ...(what.rootId !== null && { parent_message_id: what.rootId }),
          ...(what.broadcast && { broadcast: true }), ...(what.kind === 'me' && { kind: 'me' }), ...(what.quiet && { quiet: true }),
          ...(what.files && what.files.length > 0 && { file_ids: what.files.map((file) => fileIdOf(file.id)!) }),
        },
      };
    case 'edit': return { call: editMessage, input: { channel_id, message_id: what.messageId, content: what.content } };
    case 'delete': return { call: deleteMessage, input: { channel_id, message_id: what.messageId } };
    case 'react': return { call: react, input: { channel_id, message_id: what.messageId, emoji: what.emoji, ...(!what.add && { remove: true }) } };
    case 'mark_unread': return { call: markUnread, input: { channel_id, seq: what.seq, ...(what.rootId !== null && { thread_root_id: what.rootId }), ...(what.fromEpoch !== null && { from_epoch: what.fromEpoch }) } };
    case 'follow': return { call: what.follow ? followThread : unfollowThread, input: { channel_id, message_id: what.rootId } };
    case 'save': return { call: saveMessage, input: { ...where(record), message_id: what.messageId, ...(what.state !== undefined && { state: what.state }), ...(what.dueAt !== undefined && { due_at: what.dueAt }), ...(what.note !== undefined && { note: what.note }) } };
    case 'unsave': return { call: unsaveMessage, input: { message_id: what.messageId } };
    case 'pin': return { call: what.pinned ? pinMessage : unpinMessage, input: { channel_id, message_id: what.messageId } };
    case 'schedule':
      return {
        call: scheduleMessage,
        input: {
          channel_id, content: what.content, client_msg_id: what.clientMsgId, send_at: what.sendAt, ...(what.rootId !== null && { parent_message_id: what.rootId }),
          ...(what.broadcast && { broadcast: true }), ...(what.quiet && { quiet: true }),
        },
      };
    case 'reschedule': return { call: updateScheduled, input: { id: what.scheduledId, ...(what.text !== undefined && { content: what.text }), ...(what.sendAt !== undefined && { send_at: what.sendAt }) } };
    case 'unschedule': return { call: cancelScheduled, input: { id: what.scheduledId } };
    case 'preference': return { call: setPreference, input: { key: what.key, value: what.value } };
    case 'section': return {
      call: putSection,
      input: {
        id: what.id, ...(what.name !== undefined && { name: what.name }), ...(what.position !== undefined && { position: what.position }), ...(what.channelIds && { channel_ids: what.channelIds }),
        ...(what.add && { add_channel_ids: what.add }), ...(what.remove && { remove_channel_ids: what.remove }),
      },
    };
    case 'drop_section': return { call: deleteSection, input: { id: what.sectionId } };
    case 'mark_inbox': return { call: markInbox, input: { ids: what.ids, read: what.read, up_to: what.upTo } };
    case 'level': return { call: setNotificationLevel, input: { channel_id, ...(what.level !== undefined && { level: what.level }), ...(what.muted !== undefined && { muted: what.muted }) } };
  }
}

const where = (record: OutboxRecord): object => (record.channelId === '' ? {} : { channel_id: record.channelId });

/** A message with one pending act on top; the same reference when the act is about something else. */
export function withAct(message: Message, what: Act, userId: string): Message {
  if (!('messageId' in what) || what.messageId !== message.id || message.deleted) return message;
  switch (what.act) {
    case 'pin': return { ...message, pinned: what.pinned };
    case 'save': case 'unsave': return message;
    case 'edit': return { ...message, content: what.content };
    case 'delete': return { ...message, deleted: true, content: '', files: [], reactions: [] };
    case 'react': {
      const held = message.reactions.find((r) => r.emoji === what.emoji);
      if ((held?.user_ids.includes(userId) ?? false) === what.add) return message;
      if (!held) return { ...message, reactions: [...message.reactions, { emoji: what.emoji, count: 1, user_ids: [userId] }] };
      const changed = { ...held, count: held.count + (what.add ? 1 : -1), user_ids: what.add ? [...held.user_ids, userId] : held.user_ids.filter((id) => id !== userId) };
      return { ...message, reactions: message.reactions.map((r) => (r === held ? changed : r)).filter((r) => r.count > 0) };
    }
  }
}

/** A waiting send as a message to show: no seq or rev yet, and `client_msg_id` for an id. */
export function asMessage(record: OutboxRecord, userId: string): Message {
  if (record.what.act !== 'send') throw new TypeError('only a send is a message');
  const { what } = record;
  return {
    id: what.clientMsgId, channel_id: record.channelId, seq: 0, rev: 0, author_id: userId, parent_message_id: what.rootId, broadcast: what.broadcast,
    client_msg_id: what.clientMsgId, kind: what.kind, content: what.content, mentions: { user_ids: [], group_ids: [], everyone: 'none' }, files: (what.files ?? []).map((file) => ({ ...file, created_at: new Date(record.since).toISOString() })), reactions: [],
    thread: null, pinned: false, quiet: what.quiet, imported: false, created_at: new Date(record.since).toISOString(), edited_at: null, deleted: false,
  };
}
