import type { ChannelRow, MessageRow } from '../../storage/tables.ts';
import { BUSY_MEMBERS } from '../channels/member-changes.ts';

/** What the event of a counting message tells of a channel with many members. */
export interface CrowdFact {
  seq: number;
  /** The exact number at that message. */
  members: number;
  /** Pointers are kept for it. */
  large: boolean;
}

/** Null for messages that turn nobody unread, and where there are few members: they cost pointers nothing. */
export function crowdFact(channel: ChannelRow, row: MessageRow): CrowdFact | null {
  if (row.counted_seq === null || (channel.large !== 1 && channel.members <= BUSY_MEMBERS)) return null;
  return { seq: row.seq, members: channel.members, large: channel.large === 1 };
}
