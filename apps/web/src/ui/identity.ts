/** What a person or a workspace looks like without a picture: the same from the same id, everywhere. */
export const GROUNDS = 12;

/** Which ground (`avatar-grounds.css`) an id stands on: FNV-1a over its characters. */
export function groundOf(id: string): number {
  return hash(id) % GROUNDS;
}

/** The corner that is darkened, 0 to 3. */
export const cornerOf = (id: string): number => (hash(id) >>> 8) % 4;

function hash(id: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) h = Math.imul(h ^ id.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

let segmenter: Intl.Segmenter | undefined;
const firstGrapheme = (text: string): string | undefined => (segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' })).segment(text).containing(0)?.segment;
const CJK = /^[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}]/u;

/** The first graphemes of the first and the last word; one character of CJK names. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const first = words[0];
  if (first === undefined) return '?';
  const head = firstGrapheme(first) ?? '?';
  if (CJK.test(head)) return head;
  const tail = words.length > 1 ? (firstGrapheme(words[words.length - 1]!) ?? '') : '';
  return (head + tail).toUpperCase();
}
