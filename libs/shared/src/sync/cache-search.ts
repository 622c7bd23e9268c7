import { findInMessage, type Highlight } from '../domain/search/match.ts';
import { foldWord } from '../domain/search/fold.ts';
import { dayAt, parseQuery, timeBounds, type SearchQuery } from '../domain/search/query.ts';
import { termsOf } from '../domain/search/terms.ts';
import { traitsOf } from '../domain/search/traits.ts';
import type { Channel, Message, User } from '../protocol/entities.ts';
import type { CacheSearch } from './api.ts';
import type { ChannelReplica } from './channel-replica.ts';
import { prefixRange } from './persist.ts';
import type { Clock, KeyValueStore } from './ports.ts';
import type { Replica } from './replica.ts';

export interface CacheSearchHit { message: Message; highlights: Highlight[] }

export interface CacheSearchWorld {
  accountId: string;
  replica: Replica;
  cache: KeyValueStore;
  clock: Clock;
  people(): Iterable<User>;
}

/** Messages looked at before others get their turn. */
const AT_ONCE = 400;

/**
 * Searches what this device holds, as the server searches: the same words, the same filters. Newest first.
 * Nothing that is deleted, purged, before one's stay or of a channel that one lost is among it.
 */
export async function searchCache(world: CacheSearchWorld, { workspaceId, q, timeZone, kind, limit }: CacheSearch): Promise<CacheSearchHit[]> {
  const query = parseQuery(q, dayAt(world.clock.now(), timeZone));
  const terms = termsOf(query);
  const asksText = query.parts.some((part) => part.kind !== 'filter');
  if ((asksText && terms.length === 0) || (query.parts.length === 0 && kind !== 'files')) return [];
  const traits = [...query.has.map((v) => `has:${v}`), ...query.is.map((v) => `is:${v}`), ...(kind === 'files' ? ['has:file'] : [])];
  const { from, to } = timeBounds(query, timeZone);
  const authors = query.from.length > 0 ? authorsNamed(world, query.from) : null;
  const found: CacheSearchHit[] = [];
  let looked = 0;
  for (const replica of [...world.replica.channels.values()]) {
    const { channel } = replica;
    if (!channel || channel.workspace_id !== workspaceId || replica.gone || !inNamed(world, channel, query)) continue;
    const direct = channel.kind === 'dm' || channel.kind === 'group_dm';
    for (const message of await rowsOf(world, replica)) {
      if (++looked % AT_ONCE === 0) await new Promise<void>((resolve) => void world.clock.setTimer(0, resolve));
      if (message.deleted || message.kind === 'system' || message.seq < replica.firstSeq) continue;
      const at = Date.parse(message.created_at);
      if ((from !== null && at < from) || (to !== null && at >= to) || (authors !== null && !authors.has(message.author_id))) continue;
      const own: string[] = traits.length > 0 ? traitsOf(message, direct) : [];
      if (!traits.every((trait) => own.includes(trait))) continue;
      const highlights = findInMessage(message, terms);
      if (highlights) found.push({ message, highlights });
    }
  }
  return found.sort((a, b) => (a.message.created_at < b.message.created_at ? 1 : a.message.created_at > b.message.created_at ? -1 : b.message.seq - a.message.seq)).slice(0, limit);
}

async function rowsOf({ replica, cache }: CacheSearchWorld, channel: ChannelReplica): Promise<Message[]> {
  if (!channel.warm) {
    const rows = (await cache.range('rows', ...prefixRange(channel.id))).map(({ value }) => value as Message);
    // Lost or read meanwhile: then what is in memory is the truth.
    if (replica.channels.get(channel.id) !== channel || channel.gone) return [];
    if (!channel.warm) return rows;
  }
  return [...channel.rows.between(0, Number.MAX_SAFE_INTEGER)];
}

function authorsNamed({ accountId, people }: CacheSearchWorld, names: SearchQuery['from']): Set<string> {
  const found = new Set<string>();
  for (const name of names) {
    const folded = foldWord(name).trim();
    if (folded === 'me' || folded === 'ich') found.add(accountId);
    else for (const user of people()) if (isNamed(user, folded)) found.add(user.id);
  }
  return found;
}

function isNamed(user: User, folded: string): boolean {
  if (user.id === folded || foldWord(user.username) === folded) return true;
  const words = foldWord(user.display_name).split(/\s+/);
  return folded.split(/\s+/).every((wanted) => words.some((word) => word.startsWith(wanted)));
}

function inNamed(world: CacheSearchWorld, channel: Channel, { in: names }: SearchQuery): boolean {
  if (names.length === 0) return true;
  return names.some((name) => {
    if (channel.id === name || (channel.name !== '' && channel.name === name.normalize('NFKC').toLowerCase())) return true;
    if (!name.startsWith('@') || channel.kind !== 'dm') return false;
    const partner = (channel.user_ids ?? []).find((id) => id !== world.accountId) ?? world.accountId;
    return authorsNamed(world, [name.slice(1)]).has(partner);
  });
}
