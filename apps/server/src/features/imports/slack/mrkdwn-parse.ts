import { BARE_ADDRESS, TRAILING } from './commonmark-escape.ts';
import type { Block, Found, Inline, References } from './mrkdwn-nodes.ts';
import { readToken, unescapeSlack } from './mrkdwn-tokens.ts';

const MARKS: Readonly<Record<string, 'strong' | 'em' | 'strike'>> = { '*': 'strong', _: 'em', '~': 'strike' };
const QUOTE = /^(?:&gt;|>) ?/;
const QUOTE_REST = /^(?:&gt;|>){3} ?/;

/** Splits Slack text into preformatted blocks, quotes and lines, and reads each line. */
export function parseMrkdwn(text: string, references: References, found: Found): Block[] {
  const blocks: Block[] = [];
  let quoteRest = false;
  const parts = text.split(/```(?!\s*```)([\s\S]+?)```/);
  for (const [index, part] of parts.entries()) {
    if (index % 2 === 1) {
      blocks.push({ type: 'pre', quote: quoteRest, text: plain(part).replace(/^\n/, '').replace(/\n$/, '') });
      continue;
    }
    // The newline that ends a preformatted block's line, or stands before one, belongs to the block; so do spaces around it.
    let lines = part;
    if (index > 0) lines = lines.replace(/^ *\n?/, '');
    if (index < parts.length - 1) lines = lines.replace(/\n? *$/, '');
    if (lines !== '') addLines(blocks, lines);
  }
  return blocks;

  function addLines(into: Block[], part: string): void {
    for (const raw of part.split('\n')) {
      let line = raw;
      let quote = quoteRest;
      if (!quoteRest && QUOTE_REST.test(line)) {
        quoteRest = quote = true;
        line = line.replace(QUOTE_REST, '');
      } else if (!quoteRest && QUOTE.test(line)) {
        quote = true;
        line = line.replace(QUOTE, '');
      }
      const last = into.at(-1);
      const nodes = parseLine(line, references, found, MARKS);
      if (last?.type === 'lines' && last.quote === quote) last.lines.push(nodes);
      else into.push({ type: 'lines', quote, lines: [nodes] });
    }
  }
}

/** Text in which nothing is formatted, tokens by what they show. */
function plain(text: string): string {
  return unescapeSlack(text.replace(/<([^<>\n]*)>/g, (whole, inner: string) => {
    const bar = inner.indexOf('|');
    const label = bar < 0 ? '' : inner.slice(bar + 1);
    if (/^[@#!]/.test(inner)) return label || inner.replace(/^!(?:[a-z]+\^)?/, '@').replace(/\^.*$/, '');
    return /^[a-z][a-z0-9+.-]*:/i.test(inner) ? label || inner : whole;
  }));
}

/** One line's inline nodes. `marks` are those not open around it, so that nesting is bounded by their number. */
function parseLine(line: string, references: References, found: Found, marks: Readonly<Record<string, 'strong' | 'em' | 'strike'>>): Inline[] {
  const nodes: Inline[] = [];
  let from = 0;
  const flush = (to: number) => {
    if (to > from) nodes.push({ type: 'text', text: unescapeSlack(line.slice(from, to)) });
  };
  let i = 0;
  while (i < line.length) {
    const c = line[i]!;
    let end = -1;
    let node: Inline | null = null;
    if (c === 'h' || c === 'w') {
      i = addressEnd(line, i);
      continue;
    }
    if (c === '<') {
      end = tokenEnd(line, i);
      if (end > 0) node = readToken(line.slice(i + 1, end - 1), references, found);
    } else if (c === '`') {
      end = codeEnd(line, i);
      if (end > 0) node = { type: 'code', text: plain(line.slice(i + 1, end - 1)) };
    } else if (marks[c] !== undefined) {
      end = markEnd(line, i, c);
      const type = marks[c];
      if (end > 0) node = { type, children: parseLine(line.slice(i + 1, end - 1), references, found, Object.fromEntries(Object.entries(marks).filter(([mark]) => mark !== c))) };
    }
    if (!node) {
      i++;
      continue;
    }
    flush(i);
    nodes.push(node);
    i = from = end;
  }
  flush(line.length);
  return nodes;
}

const ADDRESS = new RegExp(BARE_ADDRESS.source, 'yiu');
const BOUNDARY = /^[\s\p{P}\p{S}]$/u;
const before = (line: string, i: number): string => (/[\udc00-\udfff]/.test(line[i - 1] ?? '') ? line.slice(i - 2, i) : (line[i - 1] ?? ' '));
const after = (line: string, i: number): string => (i < line.length ? String.fromCodePoint(line.codePointAt(i)!) : ' ');

/** The index behind a bare address that begins at `i`, in which marks mean nothing; behind the letter when there is none. */
function addressEnd(line: string, i: number): number {
  ADDRESS.lastIndex = i;
  const found = ADDRESS.exec(line)?.[0].replace(TRAILING, '');
  return i + Math.max(1, found?.length ?? 0);
}

/** The index behind the `>` of a token that begins at `i`, or -1. */
function tokenEnd(line: string, i: number): number {
  for (let j = i + 1; j < line.length; j++) {
    if (line[j] === '<') return -1;
    if (line[j] === '>') return j > i + 1 ? j + 1 : -1;
  }
  return -1;
}

/** The index behind the closing backtick. Backticks inside words are apostrophes. */
function codeEnd(line: string, i: number): number {
  if (!BOUNDARY.test(before(line, i)) || line[i - 1] === '`') return -1;
  const j = line.indexOf('`', i + 1);
  return j > i + 1 && line[j + 1] !== '`' && BOUNDARY.test(after(line, j + 1)) ? j + 1 : -1;
}

/** The index behind the mark that closes the one at `i`, or -1: both at word bounds, nothing blank at their inner sides. */
function markEnd(line: string, i: number, mark: string): number {
  const opens = (at: number) => BOUNDARY.test(before(line, at)) && line[at - 1] !== mark && line[at + 1] !== mark && !/^\s?$/.test(line[at + 1] ?? '');
  if (!opens(i)) return -1;
  for (let j = i + 1; j < line.length; j++) {
    const c = line[j];
    const skip = c === '<' ? tokenEnd(line, j) : c === '`' ? codeEnd(line, j) : c === 'h' || c === 'w' ? addressEnd(line, j) : -1;
    if (skip > 0) j = skip - 1;
    else if (c === mark) {
      if (j > i + 1 && !/\s/.test(line[j - 1]!) && line[j - 1] !== mark && line[j + 1] !== mark && BOUNDARY.test(after(line, j + 1))) return j + 1;
      if (opens(j)) return -1;
    }
  }
  return -1;
}
