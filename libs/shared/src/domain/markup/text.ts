import type { Block, Inline, Markup } from './ast.ts';

/** How references are spelled in plain text; without a name the mark alone stands. */
export interface Names {
  user?(id: string): string | null;
  group?(id: string): string | null;
  channel?(id: string): string | null;
}

/** A message as plain text: what a screen reader, a notification, a copy and the search say. Never markup. */
export function markupText(markup: Markup, names: Names = {}): string {
  return blocksText(markup, names).trim();
}

function blocksText(blocks: readonly Block[], names: Names): string {
  return blocks.map((block) => blockText(block, names)).filter((text) => text !== '').join('\n');
}

function blockText(block: Block, names: Names): string {
  switch (block.type) {
    case 'paragraph':
    case 'heading': return inlineText(block.children, names);
    case 'quote': return blocksText(block.children, names);
    case 'list': return block.items.map((item) => blocksText(item.children, names)).join('\n');
    case 'code_block': return block.text;
    case 'table': return [block.head, ...block.rows].map((row) => row.map((cell) => inlineText(cell, names)).join('\t')).join('\n');
    case 'rule': return '';
  }
}

export function inlineText(nodes: readonly Inline[], names: Names = {}): string {
  let out = '';
  for (const node of nodes) {
    switch (node.type) {
      case 'text': case 'code_span': out += node.text; break;
      case 'break': out += '\n'; break;
      case 'emoji': out += `:${node.name}:`; break;
      case 'image': out += node.alt === '' ? node.url : node.alt; break;
      case 'user': out += `@${names.user?.(node.id) ?? ''}`; break;
      case 'group': out += `@${names.group?.(node.id) ?? ''}`; break;
      case 'channel': out += `#${names.channel?.(node.id) ?? ''}`; break;
      case 'everyone': out += `@${node.scope}`; break;
      default: out += inlineText(node.children, names);
    }
  }
  return out;
}

/** Every node of an AST, depth first. */
export function* walkInlines(markup: Markup): Generator<Inline> {
  for (const block of markup) {
    if (block.type === 'paragraph' || block.type === 'heading') yield* walk(block.children);
    else if (block.type === 'quote') yield* walkInlines(block.children);
    else if (block.type === 'list') for (const item of block.items) yield* walkInlines(item.children);
    else if (block.type === 'table') for (const row of [block.head, ...block.rows]) for (const cell of row) yield* walk(cell);
  }
}

function* walk(nodes: readonly Inline[]): Generator<Inline> {
  for (const node of nodes) {
    yield node;
    if ('children' in node) yield* walk(node.children);
  }
}
