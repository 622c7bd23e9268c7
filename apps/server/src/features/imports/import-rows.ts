import { channelStream, userStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { headOf, type ChannelChange } from '../../storage/streams.ts';
import { entities, heads, importMap, members, messages, sessions, stays, type ChannelRow, type EntityRow, type MembershipDoc, type MessageRow } from '../../storage/tables.ts';
import { membershipRow, nextEpoch, type MembershipRow } from '../membership/memberships.ts';
import { putMembership } from '../membership/membership.commands.ts';

/** What a source's id became here, if it is here already. */
export async function mapped(tx: ReadTx, scope: string, sourceId: string): Promise<string | undefined> {
  return (await tx.get(importMap, [scope, sourceId]))?.id;
}

/** The message of a channel that was written at exactly this time. */
export async function messageAt(tx: ReadTx, channelId: string, us: number): Promise<MessageRow | undefined> {
  return (await tx.find(messages, { index: 'by_time', prefix: [channelId, us], limit: 1 }))[0];
}

/** True when all that the channel holds came by imports: then more may be put behind it. */
export async function holdsOnlyImports(tx: ReadTx, row: ChannelRow): Promise<boolean> {
  const head = await headOf(tx, channelStream(row.id));
  if (head.seq === 0) return true;
  const newest = await tx.get(messages, [row.id, head.seq]);
  // Imports write only behind imports, so that the newest one tells of all.
  return newest?.doc.imported === true;
}

const hasSession = async (tx: Tx, userId: string): Promise<boolean> => (await tx.find(sessions, { prefix: [userId], limit: 1 })).length > 0;

/**
 * Makes people members who never were, read up to the head. Accounts that nobody signed in to have no gateway to tell and no
 * device to wake: their memberships are written without an event, which for tens of thousands of them is what makes it quick.
 */
export async function joinImported(change: ChannelChange, row: ChannelRow, people: readonly { user_id: string; role: 'moderator' | 'member' }[]): Promise<number> {
  const { tx, head } = change;
  let joined = 0;
  for (const { user_id, role } of people) {
    if (await tx.get(members, [row.id, user_id])) continue;
    // Who left of their own accord is not brought back.
    if ((await tx.find(stays, { prefix: [row.id, user_id], limit: 1 })).length > 0) continue;
    const stay_id = tx.uuid();
    const at = tx.now();
    await tx.insert(members, { channel_id: row.id, user_id, role, stay_id, visible_from_seq: 1, joined_seq: head.seq, joined_at: at });
    await tx.insert(stays, { channel_id: row.id, user_id, stay_id, joined_seq: head.seq, joined_at: at, left_seq: null, left_at: null });
    const before = await membershipRow(tx, user_id, row.id);
    const doc: MembershipDoc = {
      channel_id: row.id, workspace_id: row.workspace_id, role, stay_id, visible_from_seq: 1, joined_seq: head.seq, read_epoch: nextEpoch(before), read_seq: head.seq,
      level: 'default', muted: false, joined_at: microsToIso(at),
    };
    if (await hasSession(tx, user_id)) {
      change.control({ kind: 'joined', user_id, stay_id, visible_from_seq: 1 });
      await putMembership(tx, user_id, doc, { read_at: null });
    } else await putQuietly(tx, user_id, doc, null);
    joined++;
  }
  row.members += joined;
  return joined;
}

/** Moves a member's read position to the head, when it is behind. */
export async function settle(tx: Tx, userId: string, channelId: string, headSeq: number): Promise<void> {
  const row: MembershipRow | undefined = await membershipRow(tx, userId, channelId);
  if (!row || row.doc.deleted || row.doc.read_seq >= headSeq) return;
  const doc = { ...row.doc, read_seq: headSeq };
  if (await hasSession(tx, userId)) await putMembership(tx, userId, doc, { read_at: row.read_at ?? null });
  else await putQuietly(tx, userId, doc, row.read_at ?? null);
}

async function putQuietly(tx: Tx, userId: string, doc: MembershipDoc, read_at: number | null): Promise<void> {
  const stream = userStream(userId);
  const head = await headOf(tx, stream);
  const rev = head.rev + 1;
  await tx.put(heads, { ...head, rev });
  const row: EntityRow = { stream, type: 'membership', id: doc.channel_id, rev, sort: null, doc: { ...doc, type: 'membership', id: doc.channel_id, rev }, read_at };
  await tx.put(entities, row);
}
