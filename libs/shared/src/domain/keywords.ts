import { maskCode } from './content.ts';
import { termsOf, type Alternative } from './search/terms.ts';
import { tokenise, type Token } from './search/tokenise.ts';

/** The ways in which a text can have a keyword: words in a row, as the search cuts them. Empty for what has no word in it. */
const waysOf = (keyword: string): readonly Alternative[] => termsOf({ parts: [{ kind: 'phrase', value: keyword, start: 0, end: keyword.length }] })[0] ?? [];

/** A piece of a longer name (`bar` of `barBaz`, `c` of `C++`) is no word of its own; one of a script without spaces is. */
const CASED = /[\p{Cased}\p{N}]/u;
const wordsOf = (token: Token): string[] => [token.text, ...token.also.filter((variant) => variant.kind !== 'part' || !CASED.test(variant.text)).map((variant) => variant.text)];

function has(tokens: readonly Token[], { tokens: wanted, prefix }: Alternative): boolean {
  const is = (text: string, word: string, last: boolean): boolean => (prefix && last ? text.startsWith(word) : text === word);
  if (wanted.length === 1) return tokens.some((token) => wordsOf(token).some((text) => is(text, wanted[0]!, true)));
  return tokens.some((_, at) => wanted.every((word, n) => is(tokens[at + n]?.text ?? '', word, n === wanted.length - 1)));
}

/** The first of the keywords that a text has as whole words, without regard to case and accents; code is no text. */
export function keywordIn(text: string, keywords: readonly string[]): string | null {
  if (keywords.length === 0 || text === '') return null;
  const tokens = tokenise(maskCode(text));
  return keywords.find((keyword) => waysOf(keyword).some((way) => has(tokens, way))) ?? null;
}

/** Under what an index files a keyword: a text that has it has one of these among its `leadsIn`. */
export const leadsOf = (keyword: string): string[] => [...new Set(waysOf(keyword).flatMap((way) => way.tokens.slice(0, 1)))];

/** All that keywords of a text can be filed under. */
export function leadsIn(text: string): string[] {
  const leads = new Set<string>();
  for (const token of tokenise(maskCode(text))) {
    for (const word of wordsOf(token)) leads.add(word);
    // A lone character of a script without spaces is found at the beginning of a pair.
    const first = [...token.text][0]!;
    if (first > '\u2e7f') leads.add(first);
  }
  return [...leads];
}
