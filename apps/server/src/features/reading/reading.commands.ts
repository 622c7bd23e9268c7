import { channelStream } from '@parley/shared/domain/streams';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { delivered, messages, threadFollowers } from '../../storage/tables.ts';
import { accessTo, allows, demand, demandAccess, type Access, type ActorRef } from '../channels/channel-access.ts';
import { membershipCommands, putMembership } from '../membership/membership.commands.ts';
import { membershipRow, type MembershipRow } from '../membership/memberships.ts';
import { settleMember } from '../pointers/pointers.ts';
import { putThread, threadPosition, threadRow } from '../threads/thread-entity.ts';

export interface Move {
  channel_id: string;
  thread_root_id?: string;
  /** Null: the current one. */
  read_epoch: number | null;
  seq: number;
}

export const readingCommands = {
  /**
   * Moves positions forward: `(epoch, seq)` by lexicographic maximum, where only the server gives epochs, so that a move
   * under any but the current epoch does nothing. Channels that one is no member of are passed over.
   */
  'reading.move': defineCommand(async (tx, args: { who: ActorRef; moves: Move[] }) => {
    for (const move of args.moves) {
      const access = await accessTo(tx, args.who, move.channel_id);
      if (!access || allows(access, 'channel.follow') !== 'allowed') continue;
      const head = await headOf(tx, channelStream(move.channel_id));
      const seq = Math.min(move.seq, head.seq);
      if (move.thread_root_id === undefined) await moveChannel(tx, access, move.read_epoch, seq);
      else await moveThread(tx, access, move.thread_root_id, move.read_epoch, seq);
    }
    return {};
  }),

  /** Makes `seq` the first unread one, in the next epoch. With another `from_epoch` than the stored one nothing happens. */
  'reading.mark_unread': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; seq: number; thread_root_id?: string; from_epoch?: number }) => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.follow');
    const head = await headOf(tx, channelStream(args.channel_id));
    const readSeq = Math.min(args.seq - 1, head.seq);
    if (args.thread_root_id === undefined) {
      const row = await currentMembership(tx, access);
      if (args.from_epoch !== undefined && args.from_epoch !== row.doc.read_epoch) return {};
      await movePosition(tx, access, { ...row.doc, read_epoch: row.doc.read_epoch + 1, read_seq: readSeq }, row.read_at ?? null);
      return {};
    }
    const place = await threadPlace(tx, access, args.thread_root_id);
    const at = threadPosition(access.member!, await threadRow(tx, args.who.user_id, args.thread_root_id), place.follower);
    if (args.from_epoch !== undefined && args.from_epoch !== at.read_epoch) return {};
    await putThread(tx, place, { read_epoch: at.read_epoch + 1, read_seq: readSeq });
    return {};
  }),

  /** A device has received a channel up to `seq`. */
  'reading.delivered': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; device_id: string; seq: number }) => {
    await demandAccess(tx, args.who, args.channel_id, 'channel.follow');
    const before = await tx.get(delivered, [args.channel_id, args.who.user_id, args.device_id]);
    if (before && before.seq >= args.seq) return {};
    await tx.put(delivered, { channel_id: args.channel_id, user_id: args.who.user_id, device_id: args.device_id, seq: args.seq, at: tx.now() });
    return {};
  }),
};

/** The membership entity of the present stay, projected first when that has not been done yet. */
async function currentMembership(tx: Tx, access: Access): Promise<MembershipRow> {
  const { user_id, channel_id } = access.member!;
  const row = await membershipRow(tx, user_id, channel_id);
  if (row && !row.doc.deleted && row.doc.stay_id === access.member!.stay_id) return row;
  await membershipCommands['membership.project'](tx, { memberships: [{ channel_id, user_id }] });
  return (await membershipRow(tx, user_id, channel_id))!;
}

async function moveChannel(tx: Tx, access: Access, epoch: number | null, seq: number): Promise<void> {
  const row = await currentMembership(tx, access);
  if (epoch !== null && epoch !== row.doc.read_epoch) return;
  if (seq <= row.doc.read_seq) return;
  await movePosition(tx, access, { ...row.doc, read_seq: seq }, tx.now());
}

/** With the position moves what a large channel keeps of who has caught up: that is one commit. */
async function movePosition(tx: Tx, access: Access, doc: MembershipRow['doc'], readAt: number | null): Promise<void> {
  const member = access.member!;
  const settled = access.row.large === 1 ? await settleMember(tx, access.row, member, doc.read_seq) : null;
  await putMembership(tx, member.user_id, doc, { read_at: readAt }, settled === 'inserted' ? { caught_up: access.row.id } : undefined);
}

async function moveThread(tx: Tx, access: Access, rootId: string, epoch: number | null, seq: number): Promise<void> {
  const [root] = await tx.find(messages, { index: 'by_id', prefix: [rootId], limit: 1 });
  if (!root || root.channel_id !== access.row.id || root.parent_message_id !== null) return;
  const follower = await tx.get(threadFollowers, [access.row.id, rootId, access.member!.user_id]);
  const at = threadPosition(access.member!, await threadRow(tx, access.member!.user_id, rootId), follower);
  if (epoch !== null && epoch !== at.read_epoch) return;
  if (seq <= at.read_seq) return;
  await putThread(tx, { channel: access.row, member: access.member!, root_id: rootId, follower }, { read_epoch: at.read_epoch, read_seq: seq });
}

async function threadPlace(tx: Tx, access: Access, rootId: string) {
  const [root] = await tx.find(messages, { index: 'by_id', prefix: [rootId], limit: 1 });
  demand(root && root.channel_id === access.row.id && root.parent_message_id === null ? 'allowed' : 'not_found');
  if (root!.seq < access.member!.visible_from_seq) throw new ParleyError('not_found', 'no such thread here');
  return { channel: access.row, member: access.member!, root_id: rootId, follower: await tx.get(threadFollowers, [access.row.id, rootId, access.member!.user_id]) };
}
