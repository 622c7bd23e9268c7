/** What of an inbox entry says whether it was read. */
export interface ReadableEntry {
  kind: string;
  /** As marked by hand. */
  read: boolean;
  /** Of its message; 0 without one. */
  seq: number;
  thread_root_id: string | null;
  in_channel: boolean;
}
/** Where a person stands in the channel and in the entry's thread; null where there is no position. */
export interface EntryPositions {
  channel: number | null;
  thread: number | null;
}

/**
 * Whether an entry needs nobody any more: it was marked so, or its message was read wherever it is shown. So reading on any
 * device, and marking unread, change it everywhere without a write for each entry.
 */
export function isEntryRead(entry: ReadableEntry, at: EntryPositions): boolean {
  if (entry.read) return true;
  if (entry.kind === 'reaction' || entry.kind === 'reminder' || entry.seq === 0) return false;
  if (entry.in_channel && at.channel !== null && at.channel >= entry.seq) return true;
  return entry.thread_root_id !== null && at.thread !== null && at.thread >= entry.seq;
}
