import { can } from '@parley/shared/domain/can';
import { parseStream, type StreamName } from '@parley/shared/domain/streams';
import type { Delta, Entity } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { ReadTx } from '../../storage/port.ts';
import { channelEntity, headOf } from '../../storage/streams.ts';
import { entities, messages, type EntityRow, type HeadRow } from '../../storage/tables.ts';
import type { PageCache } from '../messages/page-cache.ts';
import { accessTo, actorIn, allows, firstVisibleSeq, type Access, type ActorRef } from '../channels/channel-access.ts';

/** Messages that a gap's newest page has at most. */
const GAP_PAGE = 50;

/**
 * What changed in one stream since a cursor, as one person may see it: entities with rev > cursor in rev order, at most
 * `limit`, and the head, all in the transaction's snapshot.
 *
 * - A stream that one may not see, or that never was, is `gone`.
 * - A cursor below the floor or beyond the head gets a `reset`, and the stream from its beginning.
 * - A channel that is over 500 changed entities ahead gets a `gap`.
 * - A user stream pages instead, and each page brings further memberships ahead of their turn.
 */
export async function streamDelta(tx: ReadTx, who: ActorRef, stream: StreamName, cursor: number, limit: number, pages?: PageCache): Promise<Delta> {
  const name = parseStream(stream);
  if (!name) return gone(cursor);
  switch (name.kind) {
    case 'user':
      return name.id === who.user_id ? entityDelta(tx, stream, cursor, limit, true) : gone(cursor);
    case 'workspace':
      return can(await actorIn(tx, who, name.id), 'workspace.view') === 'allowed' ? entityDelta(tx, stream, cursor, limit, false) : gone(cursor);
    case 'channel': {
      const access = await accessTo(tx, who, name.id);
      return access && allows(access, 'channel.view') === 'allowed' ? channelDelta(tx, access, await headOf(tx, stream), cursor, limit, pages) : gone(cursor);
    }
  }
}

const gone = (cursor: number): Delta => ({ from: cursor, to: 0, head: 0, entities: [], has_more: false, gone: true });

/** Where the delta really begins. What was deleted before the floor has left no trace, and beyond the head another history was. */
function start(head: HeadRow, cursor: number): { since: number; reset: { reset: true } | object } {
  const reset = cursor > head.rev || (cursor > 0 && cursor < head.floor);
  return reset ? { since: 0, reset: { reset: true } } : { since: cursor, reset: {} };
}

/** Says what is there without bringing any of it: for streams that an answer has no room for. */
export function withheldDelta(head: Pick<HeadRow, 'rev'>, cursor: number): Delta {
  return { from: cursor, to: cursor, head: head.rev, entities: [], has_more: cursor !== head.rev };
}

async function entityDelta(tx: ReadTx, stream: StreamName, cursor: number, limit: number, membershipsFirst: boolean): Promise<Delta> {
  const head = await headOf(tx, stream);
  const { since, reset } = start(head, cursor);
  if (since === head.rev) return { from: cursor, to: head.rev, head: head.rev, entities: [], has_more: false, ...reset };
  const rows = await tx.find(entities, { index: 'by_rev', prefix: [stream], gt: since, limit: limit + 1 });
  if (rows.length <= limit) return { from: cursor, to: head.rev, head: head.rev, entities: rows.map(docOf), has_more: false, ...reset };
  // Half the room is for what moves the cursor, so that memberships never stall it.
  const inTurn = rows.slice(0, membershipsFirst ? Math.max(1, Math.ceil(limit / 2)) : limit);
  const to = inTurn[inTurn.length - 1]!.rev;
  const ahead = membershipsFirst ? await membershipsBeyond(tx, stream, to, limit - inTurn.length) : [];
  return { from: cursor, to, head: head.rev, entities: [...inTurn, ...ahead].map(docOf), has_more: true, ...reset };
}

/** Memberships changed after `rev`, newest first wanted, in rev order: without them the client does not know its channels. */
async function membershipsBeyond(tx: ReadTx, stream: StreamName, rev: number, limit: number): Promise<EntityRow[]> {
  if (limit <= 0) return [];
  const all = await tx.find(entities, { prefix: [stream, 'membership'], limit: 50_000 });
  return all.filter((row) => row.rev > rev).sort((a, b) => b.rev - a.rev).slice(0, limit).sort((a, b) => a.rev - b.rev);
}

const docOf = (row: EntityRow): Entity => row.doc as Entity;

async function channelDelta(tx: ReadTx, access: Access, head: HeadRow, cursor: number, limit: number, pages: PageCache | undefined): Promise<Delta> {
  const { since, reset } = start(head, cursor);
  if (since === head.rev) return { from: cursor, to: head.rev, head: head.rev, entities: [], has_more: false, ...reset };
  const read = (): Promise<Delta> => readChannelDelta(tx, access, head, cursor, limit);
  return pages ? pages.page(head.stream, head.rev, `delta ${cursor} ${limit} ${firstVisibleSeq(access)}`, read) : read();
}

/** Of the person's access only the first visible seq counts: what is there is the same for all who see from there on. */
async function readChannelDelta(tx: ReadTx, access: Access, head: HeadRow, cursor: number, limit: number): Promise<Delta> {
  const { since, reset } = start(head, cursor);
  const id = access.row.id;
  // As many changes at most as revs were taken; only beyond that is it worth counting.
  if (head.rev - since > LIMITS.gap_entities && (await tx.count(messages, { index: 'by_rev', prefix: [id], gt: since })) > LIMITS.gap_entities) {
    return { ...(await gapDelta(tx, access, head, cursor, since, limit)), ...reset };
  }
  const rows = await tx.find(messages, { index: 'by_rev', prefix: [id], gt: since, limit: limit + 1 });
  const first = firstVisibleSeq(access);
  const found: { rev: number; entity: Entity | null }[] = rows.map((row) => ({ rev: row.rev, entity: row.seq < first ? null : ({ type: 'message', ...row.doc } as Entity) }));
  if (access.row.rev > since) found.push({ rev: access.row.rev, entity: channelEntity(access.row, head) as Entity });
  found.sort((a, b) => a.rev - b.rev);
  const page = found.slice(0, limit);
  const complete = found.length <= limit;
  return {
    from: cursor, to: complete ? head.rev : page[page.length - 1]!.rev, head: head.rev,
    entities: page.flatMap((f) => f.entity ?? []), has_more: !complete, ...reset,
  };
}

/** The newest page and every changed entity of other types, which in a channel is the channel itself. */
async function gapDelta(tx: ReadTx, access: Access, head: HeadRow, cursor: number, since: number, limit: number): Promise<Delta> {
  const withChannel = access.row.rev > since;
  const room = Math.max(1, Math.min(GAP_PAGE, limit - (withChannel ? 1 : 0)));
  const rows = await tx.find(messages, { prefix: [access.row.id], gte: firstVisibleSeq(access), reverse: true, limit: room });
  const found = rows.map((row): Entity => ({ type: 'message', ...row.doc }) as Entity);
  if (withChannel) found.push(channelEntity(access.row, head) as Entity);
  found.sort((a, b) => a.rev - b.rev);
  const gap = rows.length > 0 ? { oldest_seq: rows[rows.length - 1]!.seq, newest_seq: rows[0]!.seq } : { oldest_seq: head.seq, newest_seq: head.seq };
  return { from: cursor, to: head.rev, head: head.rev, entities: found, has_more: false, gap };
}
