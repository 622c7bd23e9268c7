import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { ClientMsgId, Emoji, PageSize, QueryInt, Rev, Seq, text, TimeInput, Timestamp, Uuid } from '../common.ts';
import { Message, Thread } from '../entities.ts';
import { LIMITS } from '../limits.ts';

const querySeq = z.pipe(QueryInt, Seq);
const target = { channel_id: z.optional(Uuid), message_id: Uuid };

export const sendMessage = defineCall({
  path: 'send_message', method: 'POST', auth: 'session', status: 201, summary: 'Send; the same client_msg_id never makes a second message',
  request: z.strictObject({
    channel_id: Uuid, content: text(LIMITS.content_characters), client_msg_id: ClientMsgId,
    parent_message_id: z.optional(z.nullable(Uuid)), broadcast: z.optional(z.boolean()),
    file_ids: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.message_files))), quiet: z.optional(z.boolean()),
    kind: z.optional(z.enum(['text', 'me'])),
  }),
  response: z.looseObject({ message_id: Uuid, seq: Seq, rev: Rev, timestamp: Timestamp, message: Message }),
});
export const getMessages = defineCall({
  path: 'messages', method: 'GET', auth: 'session', status: 200, summary: 'A page of a channel\'s history, ascending seq, replies included',
  request: z.strictObject({
    channel_id: Uuid, around_seq: z.optional(querySeq), message_id: z.optional(Uuid), since_ts: z.optional(TimeInput),
    after_seq: z.optional(querySeq), before_seq: z.optional(querySeq), parent_message_id: z.optional(Uuid),
    view: z.optional(z.enum(['all', 'timeline'])), changed_since: z.optional(z.pipe(QueryInt, Rev)), page_size: z.optional(PageSize),
  }).check(z.refine((q) => [q.around_seq, q.message_id, q.since_ts, q.after_seq ?? q.before_seq].filter((v) => v !== undefined).length <= 1, 'at most one of around_seq, message_id, since_ts, or after_seq and before_seq')),
  response: z.looseObject({ messages: z.array(Message), head_seq: Seq, head_rev: Rev, has_more_before: z.boolean(), has_more_after: z.boolean() }),
});
export const editMessage = defineCall({
  path: 'edit_message', method: 'POST', auth: 'session', status: 200, summary: 'Change one\'s own text; an older base_rev is a conflict',
  request: z.strictObject({ ...target, content: text(LIMITS.content_characters), base_rev: z.optional(Rev) }), response: Message,
});
export const deleteMessage = defineCall({ path: 'delete_message', method: 'POST', auth: 'session', status: 200, summary: 'Leave a tombstone', request: z.strictObject(target), response: Message });
export const react = defineCall({ path: 'react', method: 'POST', auth: 'session', status: 200, summary: 'Add or remove one\'s reaction', request: z.strictObject({ ...target, emoji: Emoji, remove: z.optional(z.boolean()) }), response: Message });
export const followThread = defineCall({ path: 'follow_thread', method: 'POST', auth: 'session', status: 200, summary: 'Follow a thread', request: z.strictObject(target), response: Thread });
export const unfollowThread = defineCall({ path: 'unfollow_thread', method: 'POST', auth: 'session', status: 200, summary: 'Stop following a thread', request: z.strictObject(target), response: Thread });
