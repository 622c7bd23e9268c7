import { nestingDepth } from './markup/nesting.ts';

/** Deeper nesting is refused: parsers of deep nesting are slow or overflow. */
export const CONTENT_NESTING = 20;

/**
 * What a server must know of a message's text without parsing it: where code stands, and how deep it nests. Both are one
 * pass, whatever the text, since a parser's time and stack are not for strangers to spend.
 */

/** Fenced blocks, indented blocks and code spans overwritten by spaces; all else stays where it is. */
export function maskCode(content: string): string {
  if (!content.includes('`') && !content.includes('~~~') && !/^(?: {4}|\t)/m.test(content)) return content;
  return maskSpans(maskBlocks(content));
}

const FENCE = /^(?:\s{0,3}(?:>|[-*+]|\d{1,9}[.)]))*\s{0,3}(`{3,}(?=[^`]*$)|~{3,})/;
const LIST = /^\s{0,3}(?:[-*+]|\d{1,9}[.)])(?:\s|$)/;

function maskBlocks(content: string): string {
  let fence: string | null = null;
  let blankBefore = true;
  let listOpen = false;
  return content.split('\n').map((line) => {
    if (fence !== null) {
      const bare = line.replace(/^[\s>]*/, '').trimEnd();
      if (bare.length >= fence.length && bare === fence[0]!.repeat(bare.length)) fence = null;
      return blank(line);
    }
    const opened = FENCE.exec(line)?.[1];
    if (opened !== undefined) {
      fence = opened;
      blankBefore = false;
      return blank(line);
    }
    if (line.trim() === '') {
      blankBefore = true;
      return line;
    }
    if (LIST.test(line)) listOpen = true;
    else if (blankBefore && !/^\s/.test(line)) listOpen = false;
    // An indented line is code only where no paragraph and no list is going on.
    const indented = /^(?: {4}| {0,3}\t)/.test(line);
    if (indented && blankBefore && !listOpen) return blank(line);
    blankBefore = false;
    return line;
  }).join('\n');
}

/** Code spans: a run of backticks up to the next run of the same length, within one paragraph. */
function maskSpans(content: string): string {
  if (!content.includes('`')) return content;
  return content.split(/(\n[ \t]*(?:\n[ \t]*)+)/).map(maskParagraph).join('');
}

function maskParagraph(text: string): string {
  const runs: { at: number; length: number; escaped: boolean }[] = [];
  for (const match of text.matchAll(/`+/g)) {
    let slashes = 0;
    while (text[match.index - 1 - slashes] === '\\') slashes++;
    runs.push({ at: match.index, length: match[0].length, escaped: slashes % 2 === 1 });
  }
  // The next run of each length, found from the end, so that unclosed runs cost nothing.
  const next = new Array<number>(runs.length).fill(-1);
  const seen = new Map<number, number>();
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i]!;
    next[i] = seen.get(run.escaped ? run.length - 1 : run.length) ?? -1;
    seen.set(run.length, i);
  }
  let masked = '';
  let done = 0;
  for (let i = 0; i < runs.length; i++) {
    const close = next[i]!;
    if (close < 0) continue;
    const from = runs[i]!.at + (runs[i]!.escaped ? 1 : 0);
    const to = runs[close]!.at + runs[close]!.length;
    masked += text.slice(done, from) + blank(text.slice(from, to));
    done = to;
    i = close;
  }
  return masked + text.slice(done);
}

const blank = (text: string): string => text.replace(/[^\n]/g, ' ');

interface Opener { mark: string; count: number; inner: number }
const CLOSES: Record<string, string> = { ']': '[' };

/** The deepest nesting of brackets and emphasis in one paragraph. Counts pairs, not lone marks. */
function inlineDepth(text: string): number {
  const open: Opener[] = [];
  const waiting = new Map<string, number>();
  let deepest = 0;
  const push = (mark: string, count: number): void => {
    open.push({ mark, count, inner: 0 });
    waiting.set(mark, (waiting.get(mark) ?? 0) + 1);
  };
  const close = (mark: string, levels: number): boolean => {
    if (!waiting.get(mark)) return false;
    let inner = 0;
    for (;;) {
      const top = open.pop()!;
      waiting.set(top.mark, waiting.get(top.mark)! - 1);
      inner = Math.max(inner, top.inner);
      if (top.mark !== mark) continue;
      const depth = inner + (mark === '[' ? 1 : Math.ceil(Math.min(top.count, levels) / 2));
      deepest = Math.max(deepest, depth);
      const parent = open[open.length - 1];
      if (parent) parent.inner = Math.max(parent.inner, depth);
      return true;
    }
  };
  for (const match of text.matchAll(/\\.|[[\]]|\*+|_+|~+/gs)) {
    const mark = match[0][0]!;
    if (mark === '\\') continue;
    if (mark === '[') push('[', 1);
    else if (mark === ']') close(CLOSES[mark]!, 1);
    else {
      const before = text[match.index - 1] ?? ' ';
      const after = text[match.index + match[0].length] ?? ' ';
      const mayClose = !/\s/.test(before);
      const mayOpen = !/\s/.test(after);
      if (mayClose && close(mark, match[0].length)) continue;
      if (mayOpen) push(mark, match[0].length);
    }
  }
  return deepest;
}

/** How deep quotes, lists, emphasis and brackets nest in each other, at most; beyond the limit just "more". */
export function contentDepth(content: string): number {
  const blocks = nestingDepth(content);
  if (blocks > CONTENT_NESTING) return blocks;
  if (!/[[*_~]/.test(content)) return blocks;
  let inline = 0;
  for (const paragraph of maskCode(content).split(/\n\s*\n/)) inline = Math.max(inline, inlineDepth(paragraph));
  return blocks + inline;
}

/** Why a text may not be sent, or null. Its length is checked by the schema. */
export function contentProblem(content: string): string | null {
  if (content.trim() === '') return 'no text';
  if (content.includes('\u0000')) return 'a NUL character';
  return contentDepth(content) > CONTENT_NESTING ? `nested deeper than ${CONTENT_NESTING}` : null;
}
