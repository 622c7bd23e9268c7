import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { text, Uuid } from '../common.ts';
import { Message } from '../entities.ts';

export const removeCard = defineCall({
  path: 'remove_card', method: 'POST', auth: 'session', status: 200, summary: 'Take the card of a link off one\'s own message; it stays off',
  request: z.strictObject({ channel_id: z.optional(Uuid), message_id: Uuid, url: text(2_048) }), response: Message,
});
export const cardPicture = defineCall({
  path: 'card_picture', method: 'GET', auth: 'session', status: 200, summary: 'The picture of a card, for those who may read its message', answer: 'bytes',
  request: z.strictObject({ channel_id: Uuid, message_id: Uuid, hash: z.string().check(z.regex(/^[0-9a-f]{64}$/, 'a hash in hexadecimal')) }), response: z.unknown(),
});
