import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { EmojiName, QueryBoolean, Uuid } from '../common.ts';
import { CustomEmoji } from '../entities.ts';

/**
 * The body is the picture: PNG, JPEG, GIF, WebP or AVIF, by its bytes. It is made anew as WebP that fits into
 * `emoji_pixels`, never larger than it was; what moves goes on moving. A name of Unicode's emoji is refused.
 */
export const addEmoji = defineCall({
  path: 'add_emoji', method: 'POST', auth: 'session', status: 201, summary: 'Give a workspace an emoji of its own', body: 'raw',
  request: z.strictObject({ workspace_id: Uuid, name: EmojiName }), response: CustomEmoji,
});
export const removeEmoji = defineCall({ path: 'remove_emoji', method: 'POST', auth: 'session', status: 204, summary: 'Take a custom emoji away; what used it shows its name', request: z.strictObject({ emoji_id: Uuid }), response: z.undefined() });
export const getEmojiPicture = defineCall({
  path: 'emoji/{id}', method: 'GET', auth: 'session', status: 200, summary: 'The picture of a custom emoji', answer: 'bytes',
  request: z.strictObject({ id: Uuid, still: z.optional(QueryBoolean) }), response: z.unknown(),
});
