/** highlight.js answers spans as text; here they become plain data, so that no HTML is ever put into the page. */

export interface CodeToken { text: string; kind: TokenKind | null }
export type TokenKind = 'comment' | 'keyword' | 'string' | 'number' | 'func' | 'type' | 'del' | 'ins';

const KINDS: Record<string, TokenKind> = {
  comment: 'comment', quote: 'comment', doctag: 'comment', meta: 'comment',
  keyword: 'keyword', 'selector-tag': 'keyword', literal: 'keyword', tag: 'keyword', name: 'keyword', operator: 'keyword',
  string: 'string', regexp: 'string', 'template-variable': 'string', symbol: 'string', bullet: 'string', link: 'string', char: 'string',
  number: 'number', attr: 'number', attribute: 'number', variable: 'number', property: 'number',
  title: 'func', section: 'func', function: 'func', 'selector-id': 'func', 'selector-class': 'func',
  type: 'type', built_in: 'type', class: 'type', params: 'type', deletion: 'del', addition: 'ins',
};
const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&quot;': '"', '&#x27;': "'", '&#39;': "'" };

export function tokensOf(marked: string): CodeToken[] {
  const out: CodeToken[] = [];
  const stack: (TokenKind | null)[] = [null];
  for (const piece of marked.matchAll(/<span class="([^"]*)">|<\/span>|[^<]+/g)) {
    if (piece[1] !== undefined) {
      const scope = piece[1].split(' ').map((name) => name.replace(/^hljs-/, '')).find((name) => KINDS[name] !== undefined);
      stack.push(scope ? (KINDS[scope] ?? null) : (stack[stack.length - 1] ?? null));
    } else if (piece[0] === '</span>') stack.pop();
    else out.push({ text: piece[0].replace(/&(?:lt|gt|amp|quot|#x27|#39);/g, (entity) => ENTITIES[entity] ?? entity), kind: stack[stack.length - 1] ?? null });
  }
  return out;
}
