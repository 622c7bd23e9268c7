import { userStream, type StreamName } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { InboxEntry, Saved } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Tx } from '../../storage/port.ts';
import { putEntity } from '../../storage/streams.ts';
import { entities, type EntityRow, type MessageRow } from '../../storage/tables.ts';
import { dropOwn, own } from '../own-entities.ts';

export const INBOX_TYPE = 'inbox_entry';
/** As many people as an entry lists. */
export const ACTORS = 5;

export type EntryKind = InboxEntry['kind'];

/** What an entry is about: a message, or for conversations, threads and invitations the place, so that there is one of each. */
export const entryId = (kind: EntryKind, about: string): string => `${kind}:${about}`;

export const entryOf = (tx: Tx, userId: string, id: string): Promise<InboxEntry | undefined> => own<InboxEntry>(tx, userId, INBOX_TYPE, id);
export const dropEntry = (tx: Tx, userId: string, id: string): Promise<boolean> => dropOwn(tx, userId, INBOX_TYPE, id);

/** Stores it under the next rev; what is so already takes none. Beyond the limit the oldest entry goes, but never a pointer: those are one a channel. */
export async function putEntry(tx: Tx, userId: string, entry: InboxEntry): Promise<void> {
  const stream = userStream(userId);
  const before = await entryOf(tx, userId, entry.id);
  if (before && before.message_id === entry.message_id && before.read === entry.read && before.at === entry.at && before.keyword === entry.keyword && before.actor_ids.join() === entry.actor_ids.join()) return;
  if (!before && (await tx.count(entities, { index: 'by_sort', prefix: [stream, INBOX_TYPE] })) >= LIMITS.inbox_entries) {
    const oldest = await oldestButPointers(tx, stream);
    if (oldest !== undefined) await dropEntry(tx, userId, oldest);
  }
  await putEntity(tx, stream, { ...entry, type: INBOX_TYPE }, { sort: `${entry.at} ${entry.id}` });
}

const SCAN = 100;

async function oldestButPointers(tx: Tx, stream: StreamName): Promise<string | undefined> {
  for (let after: EntityRow | undefined; ; ) {
    const page: EntityRow[] = await tx.find(entities, { index: 'by_sort', prefix: [stream, INBOX_TYPE], ...(after && { after }), limit: SCAN });
    const found = page.find((row) => (row.doc as InboxEntry).kind !== 'pointer');
    if (found || page.length < SCAN) return found?.id;
    after = page.at(-1);
  }
}

/** An entry about a message, unread. */
export function messageEntry(kind: EntryKind, about: string, row: MessageRow, actorIds: readonly string[], at = row.doc.created_at): InboxEntry {
  return {
    id: entryId(kind, about), kind, channel_id: row.channel_id, message_id: row.id, thread_root_id: row.parent_message_id, in_channel: row.timeline_seq !== null,
    seq: row.seq, actor_ids: [...new Set(actorIds)].slice(0, ACTORS), at, read: false,
  };
}

/** A reminder came due. */
export async function putReminderEntry(tx: Tx, userId: string, saved: Saved): Promise<void> {
  await putEntry(tx, userId, { id: entryId('reminder', saved.message_id), kind: 'reminder', channel_id: saved.channel_id, message_id: saved.message_id, thread_root_id: null, in_channel: false, seq: 0, actor_ids: [], at: microsToIso(tx.now()), read: false });
}
