import type { Document } from 'mongodb';
import type { Alternative, Term } from '@parley/shared/domain/search/terms';
import type { IndexQuestion } from '../port.ts';
import { ANY_TOKEN, authorToken, traitToken } from './message-document.ts';

export const BY_TOKEN = 'by_token';
export const BY_CHANNEL = 'by_channel';

/** One way into the index: bounds of one of its indexes, which a hit has to lie within. */
export interface Entry {
  hint: typeof BY_TOKEN | typeof BY_CHANNEL;
  bounds: Document;
  /** Its messages come in the order of time. Words that only begin so have to be sorted. */
  ordered: boolean;
}
export interface Plan {
  entries: Entry[];
  conditions: Condition[];
}
/** What a hit has to meet; `met` by the bounds of that entry already. */
interface Condition {
  filter: Document;
  met?: Entry | undefined;
}

/** More intervals than this the database would rather sort than merge. */
const MOST_INTERVALS = 100;
/** Of so many terms the rarest is looked for. */
const MOST_ENTRIES = 8;

/** How a question may be answered; undefined when nothing can be found. */
export function planOf(question: IndexQuestion): Plan | undefined {
  const { workspace_id: w, channel_ids, author_ids, traits, terms, readable } = question;
  if (channel_ids?.length === 0 || author_ids?.length === 0) return undefined;
  const entries: Entry[] = [];
  const enter = (entry: Entry | undefined): Entry | undefined => {
    if (entry) entries.push(entry);
    return entry;
  };
  const conditions: Condition[] = [
    ...terms.map((term, i): Condition => {
      const entry = i < MOST_ENTRIES ? enter(entryOf(w, term)) : undefined;
      return { filter: { $or: term.map(condition) }, met: term.every(({ tokens }) => tokens.length === 1) ? entry : undefined };
    }),
    ...(author_ids ? [{ filter: { k: { $in: author_ids.map(authorToken) } }, met: author_ids.length <= MOST_INTERVALS ? enter(byTokens(w, author_ids.map(authorToken))) : undefined }] : []),
    ...traits.map((trait) => ({ filter: { k: traitToken(trait) }, met: enter(byTokens(w, [traitToken(trait)])) })),
    ...(channel_ids ? [{ filter: { c: { $in: [...channel_ids] } }, met: channel_ids.length <= MOST_INTERVALS ? enter({ hint: BY_CHANNEL, bounds: { c: { $in: [...channel_ids] } }, ordered: true }) : undefined }] : []),
    { filter: { $or: [...(readable.public ? [{ p: true }] : []), { c: { $in: [...readable.channel_ids] } }] } },
  ];
  return { entries, conditions };
}

/** What else has to hold, said so that no index is asked for it: the bounds are those of the entry alone. Under no token there are no deleted messages and no other workspaces. */
export function restOf({ conditions }: Plan, entry: Entry, w: string): Document {
  const rest = conditions.filter(({ met }) => met !== entry).map(({ filter }) => filter);
  if (entry.hint === BY_CHANNEL) rest.push({ k: ANY_TOKEN }, { w });
  return { $nor: rest.map((filter) => ({ $nor: [filter] })) };
}

/** Every message of the workspace, newest first. */
export const anyEntry = (w: string): Entry => byTokens(w, [ANY_TOKEN]);

const byTokens = (w: string, tokens: readonly string[]): Entry => ({ hint: BY_TOKEN, bounds: { w, k: tokens.length === 1 ? tokens[0] : { $in: [...tokens] } }, ordered: true });

/** A term leads into the index by one word of each alternative; a phrase by its longest, which is the rarest as a rule. */
function entryOf(w: string, term: Term): Entry | undefined {
  const leads = term.map(({ tokens, prefix }) => {
    const whole = prefix ? tokens.slice(0, -1) : tokens;
    const longest = [...whole].sort((a, b) => b.length - a.length)[0];
    return longest === undefined ? { from: tokens[0]!, open: true } : { from: longest, open: false };
  });
  if (leads.every(({ open }) => !open)) return byTokens(w, [...new Set(leads.map(({ from }) => from))]);
  const ranges = leads.map(({ from, open }) => ({ k: open ? beginning(from) : from }));
  return ranges.length === 1 ? { hint: BY_TOKEN, bounds: { w, ...ranges[0] }, ordered: false } : undefined;
}

/** One word that begins so: no word holds the last character that there is. Two bounds alone could be met by two words. */
const beginning = (prefix: string): Document => ({ $elemMatch: { $gte: prefix, $lt: `${prefix}\u{10ffff}` } });

function condition({ tokens, prefix }: Alternative): Document {
  const [only] = tokens;
  if (tokens.length === 1) return { k: prefix ? beginning(only!) : only };
  return { q: { $regex: ` ${tokens.map(escaped).join(' ')}${prefix ? '' : ' '}` } };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/** How well a message matches: how often it has what was asked for, for its length. Variants of words count as one place. */
export function scoreOf(q: string, terms: readonly Term[]): number {
  let places = 0;
  for (const term of terms) {
    let found = 0;
    for (const { tokens, prefix } of term) found += occurrences(q, ` ${tokens.join(' ')}${prefix ? '' : ' '}`);
    places += Math.max(found, 0.25);
  }
  let words = 0;
  for (let at = q.indexOf(' '); at >= 0; at = q.indexOf(' ', at + 1)) words++;
  return places / Math.sqrt(words + 1);
}

function occurrences(text: string, part: string): number {
  let count = 0;
  // The blank behind one is that before the next.
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + part.length - 1)) count++;
  return count;
}
