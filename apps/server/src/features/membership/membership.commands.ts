import { userStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Membership } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { putEntity } from '../../storage/streams.ts';
import { channels, entities, members, type MemberRow } from '../../storage/tables.ts';
import { demandAccess, type ActorRef } from '../channels/channel-access.ts';
import type { MembershipRef } from '../channels/member-changes.ts';
import { membershipRow, nextEpoch, type MembershipRow } from './memberships.ts';

export const membershipCommands = {
  /**
   * Brings the user streams' membership entities in line with the channels' member rows. Idempotent: what is in line stays
   * as it is, so that it may run right after the commit, again by the outbox's consumer, and in any order.
   */
  'membership.project': defineCommand(async (tx, args: { memberships: MembershipRef[] }) => {
    for (const ref of args.memberships) await project(tx, ref);
    return {};
  }),

  'membership.set_level': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; level?: Membership['level']; muted?: boolean }): Promise<Membership> => {
    await demandAccess(tx, args.who, args.channel_id, 'channel.follow');
    await project(tx, { channel_id: args.channel_id, user_id: args.who.user_id });
    const row = await membershipRow(tx, args.who.user_id, args.channel_id);
    if (!row || row.doc.deleted) throw new ParleyError('not_found', 'no membership');
    const doc = { ...row.doc, level: args.level ?? row.doc.level, muted: args.muted ?? row.doc.muted };
    if (doc.level === row.doc.level && doc.muted === row.doc.muted) return row.doc;
    return (await putMembership(tx, args.who.user_id, doc, { read_at: row.read_at ?? null })).doc;
  }),
};

async function project(tx: Tx, ref: MembershipRef): Promise<void> {
  const member = await tx.get(members, [ref.channel_id, ref.user_id]);
  const row = await membershipRow(tx, ref.user_id, ref.channel_id);
  if (member) await projectStay(tx, member, row);
  else if (row && !row.doc.deleted) {
    await putEntity(tx, userStream(ref.user_id), { type: 'membership', id: ref.channel_id, deleted: true }, { hidden: { read_epoch: row.doc.read_epoch, read_at: null } });
    await dropThreads(tx, ref);
  }
}

async function projectStay(tx: Tx, member: MemberRow, row: MembershipRow | undefined): Promise<void> {
  if (row && !row.doc.deleted && row.doc.stay_id === member.stay_id) {
    if (row.doc.role === member.role) return;
    await putMembership(tx, member.user_id, { ...row.doc, role: member.role }, { read_at: row.read_at ?? null });
    return;
  }
  const channel = await tx.get(channels, [member.channel_id]);
  if (!channel) return;
  await putMembership(tx, member.user_id, {
    channel_id: member.channel_id, workspace_id: channel.workspace_id, role: member.role, stay_id: member.stay_id, visible_from_seq: member.visible_from_seq,
    joined_seq: member.joined_seq, read_epoch: nextEpoch(row), read_seq: member.joined_seq, level: 'default', muted: false, joined_at: microsToIso(member.joined_at),
  }, { read_at: null });
}

/** Stores a membership entity under the next rev of its user's stream. */
export async function putMembership(tx: Tx, userId: string, doc: MembershipRow['doc'], hidden: { read_at: number | null }, facts?: Record<string, unknown>): Promise<MembershipRow> {
  return (await putEntity(tx, userStream(userId), { ...doc, type: 'membership', id: doc.channel_id }, { hidden, ...(facts && { facts }) })) as MembershipRow;
}

/** Threads of a channel that was left go with it; what is kept of them lets a rejoiner's positions go on. */
async function dropThreads(tx: Tx, ref: MembershipRef): Promise<void> {
  const stream = userStream(ref.user_id);
  const threads = await tx.find(entities, { prefix: [stream, 'thread'], limit: 100_000 });
  for (const thread of threads) {
    const doc = thread.doc as { channel_id?: string; deleted?: boolean; read_epoch: number };
    if (doc.deleted || doc.channel_id !== ref.channel_id) continue;
    await putEntity(tx, stream, { type: 'thread', id: thread.id, deleted: true }, { hidden: { read_epoch: doc.read_epoch, stay_id: null } });
  }
}
