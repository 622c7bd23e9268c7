import { isEntryRead } from '@parley/shared/domain/inbox';
import { parseStream, userStream } from '@parley/shared/domain/streams';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import type { JobHandler } from '../../jobs/job-worker.ts';
import type { Deps } from '../../platform/deps.ts';
import type { ReadTx, Store, StoredEvent } from '../../storage/port.ts';
import { channels, entities, members, threadFollowers, type MemberRow } from '../../storage/tables.ts';
import { membershipRow, positionOf } from '../membership/memberships.ts';
import { PointerKeeper } from '../pointers/pointer-keeper.ts';
import type { PointerJob } from '../pointers/pointers.commands.ts';
import { firstUnread } from '../pointers/pointers.ts';
import { threadPosition, threadRow } from '../threads/thread-entity.ts';
import { INBOX_TYPE } from './inbox-entries.ts';
import type { InboxFact } from './inbox-facts.ts';
import type { MembersJob, ProjectArgs, Walk } from './inbox.commands.ts';
import { watchedWords } from './keyword-watchers.ts';

/** The durable consumer that writes people's inboxes, and keeps pointers. In channels with more than `large` members, those are walked by a job. */
export function inboxConsumer(store: Store, large = 1_000): { name: string; wants(event: StoredEvent): boolean; consume(event: StoredEvent): Promise<void> } {
  const pointers = new PointerKeeper(store, large);
  return {
    name: 'inbox',
    wants: (event) => Array.isArray(event.facts?.['inbox']) || event.facts?.['invited'] !== undefined || leftBy(event).length > 0 || pointers.wants(event),
    async consume(event) {
      if (pointers.wants(event)) await pointers.consume(event);
      const channel_id = parseStream(event.stream)!.id;
      for (const fact of (event.facts?.['inbox'] ?? []) as InboxFact[]) {
        const { leads, told } = fact.words === undefined ? { leads: [], told: false } : await store.read((tx) => watchedWords(tx, channel_id, fact.message_id));
        if (fact.words === 'only' && leads.length === 0 && !told) continue;
        await walk(store, { channel_id, fact, words: leads, large }, { stage: 'named', after: null });
      }
      const left = leftBy(event);
      for (let i = 0; i < left.length; i += PEOPLE) await store.run('inbox.left', { channel_id, user_ids: left.slice(i, i + PEOPLE) });
      const invited = event.facts?.['invited'] as { by: string; user_ids: string[] } | undefined;
      if (invited) await store.run('inbox.invited', { channel_id, ...invited });
    },
  };
}

const PEOPLE = 20;
const leftBy = (event: StoredEvent): string[] => (event.control ?? []).flatMap((one) => (one.kind === 'left' ? [one.user_id] : []));

async function walk(store: Store, args: Omit<ProjectArgs, 'walk'>, first: Walk, check: () => void = () => undefined): Promise<void> {
  for (let at: Walk | null = first; at !== null; ) {
    check();
    const { next }: { next: Walk | null } = await store.run('inbox.project', { ...args, walk: at });
    at = next;
  }
}

/** Tells the members of a large channel of a message that names everybody, in as many small commits as it takes, or keeps its pointers. Begun anew, it changes nothing twice. */
export const inboxJob = (deps: Pick<Deps, 'store'>): JobHandler => async (job, signal) => {
  const payload = job.payload as MembersJob | PointerJob;
  if ('pointers' in payload) return new PointerKeeper(deps.store, Number.MAX_SAFE_INTEGER).work(job, payload, () => signal.throwIfAborted());
  const { channel_id, fact } = payload;
  await walk(deps.store, { channel_id, fact, words: [], large: Number.MAX_SAFE_INTEGER }, { stage: 'members', after: null }, () => signal.throwIfAborted());
};

const SCAN = 100;

/** Newest first, from before `cursor`; only what the person may still see. `read` is as it stands with their positions. */
export async function listInbox(tx: ReadTx, userId: string, input: { kind?: InboxEntry['kind']; unread?: boolean; page_size?: number; cursor?: string }): Promise<{ items: InboxEntry[]; next_cursor: string | null }> {
  const size = input.page_size ?? 50;
  const items: { entry: InboxEntry; sort: string }[] = [];
  for (let before = input.cursor; items.length <= size; ) {
    const rows = await tx.find(entities, { index: 'by_sort', prefix: [userStream(userId), INBOX_TYPE], ...(before === undefined ? {} : { lt: before }), reverse: true, limit: SCAN });
    for (const row of rows) {
      const entry = row.doc as InboxEntry;
      if (input.kind !== undefined && entry.kind !== input.kind) continue;
      const member = entry.channel_id === undefined ? undefined : await tx.get(members, [entry.channel_id, userId]);
      if (entry.channel_id !== undefined && (!member || (entry.seq > 0 && entry.seq < member.visible_from_seq))) continue;
      const read = entry.kind === 'pointer' ? !(await stillPoints(tx, member!)) : isEntryRead(entry, await positionsOf(tx, userId, entry));
      if (input.unread === undefined || input.unread !== read) items.push({ entry: { ...entry, read }, sort: row.sort! });
    }
    if (rows.length < SCAN) break;
    before = rows[rows.length - 1]!.sort!;
  }
  const page = items.slice(0, size);
  return { items: page.map(({ entry }) => entry), next_cursor: items.length > size ? page[page.length - 1]!.sort : null };
}

/** Deletions and retention tell no pointer that what it stands for is gone: that would cost what talking costs. Whoever lists them counts. */
async function stillPoints(tx: ReadTx, member: MemberRow): Promise<boolean> {
  const channel = await tx.get(channels, [member.channel_id]);
  return channel !== undefined && (await firstUnread(tx, channel, member, positionOf(member, await membershipRow(tx, member.user_id, member.channel_id)).read_seq)) !== undefined;
}

/** Where the person stands in the places that an entry may be read in. */
export async function positionsOf(tx: ReadTx, userId: string, entry: InboxEntry): Promise<{ channel: number | null; thread: number | null }> {
  if (entry.channel_id === undefined || entry.seq === 0) return { channel: null, thread: null };
  const membership = await membershipRow(tx, userId, entry.channel_id);
  const channel = membership && !membership.doc.deleted ? membership.doc.read_seq : null;
  if (entry.thread_root_id === null) return { channel, thread: null };
  const member = await tx.get(members, [entry.channel_id, userId]);
  if (!member) return { channel, thread: null };
  const follower = await tx.get(threadFollowers, [entry.channel_id, entry.thread_root_id, userId]);
  const thread = await threadRow(tx, userId, entry.thread_root_id);
  // Who has no position in the thread has not read in it.
  return { channel, thread: thread || follower ? threadPosition(member, thread, follower).read_seq : null };
}
