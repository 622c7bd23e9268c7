import { can, type Action, type Actor, type ChannelFacts, type MessageFacts, type Resource, type Verdict } from '@parley/shared/domain/can';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx } from '../../storage/port.ts';
import { channels, members, workspaceMembers, type ChannelRow, type MemberRow } from '../../storage/tables.ts';

/** Who acts: what a command or a read is told of the caller. */
export interface ActorRef {
  user_id: string;
  server_role: Actor['server_role'];
}

/** A channel as one person meets it, read in one transaction. */
export interface Access {
  actor: Actor;
  row: ChannelRow;
  member: MemberRow | null;
  facts: ChannelFacts;
}

export async function actorIn(tx: ReadTx, who: ActorRef, workspaceId: string): Promise<Actor> {
  const row = await tx.get(workspaceMembers, [workspaceId, who.user_id]);
  return { user_id: who.user_id, server_role: who.server_role, workspace_role: row && !row.deactivated ? row.role : null };
}

/** Undefined when there is no such channel. Whether the person may see it is for `can`. */
export async function accessTo(tx: ReadTx, who: ActorRef, channelId: string): Promise<Access | undefined> {
  const row = await tx.get(channels, [channelId]);
  if (!row) return undefined;
  const actor = await actorIn(tx, who, row.workspace_id);
  const member = actor.workspace_role === null ? null : ((await tx.get(members, [channelId, who.user_id])) ?? null);
  return { actor, row, member, facts: factsOf(row, member) };
}

export function factsOf(row: ChannelRow, member: MemberRow | null): ChannelFacts {
  return {
    kind: row.kind, archived: row.doc.archived, posting: row.doc.posting, is_default: row.doc.is_default === true,
    member_count: row.members, creator_id: row.doc.creator_id ?? null, importing: row.import_id != null,
    membership: member && { role: member.role, visible_from_seq: member.visible_from_seq },
  };
}

/** @throws ParleyError `not_found` or `forbidden`, as the verdict says. */
export function demand(verdict: Verdict, detail?: string): void {
  if (verdict === 'not_found') throw new ParleyError('not_found', 'not there, or not for you');
  if (verdict === 'forbidden') throw new ParleyError('forbidden', detail);
}

/** @throws ParleyError unless the person may act so on the channel, or on a message in it. */
export async function demandAccess(tx: ReadTx, who: ActorRef, channelId: string, action: Action, message?: MessageFacts): Promise<Access> {
  const access = await accessTo(tx, who, channelId);
  if (!access) throw new ParleyError('not_found', 'not there, or not for you');
  demand(allows(access, action, message));
  return access;
}

export function allows(access: Access, action: Action, message?: MessageFacts): Verdict {
  const resource: Resource = { channel: access.facts };
  if (message) resource.message = message;
  return can(access.actor, action, resource);
}

/** @throws ParleyError unless the person may act so in the workspace. */
export async function demandInWorkspace(tx: ReadTx, who: ActorRef, workspaceId: string, action: Action, resource: Resource = {}): Promise<Actor> {
  const actor = await actorIn(tx, who, workspaceId);
  demand(can(actor, action, resource));
  return actor;
}

/** The least seq the person may read: after what retention purged, from where the stay lets them. */
export function firstVisibleSeq(access: Pick<Access, 'row' | 'member'>): number {
  return Math.max(access.row.doc.purged_through_seq + 1, access.member?.visible_from_seq ?? 1, 1);
}
