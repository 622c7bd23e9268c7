import { ParleyError } from '@parley/shared/protocol/errors';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { caughtUp, channels, members, stays, type ChannelRow, type MemberRow } from '../../storage/tables.ts';
import { addSystemMessage, type SystemEvent } from '../messages/system-messages.ts';

/** A member row that was written or removed: what the membership projection has to look at again after the commit. */
export interface MembershipRef {
  channel_id: string;
  user_id: string;
}

/** Channels with more members publish a new `member_count` once a minute at most. */
export const BUSY_MEMBERS = 100;
const COUNT_INTERVAL_US = 60_000_000;

export interface Joining {
  user_ids: readonly string[];
  role?: MemberRow['role'];
  /** The one among them who moderates. */
  moderator?: string;
  /** `now`: they see nothing from before. */
  history?: 'all' | 'now';
}

/**
 * Makes people members, in the change's transaction. Who is one already is passed over.
 * @returns those who were not.
 */
export async function joinPeople(change: ChannelChange, row: ChannelRow, joining: Joining): Promise<string[]> {
  const { tx, channelId, head } = change;
  const joined: string[] = [];
  const at = tx.now();
  // The stay begins here: lines about the joining lie behind it.
  const joinedSeq = head.seq;
  for (const userId of new Set(joining.user_ids)) {
    if (await tx.get(members, [channelId, userId])) continue;
    const stayId = tx.uuid();
    const visibleFrom = joining.history === 'now' ? joinedSeq + 1 : 1;
    await tx.insert(members, { channel_id: channelId, user_id: userId, role: userId === joining.moderator ? 'moderator' : (joining.role ?? 'member'), stay_id: stayId, visible_from_seq: visibleFrom, joined_seq: joinedSeq, joined_at: at });
    await tx.insert(stays, { channel_id: channelId, user_id: userId, stay_id: stayId, joined_seq: joinedSeq, joined_at: at, left_seq: null, left_at: null });
    change.control({ kind: 'joined', user_id: userId, stay_id: stayId, visible_from_seq: visibleFrom });
    joined.push(userId);
  }
  await recount(change, row, joined.length);
  return joined;
}

/**
 * Ends people's stays, in the change's transaction. Who is no member is passed over.
 * @returns those who were.
 */
export async function partPeople(change: ChannelChange, row: ChannelRow, userIds: readonly string[]): Promise<string[]> {
  const { tx, channelId, head } = change;
  const left: string[] = [];
  for (const userId of new Set(userIds)) {
    const member = await tx.get(members, [channelId, userId]);
    if (!member) continue;
    await tx.delete(members, [channelId, userId]);
    if (row.large === 1) await tx.delete(caughtUp, [channelId, userId]);
    const stay = await tx.get(stays, [channelId, userId, member.stay_id]);
    if (stay) await tx.put(stays, { ...stay, left_seq: head.seq, left_at: tx.now() });
    change.control({ kind: 'left', user_id: userId });
    left.push(userId);
  }
  await recount(change, row, -left.length);
  return left;
}

async function recount(change: ChannelChange, row: ChannelRow, by: number): Promise<void> {
  if (by === 0) return;
  row.members += by;
  const now = change.tx.now();
  if (row.members > BUSY_MEMBERS && now - row.counted_at < COUNT_INTERVAL_US) {
    await change.tx.put(channels, row);
    return;
  }
  row.counted_at = now;
  row.doc.member_count = row.members;
  await change.channel(row);
}

/** For lines about people's coming and going: the default channel and direct messages have none. */
export async function tell(change: ChannelChange, row: ChannelRow, authorId: string, event: SystemEvent, about: { user_ids?: string[]; text?: string } = {}): Promise<void> {
  if (row.kind === 'dm' || row.kind === 'group_dm' || row.doc.is_default || row.import_id != null) return;
  await addSystemMessage(change, authorId, event, about);
}

/** Makes one person a member of a channel, for other features' commands: workspaces, invitations, imports. Asks nobody's rights. */
export async function addMember(tx: Tx, args: { channel_id: string; user_id: string; role?: MemberRow['role']; history?: 'all' | 'now' }): Promise<MembershipRef[]> {
  const row = await channelRow(tx, args.channel_id);
  const change = await ChannelChange.begin(tx, args.channel_id);
  const joined = await joinPeople(change, row, { user_ids: [args.user_id], role: args.role, history: args.history });
  if (joined.length > 0) await tell(change, row, args.user_id, 'joined');
  await change.end();
  return joined.map((user_id) => ({ channel_id: args.channel_id, user_id }));
}

/** Ends one person's stay, for other features' commands. Asks nobody's rights, and takes people out of the default channel too. */
export async function removeMember(tx: Tx, args: { channel_id: string; user_id: string }): Promise<MembershipRef[]> {
  const row = await channelRow(tx, args.channel_id);
  const change = await ChannelChange.begin(tx, args.channel_id);
  const left = await partPeople(change, row, [args.user_id]);
  if (left.length > 0) await tell(change, row, args.user_id, 'left');
  await change.end();
  return left.map((user_id) => ({ channel_id: args.channel_id, user_id }));
}

export async function channelRow(tx: Tx, channelId: string): Promise<ChannelRow> {
  const row = await tx.get(channels, [channelId]);
  if (!row) throw new ParleyError('not_found', 'no such channel');
  return row;
}
