import { userStream } from '@parley/shared/domain/streams';
import type { Thread } from '@parley/shared/protocol/entities';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { putEntity } from '../../storage/streams.ts';
import { entities, type ChannelRow, type EntityRow, type MemberRow, type ThreadDoc, type ThreadFollowerRow } from '../../storage/tables.ts';
import { countUnreadReplies } from '../reading/counts.ts';

/** A thread entity with what is kept beside it. */
export interface ThreadRow extends EntityRow<ThreadDoc> {
  /** The stay that the position belongs to; another one begins anew. */
  stay_id?: string | null;
  /** The epoch of a tombstone. */
  read_epoch?: number;
}

export async function threadRow(tx: ReadTx, userId: string, rootId: string): Promise<ThreadRow | undefined> {
  return (await tx.get(entities, [userStream(userId), 'thread', rootId])) as ThreadRow | undefined;
}

export interface ThreadPosition {
  read_epoch: number;
  read_seq: number;
}

/** Where a member stands in a thread; who has no position yet begins where following began. */
export function threadPosition(member: MemberRow, row: ThreadRow | undefined, follower: ThreadFollowerRow | undefined): ThreadPosition {
  if (row && !row.doc.deleted && row.stay_id === member.stay_id) return { read_epoch: row.doc.read_epoch, read_seq: row.doc.read_seq };
  const read_seq = Math.max(follower?.from_seq ?? 0, member.joined_seq);
  if (!row) return { read_epoch: 0, read_seq };
  return { read_epoch: (row.doc.deleted ? (row.read_epoch ?? 0) : row.doc.read_epoch) + 1, read_seq };
}

export interface ThreadPlace {
  channel: ChannelRow;
  member: MemberRow;
  root_id: string;
  follower: ThreadFollowerRow | undefined;
}

/** Brings the person's thread entity in line with the thread, at the given position or where they stand. Takes a rev only when it changes. */
export async function putThread(tx: Tx, place: ThreadPlace, position?: ThreadPosition): Promise<Thread> {
  const { channel, member, root_id, follower } = place;
  const row = await threadRow(tx, member.user_id, root_id);
  const at = position ?? threadPosition(member, row, follower);
  const doc: ThreadDoc = {
    root_id, channel_id: channel.id, following: follower?.following === 1, read_epoch: at.read_epoch, read_seq: at.read_seq,
    unread: await countUnreadReplies(tx, channel, member, root_id, at.read_seq),
  };
  const before = row?.doc;
  if (before && !before.deleted && row.stay_id === member.stay_id && before.following === doc.following && before.read_epoch === doc.read_epoch && before.read_seq === doc.read_seq && before.unread === doc.unread) return before;
  const put = await putEntity(tx, userStream(member.user_id), { ...doc, type: 'thread', id: root_id }, { hidden: { stay_id: member.stay_id } });
  return put.doc as Thread;
}
