import { userStream } from '@parley/shared/domain/streams';
import type { ReadTx } from '../../storage/port.ts';
import { entities, members, type EntityRow, type MemberRow, type MembershipDoc } from '../../storage/tables.ts';

/** The membership entity with what is kept beside it: its tombstone goes on holding the read epoch and the levels. */
export interface MembershipRow extends EntityRow<MembershipDoc> {
  /** The epoch of the last stay, kept when the doc is a tombstone. */
  read_epoch?: number;
  /** When the read position last moved, microseconds. */
  read_at?: number | null;
}

/** More than any person has channels of; a list that long is a mistake. */
const MOST = 50_000;

export async function membershipRow(tx: ReadTx, userId: string, channelId: string): Promise<MembershipRow | undefined> {
  return (await tx.get(entities, [userStream(userId), 'membership', channelId])) as MembershipRow | undefined;
}

/** The person's memberships as projected; the member row of each channel is the truth. Tombstones are left out. */
export async function membershipsOf(tx: ReadTx, userId: string): Promise<MembershipRow[]> {
  const rows = (await tx.find(entities, { prefix: [userStream(userId), 'membership'], limit: MOST })) as MembershipRow[];
  return rows.filter((row) => !row.doc.deleted);
}

/** Where a person stands in a channel. */
export interface ReadPosition {
  read_epoch: number;
  read_seq: number;
}

/** The position of a stay; of one that is not projected yet: what its projection will say. */
export function positionOf(member: MemberRow, row: MembershipRow | undefined): ReadPosition {
  if (row && !row.doc.deleted && row.doc.stay_id === member.stay_id) return { read_epoch: row.doc.read_epoch, read_seq: row.doc.read_seq };
  return { read_epoch: nextEpoch(row), read_seq: member.joined_seq };
}

/** A new stay's epoch goes on over the stays before it, so that late acks of those move nothing. */
export function nextEpoch(row: MembershipRow | undefined): number {
  if (!row) return 0;
  return (row.doc.deleted ? (row.read_epoch ?? 0) : row.doc.read_epoch) + 1;
}

/** Whether two people of a workspace are in one channel of it. */
export async function sharesChannel(tx: ReadTx, workspaceId: string, userId: string, otherId: string): Promise<boolean> {
  for (const row of await membershipsOf(tx, userId)) {
    if (row.doc.workspace_id !== workspaceId) continue;
    if ((await tx.get(members, [row.id, userId])) && (await tx.get(members, [row.id, otherId]))) return true;
  }
  return false;
}
