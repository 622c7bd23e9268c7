import type { Nodes, PhrasingContent, Root, RootContent } from 'mdast';
import type { Block, EveryoneNode, Inline, ListItem, Markup, ReferenceNode, Span } from './ast.ts';
import { allowedUrl, isDeceiving } from './links.ts';
import type { ParleyReference, ReferenceData } from './mention-syntax.ts';
import { MAX_NESTING } from './nesting.ts';
import { inlineText } from './text.ts';

/** mdast to our own AST: definitions resolved, links checked, depth bounded, newlines made breaks, `:names:` found. */

const MAX_INLINE_DEPTH = MAX_NESTING;
const SHORTCODE = /:(?!:)([\p{L}\p{N}_+-]{1,64}):/gu;

export function convert(root: Root, source: string, spans: boolean): Markup {
  const definitions = new Map<string, string>();
  collectDefinitions(root.children, definitions, 0);
  return new Converter(source, spans, definitions).blocks(root.children, 0);
}

function collectDefinitions(nodes: readonly RootContent[], into: Map<string, string>, depth: number): void {
  for (const node of nodes) {
    if (node.type === 'definition' && !into.has(node.identifier)) into.set(node.identifier, node.url);
    else if ('children' in node && depth < 2 * MAX_NESTING && node.type !== 'paragraph') collectDefinitions(node.children as RootContent[], into, depth + 1);
  }
}

class Converter {
  readonly #source: string;
  readonly #spans: boolean;
  readonly #definitions: ReadonlyMap<string, string>;

  constructor(source: string, spans: boolean, definitions: ReadonlyMap<string, string>) {
    this.#source = source;
    this.#spans = spans;
    this.#definitions = definitions;
  }

  blocks(nodes: readonly RootContent[], depth: number): Block[] {
    const out: Block[] = [];
    for (const node of nodes) {
      const block = this.#block(node, depth);
      if (block) out.push(this.#spanned(block, node));
    }
    return out;
  }

  #block(node: RootContent, depth: number): Block | null {
    if (depth >= MAX_NESTING && (node.type === 'blockquote' || node.type === 'list')) return { type: 'paragraph', children: [{ type: 'text', text: this.#raw(node) }] };
    switch (node.type) {
      case 'paragraph': return { type: 'paragraph', children: this.inlines(node.children, 0) };
      case 'heading': return { type: 'heading', depth: node.depth, children: this.inlines(node.children, 0) };
      case 'thematicBreak': return { type: 'rule' };
      case 'blockquote': return { type: 'quote', children: this.blocks(node.children, depth + 1) };
      case 'list': {
        const items = node.children.map((item): ListItem => this.#spanned<ListItem>({ checked: item.checked ?? null, children: this.blocks(item.children, depth + 1) }, item));
        return { type: 'list', ordered: node.ordered === true, start: node.start ?? 1, items };
      }
      case 'code': return { type: 'code_block', language: node.lang?.toLowerCase() ?? null, text: node.value };
      case 'table': {
        const [head, ...rows] = node.children.map((row) => row.children.map((cell) => this.inlines(cell.children, 0)));
        return { type: 'table', align: (node.align ?? []).map((a) => a ?? null), head: head ?? [], rows };
      }
      case 'definition': return null;
      default: return { type: 'paragraph', children: [{ type: 'text', text: this.#raw(node) }] };
    }
  }

  inlines(nodes: readonly PhrasingContent[], depth: number): Inline[] {
    const out: Inline[] = [];
    for (const node of nodes) {
      if (node.type === 'text') this.#text(node.value, node, out);
      else out.push(this.#spanned(this.#inline(node, depth), node));
    }
    return out;
  }

  #inline(node: PhrasingContent | ParleyReference, depth: number): Inline {
    if (depth > MAX_INLINE_DEPTH && 'children' in node) return { type: 'text', text: this.#raw(node) };
    switch (node.type) {
      case 'strong': return { type: 'strong', children: this.inlines(node.children, depth + 1) };
      case 'emphasis': return { type: 'emphasis', children: this.inlines(node.children, depth + 1) };
      case 'delete': return { type: 'strike', children: this.inlines(node.children, depth + 1) };
      case 'inlineCode': return { type: 'code_span', text: node.value };
      case 'break': return { type: 'break' };
      case 'link': return this.#link(node.url, this.inlines(node.children, depth + 1), node);
      case 'linkReference': {
        const url = this.#definitions.get(node.identifier);
        return url === undefined ? { type: 'text', text: this.#raw(node) } : this.#link(url, this.inlines(node.children, depth + 1), node);
      }
      case 'image': return this.#image(node.url, node.alt ?? '', node);
      case 'imageReference': return this.#image(this.#definitions.get(node.identifier) ?? '', node.alt ?? '', node);
      case 'parleyReference': return reference(node.reference);
      default: return { type: 'text', text: this.#raw(node) };
    }
  }

  #link(target: string, children: Inline[], node: Nodes): Inline {
    const url = allowedUrl(target);
    if (url === null) return { type: 'text', text: this.#raw(node) };
    const shown = inlineText(children);
    const bare = shown === target || `http://${shown}` === target || `mailto:${shown}` === target;
    if (shown.trim() === '' || isDeceiving(shown, url)) return { type: 'link', url, bare: true, children: [{ type: 'text', text: url }] };
    return { type: 'link', url, bare, children };
  }

  #image(target: string, alt: string, node: Nodes): Inline {
    const url = allowedUrl(target);
    return url === null ? { type: 'text', text: this.#raw(node) } : { type: 'image', url, alt };
  }

  /** A newline is a line break; `:name:` is an emoji. */
  #text(value: string, node: Nodes, out: Inline[]): void {
    const start = node.position?.start.offset;
    const end = node.position?.end.offset;
    // Escapes and entities make the source longer than the text: then only the whole has a span.
    const exact = this.#spans && start !== undefined && end !== undefined && end - start === value.length;
    const push = (piece: Inline, from: number, to: number) => {
      if (exact) piece.span = [start + from, start + to];
      else if (this.#spans && start !== undefined && end !== undefined) piece.span = [start, end];
      out.push(piece);
    };
    const plain = (from: number, to: number) => {
      let at = from;
      while (at < to) {
        const line = value.indexOf('\n', at);
        const stop = line < 0 || line >= to ? to : line;
        if (stop > at) push({ type: 'text', text: value.slice(at, stop) }, at, stop);
        if (stop < to) push({ type: 'break' }, stop, stop + 1);
        at = stop + 1;
      }
    };
    let done = 0;
    for (const match of value.matchAll(SHORTCODE)) {
      const before = value[match.index - 1];
      // `10:30:45` and `a:b:c` are no emoji.
      if (before !== undefined && /[\p{L}\p{N}]/u.test(before)) continue;
      if (match.index < done) continue;
      plain(done, match.index);
      push({ type: 'emoji', name: match[1] ?? '' }, match.index, match.index + match[0].length);
      done = match.index + match[0].length;
    }
    plain(done, value.length);
  }

  #raw(node: Nodes | ParleyReference): string {
    const from = node.position?.start.offset;
    const to = node.position?.end.offset;
    return from === undefined || to === undefined ? '' : this.#source.slice(from, to);
  }

  #spanned<T extends { span?: Span }>(made: T, node: Nodes | ParleyReference): T {
    const from = node.position?.start.offset;
    const to = node.position?.end.offset;
    if (this.#spans && from !== undefined && to !== undefined) made.span = [from, to];
    return made;
  }
}

function reference(data: ReferenceData): ReferenceNode | EveryoneNode {
  if (data.kind === 'here') return { type: 'everyone', scope: 'here' };
  if (data.kind === 'channel_all') return { type: 'everyone', scope: 'channel' };
  return { type: data.kind, id: data.id };
}
