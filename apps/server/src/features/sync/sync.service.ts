import { parseStream, userStream, workspaceStream, type StreamName } from '@parley/shared/domain/streams';
import { millisToIso } from '@parley/shared/domain/timestamp';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import type * as calls from '@parley/shared/protocol/calls/reading';
import type { Delta } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Deps } from '../../platform/deps.ts';
import type { ReadTx } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { workspaceMembers, type HeadRow } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import type { PageCache } from '../messages/page-cache.ts';
import { streamDelta, withheldDelta } from './delta.ts';
import { SnapshotCache } from './snapshot-cache.ts';
import { summaries } from './summaries.ts';

const DEFAULT_PAGE = 200;
/** Nobody is in more workspaces. */
const MOST_WORKSPACES = 1_000;

interface Wanted {
  stream: StreamName;
  cursor: number;
  head: HeadRow;
}

/**
 * Everything changed since the cursors, in one snapshot. The user and workspace streams are served unasked at boot and to
 * those who bring their user stream's cursor; channels only when they are named.
 */
export async function sync(deps: Pick<Deps, 'store' | 'clock' | 'pages'>, who: ActorRef, input: RequestOf<typeof calls.sync>): Promise<ResponseOf<typeof calls.sync>> {
  const incarnation = deps.store.incarnation();
  return deps.store.read(async (snapshot) => {
    const tx = new SnapshotCache(snapshot);
    return {
      server_time: millisToIso(deps.clock.now()), incarnation,
      streams: await streams(tx, who, input, deps.pages),
      channels: await summaries(tx, who, { cursors: input.cursors, counts: input.counts ?? [] }),
    };
  });
}

async function streams(tx: ReadTx, who: ActorRef, input: RequestOf<typeof calls.sync>, pages: PageCache | undefined): Promise<Record<string, Delta>> {
  const pageSize = input.page_size ?? DEFAULT_PAGE;
  let room: number = LIMITS.sync_entities;
  const answer: Record<string, Delta> = {};
  for (const { stream, cursor, head } of await inOrder(tx, who, input.cursors)) {
    const delta = room > 0 || cursor === head.rev ? await streamDelta(tx, who, stream, cursor, Math.min(pageSize, Math.max(1, room)), pages) : await withheld(tx, who, stream, cursor, head);
    room -= delta.entities.length;
    answer[stream] = delta;
  }
  return answer;
}

/** Even a stream without room tells whether one may see it. */
async function withheld(tx: ReadTx, who: ActorRef, stream: StreamName, cursor: number, head: HeadRow): Promise<Delta> {
  const delta = await streamDelta(tx, who, stream, head.rev, 1);
  return delta.gone ? { ...delta, from: cursor } : withheldDelta(head, cursor);
}

const RANK = { user: 0, workspace: 1, channel: 2 } as const;

/** User stream, workspaces, then channels by their newest message. */
async function inOrder(tx: ReadTx, who: ActorRef, cursors: Readonly<Record<string, number>>): Promise<Wanted[]> {
  const named = new Map<string, number>(Object.entries(cursors));
  const own = userStream(who.user_id);
  if (named.size === 0 || named.has(own)) {
    if (!named.has(own)) named.set(own, 0);
    for (const row of await tx.find(workspaceMembers, { index: 'by_user', prefix: [who.user_id], limit: MOST_WORKSPACES })) {
      const stream = workspaceStream(row.workspace_id);
      if (!row.deactivated && !named.has(stream)) named.set(stream, 0);
    }
  }
  const wanted: (Wanted & { rank: number })[] = [];
  for (const [name, cursor] of named) {
    const stream = name as StreamName;
    const kind = parseStream(stream)?.kind ?? 'channel';
    wanted.push({ stream, cursor, head: await headOf(tx, stream), rank: RANK[kind] });
  }
  return wanted.sort((a, b) => a.rank - b.rank || b.head.last_at - a.head.last_at || b.head.rev - a.head.rev);
}
