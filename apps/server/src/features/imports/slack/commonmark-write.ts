import { autolink, escapeInline, escapeLineStart, linkTo } from './commonmark-escape.ts';
import type { Block, Inline } from './mrkdwn-nodes.ts';

/** Writes the tree as CommonMark that shows the same. */
export function writeCommonMark(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      const text = block.type === 'pre' ? fenced(block.text) : paragraphs(block.lines);
      return block.quote ? text.split('\n').map((line) => (line === '' ? '>' : `> ${line}`)).join('\n') : text;
    })
    .filter((text) => text !== '')
    .join('\n\n');
}

function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}\n${text}\n${fence}`;
}

const longestRun = (text: string): number => Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));

/** One blank line parts paragraphs; a further one is a line of its own, which CommonMark only keeps as a hard break. */
function paragraphs(lines: readonly Inline[][]): string {
  let out = '';
  let blank = 0;
  for (const nodes of lines) {
    const line = writeLine(nodes);
    if (line === '') {
      blank++;
      continue;
    }
    if (out !== '') out += blank === 0 ? '\n' : `\n\n${'\\\n'.repeat(blank - 1)}`;
    out += line;
    blank = 0;
  }
  return out;
}

function writeLine(nodes: readonly Inline[]): string {
  const [first, ...rest] = withoutTrailingBlank(nodes);
  if (first === undefined) return '';
  if (first.type !== 'text') return writeInline([first, ...rest], '', '');
  const { head, length } = escapeLineStart(first.text);
  return head + writeInline([{ type: 'text', text: first.text.slice(length) }, ...rest], head, '');
}

/** What is blank at a line's end shows nowhere, and two spaces there would be a break. */
function withoutTrailingBlank(nodes: readonly Inline[]): readonly Inline[] {
  const last = nodes.at(-1);
  if (last?.type !== 'text') return nodes;
  const text = last.text.trimEnd();
  return text === '' ? withoutTrailingBlank(nodes.slice(0, -1)) : [...nodes.slice(0, -1), { type: 'text', text }];
}

const PUNCTUATION = /^[\p{P}\p{S}]$/u;
/** By code unit, as parsers classify what stands beside a mark. */
const kindOf = (unit: string): 'blank' | 'punctuation' | 'word' => (unit === '' || /\s/.test(unit) ? 'blank' : PUNCTUATION.test(unit) ? 'punctuation' : 'word');

function writeInline(nodes: readonly Inline[], before: string, behind: string): string {
  let out = before;
  for (const [index, node] of nodes.entries()) {
    switch (node.type) {
      case 'text': out += escapeInline(node.text, out === '', index === nodes.length - 1 && behind === ''); break;
      case 'raw': out += node.markup; break;
      case 'code': out += code(node.text); break;
      case 'link': out += node.label === '' || node.label === node.url ? autolink(node.url) : linkTo(node.url, node.label.replace(/\s+/g, ' ')); break;
      default: {
        const next = nodes[index + 1];
        out += emphasis(node, out.at(-1) ?? '', next === undefined ? behind : firstOf(next));
      }
    }
  }
  return out.slice(before.length);
}

function firstOf(node: Inline): string {
  if (node.type === 'text') return node.text[0] ?? '';
  return node.type === 'raw' || node.type === 'link' || node.type === 'code' ? '<' : '*';
}

function emphasis(node: Inline & { type: 'strong' | 'em' | 'strike' }, previous: string, next: string): string {
  // The marks themselves stand beside what is inside.
  const inner = writeInline(node.children, '*', '*').trim();
  const open = kindOf(previous), close = kindOf(next);
  const opens = open !== 'word' || kindOf(inner[0] ?? '') === 'word';
  const closes = close !== 'word' || kindOf(inner.at(-1) ?? '') === 'word';
  if (inner === '' || !opens || !closes) return inner;
  const mark = node.type === 'strong' ? '**' : node.type === 'strike' ? '~~' : open === 'word' || close === 'word' ? '*' : '_';
  return `${mark}${inner}${mark}`;
}

function code(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const pad = /^`|`$/.test(text) || (/^ .* $/.test(text) && text.trim() !== '') ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}
