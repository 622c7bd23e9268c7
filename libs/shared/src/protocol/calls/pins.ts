import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { page, PageCursor, PageSize, Timestamp, Uuid } from '../common.ts';
import { Message } from '../entities.ts';

const target = { channel_id: z.optional(Uuid), message_id: Uuid };

export const pinMessage = defineCall({ path: 'pin_message', method: 'POST', auth: 'session', status: 200, summary: 'Pin a message to its channel', request: z.strictObject(target), response: Message });
export const unpinMessage = defineCall({ path: 'unpin_message', method: 'POST', auth: 'session', status: 200, summary: 'Take a pin off', request: z.strictObject(target), response: Message });
export const getPins = defineCall({
  path: 'pins', method: 'GET', auth: 'session', status: 200, summary: 'What is pinned to a channel, newest pin first',
  request: z.strictObject({ channel_id: Uuid, page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(z.looseObject({ message: Message, pinned_by: Uuid, pinned_at: Timestamp })),
});
