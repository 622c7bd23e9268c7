import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { Cursors, type Rev, Seq, Timestamp, Uuid } from '../common.ts';
import { Delta, Summary } from '../entities.ts';
import { LIMITS } from '../limits.ts';

const Epoch = z.number().check(z.int(), z.nonnegative());
/** Where a person stands in a channel, or with `thread_root_id` in a thread. `mentions` is 0 for threads. */
export const Position = z.looseObject({ channel_id: Uuid, thread_root_id: z.optional(Uuid), read_epoch: Epoch, read_seq: Seq, unread: z.number(), mentions: z.number() });
export type Position = z.infer<typeof Position>;

export const ack = defineCall({
  path: 'ack', method: 'POST', auth: 'session', status: 200, summary: 'Read (or delivered) up to a message; never moves backwards',
  request: z.strictObject({ device_id: Uuid, message_id: Uuid, channel_id: z.optional(Uuid), thread_root_id: z.optional(Uuid), read_epoch: z.optional(Epoch), kind: z.optional(z.enum(['read', 'delivered'])) }),
  response: Position,
});
export const ackMany = defineCall({
  path: 'ack_many', method: 'POST', auth: 'session', status: 200, summary: 'Move many positions forward',
  request: z.strictObject({ positions: z.array(z.strictObject({ channel_id: Uuid, thread_root_id: z.optional(Uuid), read_epoch: Epoch, seq: Seq })).check(z.maxLength(LIMITS.ack_many)) }),
  response: z.looseObject({ positions: z.array(Position) }),
});
export const markUnread = defineCall({
  path: 'mark_unread', method: 'POST', auth: 'session', status: 200, summary: 'Make `seq` the first unread one, in a new epoch',
  request: z.strictObject({ channel_id: Uuid, seq: Seq.check(z.positive()), thread_root_id: z.optional(Uuid), from_epoch: z.optional(Epoch) }),
  response: Position,
});
export const getReceipts = defineCall({
  path: 'receipts', method: 'GET', auth: 'session', status: 200, summary: 'Who has received and read a message',
  request: z.strictObject({ message_id: Uuid, channel_id: z.optional(Uuid) }),
  response: z.looseObject({
    delivered: z.array(z.looseObject({ user_id: Uuid, device_id: Uuid, at: Timestamp })),
    read: z.array(z.looseObject({ user_id: Uuid, at: Timestamp })),
  }),
});
export const sync = defineCall({
  path: 'sync', method: 'POST', auth: 'session', status: 200, summary: 'Everything changed since the cursors, in one round trip',
  request: z.strictObject({
    cursors: Cursors,
    page_size: z.optional(z.number().check(z.int(), z.minimum(1), z.maximum(LIMITS.sync_page_size))),
    counts: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.cursors))),
  }),
  response: z.looseObject({ server_time: Timestamp, incarnation: Uuid, streams: z.record(z.string(), Delta), channels: z.array(Summary) }),
});
export type SyncCursors = Record<string, z.infer<typeof Rev>>;
