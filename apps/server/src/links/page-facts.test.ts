import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oembedFacts } from './oembed.ts';
import { factsOf, pageFacts } from './page-facts.ts';
import { oneLine, pageText } from './page-text.ts';
import { MAX_DESCRIPTION, MAX_SITE, MAX_TITLE } from './port.ts';

const at = new URL('https://www.a.example/x');
const head = (...inside: string[]): string => `<!doctype html><html><head>${inside.join('\n')}</head><body><p>body</p></body></html>`;

describe('pageFacts', () => {
  it('takes Open Graph before Twitter\'s names before the page\'s own, in whatever order they stand', () => {
    const own = ['<title>Own &amp; title</title>', '<meta name="description" content="own description">'];
    const twitter = ['<meta name="twitter:title" content="Twitter title">', '<meta name="twitter:image" content="/t.png">'];
    const open = ['<META PROPERTY="og:title" CONTENT="Open &lt;title&gt;">', '<meta property=og:description content=short>', '<meta property="og:site_name" content="Site">', '<meta property="og:image" content="/o.png">'];
    expect(pageFacts(head(...own))).toEqual({ title: 'Own & title', description: 'own description', site: '', picture: null, oembed: null });
    expect(pageFacts(head(...own, ...twitter))).toMatchObject({ title: 'Twitter title', description: 'own description', picture: '/t.png' });
    const full = { title: 'Open <title>', description: 'short', site: 'Site', picture: '/o.png', oembed: null };
    expect(pageFacts(head(...own, ...twitter, ...open))).toEqual(full);
    expect(pageFacts(head(...open, ...twitter, ...own))).toEqual(full);
  });

  it('the first of several wins, an empty one is none, and the secure picture is taken', () => {
    expect(pageFacts(head('<meta property="og:title" content=" ">', '<meta property="og:title" content="first">', '<meta property="og:title" content="second">', '<meta property="og:image" content="http://p/1">', '<meta property="og:image:secure_url" content="https://p/1">'))).toMatchObject({ title: 'first', picture: 'https://p/1' });
  });

  it('finds an oEmbed address of JSON, not of XML, and not of a stylesheet', () => {
    expect(pageFacts(head('<link rel="alternate" type="text/xml+oembed" href="/x">', '<link rel="stylesheet" type="application/json+oembed" href="/s">', '<link rel="alternate" type="application/json+oembed" href="/j?a=1&amp;b=2">')).oembed).toBe('/j?a=1&b=2');
  });

  it('takes no title of a drawing, of a script or of a comment', () => {
    expect(pageFacts(head('<svg><title>drawing</title></svg>', '<script>"<title>script</title>"</script>', '<!-- <title>comment</title> -->', '<noscript><meta property="og:title" content="noscript"></noscript>', '<title>real</title>')).title).toBe('real');
  });

  it('reads what was cut off in the middle', () => {
    const whole = head('<meta property="og:title" content="whole">', '<title>t</title>');
    for (let length = 0; length <= whole.length; length += 1) expect(typeof pageFacts(whole.slice(0, length)).title).toBe('string');
  });

  it('hostile pages end in bounded texts of one line, soon', () => {
    const hostile = [
      '<title>'.repeat(60_000), '<meta property="og:title" content="'.repeat(10_000), `<title>${'x'.repeat(500_000)}`, '<'.repeat(500_000), '<a '.repeat(150_000), '<svg>'.repeat(90_000), '<!--'.repeat(100_000), '&#x'.repeat(150_000),
      `<meta ${'property="og:title" '.repeat(20_000)}>`, `<meta property="og:title" content="${'\u202e'.repeat(500)}moc.elpmaxe\u0000\u0007 ${'\n'.repeat(500)}end">`, '<meta property="__proto__" content="x"><meta property="constructor" content="x">',
    ];
    for (const page of hostile) {
      const started = performance.now();
      bounded(page);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
    expect(factsOf(pageFacts(hostile[9]!), at)?.title).toBe('moc.elpmaxe end');
  });

  it('any page is bounded', () => {
    const piece = fc.oneof(fc.constantFrom('<title>', '</title>', '<meta property="og:title" content="', '"', '>', '<', '<svg>', '</svg>', '<!--', '-->', '<![CDATA[', ']]>', '&amp;', '&#x41;', '&#xD800;', '\u202e', '\ud83d', '👩‍👩‍👧', '\n', 'word '), fc.string());
    fc.assert(fc.property(fc.array(piece, { maxLength: 80 }).map((p) => p.join('')), bounded), { numRuns: 300, seed: 3 });
  });
});

function bounded(page: string): void {
  const facts = factsOf(pageFacts(page), at);
  if (!facts) return;
  for (const [text, most] of [[facts.title, MAX_TITLE], [facts.description, MAX_DESCRIPTION], [facts.site, MAX_SITE]] as const) {
    expect(text.length).toBeLessThanOrEqual(most);
    expect(text).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
  }
  expect(facts.title).not.toBe('');
}

describe('factsOf', () => {
  it('calls the site by its host where it has no name, and says nothing twice', () => {
    expect(factsOf({ title: 'A', description: 'A', site: '' }, at)).toEqual({ title: 'A', description: '', site: 'a.example' });
    expect(factsOf({ title: ' ', description: 'x', site: 'x' }, at)).toBeNull();
  });

  it('cuts between characters that people see', () => {
    const family = '👩‍👩‍👧';
    const cut = oneLine(family.repeat(100), 50);
    expect(cut.endsWith('…')).toBe(true);
    expect(cut.slice(0, -1).replaceAll(family, '')).toBe('');
  });
});

describe('pageText', () => {
  const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');
  it.each<[string, Uint8Array, string, string]>([
    ['UTF-8 unless said otherwise', Buffer.from('käse'), 'text/html', 'käse'],
    ['the header', bytes('k\xe4se'), 'text/html; charset=ISO-8859-1', 'käse'],
    ['what the page says', bytes('<meta charset="windows-1251">\xcf\xf0\xe8\xe2\xe5\xf2'), 'text/html', '<meta charset="windows-1251">Привет'],
    ['in its older form', bytes('<meta http-equiv=content-type content="text/html; charset=shift_jis">\x93\xfa'), 'text/html', '<meta http-equiv=content-type content="text/html; charset=shift_jis">日'],
    ['the mark before all', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('hi', 'utf16le')]), 'text/html; charset=utf-8', 'hi'],
    ['one nobody knows', bytes('k\xe4se'), 'text/html; charset=nonsense', 'käse'],
    ['broken bytes', Buffer.from([0x61, 0xff, 0x62]), 'text/html', 'a\ufffdb'],
  ])('%s', (_name, page, type, text) => {
    expect(pageText(page, type)).toBe(text);
  });
});

describe('oembedFacts', () => {
  it('takes texts and a picture, and never markup', () => {
    expect(oembedFacts(JSON.stringify({ type: 'video', version: '1.0', title: 'T', author_name: 'A', provider_name: 'P', thumbnail_url: 'https://p/t.png', html: '<script>alert(1)</script>' }))).toEqual({ title: 'T', description: 'A', site: 'P', picture: 'https://p/t.png' });
    expect(oembedFacts(JSON.stringify({ type: 'photo', url: 'https://p/full.png', thumbnail_url: 'https://p/t.png' }))).toMatchObject({ title: '', picture: 'https://p/full.png' });
    expect(oembedFacts(JSON.stringify({ type: 'link', title: 5, thumbnail_url: {} }))).toEqual({ title: '', description: '', site: '', picture: null });
  });

  it.each(['', 'null', '[]', '{"type":"other"}', '{', '"x"', `{"type":"link","title":"${'x'.repeat(10)}`])('%s is none', (json) => {
    expect(oembedFacts(json)).toBeNull();
  });
});
