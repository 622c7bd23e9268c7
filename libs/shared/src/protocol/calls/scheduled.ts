import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { text, TimeInput, Uuid } from '../common.ts';
import { Scheduled } from '../entities.ts';
import { LIMITS } from '../limits.ts';

export const scheduleMessage = defineCall({
  path: 'schedule_message', method: 'POST', auth: 'session', status: 201, summary: 'Send a message at a time; the same client_msg_id never makes a second one',
  request: z.strictObject({
    channel_id: Uuid, content: text(LIMITS.content_characters),
    /** Of the message that it becomes, and the id of what is scheduled until then. */
    client_msg_id: Uuid,
    parent_message_id: z.optional(z.nullable(Uuid)), broadcast: z.optional(z.boolean()), quiet: z.optional(z.boolean()),
    file_ids: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.message_files))),
    /** At most `scheduled_days` ahead; a time that has passed is now. */
    send_at: TimeInput,
  }),
  response: Scheduled,
});
export const updateScheduled = defineCall({
  path: 'update_scheduled', method: 'POST', auth: 'session', status: 200, summary: 'Change the text or the time of what is scheduled; a conflict once it could not be sent',
  request: z.strictObject({ id: Uuid, content: z.optional(text(LIMITS.content_characters)), send_at: z.optional(TimeInput) }), response: Scheduled,
});
export const cancelScheduled = defineCall({ path: 'cancel_scheduled', method: 'POST', auth: 'session', status: 204, summary: 'Send it not, or forget that it could not be sent', request: z.strictObject({ id: Uuid }), response: z.undefined() });
