import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { page, Timestamp, PageCursor, PageSize, QueryBoolean } from '../common.ts';
import { InboxEntry, InboxKind } from '../entities.ts';
import { LIMITS } from '../limits.ts';

export const getInbox = defineCall({
  path: 'inbox', method: 'GET', auth: 'session', status: 200, summary: 'What needs one, newest first; `read` also counts what was read in its channel or thread',
  request: z.strictObject({ kind: z.optional(InboxKind), unread: z.optional(QueryBoolean), page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(InboxEntry),
});
export const markInbox = defineCall({
  path: 'mark_inbox', method: 'POST', auth: 'session', status: 200, summary: 'Mark entries read or unread; without `ids` all of them, with `up_to` only those that have not moved on since. Answers those that changed',
  request: z.strictObject({ read: z.boolean(), ids: z.optional(z.array(z.string().check(z.minLength(1), z.maxLength(64))).check(z.maxLength(LIMITS.inbox_entries))), up_to: z.optional(Timestamp) }),
  response: z.looseObject({ ids: z.array(z.string()) }),
});
