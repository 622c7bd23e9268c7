import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markupText } from '@parley/shared/domain/markup/text';
import { parseMarkup } from '@parley/shared/domain/markup/parse';
import type { Block, Inline } from '@parley/shared/domain/markup/ast';
import { convertMrkdwn, referencedIds } from './markup.ts';

const ANN = '01890000-0000-7000-8000-000000000001';
const ROOM = '01890000-0000-7000-8000-0000000000c1';
const references = { user: (id: string) => (id === 'U1' ? ANN : null), channel: (id: string) => (id === 'C1' ? ROOM : null) };
const convert = (text: string) => convertMrkdwn(text, references);
const content = (text: string) => convert(text).content;

/** A rendering that shows structure: what a reader would see. */
function shown(text: string): string {
  return parseMarkup(content(text)).map(block).join('¶');
}
function block(node: Block): string {
  switch (node.type) {
    case 'paragraph': return inline(node.children);
    case 'quote': return `quote(${node.children.map(block).join('¶')})`;
    case 'code_block': return `pre(${node.text})`;
    default: return `${node.type}!`;
  }
}
function inline(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      switch (node.type) {
        case 'text': return node.text;
        case 'break': return '\n';
        case 'emoji': return `:${node.name}:`;
        case 'code_span': return `code(${node.text})`;
        case 'link': return inline(node.children) === node.url ? `link(${node.url})` : `link(${node.url}|${inline(node.children)})`;
        case 'user': case 'channel': return `${node.type}(${node.id.slice(-2)})`;
        case 'everyone': return `everyone(${node.scope})`;
        case 'strong': case 'emphasis': case 'strike': return `${node.type}(${inline(node.children)})`;
        default: return `${node.type}!`;
      }
    })
    .join('');
}

describe('Slack markup shows alike in CommonMark', () => {
  const cases: [text: string, shows: string][] = [
    ['plain', 'plain'],
    ['*bold*', 'strong(bold)'],
    ['_it_', 'emphasis(it)'],
    ['~s~', 'strike(s)'],
    ['`code`', 'code(code)'],
    ['a *b c* d', 'a strong(b c) d'],
    ['*_both_*', 'strong(emphasis(both))'],
    ['_*both*_', 'emphasis(strong(both))'],
    ['~*_all_*~', 'strike(strong(emphasis(all)))'],
    ['*a*, _b_; ~c~.', 'strong(a), emphasis(b); strike(c).'],
    ['(*a*)', '(strong(a))'],
    ['*"quoted"* and _(x)_', 'strong("quoted") and emphasis((x))'],
    ['*bold*_it_', 'strong(bold)emphasis(it)'],
    ['👍*bold*👍', '👍strong(bold)👍'],
    ['👍_it_', '👍emphasis(it)'],
    ['*a\nb*', '*a\nb*'],
    ['* a *', '* a *'],
    ['2*3*4', '2*3*4'],
    ['snake_case_name and __init__', 'snake_case_name and __init__'],
    ['*nix and *bsd', '*nix and *bsd'],
    ['**double**', '**double**'],
    ['*foo *bar*', '*foo strong(bar)'],
    ['*a `b* c` d*', 'strong(a code(b* c) d)'],
    ['`*not bold*`', 'code(*not bold*)'],
    ["don`t and can`t", 'don`t and can`t'],
    ["``tex quotes''", "``tex quotes''"],
    ['` spaced `', 'code( spaced )'],
    ['`a &lt; b &amp;&amp; c`', 'code(a < b && c)'],
    ['`<http://x.org|x>`', 'code(x)'],
    ['```pre```', 'pre(pre)'],
    ['```\na\n  b\n```', 'pre(a\n  b)'],
    ['before ```a *b*``` after', 'before¶pre(a *b*)¶after'],
    ['```a &lt;b&gt; <http://x.org>```', 'pre(a <b> http://x.org)'],
    ['a ``` ``` b', 'a ``` ``` b'],
    ['```unclosed *a*', '```unclosed strong(a)'],
    ['&gt; quote', 'quote(quote)'],
    ['&gt;quote', 'quote(quote)'],
    ['&gt; a\n&gt; b\nc', 'quote(a\nb)¶c'],
    ['a\n&gt; b', 'a¶quote(b)'],
    ['&gt; # no heading\n&gt; - no list', 'quote(# no heading\n- no list)'],
    ['&gt;&gt;&gt; all\nof *it*', 'quote(all\nof strong(it))'],
    ['&gt;&gt;&gt; a\n```b```', 'quote(a)¶quote(pre(b))'],
    ['a &gt; b &lt; c &amp; d', 'a > b < c & d'],
    ['&amp;lt; &amp;copy; &amp;#65;', '&lt; &copy; &#65;'],
    ['<http://example.org/a_b*c>', 'link(http://example.org/a_b*c)'],
    ['<https://example.org|the *site*>', 'link(https://example.org|the *site*)'],
    ['<https://example.org|a [b] c>', 'link(https://example.org|a [b] c)'],
    ['<http://example.org/a(b) c|x>', 'link(http://example.org/a(b)c|x)'],
    ['<http://example.org?a=1&amp;b=2>', 'link(http://example.org?a=1&b=2)'],
    ['<http://example.org?a=1&amp;copy;=2>', 'link(http://example.org?a=1&copy;=2)'],
    ['<mailto:a@b.org|a@b.org>', 'link(mailto:a@b.org|a@b.org)'],
    ['*<http://x.org|x>*', 'strong(link(http://x.org|x))'],
    ['<javascript:alert(1)|click>', 'click (javascript:alert(1))'],
    ['<ftp://x.org/f>', 'ftp://x.org/f'],
    ['see http://x.org/~me/a_b_c*d.', 'see link(http://x.org/~me/a_b_c*d).'],
    ['http://x.org/_a_', 'link(http://x.org/_a)_'],
    ['<@U1>: hi', 'user(01): hi'],
    ['<@U1|ann> *<@U1>*', 'user(01) strong(user(01))'],
    ['<@U2> <@U3|bob>', '@U2 @bob'],
    ['<#C1|room> <#C2|gone> <#C3>', 'channel(c1) #gone #C3'],
    ['<!here> <!channel> <!everyone>', 'everyone(here) everyone(channel) everyone(channel)'],
    ['<!here|here>', 'everyone(here)'],
    ['<!subteam^S1|@ops> <!subteam^S2>', '@ops @S2'],
    ['<!date^1392734382^{date}|Feb 18, 2014>', 'Feb 18, 2014'],
    ['<!date^1392734382^{date}>', '2014-02-18 14:39 UTC'],
    ['<!channel', '<!channel'],
    ['&lt;!channel&gt; &lt;@U1&gt;', '<!channel> <@U1>'],
    [`&lt;@${ANN}&gt;`, `<@${ANN}>`],
    ['<nothing known>', '<nothing known>'],
    ['a\nb', 'a\nb'],
    ['a\n\nb', 'a¶b'],
    ['a\n\n\n\nb', 'a¶\n\nb'],
    ['a\r\nb\rc', 'a\nb\nc'],
    ['    indented', '    indented'],
    ['\ttabbed', '\ttabbed'],
    ['a   \nb\\\nc', 'a\nb\\\nc'],
    ['# no heading', '# no heading'],
    ['1. no list\n2) none', '1. no list\n2) none'],
    ['- a\n+ b\n* c', '- a\n+ b\n* c'],
    ['title\n===', 'title\n==='],
    ['title\n---', 'title\n---'],
    ['---', '---'],
    ['* * *', '* * *'],
    ['_ _ _', '_ _ _'],
    ['~~~\nx', '~~~\nx'],
    ['a | b\n--|--\n1 | 2', 'a | b\n--|--\n1 | 2'],
    ['[x](http://y.org) ![i](j)', '[x](link(http://y.org)) ![i](j)'],
    ['[x]: http://y.org', '[x]: link(http://y.org)'],
    ['[a][b] [c]', '[a][b] [c]'],
    ['C:\\new\\*dir\\', 'C:\\new\\*dir\\'],
    ['<div> <b>x</b> <3 <- a<b>c', '<div> <b>x</b> <3 <- a<b>c'],
    [':smile: :+1: 10:30:45', ':smile: :+1: 10:30:45'],
    ['~/bin and ~user and ~/x', '~/bin and ~user and ~/x'],
    ['a ~~ b ~~c~~', 'a ~~ b ~~c~~'],
    ['\u0003\u0002irc\u0000', 'irc'],
    ['', ''],
  ];
  test.each(cases)('%j', (text, shows) => {
    expect(shown(text)).toBe(shows);
  });

  test('names who is mentioned, and what could not be found', () => {
    expect(convert('<@U1> <@U9> <!here> <!subteam^S1> <@U1>')).toMatchObject({ user_ids: [ANN], everyone: 'here', unknown: ['@U9', '!subteam^S1'] });
    expect(convert('<!here> <!everyone>').everyone).toBe('channel');
    expect(convert('`<@U1>` ```<!channel>```')).toMatchObject({ user_ids: [], everyone: 'none' });
    expect(referencedIds('<@U1> <@U2|b> <#C1|x> &lt;@U3&gt;')).toEqual({ users: ['U1', 'U2'], channels: ['C1'] });
  });

  test('leaves text alone that needs nothing', () => {
    for (const text of ['snake_case', 'a * b', 'http://x.org/a_b?c=d#e', '[note] see (1)', 'a > b', '1.5 - 2', 'x|y', '~/bin', 'a & b']) expect(content(text)).toBe(text);
  });

  test('cuts what is longer than a message may be, at a word', () => {
    const long = convert('word_ '.repeat(6000));
    expect(long.cut).toBe(true);
    expect(long.content.length).toBeLessThanOrEqual(16_000);
    expect(long.content.length).toBeGreaterThan(14_000);
    expect(convert(`${'x'.repeat(15_999)}<@U1>`).cut).toBe(true);
    expect(convert('*'.repeat(40_000)).content.length).toBeLessThanOrEqual(16_000);
  });

  test('ends over hostile text, which a quadratic converter would not within the time-out', { timeout: 15_000 }, () => {
    for (const unit of ['*a ', '_', '`', '<', '<@', '*_~', '&gt;', '[', '](', '```', '\n\n', ' *']) expect(convert(unit.repeat(40_000 / unit.length)).content.length).toBeLessThanOrEqual(16_000);
  });
});

const escapeSlack = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const nasty = fc.array(fc.constantFrom(...'abz019 \n\\`*_~[](){}<>#+-.!|&;:@="\'/éß中👍', 'http://', 'www.a.bc', 'x@y.zz', '  ', '&amp;', '1. ', '---', '[x]: ', '```', '\t', '> '), { maxLength: 40 }).map((parts) => parts.join(''));

/** Text in which Slack sees no markup either: no pair of marks, no quote. */
function isPlain(text: string): boolean {
  return !/^>/m.test(text) && ['*', '_', '~', '`'].every((mark) => text.split(mark).length <= 2);
}
const visible = (text: string) => text.split('\n').map((line) => line.trimEnd()).join('\n').replace(/^\n+/, '').trim().replace(/\n\n+/g, '\n');

describe('plain text', () => {
  test('shows as it was written, whatever it looks like', () => {
    fc.assert(fc.property(nasty.filter(isPlain), (text) => {
      const made = content(escapeSlack(text));
      const markup = parseMarkup(made);
      expect(markup.every((b) => b.type === 'paragraph'), made).toBe(true);
      expect(visible(markupText(markup)), made).toBe(visible(text));
    }), { numRuns: 4_000 });
  });

  test('any text is converted without failing and within the limit, alike each time', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), nasty), (text) => {
      const once = convert(text);
      expect(convert(text)).toEqual(once);
      expect(once.content.length).toBeLessThanOrEqual(16_000);
      parseMarkup(once.content);
    }), { numRuns: 3_000 });
  });
});
