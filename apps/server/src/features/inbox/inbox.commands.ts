import { keywordIn } from '@parley/shared/domain/keywords';
import { userStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import { enqueueJob } from '../../jobs/jobs.commands.ts';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { channels, entities, keywordHits, keywordWatchers, members, messages, reactions, threadFollowers, type ChannelRow, type KeywordWatcherRow, type MessageRow } from '../../storage/tables.ts';
import { namedBy } from '../messages/targets.ts';
import { findMessage } from '../messages/find-message.ts';
import { ACTORS, dropEntry, entryId, entryOf, INBOX_TYPE, messageEntry, putEntry, type EntryKind } from './inbox-entries.ts';
import type { InboxFact } from './inbox-facts.ts';
import { LEADS_MAX } from './keyword-watchers.ts';

const PAGE = 100;

/**
 * Where a walk over the people of a message goes on: who is named, then its thread's followers, then all members, then those
 * who were told of a keyword in it, then those who watch for its words.
 */
export type Walk = { stage: Stage; after: string | null; word?: number };
type Stage = 'named' | 'followers' | 'members' | 'told' | 'watchers';

export interface ProjectArgs {
  channel_id: string;
  fact: InboxFact;
  walk: Walk;
  /** Words of its text that keywords are filed under; see `watchedWords`. */
  words: string[];
  /** In channels with more members, those are walked by a job. */
  large: number;
}

/** The kind of the jobs that go over many people's inboxes. */
export const INBOX_JOB = 'inbox_members';
/** A walk over the members of a large channel. */
export type MembersJob = Pick<ProjectArgs, 'channel_id' | 'fact'>;

export const inboxCommands = {
  /**
   * Brings people's entries about a message in line with the message as it is now, a page of people at a time. Idempotent,
   * and in any order: an entry of a conversation or thread only moves to a newer message.
   * @returns where to go on, or null when that were all.
   */
  'inbox.project': defineCommand(async (tx, args: ProjectArgs): Promise<{ next: Walk | null }> => {
    const channel = await tx.get(channels, [args.channel_id]);
    const row = channel && (await findMessage(tx, { channel_id: args.channel_id, message_id: args.fact.message_id }));
    if (!channel || !row) return { next: null };
    let walk: Walk | null = args.walk;
    for (let people = 0; walk !== null && people < PAGE; ) {
      const step: Step = await STAGES[walk.stage](tx, { channel, row, args, walk });
      people += step.people;
      walk = step.next;
    }
    return { next: walk };
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

  /** Who left a channel keeps no entry about it, on any device; who came back, none of the stay before. */
  'inbox.left': defineCommand(async (tx, args: { channel_id: string; user_ids: string[] }) => {
    for (const userId of args.user_ids) {
      const member = await tx.get(members, [args.channel_id, userId]);
      const since = member && microsToIso(member.joined_at);
      for (const row of await tx.find(entities, { index: 'by_sort', prefix: [userStream(userId), INBOX_TYPE], limit: LIMITS.inbox_entries })) {
        const entry = row.doc as InboxEntry;
        if (entry.channel_id === args.channel_id && (since === undefined || entry.at < since)) await dropEntry(tx, userId, entry.id);
      }
    }
    return {};
  }),

  /** Marks entries, or without `ids` all that live; with `up_to` those that have not moved on since. Pointers follow reading alone. @returns those that changed. */
  'inbox.mark': defineCommand(async (tx, args: { user_id: string; read: boolean; ids?: string[]; up_to?: string }): Promise<{ ids: string[] }> => {
    const entries: (InboxEntry | undefined)[] = args.ids
      ? await Promise.all(args.ids.map((id) => entryOf(tx, args.user_id, id)))
      : (await tx.find(entities, { index: 'by_sort', prefix: [userStream(args.user_id), INBOX_TYPE], limit: LIMITS.inbox_entries })).map((row) => row.doc as InboxEntry);
    const changed = entries.filter((entry) => entry !== undefined && entry.kind !== 'pointer' && entry.read !== args.read && (args.up_to === undefined || entry.at <= args.up_to)) as InboxEntry[];
    for (const entry of changed) await putEntry(tx, args.user_id, { ...entry, read: args.read });
    return { ids: changed.map((entry) => entry.id) };
  }),
};

interface At {
  channel: ChannelRow;
  row: MessageRow;
  args: ProjectArgs;
  walk: Walk;
}
/** How many people it looked at, and where to go on. */
interface Step { people: number; next: Walk | null }

const STAGES: Readonly<Record<Stage, (tx: Tx, at: At) => Promise<Step>>> = {
  async named(tx, at) {
    const { row, channel, args, walk } = at;
    const named = namedBy(row);
    if (walk.after === null) {
      await projectReactions(tx, row);
      // Named again since: then the event is an old one.
      if (row.doc.mentions.everyone !== 'channel') for (const userId of args.fact.dropped ?? []) if (!named.includes(userId)) await dropEntry(tx, userId, entryId('mention', row.id));
    }
    if (isDirect(channel)) return { people: 0, next: { stage: 'members', after: null } };
    const page = named.filter((id) => walk.after === null || id > walk.after).slice(0, PAGE);
    for (const userId of page) await project(tx, row, userId, 'mention');
    if (page.length === PAGE) return { people: PAGE, next: { stage: 'named', after: page[PAGE - 1]! } };
    return { people: page.length, next: row.parent_message_id !== null ? { stage: 'followers', after: null } : await toMembers(tx, at) };
  },
  async followers(tx, at) {
    const { row, walk } = at;
    const page = await tx.find(threadFollowers, { prefix: [row.channel_id, row.parent_message_id!], ...from(walk), limit: PAGE });
    const skip = new Set(namedBy(row));
    for (const follower of page) if (follower.following === 1 && !skip.has(follower.user_id)) await project(tx, row, follower.user_id, 'thread');
    return { people: page.length, next: page.length === PAGE ? { stage: 'followers', after: page[page.length - 1]!.user_id } : await toMembers(tx, at) };
  },
  async members(tx, at) {
    const { row, channel, args, walk } = at;
    const page = await tx.find(members, { prefix: [row.channel_id], ...from(walk), limit: PAGE });
    const direct = isDirect(channel);
    const still = direct || row.doc.mentions.everyone === 'channel' ? null : new Set(namedBy(row));
    for (const { user_id } of page) {
      if (still === null || still.has(user_id)) await project(tx, row, user_id, direct ? 'dm' : 'mention');
      else await dropEntry(tx, user_id, entryId('mention', row.id));
    }
    return { people: page.length, next: page.length === PAGE ? { stage: 'members', after: page[page.length - 1]!.user_id } : toKeywords(row, args) };
  },
  async told(tx, { row, channel, args, walk }) {
    const page = await tx.find(keywordHits, { prefix: [row.channel_id, row.id], ...from(walk), limit: PAGE });
    for (const hit of page) if (!counts(row) || !(await stillWatches(tx, channel, row, hit.user_id))) await untell(tx, row, hit.user_id);
    const watchers = args.words.length > 0 && counts(row) ? ({ stage: 'watchers', after: null, word: 0 } as const) : null;
    return { people: page.length, next: page.length === PAGE ? { stage: 'told', after: page[page.length - 1]!.user_id } : watchers };
  },
  async watchers(tx, { row, channel, args, walk }) {
    const at = walk.word ?? 0;
    const page = await tx.find(keywordWatchers, { prefix: [channel.workspace_id, args.words[at]!], ...from(walk), limit: PAGE });
    const named = new Set(namedBy(row));
    if (row.doc.mentions.everyone !== 'channel') for (const watcher of page) if (watcher.user_id !== row.author_id && !named.has(watcher.user_id)) await projectKeyword(tx, row, watcher);
    const next: Walk | null = at + 1 < args.words.length ? { stage: 'watchers', after: null, word: at + 1 } : null;
    return { people: page.length, next: page.length === PAGE ? { stage: 'watchers', after: page[page.length - 1]!.user_id, word: at } : next };
  },
};

const isDirect = (channel: ChannelRow): boolean => channel.kind === 'dm' || channel.kind === 'group_dm';
const from = (walk: Walk): { gt?: string } => (walk.after === null ? {} : { gt: walk.after });
/** To those whose keywords it had or has. */
const toKeywords = (row: MessageRow, args: ProjectArgs): Walk | null => (args.fact.words !== undefined || row.doc.deleted ? { stage: 'told', after: null } : null);
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

/** All members, where it names everybody or did so before: in a large channel by a job, so that nothing waits for so many. */
async function toMembers(tx: Tx, { channel, row, args }: At): Promise<Walk | null> {
  if (row.doc.mentions.everyone !== 'channel' && args.fact.everyone !== true) return toKeywords(row, args);
  if (channel.members <= args.large) return { stage: 'members', after: null };
  const payload: MembersJob = { channel_id: args.channel_id, fact: { message_id: row.id } };
  await enqueueJob(tx, { kind: INBOX_JOB, payload, dedupe: `inbox:${row.id}:${row.rev}` });
  return toKeywords(row, args);
}

async function stillWatches(tx: Tx, channel: ChannelRow, row: MessageRow, userId: string): Promise<boolean> {
  const watched = await tx.find(keywordWatchers, { index: 'by_user', prefix: [channel.workspace_id, userId], limit: LEADS_MAX });
  return keywordIn(row.doc.content, [...new Set(watched.flatMap((one) => one.keywords))]) !== null;
}

/** An entry of its own, unless the person is told of the message already. */
async function projectKeyword(tx: Tx, row: MessageRow, watcher: KeywordWatcherRow): Promise<void> {
  const userId = watcher.user_id;
  const keyword = keywordIn(row.doc.content, watcher.keywords);
  if (keyword === null || (await tx.get(keywordHits, [row.channel_id, row.id, userId]))) return;
  const member = await tx.get(members, [row.channel_id, userId]);
  if (!member || row.seq < member.visible_from_seq || row.seq <= member.joined_seq) return;
  if (row.parent_message_id !== null && (await tx.get(threadFollowers, [row.channel_id, row.parent_message_id, userId]))?.following === 1) return;
  await tx.put(keywordHits, { channel_id: row.channel_id, message_id: row.id, user_id: userId });
  await putEntry(tx, userId, { ...messageEntry('keyword', row.id, row, [row.author_id]), keyword });
}

async function untell(tx: Tx, row: MessageRow, userId: string): Promise<void> {
  await tx.delete(keywordHits, [row.channel_id, row.id, userId]);
  await dropEntry(tx, userId, entryId('keyword', row.id));
}

/** One entry for all reactions to a message, for who wrote it: unread again when somebody new reacts. */
async function projectReactions(tx: Tx, row: MessageRow): Promise<void> {
  const id = entryId('reaction', row.id);
  const before = await entryOf(tx, row.author_id, id);
  const reactors = row.doc.deleted ? [] : await newestReactors(tx, row);
  const newest = reactors[0];
  if (newest === undefined) {
    if (before) await dropEntry(tx, row.author_id, id);
    return;
  }
  if (!(await tx.get(members, [row.channel_id, row.author_id]))) return;
  const at = microsToIso(newest.at);
  const news = before === undefined || at > before.at || (at === before.at && reactors.some((one) => one.at === newest.at && !before.actor_ids.includes(one.user_id)));
  await putEntry(tx, row.author_id, { ...messageEntry('reaction', row.id, row, reactors.map((one) => one.user_id), news ? at : before.at), read: news ? false : before.read });
}

/** Who else reacted to a message, those first whose first reaction is newest: as many as an entry lists. */
async function newestReactors(tx: Tx, row: MessageRow): Promise<{ user_id: string; at: number }[]> {
  const emoji = row.doc.reactions.map((reaction) => reaction.emoji);
  const candidates = new Set<string>();
  for (const one of emoji) for (const reaction of await tx.find(reactions, { index: 'by_time', prefix: [row.channel_id, row.id, one], reverse: true, limit: 2 * ACTORS })) candidates.add(reaction.user_id);
  candidates.delete(row.author_id);
  const found: { user_id: string; at: number }[] = [];
  for (const user_id of candidates) {
    let at = Number.POSITIVE_INFINITY;
    for (const one of emoji) at = Math.min(at, (await tx.get(reactions, [row.channel_id, row.id, one, user_id]))?.at ?? at);
    found.push({ user_id, at });
  }
  return found.sort((a, b) => b.at - a.at || (a.user_id < b.user_id ? 1 : -1)).slice(0, ACTORS);
}
