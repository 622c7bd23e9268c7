import { channelStream } from '@parley/shared/domain/streams';
import { timeToMicros } from '@parley/shared/domain/timestamp';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import type * as calls from '@parley/shared/protocol/calls/messages';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { messages, type HeadRow, type MessageRow } from '../../storage/tables.ts';
import { demandAccess, firstVisibleSeq, type ActorRef } from '../channels/channel-access.ts';
import { findMessage } from './find-message.ts';
import type { PageCache } from './page-cache.ts';

type Query = RequestOf<typeof calls.getMessages>;
type Page = ResponseOf<typeof calls.getMessages>;

/** Messages of one kind of view with from ≤ seq ≤ to, nearest to `from` first, or to `to` with `reverse`. */
type Source = (from: number, to: number, reverse: boolean, limit: number) => Promise<MessageRow[]>;

const DEFAULT_PAGE = 50;

/**
 * A page of history in one snapshot. `has_more_*` speak of the view's messages before and behind the page: of those within
 * the bounds when both are given or with `changed_since`, else of the whole channel.
 */
export async function readHistory(tx: ReadTx, who: ActorRef, query: Query, pages?: PageCache): Promise<Page> {
  const access = await demandAccess(tx, who, query.channel_id, 'channel.view');
  const stream = channelStream(query.channel_id);
  const head = await headOf(tx, stream);
  const first = firstVisibleSeq(access);
  const read = (): Promise<Page> => readPage(tx, query, head, first);
  return pages && isNewest(query) ? pages.page(stream, head.rev, `newest ${query.view ?? 'all'} ${query.page_size ?? DEFAULT_PAGE} ${first}`, read) : read();
}

const BOUNDS = ['around_seq', 'message_id', 'since_ts', 'after_seq', 'before_seq', 'parent_message_id', 'changed_since'] as const;
/** Whether it asks for the newest page: what everybody asks for who opens a channel. */
export const isNewest = (query: Query): boolean => BOUNDS.every((bound) => query[bound] === undefined);

/** What one sees from `first` on, at a head. */
async function readPage(tx: ReadTx, query: Query, head: HeadRow, first: number): Promise<Page> {
  const low = Math.max(first, (query.after_seq ?? 0) + 1);
  const high = Math.min(head.seq, (query.before_seq ?? Number.MAX_SAFE_INTEGER) - 1);
  const root = query.parent_message_id === undefined ? undefined : await findRoot(tx, query.channel_id, query.parent_message_id, first);
  let source = sourceOf(tx, query);
  if (query.changed_since !== undefined) source = changedOnly(tx, query.channel_id, query.changed_since, source);
  const size = query.page_size ?? DEFAULT_PAGE;
  const showsRoot = root !== undefined && root.seq >= low && root.seq <= high && (query.changed_since === undefined || root.rev > query.changed_since);

  const rows = await pick(tx, query, source, low, high, showsRoot ? Math.max(1, size - 1) : size);
  const bounded = query.changed_since !== undefined || (query.after_seq !== undefined && query.before_seq !== undefined);
  const least = bounded ? low : first;
  const most = bounded ? high : head.seq;
  const edges = rows.length > 0 ? { before: rows[0]!.seq, after: rows[rows.length - 1]!.seq } : { before: emptyBefore(query, low, high), after: emptyAfter(query, low, high) };
  const [before, after] = await Promise.all([source(least, edges.before - 1, true, 1), source(edges.after + 1, most, false, 1)]);
  const docs = rows.map((row) => row.doc);
  if (showsRoot) docs.unshift(root.doc);
  return { messages: docs, head_seq: head.seq, head_rev: head.rev, has_more_before: before.length > 0, has_more_after: after.length > 0 };
}

/** Where an empty page stands: behind all that is below its bounds, before all that is above. */
const emptyBefore = (query: Query, low: number, high: number): number => (query.before_seq !== undefined ? high + 1 : query.after_seq !== undefined ? low : high + 1);
const emptyAfter = (query: Query, low: number, high: number): number => (query.after_seq !== undefined ? low - 1 : high);

function sourceOf(tx: ReadTx, query: Query): Source {
  const { channel_id, parent_message_id } = query;
  const range = parent_message_id !== undefined
    ? { index: 'by_thread', prefix: [channel_id, parent_message_id] }
    : query.view === 'timeline' ? { index: 'by_timeline', prefix: [channel_id] } : { prefix: [channel_id] };
  return (from, to, reverse, limit) => (from > to ? Promise.resolve([]) : tx.find(messages, { ...range, gte: from, lte: to, reverse, limit }));
}

/** More changes than this are looked for along seq rather than along rev. */
const FEW_CHANGES = 2_000;
const SCAN = 200;

function changedOnly(tx: ReadTx, channelId: string, since: number, inner: Source): Source {
  let few: Promise<Set<number> | null> | undefined;
  const changedSeqs = async (): Promise<Set<number> | null> => {
    if ((await tx.count(messages, { index: 'by_rev', prefix: [channelId], gt: since })) > FEW_CHANGES) return null;
    const rows = await tx.find(messages, { index: 'by_rev', prefix: [channelId], gt: since, limit: FEW_CHANGES });
    return new Set(rows.map((row) => row.seq));
  };
  return async (from, to, reverse, limit) => {
    const seqs = await (few ??= changedSeqs());
    const found: MessageRow[] = [];
    if (seqs) {
      const ordered = [...seqs].filter((seq) => seq >= from && seq <= to).sort((a, b) => (reverse ? b - a : a - b));
      for (const seq of ordered) {
        found.push(...(await inner(seq, seq, false, 1)));
        if (found.length >= limit) break;
      }
      return found;
    }
    for (let [lo, hi] = [from, to]; lo <= hi && found.length < limit; ) {
      const page = await inner(lo, hi, reverse, SCAN);
      found.push(...page.filter((row) => row.rev > since));
      if (page.length < SCAN) break;
      const last = page[page.length - 1]!.seq;
      if (reverse) hi = last - 1;
      else lo = last + 1;
    }
    return found.slice(0, limit);
  };
}

/** The page's rows, ascending. */
async function pick(tx: ReadTx, query: Query, source: Source, low: number, high: number, size: number): Promise<MessageRow[]> {
  const backwards = async (to: number, limit: number): Promise<MessageRow[]> => (await source(low, to, true, limit)).reverse();
  if (query.after_seq !== undefined) return source(low, high, false, size);
  if (query.since_ts !== undefined) {
    const from = await firstAt(tx, query.channel_id, timeToMicros(query.since_ts));
    return from === undefined ? [] : source(Math.max(low, from), high, false, size);
  }
  const middle = await middleOf(tx, query, low);
  if (middle === undefined) return backwards(high, size);
  const wantedBefore = Math.floor(size / 2);
  let before = await backwards(middle - 1, wantedBefore);
  const after = await source(middle, high, false, size - before.length);
  // What the newer side lacks, the older side gives.
  if (before.length === wantedBefore && before.length + after.length < size) before = await backwards(middle - 1, size - after.length);
  return [...before, ...after];
}

async function middleOf(tx: ReadTx, query: Query, low: number): Promise<number | undefined> {
  if (query.message_id === undefined) return query.around_seq === undefined ? undefined : Math.max(low, query.around_seq);
  const row = await findMessage(tx, { channel_id: query.channel_id, message_id: query.message_id });
  if (!row || row.seq < low) throw new ParleyError('not_found', 'no such message here');
  return row.seq;
}

async function firstAt(tx: ReadTx, channelId: string, micros: number): Promise<number | undefined> {
  const [row] = await tx.find(messages, { index: 'by_time', prefix: [channelId], gte: micros, limit: 1 });
  return row?.seq;
}

/** Undefined when retention took the root, whose replies stay. @throws ParleyError `not_found` when there is no such thread. */
async function findRoot(tx: ReadTx, channelId: string, rootId: string, first: number): Promise<MessageRow | undefined> {
  const root = await findMessage(tx, { channel_id: channelId, message_id: rootId });
  if (root) {
    if (root.parent_message_id !== null) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'parent_message_id', message: 'a reply is no root' }] });
    if (root.seq >= first) return root;
  }
  const [reply] = await tx.find(messages, { index: 'by_thread', prefix: [channelId, rootId], gte: first, limit: 1 });
  if (!reply) throw new ParleyError('not_found', 'no such thread here');
  return undefined;
}
