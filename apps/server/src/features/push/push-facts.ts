import { parseMentions } from '@parley/shared/domain/mentions';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import type { ReadTx } from '../../storage/port.ts';
import { channels, members, users } from '../../storage/tables.ts';
import type { Recipient, Standing } from './push-state.ts';

/** What a text about an entry is made of: names and text as they are now, and only of what may be seen. */
export interface PushFacts {
  kind: InboxEntry['kind'];
  /** It tells of a scheduled message that could not be sent. */
  unsent: boolean;
  workspace_id: string | null;
  channel_id: string | null;
  message_id: string | null;
  root_id: string | null;
  /** Names of those whose act it is, latest first. */
  who: string[];
  /** The channel's name; of a conversation its people's. */
  channel: string;
  direct: boolean;
  /** How many there are under the tag. */
  count: number;
  content: string | null;
  /** Names of the people and channels that the content names. */
  names: Record<string, string>;
}

const CHANNEL = /<#([0-9a-f-]{36})>/g;
const LISTED = 5;

export async function factsOf(tx: ReadTx, { user }: Recipient, { entry, channel, message }: Standing, count: number): Promise<PushFacts> {
  const direct = channel?.kind === 'dm' || channel?.kind === 'group_dm';
  const content = message?.doc.content ?? null;
  const names: Record<string, string> = {};
  for (const id of parseMentions(content ?? '').user_ids.slice(0, 50)) names[id] = await nameOf(tx, id);
  for (const [, id] of (content ?? '').matchAll(CHANNEL)) {
    const named = await tx.get(channels, [id!]);
    // A private channel's name is for its members.
    if (named && (named.kind === 'public' || (await tx.get(members, [named.id, user.id])))) names[named.id] = named.doc.name;
  }
  return {
    kind: entry.kind, unsent: entry.scheduled_id !== undefined, workspace_id: channel?.workspace_id ?? null, channel_id: channel?.id ?? null, message_id: entry.message_id ?? null, root_id: entry.thread_root_id,
    who: await Promise.all(entry.actor_ids.slice(0, LISTED).map((id) => nameOf(tx, id))), channel: direct ? await partners(tx, channel!.id, user.id) : (channel?.doc.name ?? ''), direct, count, content, names,
  };
}

async function partners(tx: ReadTx, channelId: string, me: string): Promise<string> {
  const others = (await tx.find(members, { prefix: [channelId], limit: LISTED + 1 })).filter(({ user_id }) => user_id !== me);
  return (await Promise.all(others.slice(0, LISTED).map(({ user_id }) => nameOf(tx, user_id)))).join(', ');
}

const nameOf = async (tx: ReadTx, id: string): Promise<string> => (await tx.get(users, [id]))?.doc.display_name ?? '';
