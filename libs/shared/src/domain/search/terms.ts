import type { SearchQuery } from './query.ts';
import { tokenise, type Token } from './tokenise.ts';

/** One way to satisfy a term: tokens that follow each other; a single one is found among variants too. */
export interface Alternative {
  tokens: string[];
  /** The last token may go on. */
  prefix: boolean;
}
/** Satisfied by any of its alternatives; a text is found when all its terms are. */
export type Term = Alternative[];

/** What the words and phrases of a query ask of a text. The last word is taken as one that may still be typed. */
export function termsOf(query: Pick<SearchQuery, 'parts'>): Term[] {
  const texts = query.parts.filter((part) => part.kind !== 'filter');
  return texts.flatMap((part, i) => {
    const term = termOf(part.value, part.kind === 'word' && i === texts.length - 1);
    return term ? [term] : [];
  });
}

/** A word that may still be typed: two letters of it, or one that is not ASCII. Emoji and signs are whole. */
const OPEN_END = /^(?:[\p{L}\p{N}].|[^\p{ASCII}\P{L}])/u;

function termOf(value: string, open: boolean): Term | null {
  const tokens = tokenise(value);
  const last = tokens.at(-1);
  const first = tokens[0];
  if (!last || !first) return null;
  // A lone character of a script without spaces begins a pair in every text that has it, or ends a run.
  const lone = tokens.length === 1 && last.tail === true;
  if (last.tail && !lone && tokens.at(-2)?.end === last.end) tokens.pop();
  const end = tokens.at(-1)?.text ?? '';
  const prefix = tokens.at(-1)?.tail === true || (open && !last.tail && OPEN_END.test(end));
  if (tokens.length > 1) return [{ tokens: tokens.map((t) => t.text), prefix }, ...joined(first, open)];
  const exact = first.also.filter((v) => v.kind === 'exact');
  if (exact.length > 0) return exact.map((v) => ({ tokens: [v.text], prefix: false }));
  return [{ tokens: [first.text], prefix }, ...first.also.filter((v) => v.kind === 'spelled').map((v) => ({ tokens: [v.text], prefix }))];
}

const joined = (first: Token, prefix: boolean): Alternative[] => first.also.filter((v) => v.kind === 'joined').map((v) => ({ tokens: [v.text], prefix }));
