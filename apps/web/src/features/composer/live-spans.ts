import type { Block, Inline, Span } from '@parley/shared/domain/markup/ast';
import { parseMarkup } from '@parley/shared/domain/markup/parse';

/**
 * What the live editor styles, found by the same parser as messages are shown with. The text is cut into blocks that are
 * parsed and remembered apart, so a key stroke costs one block.
 */

export type Look = 'strong' | 'emphasis' | 'strike' | 'code' | 'link' | 'heading' | 'quote' | 'fence' | 'marker' | 'chip';
export interface StyledSpan { from: number; to: number; look: Look }

const LONG_BLOCK = 3_000;
const KEPT = 500;
const cache = new Map<string, readonly StyledSpan[]>();

export function styledSpans(text: string): StyledSpan[] {
  const out: StyledSpan[] = [];
  for (const [from, block] of blocksOf(text)) for (const span of spansOf(block)) out.push({ from: span.from + from, to: span.to + from, look: span.look });
  return out;
}

/** Pieces between blank lines; a fenced block stays whole, a very long piece falls into lines. */
function* blocksOf(text: string): Generator<[number, string]> {
  let from = 0;
  let at = 0;
  let fence: string | null = null;
  const lines = text.split('\n');
  for (const line of lines) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark !== undefined) fence = fence === null ? mark : mark.startsWith(fence) ? null : fence;
    const end = at + line.length;
    if (fence === null && line.trim() === '') {
      if (at > from) yield [from, text.slice(from, at)];
      from = end + 1;
    } else if (fence === null && end - from > LONG_BLOCK) {
      yield [from, text.slice(from, end)];
      from = end + 1;
    }
    at = end + 1;
  }
  if (from < text.length) yield [from, text.slice(from)];
}

function spansOf(block: string): readonly StyledSpan[] {
  const known = cache.get(block);
  if (known) return known;
  const out: StyledSpan[] = [];
  for (const node of parseMarkup(block, { spans: true })) visitBlock(node, block, out);
  const made = out.sort((a, b) => a.from - b.from || b.to - a.to);
  cache.set(block, made);
  for (const oldest of cache.keys()) {
    if (cache.size <= KEPT) break;
    cache.delete(oldest);
  }
  return made;
}

function visitBlock(node: Block, source: string, out: StyledSpan[]): void {
  const add = (span: Span | undefined, look: Look) => { if (span && span[1] > span[0] && span[1] <= source.length) out.push({ from: span[0], to: span[1], look }); };
  switch (node.type) {
    case 'paragraph': visit(node.children, source, out); break;
    case 'heading': add(node.span, 'heading'); visit(node.children, source, out); break;
    case 'quote': add(node.span, 'quote'); for (const child of node.children) visitBlock(child, source, out); break;
    case 'list': for (const item of node.items) for (const child of item.children) visitBlock(child, source, out); break;
    case 'code_block': add(node.span, 'fence'); break;
    case 'table': for (const row of [node.head, ...node.rows]) for (const cell of row) visit(cell, source, out); break;
    case 'rule': add(node.span, 'marker'); break;
  }
}

const WIDTH: Partial<Record<Inline['type'], number>> = { strong: 2, emphasis: 1, strike: 2 };

function visit(nodes: readonly Inline[], source: string, out: StyledSpan[]): void {
  for (const node of nodes) {
    const span = node.span;
    if (!span || span[1] > source.length) continue;
    const [from, to] = span;
    const marker = (a: number, b: number) => { if (b > a) out.push({ from: a, to: b, look: 'marker' }); };
    switch (node.type) {
      case 'strong': case 'emphasis': case 'strike': {
        const width = node.type === 'strike' && source[from + 1] !== '~' ? 1 : (WIDTH[node.type] ?? 1);
        out.push({ from, to, look: node.type });
        marker(from, from + width);
        visit(node.children, source, out);
        marker(to - width, to);
        break;
      }
      case 'code_span': {
        const width = /^`+/.exec(source.slice(from, to))?.[0].length ?? 1;
        out.push({ from, to, look: 'code' });
        marker(from, from + width);
        marker(to - width, to);
        break;
      }
      case 'link': out.push({ from, to, look: 'link' }); break;
      case 'user': case 'group': case 'channel': case 'everyone': out.push({ from, to, look: 'chip' }); break;
      default: break;
    }
  }
}
