import type { ReadTx } from '../../storage/port.ts';
import { mentions, messages, type ChannelRow, type HeadRow, type MemberRow } from '../../storage/tables.ts';

export interface Counts {
  unread: number;
  mentions: number;
}
const NONE: Counts = { unread: 0, mentions: 0 };

/** What lies at or below is read, purged, or from before the stay's view. */
export function floorOf(channel: ChannelRow, member: MemberRow, readSeq: number): number {
  return Math.max(readSeq, channel.doc.purged_through_seq, member.visible_from_seq - 1);
}

/**
 * Exact unread and mentions of one membership: counted from the indexes, no row is read. `<!channel>` keeps no row a
 * person, so those are counted from the stay's beginning on, less one's own, less those that have named one anyway.
 */
export async function countUnread(tx: ReadTx, channel: ChannelRow, member: MemberRow, readSeq: number, head: Pick<HeadRow, 'seq'>): Promise<Counts> {
  const floor = floorOf(channel, member, readSeq);
  if (floor >= head.seq) return NONE;
  const id = channel.id;
  const user = member.user_id;
  const counting = await tx.count(messages, { index: 'by_counted', prefix: [id], gt: floor });
  if (counting === 0) return NONE;
  const own = await tx.count(messages, { index: 'by_author_counted', prefix: [id, user], gt: floor });
  if (own === counting) return NONE;
  let named = await tx.count(mentions, { prefix: [id, user], gt: floor });
  const since = Math.max(floor, member.joined_seq);
  const everyone = await tx.count(messages, { index: 'by_everyone', prefix: [id], gt: since });
  if (everyone > 0) {
    const mine = await tx.count(messages, { index: 'by_author_everyone', prefix: [id, user], gt: since });
    const twice = named === 0 ? 0 : await tx.count(mentions, { index: 'by_everyone', prefix: [id, user, 1], gt: since });
    named += everyone - mine - twice;
  }
  return { unread: counting - own, mentions: named };
}

/** Exact unread replies of one thread. */
export async function countUnreadReplies(tx: ReadTx, channel: ChannelRow, member: MemberRow, rootId: string, readSeq: number): Promise<number> {
  const floor = floorOf(channel, member, readSeq);
  const replies = await tx.count(messages, { index: 'by_reply', prefix: [channel.id, rootId], gt: floor });
  if (replies === 0) return 0;
  return replies - (await tx.count(messages, { index: 'by_author_reply', prefix: [channel.id, rootId, member.user_id], gt: floor }));
}
