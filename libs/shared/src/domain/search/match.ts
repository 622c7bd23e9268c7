import type { Alternative, Term } from './terms.ts';
import { tokenise, type Token } from './tokenise.ts';

/** A found place, UTF-16 units of the text; `end` is exclusive. */
export interface Highlight {
  start: number;
  end: number;
}

/** Where the terms are found in a text, in order and without overlaps; null when one of them is not. */
export function matchTerms(tokens: readonly Token[], terms: readonly Term[]): Highlight[] | null {
  const found: Highlight[] = [];
  for (const term of terms) {
    const before = found.length;
    for (const alternative of term) places(tokens, alternative, found);
    if (found.length === before) return null;
  }
  return merged(found);
}

const same = (text: string, wanted: string, prefix: boolean): boolean => (prefix ? text.startsWith(wanted) : text === wanted);

function places(tokens: readonly Token[], { tokens: wanted, prefix }: Alternative, found: Highlight[]): void {
  const single = wanted.length === 1 ? wanted[0] : undefined;
  if (single !== undefined) {
    for (const token of tokens) {
      if (same(token.text, single, prefix)) found.push(prefix ? firstLetters(token, single) : { start: token.start, end: token.end });
      for (const variant of token.also) if (same(variant.text, single, prefix)) found.push({ start: variant.start, end: variant.end });
    }
    return;
  }
  for (let i = 0; i + wanted.length <= tokens.length; i++) {
    const fits = wanted.every((text, n) => same(tokens[i + n]?.text ?? '', text, prefix && n === wanted.length - 1));
    const first = tokens[i];
    const last = tokens[i + wanted.length - 1];
    if (fits && first && last) found.push({ start: first.start, end: prefix ? firstLetters(last, wanted.at(-1) ?? '').end : last.end });
  }
}

/** A word is marked whole; of a pair without spaces only the asked character. */
function firstLetters(token: Token, wanted: string): Highlight {
  const pair = wanted > '\u2e7f' && token.text.length === wanted.length + 1 && token.end - token.start === token.text.length;
  return { start: token.start, end: pair ? token.start + wanted.length : token.end };
}

function merged(found: Highlight[]): Highlight[] {
  const sorted = found.sort((a, b) => a.start - b.start || b.end - a.end);
  const out: Highlight[] = [];
  for (const place of sorted) {
    const last = out.at(-1);
    if (last && place.start < last.end) last.end = Math.max(last.end, place.end);
    else out.push({ ...place });
  }
  return out;
}

/** A message's text and the names of its files, as one sequence of tokens; those of names stand behind the text. */
export function documentTokens(message: { content: string; files: readonly { name: string }[] }): Token[] {
  const tokens = tokenise(message.content);
  if (message.files.length === 0) return tokens;
  let behind = message.content.length + 1;
  for (const { name } of message.files) {
    for (const token of tokenise(name)) {
      tokens.push({ ...token, start: token.start + behind, end: token.end + behind, also: token.also.map((v) => ({ ...v, start: v.start + behind, end: v.end + behind })) });
    }
    behind += name.length + 1;
  }
  return tokens;
}

/** Where the terms are found in a message's text; empty when only names of its files have them, null when it is not found. */
export function findInMessage(message: { content: string; files: readonly { name: string }[] }, terms: readonly Term[]): Highlight[] | null {
  const found = matchTerms(documentTokens(message), terms);
  return found && found.filter((place) => place.end <= message.content.length);
}
