import type { Message } from '../protocol/entities.ts';

/** `(epoch, seq)`, compared lexicographically; only a server gives epochs. */
export interface ReadPosition { epoch: number; seq: number }

export const isAhead = (a: ReadPosition, b: ReadPosition): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
export const later = (a: ReadPosition, b: ReadPosition): ReadPosition => (isAhead(b, a) ? b : a);
export const samePosition = (a: ReadPosition, b: ReadPosition): boolean => a.epoch === b.epoch && a.seq === b.seq;

/** For whom and from where on is counted. */
export interface Reader {
  userId: string;
  readSeq: number;
  /** The first seq that exists for this person: above what is purged, at or above what is visible. */
  firstSeq: number;
  /** `<!channel>` at or below it does not name this person. */
  joinedSeq: number;
}

export interface Counts { unread: number; mentions: number }

/** True when nothing that ever happens to the message makes it count for this person. */
export const neverCounts = (m: Message, userId: string): boolean =>
  m.author_id === userId || m.quiet || m.imported || m.kind === 'system' || (m.parent_message_id !== null && !m.broadcast);

/** What one message adds to the counts; `mentions: null` when the message does not tell whether this person is named. */
export function contribution(m: Message, reader: Reader): { unread: number; mentions: number | null } {
  if (m.deleted || m.seq <= reader.readSeq || m.seq < reader.firstSeq || neverCounts(m, reader.userId)) return { unread: 0, mentions: 0 };
  const { user_ids, target_ids, everyone, group_ids } = m.mentions;
  const named = user_ids.includes(reader.userId) || (target_ids?.includes(reader.userId) ?? false) || (everyone === 'channel' && m.seq > reader.joinedSeq);
  if (named) return { unread: 1, mentions: 1 };
  // Targets are listed up to 50: beyond that only the server knows.
  const unlisted = (group_ids.length > 0 || everyone === 'here') && (target_ids?.length ?? 0) >= 50;
  return { unread: 1, mentions: unlisted ? null : 0 };
}

/** Counts rows; null when one of them does not tell. */
export function countRows(rows: Iterable<Message>, reader: Reader): Counts | null {
  const sum = { unread: 0, mentions: 0 };
  for (const m of rows) {
    const c = contribution(m, reader);
    if (c.mentions === null) return null;
    sum.unread += c.unread;
    sum.mentions += c.mentions;
  }
  return sum;
}
