import { foldWord, spelledOut } from './fold.ts';

/** Another text under which a token is found. `joined`: `email` of `e-mail`; `part`: `bar` of `barBaz`; `spelled`: `mueller` of `Müller`; `exact`: an emoji with its skin tone. */
export interface Variant {
  text: string;
  kind: 'joined' | 'part' | 'spelled' | 'exact';
  start: number;
  end: number;
}

/** One place in the sequence of a text's words. */
export interface Token {
  text: string;
  /** Where it stands in the text, UTF-16 units; `end` is exclusive. */
  start: number;
  end: number;
  also: Variant[];
  /** The single last character of a run without spaces (CJK), which stands behind the run's bigrams. */
  tail?: boolean;
}

/** Raised when texts are cut in another way than before: indexes made by an earlier one are made anew. */
export const TOKENISER_VERSION = 1;

const MAX_LENGTH = 64;
const EMOJI = '\\p{Regional_Indicator}{2}|[0-9#*]\\ufe0f?\\u20e3|(?:\\p{Emoji_Presentation}|\\p{Extended_Pictographic}(?=\\ufe0f|\\p{Emoji_Modifier}))(?:\\ufe0f|\\p{Emoji_Modifier})?(?:\\u200d\\p{Extended_Pictographic}(?:\\ufe0f|\\p{Emoji_Modifier})?)*';
const LETTER = '[\\p{L}\\p{N}\\p{M}\\u00ad\\u200c\\u200d]';
/** A reference to somebody or something; an emoji; words held together by `.`, `_`, `-` or an apostrophe, with the sign of `C++` or `C#`. Backslashes are CommonMark's escapes. */
const PIECE = new RegExp(`(<[@#!][^>\\s]*>)|(${EMOJI})|[\\p{L}\\p{N}]${LETTER}*(?:\\\\?[._'’-]+${LETTER}+)*(?:(?:\\\\?\\+){2}|\\\\?#)?(?!${LETTER})`, 'gu');
const WORD = new RegExp(`${LETTER}+`, 'gu');
const VOICED = ['\\u3099', '\\u309a', 'ﾞ', 'ﾟ'].join('');
const UNSPACED = `\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}\\p{Script=Hangul}ー々〆ｰ${VOICED}`;
const LETTER_WITH_MARKS = new RegExp(`[^${VOICED}][${VOICED}]*`, 'gu');
const SEGMENTED = '\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Khmer}\\p{Script=Myanmar}';
// eslint-disable-next-line no-misleading-character-class -- marks are letters of their own here
const SCRIPT_RUNS = new RegExp(`([${UNSPACED}]+)|([${SEGMENTED}]+)|[^${UNSPACED}${SEGMENTED}]+`, 'gu');
// eslint-disable-next-line no-misleading-character-class -- marks are letters of their own here
const NEEDS_RUNS = new RegExp(`[${UNSPACED}${SEGMENTED}]`, 'u');
const CAMEL = /\p{Ll}\p{Lu}|\p{Lu}\p{Lu}\p{Ll}/u;
const CAMEL_PARTS = /\p{Lu}+(?=\p{Lu}\p{Ll})|\p{Lu}?[\p{Ll}\p{Lo}\p{M}]+|\p{Lu}+|\p{N}+/gu;
const SKIN = /\p{Emoji_Modifier}/gu;

let words: Intl.Segmenter | undefined;
const segmenter = (): Intl.Segmenter => (words ??= new Intl.Segmenter('th', { granularity: 'word' }));

/**
 * Cuts a message's source into the words that it is found by: Unicode words without case and accents; Chinese, Japanese
 * and Korean as overlapping pairs; Thai, Lao, Khmer and Burmese by dictionary; emoji; and the parts of names in code.
 * The same for every index and for the search without a connection.
 */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(PIECE)) {
    const [piece, reference, emoji] = match;
    if (reference !== undefined) continue;
    if (emoji !== undefined) tokens.push(emojiToken(emoji, match.index));
    else compound(piece, match.index, tokens);
  }
  return tokens;
}

const cut = (text: string): string => (text.length > MAX_LENGTH ? text.slice(0, MAX_LENGTH) : text);

function emojiToken(emoji: string, start: number): Token {
  const end = start + emoji.length;
  const exact = emoji.replaceAll('\ufe0f', '');
  const text = exact.replace(SKIN, '');
  return { text, start, end, also: exact === text ? [] : [{ text: exact, kind: 'exact', start, end }] };
}

function compound(piece: string, at: number, into: Token[]): void {
  const first = into.length;
  const sign = /(?:(?:\\?\+){2}|\\?#)$/.exec(piece);
  const body = sign ? piece.slice(0, sign.index) : piece;
  for (const word of body.matchAll(WORD)) {
    if (NEEDS_RUNS.test(word[0])) scriptRuns(word[0], at + word.index, into);
    else wordToken(word[0], at + word.index, into);
  }
  const end = at + piece.length;
  const last = into.at(-1);
  if (sign && last) {
    last.also.push({ text: last.text, kind: 'part', start: last.start, end: last.end });
    last.text = cut(last.text + sign[0].replaceAll('\\', ''));
    last.end = end;
  }
  const head = into[first];
  if (head && into.length > first + 1 && /['’-]/.test(body) && !/[._]/.test(body)) {
    head.also.push({ text: cut(foldWord(body.replace(/[\\'’-]/g, ''))), kind: 'joined', start: at, end });
  }
}

function wordToken(word: string, start: number, into: Token[]): void {
  const text = cut(foldWord(word));
  if (text === '') return;
  const token: Token = { text, start, end: start + word.length, also: [] };
  const spelled = spelledOut(word);
  if (spelled !== null) token.also.push({ text: cut(spelled), kind: 'spelled', start, end: token.end });
  if (CAMEL.test(word)) {
    for (const part of word.matchAll(CAMEL_PARTS)) token.also.push({ text: cut(foldWord(part[0])), kind: 'part', start: start + part.index, end: start + part.index + part[0].length });
  }
  into.push(token);
}

function scriptRuns(word: string, at: number, into: Token[]): void {
  for (const run of word.matchAll(SCRIPT_RUNS)) {
    const start = at + run.index;
    if (run[1] !== undefined) pairs(run[1], start, into);
    else if (run[2] !== undefined) {
      for (const part of segmenter().segment(run[2])) if (part.isWordLike) dictionaryWord(part.segment, start + part.index, into);
    } else wordToken(run[0], start, into);
  }
}

/** A dictionary may hold what people take for two words: such a word is found by each of its ends too. */
function dictionaryWord(word: string, start: number, into: Token[]): void {
  wordToken(word, start, into);
  const token = into.at(-1);
  const clusters = [...word.matchAll(/[^\p{M}]\p{M}*/gu)];
  if (!token || clusters.length > 24) return;
  for (const cluster of clusters.slice(1, -1)) token.also.push({ text: cut(foldWord(word.slice(cluster.index))), kind: 'part', start: start + cluster.index, end: token.end });
}

/** Overlapping pairs, then the last character alone: so every character begins some token. */
function pairs(run: string, start: number, into: Token[]): void {
  const letters: { text: string; start: number; end: number }[] = [];
  // A letter and the marks behind it, which fold into one.
  for (const match of run.matchAll(LETTER_WITH_MARKS)) letters.push({ text: foldWord(match[0]), start: start + match.index, end: start + match.index + match[0].length });
  letters.forEach((letter, i) => {
    const next = letters[i + 1];
    if (next) into.push({ text: letter.text + next.text, start: letter.start, end: next.end, also: [] });
    else into.push({ text: letter.text, start: letter.start, end: letter.end, also: [], tail: true });
  });
}
