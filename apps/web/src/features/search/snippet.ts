import { matchTerms } from '@parley/shared/domain/search/match';
import type { Term } from '@parley/shared/domain/search/terms';
import { tokenise } from '@parley/shared/domain/search/tokenise';

export interface SnippetPart {
  text: string;
  found: boolean;
}

const BEFORE = 60;
const LENGTH = 260;

/** The stretch of a text around its first hit, cut at words, with all hits told apart. */
export function snippet(text: string, terms: readonly Term[]): SnippetPart[] {
  const line = text.replace(/\s+/g, ' ').trim();
  const tokens = tokenise(line);
  // A word that stands in an address or a name of a file is not in the text: the others are marked all the same.
  const places = terms.flatMap((term) => matchTerms(tokens, [term]) ?? []).sort((a, b) => a.start - b.start);
  const first = places[0]?.start ?? 0;
  const from = first <= BEFORE ? 0 : line.lastIndexOf(' ', first - BEFORE / 2) + 1 || first;
  const whole = line.length <= from + LENGTH;
  const cutAt = line.lastIndexOf(' ', from + LENGTH);
  const to = whole ? line.length : cutAt > first ? cutAt : from + LENGTH;
  const parts: SnippetPart[] = [];
  const add = (start: number, end: number, found: boolean): void => void (end > start && parts.push({ text: line.slice(start, end), found }));
  if (from > 0) parts.push({ text: '… ', found: false });
  let at = from;
  for (const place of places) {
    if (place.start < at || place.end > to) continue;
    add(at, place.start, false);
    add(place.start, place.end, true);
    at = place.end;
  }
  add(at, to, false);
  if (!whole) parts.push({ text: ' …', found: false });
  return parts;
}
