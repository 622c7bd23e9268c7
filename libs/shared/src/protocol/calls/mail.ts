import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { text } from '../common.ts';

export const unsubscribeMail = defineCall({
  path: 'unsubscribe_mail', method: 'POST', auth: 'none', status: 204, summary: 'Have no more mails about what was missed, by the link in one',
  request: z.strictObject({ token: text(200, 1) }), response: z.undefined(),
});
