/** Marks that are accents or vowel points to a reader; in Indic and South-East Asian scripts marks are letters and stay. */
const ACCENT_RANGES = ['\\u0300-\\u036f', '\\u0483-\\u0487', '\\u0591-\\u05c7', '\\u0610-\\u061a', '\\u064b-\\u065f', '\\u0670', '\\u06d6-\\u06dc', '\\u06df-\\u06e8', '\\u06ea-\\u06ed', '\\u1ab0-\\u1aff', '\\u1dc0-\\u1dff', '\\u20d0-\\u20dc', '\\u20e1', '\\u20e5-\\u20ff', '\\ufe20-\\ufe2f'];
// eslint-disable-next-line no-misleading-character-class -- marks are what is looked for
const ACCENTS = new RegExp(`[${ACCENT_RANGES.join('')}]+`, 'gu');
/** Letters that Unicode does not take apart and people type plainly; joiners and the Arabic stretching stroke are nothing. */
const PLAIN: Readonly<Record<string, string>> = {
  ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ð: 'd', þ: 'th', ł: 'l', ħ: 'h', ı: 'i', ŋ: 'n', ς: 'σ', ى: 'ي', ة: 'ه', ک: 'ك', ی: 'ي', '\u0640': '', '\u00ad': '', '\u200c': '', '\u200d': '',
};
const PLAIN_LETTERS = new RegExp(`[${Object.keys(PLAIN).join('')}]`, 'gu');
const ASCII = /^[\x20-\x7e]*$/;

/** One word as the index knows it: without case, accents and differences of width. */
export function foldWord(word: string): string {
  const lower = word.toLowerCase();
  if (ASCII.test(lower)) return lower;
  return lower.normalize('NFKD').replace(ACCENTS, '').normalize('NFC').replace(PLAIN_LETTERS, (letter) => PLAIN[letter] ?? letter);
}

const UMLAUTS: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue' };

/** The word as it is written without umlauts (`mueller`), or null when it has none. */
export function spelledOut(word: string): string | null {
  const lower = word.normalize('NFC').toLowerCase();
  return /[äöü]/.test(lower) ? foldWord(lower.replace(/[äöü]/g, (letter) => UMLAUTS[letter] ?? letter)) : null;
}
