import type { ReadTx, Tx } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { channelStream } from '@parley/shared/domain/streams';
import { caughtUp, messages, type ChannelRow, type MemberRow, type MessageRow } from '../../storage/tables.ts';
import { dropEntry, entryId, entryOf, messageEntry, putEntry } from '../inbox/inbox-entries.ts';
import { floorOf } from '../reading/counts.ts';

/** The first that comes is nearly always another's. */
const FIRST_LOOK = 2;
const SCAN = 50;

/** The first message of a channel that counts as unread for a member; undefined when they have caught up. */
export async function firstUnread(tx: ReadTx, channel: ChannelRow, member: MemberRow, readSeq: number): Promise<MessageRow | undefined> {
  for (let floor = floorOf(channel, member, readSeq), limit = FIRST_LOOK; ; limit = SCAN) {
    const page = await tx.find(messages, { index: 'by_counted', prefix: [channel.id], gt: floor, limit });
    const found = page.find((row) => row.author_id !== member.user_id);
    if (found || page.length < limit) return found;
    floor = page.at(-1)!.seq;
  }
}

/**
 * Brings what is kept of one member of a large channel in line with their position: a pointer while something is unread for
 * them, a row of `caught_up` while nothing is, never neither. A pointer stays where it is while its message is ahead of
 * the position.
 *
 * `inserted`: there was no row before. A message that was committed beside this command may have found none either: whoever
 * inserts one looks again when it is committed (`PointerKeeper.recheck`), and that look must happen though the process ends.
 */
export async function settleMember(tx: Tx, channel: ChannelRow, member: MemberRow, readSeq: number): Promise<'unread' | 'caught_up' | 'inserted'> {
  const key = [member.channel_id, member.user_id];
  const id = entryId('pointer', member.channel_id);
  const unread = await firstUnread(tx, channel, member, readSeq);
  if (unread) {
    const present = await entryOf(tx, member.user_id, id);
    if (!present || present.seq <= floorOf(channel, member, readSeq)) await putEntry(tx, member.user_id, messageEntry('pointer', member.channel_id, unread, []));
    await tx.delete(caughtUp, key);
    return 'unread';
  }
  const before = await tx.get(caughtUp, key);
  const { seq } = await headOf(tx, channelStream(member.channel_id));
  await tx.put(caughtUp, { channel_id: member.channel_id, user_id: member.user_id, seq });
  await dropEntry(tx, member.user_id, id);
  return before ? 'caught_up' : 'inserted';
}
