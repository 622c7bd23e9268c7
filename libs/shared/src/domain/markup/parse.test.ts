import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block, Inline, Markup } from './ast.ts';
import { isDeceiving } from './links.ts';
import { cutNesting, MAX_NESTING, nestingDepth } from './nesting.ts';
import { parseMarkup, plainMarkup } from './parse.ts';
import { markupText, walkInlines } from './text.ts';

const ID = '0190a000-0000-7000-8000-000000000001';
const inline = (content: string): Inline[] => {
  const block = parseMarkup(content)[0];
  if (block?.type !== 'paragraph') throw new Error(`a paragraph, not ${JSON.stringify(block)}`);
  return block.children;
};

function depthOf(markup: Markup): number {
  const of = (block: Block): number =>
    block.type === 'quote' ? 1 + Math.max(0, ...block.children.map(of))
      : block.type === 'list' ? 1 + Math.max(0, ...block.items.flatMap((i) => i.children).map(of)) : 0;
  return Math.max(0, ...markup.map(of));
}

describe('LST-23 message text', () => {
  it('LST-23 strong, emphasis, strike and code', () => {
    expect(inline('a **b** *c* ~~d~~ `e`')).toEqual([
      { type: 'text', text: 'a ' }, { type: 'strong', children: [{ type: 'text', text: 'b' }] }, { type: 'text', text: ' ' },
      { type: 'emphasis', children: [{ type: 'text', text: 'c' }] }, { type: 'text', text: ' ' },
      { type: 'strike', children: [{ type: 'text', text: 'd' }] }, { type: 'text', text: ' ' }, { type: 'code_span', text: 'e' },
    ]);
  });

  it('LST-23 a newline is a line break', () => {
    expect(inline('one\ntwo')).toEqual([{ type: 'text', text: 'one' }, { type: 'break' }, { type: 'text', text: 'two' }]);
  });

  it('LST-23 HTML stays text', () => {
    expect(markupText(parseMarkup('<b onclick="x()">hi</b> <script>alert(1)</script>'))).toBe('<b onclick="x()">hi</b> <script>alert(1)</script>');
    expect(markupText(parseMarkup('<div>\nblock\n</div>'))).toBe('<div>\nblock\n</div>');
  });

  it('LST-23 tables, task lists, headings, rules, code', () => {
    expect(parseMarkup('| a | b |\n|:--|--:|\n| 1 | 2 |')).toEqual([{
      type: 'table', align: ['left', 'right'], head: [[{ type: 'text', text: 'a' }], [{ type: 'text', text: 'b' }]],
      rows: [[[{ type: 'text', text: '1' }], [{ type: 'text', text: '2' }]]],
    }]);
    const list = parseMarkup('- [x] done\n- [ ] open\n- plain')[0];
    expect(list?.type === 'list' && list.items.map((i) => i.checked)).toEqual([true, false, null]);
    expect(parseMarkup('## Two')[0]).toEqual({ type: 'heading', depth: 2, children: [{ type: 'text', text: 'Two' }] });
    expect(parseMarkup('```TS\nlet a = 1;\n```')).toEqual([{ type: 'code_block', language: 'ts', text: 'let a = 1;' }]);
    expect(parseMarkup('3. c\n4. d')[0]).toMatchObject({ type: 'list', ordered: true, start: 3 });
  });

  it('LST-23 only http, https, mailto and parley are links', () => {
    for (const url of ['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', 'vbscript:x', 'java&#10;script:alert(1)', '/relative', '//host/x']) {
      expect([...walkInlines(parseMarkup(`[x](${url})`))].some((n) => n.type === 'link' || n.type === 'image'), url).toBe(false);
    }
    expect(inline('[x](https://a.example/b)')).toEqual([{ type: 'link', url: 'https://a.example/b', bare: false, children: [{ type: 'text', text: 'x' }] }]);
    expect(inline('see https://a.example/b?c=1.')[1]).toEqual({ type: 'link', url: 'https://a.example/b?c=1', bare: true, children: [{ type: 'text', text: 'https://a.example/b?c=1' }] });
    expect(inline('www.a.example')[0]).toMatchObject({ type: 'link', url: 'http://www.a.example' });
    expect(inline('<parley://h/w/x>')[0]).toMatchObject({ type: 'link', url: 'parley://h/w/x' });
    expect(inline('![cat](https://a.example/c.png)')).toEqual([{ type: 'image', url: 'https://a.example/c.png', alt: 'cat' }]);
  });

  it('LST-23 a text that looks like another address shows the target', () => {
    expect(inline('[https://bank.example](https://evil.example/x)')).toEqual([
      { type: 'link', url: 'https://evil.example/x', bare: true, children: [{ type: 'text', text: 'https://evil.example/x' }] },
    ]);
    expect(isDeceiving('bank.example', 'https://evil.example')).toBe(true);
    expect(isDeceiving('bank.example', 'https://www.bank.example/login')).toBe(false);
    expect(isDeceiving('the bank', 'https://evil.example')).toBe(false);
  });

  it('LST-23 reference links are resolved', () => {
    expect(markupText(parseMarkup('[a][b]\n\n[b]: https://a.example'))).toBe('a');
    expect([...walkInlines(parseMarkup('[a][b]\n\n[b]: https://a.example'))][0]).toMatchObject({ type: 'link', url: 'https://a.example' });
  });
});

describe('LST-24 references', () => {
  it('LST-24 people, groups, channels and everyone', () => {
    expect(inline(`<@${ID}> <!group^${ID}> <#${ID}> <!channel> <!here>`).filter((n) => n.type !== 'text')).toEqual([
      { type: 'user', id: ID }, { type: 'group', id: ID }, { type: 'channel', id: ID }, { type: 'everyone', scope: 'channel' }, { type: 'everyone', scope: 'here' },
    ]);
  });

  it('LST-24 inside emphasis, not inside code, never escaped ones or others', () => {
    expect(inline(`**<@${ID}>**`)).toEqual([{ type: 'strong', children: [{ type: 'user', id: ID }] }]);
    expect(inline(`\`<@${ID}>\``)).toEqual([{ type: 'code_span', text: `<@${ID}>` }]);
    expect(inline(`\\<@${ID}>`)).toEqual([{ type: 'text', text: `<@${ID}>` }]);
    for (const text of ['<@nobody>', '<!everyone>', `<@${ID.toUpperCase().replace('0190A', '0190A')}>`, `<@${ID}`, '<#>', '<@ >', '<!here']) expect(markupText(parseMarkup(text)), text).toBe(text);
  });

  it('LST-24 plain text names them', () => {
    expect(markupText(parseMarkup(`hi <@${ID}> in <#${ID}>`), { user: () => 'Mei', channel: () => 'general' })).toBe('hi @Mei in #general');
  });
});

describe('LST-27 emoji names', () => {
  it('LST-27 are found in text only', () => {
    expect(inline('go :rocket: now')).toEqual([{ type: 'text', text: 'go ' }, { type: 'emoji', name: 'rocket' }, { type: 'text', text: ' now' }]);
    expect(inline('at 10:30:45 `:rocket:`').some((n) => n.type === 'emoji')).toBe(false);
    expect(inline(':+1::tada:').map((n) => n.type === 'emoji' && n.name)).toEqual(['+1', 'tada']);
  });
});

describe('LST-30 hostile text', () => {
  it('LST-30 nesting is cut at 20 before parsing', () => {
    for (const hostile of ['> '.repeat(8_000), `${'>'.repeat(15_000)}x`, `${'- '.repeat(7_900)}x`, `${'1. '.repeat(5_000)}x`, Array.from({ length: 170 }, (_, i) => `${' '.repeat(i)}- x`).join('\n')]) {
      const cut = cutNesting(hostile);
      expect(nestingDepth(cut)).toBeLessThanOrEqual(MAX_NESTING);
      expect(depthOf(parseMarkup(hostile))).toBeLessThanOrEqual(MAX_NESTING);
    }
    expect(nestingDepth('> - > a')).toBe(3);
    expect(nestingDepth('- a\n  - b\n    - c\n- d')).toBe(3);
    expect(nestingDepth('```\n> > > >\n```')).toBe(0);
    expect(nestingDepth('- - -')).toBe(0);
  });

  it('LST-30 what is not too deep is left as it is', () => {
    const text = `${'> '.repeat(20)}deep`;
    expect(cutNesting(text)).toBe(text);
    expect(depthOf(parseMarkup(text))).toBe(20);
  });

  it('LST-30 fuzz: any text gives a bounded tree that loses no word', () => {
    const piece = fc.constantFrom('> ', '- ', '* ', '1. ', '**', '_', '~~', '`', '```', '[', '](', ')', '<', '>', '!', '|', '\n', '\n\n', '    ', '\t', 'word', ':smile:', '<!here>', `<@${ID}>`, 'https://a.example', '\\', '&amp;', '#', '😀');
    fc.assert(fc.property(fc.array(piece, { maxLength: 120 }).map((p) => p.join('')), (text) => {
      const markup = parseMarkup(text);
      expect(depthOf(markup)).toBeLessThanOrEqual(MAX_NESTING);
      expect(typeof markupText(markup)).toBe('string');
    }), { numRuns: 300, seed: 7 });
  });

  it('LST-30 plain text keeps its lines', () => {
    expect(markupText(plainMarkup('a\n> b'))).toBe('a\n> b');
  });

  it('CMP-3 spans point into the source', () => {
    const source = `say **bold** to <@${ID}>`;
    const block = parseMarkup(source, { spans: true })[0];
    if (block?.type !== 'paragraph') throw new Error('a paragraph');
    expect(block.children.map((n) => source.slice(...(n.span ?? [0, 0])))).toEqual(['say ', '**bold**', ' to ', `<@${ID}>`]);
  });
});
