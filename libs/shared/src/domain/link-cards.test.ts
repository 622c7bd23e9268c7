import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cardLinks, MAX_CARDS, MAX_CARD_URL, mayHaveLinks } from './link-cards.ts';

describe('cardLinks', () => {
  it.each<[string, string, string[]]>([
    ['a bare address', 'see https://a.example/b.', ['https://a.example/b']],
    ['an address in angle brackets', '<https://a.example>', ['https://a.example']],
    ['a www address', 'www.a.example', ['http://www.a.example']],
    ['a link with a text', '[text](https://a.example/x)', ['https://a.example/x']],
    ['a picture, which is shown as a link', '![x](https://a.example/x.png)', ['https://a.example/x.png']],
    ['the same one twice', 'https://a.example https://b.example https://a.example', ['https://a.example', 'https://b.example']],
    ['the first three', 'https://a.example https://b.example https://c.example https://d.example', ['https://a.example', 'https://b.example', 'https://c.example']],
    ['of quotes, lists and tables', '> https://a.example\n\n- https://b.example\n\n| x |\n|--|\n| https://c.example |', ['https://a.example', 'https://b.example', 'https://c.example']],
    ['of this product', 'parley://host/w/1/c/2', []],
    ['none in code', '`https://a.example` and\n```\nhttps://b.example\n```\n\n    https://c.example', []],
    ['none by mail', 'mailto:a@b.example a@b.example', []],
    ['none that is too long', `https://a.example/${'x'.repeat(MAX_CARD_URL)}`, []],
    ['none in plain text', 'nothing here', []],
  ])('%s', (_name, content, links) => {
    expect(cardLinks(content)).toEqual(links);
  });

  it('finds links of this product in angle brackets', () => {
    expect(cardLinks('<parley://host/w/1/c/2>')).toEqual(['parley://host/w/1/c/2']);
  });

  it('never finds more than it may, nor any where it says that there are none', () => {
    const piece = fc.constantFrom('https://a.example/', 'http://b.example', 'www.c.example', '`', '```', '<', '>', '[', '](', ')', '\n', ' ', '> ', '    ', '\\', 'word', '&amp;', '#x');
    fc.assert(fc.property(fc.array(piece, { maxLength: 60 }).map((p) => p.join('')), (text) => {
      const links = cardLinks(text);
      expect(links.length).toBeLessThanOrEqual(MAX_CARDS);
      if (!mayHaveLinks(text)) expect(links).toEqual([]);
      for (const link of links) expect(link).toMatch(/^(?:https?|parley):\/\//);
    }), { numRuns: 300, seed: 5 });
  });
});
