import { userStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { channels, entities, members, messages, threadFollowers, type ChannelRow, type MessageRow } from '../../storage/tables.ts';
import { namedBy } from '../messages/targets.ts';
import { findMessage } from '../messages/find-message.ts';
import { dropEntry, entryId, entryOf, INBOX_TYPE, messageEntry, putEntry, type EntryKind } from './inbox-entries.ts';
import type { InboxFact } from './inbox-facts.ts';

const PAGE = 100;

/** Where a walk over the people of a message goes on: who is named, then its thread's followers, then all members. */
export type Walk = { stage: 'named' | 'followers' | 'members'; after: string | null };

export const inboxCommands = {
  /**
   * Brings people's entries about a message in line with the message as it is now, a page of people at a time. Idempotent,
   * and in any order: an entry of a conversation or thread only moves to a newer message.
   * @returns where to go on, or null when that were all.
   */
  'inbox.project': defineCommand(async (tx, args: { channel_id: string; fact: InboxFact; walk: Walk }): Promise<{ next: Walk | null }> => {
    const channel = await tx.get(channels, [args.channel_id]);
    const row = channel && (await findMessage(tx, { channel_id: args.channel_id, message_id: args.fact.message_id }));
    if (!channel || !row) return { next: null };
    switch (args.walk.stage) {
      case 'named': {
        const named = namedBy(row);
        if (args.walk.after === null) {
          await projectReactions(tx, row);
          // Named again since: then the event is an old one.
          for (const userId of args.fact.dropped ?? []) if (!named.includes(userId)) await dropEntry(tx, userId, entryId('mention', row.id));
        }
        const direct = isDirect(channel);
        const { after } = args.walk;
        const page = direct ? [] : named.filter((id) => after === null || id > after).slice(0, PAGE);
        for (const userId of page) await project(tx, row, userId, 'mention');
        if (page.length === PAGE) return { next: { stage: 'named', after: page[PAGE - 1]! } };
        return { next: direct ? { stage: 'members', after: null } : row.parent_message_id !== null ? { stage: 'followers', after: null } : everyone(row) };
      }
      case 'followers': {
        const page = await tx.find(threadFollowers, { prefix: [row.channel_id, row.parent_message_id!], ...from(args.walk), limit: PAGE });
        const skip = new Set(namedBy(row));
        for (const follower of page) if (follower.following === 1 && !skip.has(follower.user_id)) await project(tx, row, follower.user_id, 'thread');
        return { next: page.length === PAGE ? { stage: 'followers', after: page[page.length - 1]!.user_id } : everyone(row) };
      }
      case 'members': {
        const page = await tx.find(members, { prefix: [row.channel_id], ...from(args.walk), limit: PAGE });
        for (const member of page) await project(tx, row, member.user_id, isDirect(channel) ? 'dm' : 'mention');
        return { next: page.length === PAGE ? { stage: 'members', after: page[page.length - 1]!.user_id } : null };
      }
    }
  }),

  /** People were brought into a channel by somebody. Who has left again has no use for it. */
  'inbox.invited': defineCommand(async (tx, args: { channel_id: string; by: string; user_ids: string[] }) => {
    const channel = await tx.get(channels, [args.channel_id]);
    if (!channel || isDirect(channel) || channel.doc.is_default) return {};
    for (const userId of args.user_ids) {
      const member = await tx.get(members, [args.channel_id, userId]);
      if (!member) continue;
      // One of this stay is there already when the event comes again, read or not.
      const at = microsToIso(member.joined_at);
      const id = entryId('invitation', args.channel_id);
      if ((await entryOf(tx, userId, id))?.at === at) continue;
      await putEntry(tx, userId, { id, kind: 'invitation', channel_id: args.channel_id, thread_root_id: null, in_channel: false, seq: 0, actor_ids: [args.by], at, read: false });
    }
    return {};
  }),

  /** Marks entries, or without `ids` all that live. @returns those that changed. */
  'inbox.mark': defineCommand(async (tx, args: { user_id: string; read: boolean; ids?: string[] }): Promise<{ ids: string[] }> => {
    const entries: (InboxEntry | undefined)[] = args.ids
      ? await Promise.all(args.ids.map((id) => entryOf(tx, args.user_id, id)))
      : (await tx.find(entities, { index: 'by_sort', prefix: [userStream(args.user_id), INBOX_TYPE], limit: LIMITS.inbox_entries })).map((row) => row.doc as InboxEntry);
    const changed = entries.filter((entry) => entry !== undefined && entry.read !== args.read) as InboxEntry[];
    for (const entry of changed) await putEntry(tx, args.user_id, { ...entry, read: args.read });
    return { ids: changed.map((entry) => entry.id) };
  }),
};

const isDirect = (channel: ChannelRow): boolean => channel.kind === 'dm' || channel.kind === 'group_dm';
const from = (walk: Walk): { gt?: string } => (walk.after === null ? {} : { gt: walk.after });
const everyone = (row: MessageRow): Walk | null => (row.doc.mentions.everyone === 'channel' ? { stage: 'members', after: null } : null);
/** Messages that count for nobody, quiet and imported ones among them, need nobody. */
const counts = (row: MessageRow): boolean => !row.doc.deleted && (row.counted_seq !== null || row.reply_seq !== null);

async function project(tx: Tx, row: MessageRow, userId: string, kind: Extract<EntryKind, 'mention' | 'thread' | 'dm'>): Promise<void> {
  if (userId === row.author_id) return;
  const about = kind === 'mention' ? row.id : kind === 'dm' ? row.channel_id : row.parent_message_id!;
  const before = await entryOf(tx, userId, entryId(kind, about));
  if (!counts(row)) {
    if (before?.message_id === row.id) await stepBack(tx, row, userId, kind, before);
    return;
  }
  // Of this message already, marked or not; or a newer one has come since.
  if (before && (before.message_id === row.id || before.seq > row.seq)) return;
  const member = await tx.get(members, [row.channel_id, userId]);
  if (!member || row.seq < member.visible_from_seq || row.seq <= member.joined_seq) return;
  await putEntry(tx, userId, messageEntry(kind, about, row, [row.author_id, ...(kind === 'mention' ? [] : (before?.actor_ids ?? []))]));
}

/** The message of an entry is gone: that of a conversation or thread stands for the newest one that is left. */
async function stepBack(tx: Tx, gone: MessageRow, userId: string, kind: EntryKind, before: InboxEntry): Promise<void> {
  const range = kind === 'dm' ? { index: 'by_counted', prefix: [gone.channel_id] } : { index: 'by_reply', prefix: [gone.channel_id, gone.parent_message_id!] };
  const earlier = kind === 'mention' ? [] : await tx.find(messages, { ...range, lt: gone.seq, reverse: true, limit: PAGE });
  const member = await tx.get(members, [gone.channel_id, userId]);
  const row = earlier.find((one) => one.author_id !== userId);
  if (!row || !member || row.seq < member.visible_from_seq || row.seq <= member.joined_seq) await dropEntry(tx, userId, before.id);
  else await putEntry(tx, userId, { ...messageEntry(kind, kind === 'dm' ? row.channel_id : row.parent_message_id!, row, [row.author_id]), read: before.read });
}

/** One entry for all reactions to a message, for who wrote it: unread again when somebody new reacts. */
async function projectReactions(tx: Tx, row: MessageRow): Promise<void> {
  const id = entryId('reaction', row.id);
  const before = await entryOf(tx, row.author_id, id);
  const actors = new Set(row.doc.reactions.flatMap((reaction) => reaction.user_ids).filter((userId) => userId !== row.author_id));
  if (row.doc.deleted || actors.size === 0) {
    if (before) await dropEntry(tx, row.author_id, id);
    return;
  }
  if (!(await tx.get(members, [row.channel_id, row.author_id]))) return;
  const kept = (before?.actor_ids ?? []).filter((userId) => actors.has(userId));
  const fresh = [...actors].filter((userId) => !before?.actor_ids.includes(userId)).reverse();
  // The entry lists a few, so others who reacted earlier are no news once it is full.
  const news = before === undefined || (fresh.length > 0 && before.actor_ids.length < actors.size && kept.length < 5);
  const entry = messageEntry('reaction', row.id, row, news ? [...fresh, ...kept] : kept, news ? microsToIso(tx.now()) : before.at);
  await putEntry(tx, row.author_id, { ...entry, read: news ? false : before.read });
}
