export const FILTER_NAMES = ['from', 'in', 'before', 'after', 'on', 'has', 'is'] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
export const HAS_VALUES = ['link', 'file', 'image', 'reaction', 'thread', 'code'] as const;
export const IS_VALUES = ['thread', 'pinned', 'edited', 'dm', 'bot'] as const;
export type HasValue = (typeof HAS_VALUES)[number];
export type IsValue = (typeof IS_VALUES)[number];

/** What stands in a query, in order; `start` and `end` are its place in what was typed. */
export type QueryPart =
  | { kind: 'word' | 'phrase'; value: string; start: number; end: number }
  | { kind: 'filter'; name: FilterName; value: string; start: number; end: number };

/** Days `from` to `to`, both `YYYY-MM-DD`, inclusive. */
export interface DaySpan {
  from: string;
  to: string;
}

/** A query as an index is asked: all words and phrases, and one of the values of each filter. */
export interface SearchQuery {
  parts: QueryPart[];
  /** Names as typed, without `@`. */
  from: string[];
  /** Names as typed, with `@` where they mean a direct message. */
  in: string[];
  before: DaySpan | null;
  after: DaySpan | null;
  on: DaySpan | null;
  has: HasValue[];
  is: IsValue[];
}

const PART = /(from|in|before|after|on|has|is):(?:"([^"]*)"?|([^\s"]*))|["“„«]([^"”“»]*)["”“»]?|([^\s"“”„«»]+)/giu;

/**
 * Reads what a person typed. Nothing is an error: a filter with a value that it does not know is searched as words, one
 * without a value is still being typed and says nothing.
 * @param today `YYYY-MM-DD` where the person is, for `today` and `yesterday`.
 */
export function parseQuery(text: string, today: string): SearchQuery {
  const query: SearchQuery = { parts: [], from: [], in: [], before: null, after: null, on: null, has: [], is: [] };
  for (const match of text.matchAll(PART)) {
    const start = match.index;
    const end = start + match[0].length;
    const name = match[1]?.toLowerCase() as FilterName | undefined;
    if (name !== undefined) {
      const value = (match[2] ?? match[3] ?? '').trim();
      if (value === '' && match[2] === undefined && match[0].endsWith(':')) continue;
      if (value !== '' && takeFilter(query, name, value, today)) query.parts.push({ kind: 'filter', name, value, start, end });
      else if (value !== '') query.parts.push({ kind: 'word', value: match[0], start, end });
    } else if (match[4] !== undefined) {
      if (match[4].trim() !== '') query.parts.push({ kind: 'phrase', value: match[4].trim(), start, end });
    } else query.parts.push({ kind: 'word', value: match[5] ?? '', start, end });
  }
  return query;
}

function takeFilter(query: SearchQuery, name: FilterName, value: string, today: string): boolean {
  switch (name) {
    case 'from':
      query.from.push(value.replace(/^@/, ''));
      return true;
    case 'in':
      query.in.push(value.replace(/^#/, ''));
      return true;
    case 'has': {
      const known = HAS_VALUES.find((v) => v === value.toLowerCase().replace(/s$/, ''));
      if (known) query.has.push(known);
      return known !== undefined;
    }
    case 'is': {
      const known = IS_VALUES.find((v) => v === value.toLowerCase());
      if (known) query.is.push(known);
      return known !== undefined;
    }
    default: {
      const span = daySpan(value, today);
      if (span) query[name] = span;
      return span !== null;
    }
  }
}

/** `2024`, `2024-05`, `2024-05-17`, `today`, `yesterday`; null for what is no date. */
export function daySpan(value: string, today: string): DaySpan | null {
  const word = value.toLowerCase();
  if (word === 'today' || word === 'heute') return { from: today, to: today };
  if (word === 'yesterday' || word === 'gestern') return { from: addDays(today, -1), to: addDays(today, -1) };
  const match = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(word) ?? german(word);
  if (!match) return null;
  const [year, month, day] = match.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  if (year === undefined) return null;
  if (month === undefined) return { from: dayOf(year, 1, 1), to: dayOf(year, 12, 31) };
  if (month < 1 || month > 12) return null;
  const last = new Date(Date.UTC(year, month, 0)).getUTCDate();
  if (day === undefined) return { from: dayOf(year, month, 1), to: dayOf(year, month, last) };
  return day < 1 || day > last ? null : { from: dayOf(year, month, day), to: dayOf(year, month, day) };
}

/** `17.5.2024` and `5.2024`. */
function german(word: string): string[] | null {
  const match = /^(?:(\d{1,2})\.)?(\d{1,2})\.(\d{4})$/.exec(word);
  return match ? [word, match[3], match[2], match[1]].map((part) => part as string) : null;
}

const dayOf = (year: number, month: number, day: number): string => `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;

export function addDays(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`);
  at.setUTCDate(at.getUTCDate() + days);
  return dayOf(at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate());
}

/** The bounds of a query's days as epoch milliseconds, `to` exclusive; null where there is none. `before` and `after` leave out their own days. */
export function timeBounds(query: Pick<SearchQuery, 'before' | 'after' | 'on'>, timeZone: string): { from: number | null; to: number | null } {
  const starts: number[] = [];
  const ends: number[] = [];
  if (query.after) starts.push(startOfDay(addDays(query.after.to, 1), timeZone));
  if (query.on) {
    starts.push(startOfDay(query.on.from, timeZone));
    ends.push(startOfDay(addDays(query.on.to, 1), timeZone));
  }
  if (query.before) ends.push(startOfDay(query.before.from, timeZone));
  return { from: starts.length > 0 ? Math.max(...starts) : null, to: ends.length > 0 ? Math.min(...ends) : null };
}

/** The moment at which a day begins in a time zone, over changes of its clock too. */
export function startOfDay(day: string, timeZone: string): number {
  const utc = Date.parse(`${day}T00:00:00Z`);
  // The offset at the guess may not be the one at the result: twice is enough, since clocks change by less than a day.
  const first = utc - offsetAt(utc, timeZone);
  return utc - offsetAt(first, timeZone);
}

/** The day that it is at a moment in a time zone. */
export const dayAt = (at: number, timeZone: string): string => new Date(at + offsetAt(at, timeZone)).toISOString().slice(0, 10);

function offsetAt(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' }).formatToParts(at);
  const part = (type: string): number => Number(parts.find((p) => p.type === type)?.value ?? 0);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')) - Math.floor(at / 1000) * 1000;
}
