/**
 * Escapes plain text so that CommonMark (with strike, tables and bare addresses) shows exactly it. Only what would be read as
 * markup is escaped, so that people who edit imported text, and the search, meet it much as it was written.
 */

/** An address that stands in text as it is; what it ends with may belong to the sentence. */
export const BARE_ADDRESS = /(?<![a-z])(?:https?:\/\/|www\.)[^\s<]+/giu;
const AUTOLINK = /^https?:[^\s<>\p{Cc}]*$/iu;
export const TRAILING = /(?:[?!.,:;*_~'"`|\\]|&[a-z0-9]+;)+$/i;
const WORD = /[\p{L}\p{N}]/u;
const LINE_RULE = /^(?:[-:|\s]*-[-:|\s]*|=+\s*|([-_*])(?:\s*\1){2,}\s*)$/;

/** Text within a line. `start` and `end` say whether the line begins and ends with it. */
export function escapeInline(text: string, start: boolean, end: boolean): string {
  let out = '';
  let from = 0;
  const addresses = new RegExp(BARE_ADDRESS);
  for (let match = addresses.exec(text); match; match = addresses.exec(text)) {
    const behind = match.index + match[0].length;
    // A plain address is found as it is, but takes a backslash, or the mark of what comes next, for a part of itself.
    if (escapeRun(match[0], false, behind === text.length && end) === match[0] && text[behind] !== '<' && (behind < text.length || end)) continue;
    const url = match[0].replace(TRAILING, '');
    if (/^[a-z]+:\/*$|^www\.$/i.test(url)) continue;
    out += escapeRun(text.slice(from, match.index), start && from === 0, false);
    if (AUTOLINK.test(url) && entity(url) === url) {
      out += `<${url}>`;
      from = match.index + url.length;
    } else {
      // An escaped mark inside keeps the address from being found before escapes are read; afterwards it is.
      const mark = url.search(/[:.]/);
      out += `${url.slice(0, mark)}\\${url[mark]}`;
      from = match.index + mark + 1;
    }
    // What was left out of the address may hold another.
    addresses.lastIndex = from;
  }
  return out + escapeRun(text.slice(from), start && from === 0, end);
}

function escapeRun(text: string, start: boolean, end: boolean, brackets = false): string {
  const lastGreater = text.lastIndexOf('>');
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === '_') {
      let to = i;
      while (text[to + 1] === '_') to++;
      const literal = (WORD.test(text[i - 1] ?? '') && WORD.test(text[to + 1] ?? '')) || (blank(text, i - 1, start, end) && blank(text, to + 1, start, end));
      out += literal ? text.slice(i, to + 1) : '\\_'.repeat(to + 1 - i);
      i = to;
    } else out += (brackets && (c === '[' || c === ']')) || needsEscape(text, i, c, start, end, lastGreater) ? `\\${c}` : c;
  }
  return out;
}

function needsEscape(text: string, i: number, c: string, start: boolean, end: boolean, lastGreater: number): boolean {
  const next = text[i + 1];
  switch (c) {
    case '\\': return next === undefined || /[!-/:-@[-`{-~\n]/.test(next);
    case '`': return true;
    case '*': return !blank(text, i - 1, start, end) || !blank(text, i + 1, start, end);
    case '~': return next === '~' || text[i - 1] === '~' || !blank(text, i - 1, start, end);
    // Brackets are links only with something behind them; in front of the unknown they are escaped.
    case ']': return next === undefined ? !end : next === '(' || next === '[' || next === ':';
    case '<': return next === undefined ? !end : /[a-z/!?@#]/i.test(next) || (!/\s/.test(next) && lastGreater > i);
    case '&': return /^&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/i.test(text.slice(i, i + 36));
    default: return false;
  }
}

function blank(text: string, at: number, start: boolean, end: boolean): boolean {
  const c = text[at];
  return c === undefined ? (at < 0 ? start : end) : /\s/.test(c);
}

/** How a line that begins with `text` must begin instead, so that it opens no block. Answers the escaped head and the length it replaces. */
export function escapeLineStart(text: string): { head: string; length: number } {
  if (text[0] === ' ') return { head: '&#32;', length: 1 };
  if (text[0] === '\t') return { head: '&#9;', length: 1 };
  if (LINE_RULE.test(text) || /^(?:>|[-+*](?=\s|$)|#{1,6}(?=\s|$))/.test(text)) return { head: `\\${text[0]}`, length: 1 };
  const ordered = /^\d{1,9}(?=[.)](?:\s|$))/.exec(text);
  if (ordered) return { head: `${ordered[0]}\\${text[ordered[0].length]}`, length: ordered[0].length + 1 };
  return { head: '', length: 0 };
}

const entity = (url: string): string => url.replace(/&(?=#?[a-z\d]+;)/gi, '&amp;');

/** `[label](url)`. */
export function linkTo(url: string, label: string): string {
  const target = /[\s()<>\\\p{Cc}]/u.test(url) ? `<${entity(url.replace(/[<>\\\p{Cc}]/gu, (c) => encodeURIComponent(c)))}>` : entity(url);
  return `[${escapeRun(label, false, false, true)}](${target})`;
}

/** `<url>`, or a link that shows its address where that form cannot hold it. */
export function autolink(url: string): string {
  return AUTOLINK.test(url) && entity(url) === url ? `<${url}>` : linkTo(url, url.replace(/^mailto:/i, ''));
}
