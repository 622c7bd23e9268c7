import { documentTokens } from '@parley/shared/domain/search/match';
import { TOKENISER_VERSION } from '@parley/shared/domain/search/tokenise';
import type { Trait } from '@parley/shared/domain/search/traits';
import type { IndexedChannel, IndexedMessage } from '../port.ts';

/** Raised when documents change; an index of another version is made anew. */
const DOCUMENT_VERSION = 1;
export const INDEX_VERSION = `${DOCUMENT_VERSION}.${TOKENISER_VERSION}`;

/**
 * A message as it is found. Deleted ones stay, under no token, so that an older rev does not bring them back.
 *
 * `k`: what it is found by: words and their variants, the author, traits, and one that all have. `q`: its words in their order,
 * for phrases and ranking. `t`: the order of time over all channels.
 */
export interface MessageDocument {
  _id: string;
  c: string;
  w: string;
  s: number;
  r: number;
  t: bigint;
  p: boolean;
  k: string[];
  q: string;
}

/** No word begins with one of these. */
export const authorToken = (userId: string): string => `\u0001${userId}`;
export const traitToken = (trait: Trait): string => `\u0002${trait}`;
/** Of every message that is to be found. */
export const ANY_TOKEN = '\u0003';

/** Microseconds, and behind them ten bits of the channel: messages of one moment stand in one order too, on every page. */
const CHANNEL_BITS = 10n;
export const timeKey = (us: number): bigint => BigInt(us) << CHANNEL_BITS;
const placeOf = (channelId: string): bigint => {
  let sum = 0;
  for (let i = 0; i < channelId.length; i++) sum = (Math.imul(sum, 31) + channelId.charCodeAt(i)) >>> 0;
  return BigInt((sum ^ (sum >>> 16)) & 1023);
};

export function documentOf(channel: IndexedChannel, message: IndexedMessage): MessageDocument {
  const tokens = message.deleted ? [] : documentTokens(message);
  const words = tokens.map(({ text }) => text);
  const found = message.deleted ? [] : [...new Set([...words, ...tokens.flatMap(({ also }) => also.map(({ text }) => text)), authorToken(message.author_id), ...message.traits.map(traitToken), ANY_TOKEN])];
  return {
    _id: `${channel.channel_id}:${message.seq}`, c: channel.channel_id, w: channel.workspace_id, s: message.seq, r: message.rev, t: timeKey(message.created_us) | placeOf(channel.channel_id), p: channel.public,
    k: found, q: words.length > 0 ? ` ${words.join(' ')} ` : '',
  };
}
