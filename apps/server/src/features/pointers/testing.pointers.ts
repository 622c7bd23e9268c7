import type { InboxEntry } from '@parley/shared/protocol/entities';
import type { ReadTx } from '../../storage/port.ts';
import { caughtUp, channels, members } from '../../storage/tables.ts';
import { entryId, entryOf } from '../inbox/inbox-entries.ts';
import { membershipRow, positionOf } from '../membership/memberships.ts';
import { countUnread } from '../reading/counts.ts';
import { headOf } from '../../storage/streams.ts';
import { channelStream } from '@parley/shared/domain/streams';
import type { Tx } from '../../storage/port.ts';

/** What is kept of one person in one channel. */
export async function keptOf(tx: ReadTx, channelId: string, userId: string): Promise<{ pointer: InboxEntry | undefined; row: boolean }> {
  return { pointer: await entryOf(tx as Tx, userId, entryId('pointer', channelId)), row: (await tx.get(caughtUp, [channelId, userId])) !== undefined };
}

/**
 * Every way in which what is kept of these people is not as it must be once nothing is under way. `gone`: messages may have
 * been deleted, which leaves pointers to what is no longer unread.
 */
export async function pointerProblems(tx: ReadTx, channelId: string, userIds: readonly string[], options: { gone?: boolean } = {}): Promise<string[]> {
  const found: string[] = [];
  const channel = (await tx.get(channels, [channelId]))!;
  for (const userId of userIds) {
    const { pointer, row } = await keptOf(tx, channelId, userId);
    const member = await tx.get(members, [channelId, userId]);
    const who = `${userId.slice(-4)} in ${channel.doc.name}`;
    if (!member || channel.large !== 1) {
      if (pointer) found.push(`${who} has a pointer${member ? '' : ' and is not there'}`);
      if (row) found.push(`${who} has a row${member ? '' : ' and is not there'}`);
      continue;
    }
    const { read_seq } = positionOf(member, await membershipRow(tx, userId, channelId));
    const { unread } = await countUnread(tx, channel, member, read_seq, await headOf(tx, channelStream(channelId)));
    if (unread > 0) {
      if (!pointer) found.push(`${who} has ${unread} unread and no pointer`);
      else if (pointer.seq <= read_seq || pointer.read) found.push(`${who} has ${unread} unread and a stale pointer at ${pointer.seq}, read to ${read_seq}`);
      if (row) found.push(`${who} has ${unread} unread and a row`);
    } else if (pointer) {
      if (options.gone !== true) found.push(`${who} has nothing unread and a pointer at ${pointer.seq}`);
    } else if (!row) found.push(`${who} has neither pointer nor row`);
  }
  return found;
}
