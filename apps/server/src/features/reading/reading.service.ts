import { channelStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import type * as calls from '@parley/shared/protocol/calls/reading';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Caller } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import type { ReadTx } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { delivered, entities, members, threadFollowers } from '../../storage/tables.ts';
import { workspaceStream } from '@parley/shared/domain/streams';
import { accessTo, allows, demand, type Access, type ActorRef } from '../channels/channel-access.ts';
import { membershipRow, positionOf } from '../membership/memberships.ts';
import { demandMessage, messageFacts } from '../messages/find-message.ts';
import { threadPosition, threadRow } from '../threads/thread-entity.ts';
import { countUnread, countUnreadReplies } from './counts.ts';
import type { Move } from './reading.commands.ts';

type ReadingDeps = Pick<Deps, 'store'>;
type Position = calls.Position;

/** Where the person stands now, exact at one snapshot. Undefined without a membership. */
async function positionNow(tx: ReadTx, who: ActorRef, place: { channel_id: string; thread_root_id?: string }, known?: Access): Promise<Position | undefined> {
  const access = known ?? (await accessTo(tx, who, place.channel_id));
  if (!access?.member || allows(access, 'channel.follow') !== 'allowed') return undefined;
  if (place.thread_root_id !== undefined) {
    const follower = await tx.get(threadFollowers, [place.channel_id, place.thread_root_id, who.user_id]);
    const at = threadPosition(access.member, await threadRow(tx, who.user_id, place.thread_root_id), follower);
    return { channel_id: place.channel_id, thread_root_id: place.thread_root_id, ...at, unread: await countUnreadReplies(tx, access.row, access.member, place.thread_root_id, at.read_seq), mentions: 0 };
  }
  const at = positionOf(access.member, await membershipRow(tx, who.user_id, place.channel_id));
  return { channel_id: place.channel_id, ...at, ...(await countUnread(tx, access.row, access.member, at.read_seq, await headOf(tx, channelStream(place.channel_id)))) };
}

async function demandPosition(tx: ReadTx, who: ActorRef, place: { channel_id: string; thread_root_id?: string }): Promise<Position> {
  const position = await positionNow(tx, who, place);
  if (!position) throw new ParleyError('not_found', 'not there, or not for you');
  return position;
}

/** Whether a move would change anything: most repeats would not, and need no write. */
const moves = (at: Position, epoch: number | null | undefined, seq: number): boolean => (epoch == null || epoch === at.read_epoch) && seq > at.read_seq;

export async function ack(deps: ReadingDeps, who: Caller, input: RequestOf<typeof calls.ack>): Promise<Position> {
  if (input.device_id !== who.device_id) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'device_id', message: 'not the session\'s own' }] });
  const actor = { user_id: who.user_id, server_role: who.server_role };
  const found = await deps.store.read(async (tx) => {
    const { row, access } = await demandMessage(tx, actor, input);
    demand(allows(access, 'channel.follow', messageFacts(row)), 'positions are of members');
    const place = { channel_id: row.channel_id, ...(input.thread_root_id === undefined ? {} : { thread_root_id: input.thread_root_id }) };
    if (place.thread_root_id !== undefined && row.id !== place.thread_root_id && row.parent_message_id !== place.thread_root_id) {
      throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'message_id', message: 'not of this thread' }] });
    }
    return { place, seq: row.seq, at: (await positionNow(tx, actor, place, access))! };
  });
  if (input.kind === 'delivered') {
    await deps.store.run('reading.delivered', { who: actor, channel_id: found.place.channel_id, device_id: who.device_id, seq: found.seq });
    return found.at;
  }
  if (!moves(found.at, input.read_epoch, found.seq)) return found.at;
  await deps.store.run('reading.move', { who: actor, moves: [{ ...found.place, read_epoch: input.read_epoch ?? null, seq: found.seq }] });
  return deps.store.read((tx) => demandPosition(tx, actor, found.place));
}

/** Positions in channels that one is no member of (any more) are left out of the answer. */
export async function ackMany(deps: ReadingDeps, who: ActorRef, input: RequestOf<typeof calls.ackMany>): Promise<ResponseOf<typeof calls.ackMany>> {
  const actor = { user_id: who.user_id, server_role: who.server_role };
  if (input.positions.length > 0) await deps.store.run('reading.move', { who: actor, moves: input.positions satisfies Move[] });
  return deps.store.read(async (tx) => {
    const positions: Position[] = [];
    for (const place of input.positions) {
      const position = await positionNow(tx, actor, place);
      if (position) positions.push(position);
    }
    return { positions };
  });
}

export async function markUnread(deps: ReadingDeps, who: ActorRef, input: RequestOf<typeof calls.markUnread>): Promise<Position> {
  const actor = { user_id: who.user_id, server_role: who.server_role };
  await deps.store.run('reading.mark_unread', { ...input, who: actor });
  return deps.store.read((tx) => demandPosition(tx, actor, input));
}

/** Who has received and who has read a message, from positions: so also of those who read past it. Never its author. */
export async function receipts(deps: ReadingDeps, who: ActorRef, input: RequestOf<typeof calls.getReceipts>): Promise<ResponseOf<typeof calls.getReceipts>> {
  return deps.store.read(async (tx) => {
    const { row, access } = await demandMessage(tx, who, input);
    demand(allows(access, 'channel.follow', messageFacts(row)), 'receipts are for members');
    if (access.row.members > LIMITS.receipts_members) throw new ParleyError('forbidden', `no receipts in channels of over ${LIMITS.receipts_members} members`);
    const workspace = await tx.get(entities, [workspaceStream(access.row.workspace_id), 'workspace', access.row.workspace_id]);
    const settings = (workspace?.doc as { settings?: Record<string, unknown> } | undefined)?.settings;
    if (settings?.['receipts'] === false) throw new ParleyError('forbidden', 'receipts are switched off');
    const answer: ResponseOf<typeof calls.getReceipts> = { delivered: [], read: [] };
    for (const member of await tx.find(members, { prefix: [row.channel_id], limit: LIMITS.receipts_members })) {
      if (member.user_id === row.author_id || row.seq < member.visible_from_seq) continue;
      const membership = await membershipRow(tx, member.user_id, row.channel_id);
      if (membership?.read_at && positionOf(member, membership).read_seq >= row.seq) answer.read.push({ user_id: member.user_id, at: microsToIso(membership.read_at) });
      for (const device of await tx.find(delivered, { prefix: [row.channel_id, member.user_id], limit: LIMITS.sockets_per_account })) {
        if (device.seq >= row.seq) answer.delivered.push({ user_id: member.user_id, device_id: device.device_id, at: microsToIso(device.at) });
      }
    }
    return answer;
  });
}
