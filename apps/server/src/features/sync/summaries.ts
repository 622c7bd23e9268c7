import { channelStream, userStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Summary } from '@parley/shared/protocol/entities';
import type { ReadTx } from '../../storage/port.ts';
import { channelEntity, headOf } from '../../storage/streams.ts';
import { channels, members, workspaceMembers, type MemberRow } from '../../storage/tables.ts';
import type { ActorRef } from '../channels/channel-access.ts';
import { membershipsOf, positionOf, type MembershipRow } from '../membership/memberships.ts';
import { countUnread } from '../reading/counts.ts';

export interface SummaryQuery {
  /** By stream name, as the client holds them. */
  cursors: Readonly<Record<string, number>>;
  /** Channels to count whatever their cursors. */
  counts: readonly string[];
}

/**
 * Summaries of the person's channels whose head or membership moved past the cursors, that have no cursor, or that are
 * asked for. What was left meanwhile is not among them, whatever the projection still says.
 */
export async function summaries(tx: ReadTx, who: ActorRef, query: SummaryQuery): Promise<Summary[]> {
  const asked = new Set(query.counts);
  const userCursor = query.cursors[userStream(who.user_id)];
  const inWorkspace = new Map<string, boolean>();
  const found: Summary[] = [];
  for (const row of await membershipsOf(tx, who.user_id)) {
    const stream = channelStream(row.id);
    const cursor = query.cursors[stream];
    const head = await headOf(tx, stream);
    const moved = cursor === undefined || head.rev !== cursor || (userCursor !== undefined && row.rev > userCursor);
    if (!moved && !asked.has(row.id)) continue;
    const member = await tx.get(members, [row.id, who.user_id]);
    if (!member || !(await belongs(tx, inWorkspace, row.doc.workspace_id, who.user_id))) continue;
    const summary = await summaryOf(tx, member, row, head);
    if (summary) found.push(summary);
  }
  return found;
}

async function belongs(tx: ReadTx, known: Map<string, boolean>, workspaceId: string, userId: string): Promise<boolean> {
  let answer = known.get(workspaceId);
  if (answer === undefined) {
    const row = await tx.get(workspaceMembers, [workspaceId, userId]);
    answer = row !== undefined && !row.deactivated;
    known.set(workspaceId, answer);
  }
  return answer;
}

/** Exact at its head and read position. */
export async function summaryOf(tx: ReadTx, member: MemberRow, membership: MembershipRow | undefined, head: { rev: number; seq: number; last_at: number }): Promise<Summary | undefined> {
  const channel = await tx.get(channels, [member.channel_id]);
  if (!channel) return undefined;
  const at = positionOf(member, membership);
  return {
    channel_id: member.channel_id, head_seq: head.seq, head_rev: head.rev, ...at, ...(await countUnread(tx, channel, member, at.read_seq, head)),
    last_message_at: head.last_at > 0 ? microsToIso(head.last_at) : null, channel: channelEntity(channel, head),
  };
}
