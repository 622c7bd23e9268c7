import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { page, PageCursor, PageSize, text, Uuid } from '../common.ts';
import { Message } from '../entities.ts';
import { LIMITS } from '../limits.ts';

/** Where the words stand in the message's `content`, in UTF-16 units; `end` is exclusive. None when only a filter or the name of a file has it found. */
export const SearchHighlight = z.looseObject({ start: z.number(), end: z.number() });
export const SearchHit = z.looseObject({ message: Message, highlights: z.array(SearchHighlight) });
export type SearchHit = z.infer<typeof SearchHit>;

export const search = defineCall({
  path: 'search', method: 'GET', auth: 'session', status: 200, summary: 'Messages that one may read, by words, "phrases" and from: in: before: after: on: has: is:',
  request: z.strictObject({
    workspace_id: Uuid, q: text(LIMITS.search_characters),
    /** `files`: only messages that carry files. */
    kind: z.optional(z.enum(['messages', 'files'])),
    /** Absent: newest. */
    sort: z.optional(z.enum(['newest', 'relevance'])),
    /** IANA name by which the days of a query are meant; absent: the person's, or UTC. */
    time_zone: z.optional(text(64)),
    page_size: z.optional(PageSize), cursor: z.optional(PageCursor),
  }),
  response: page(SearchHit),
});
