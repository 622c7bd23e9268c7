import { describe, expect, it } from 'vitest';
import { applyEdit, hasMark, indentLines, insertLink, newLine, openFence, pasteOver, toggleCodeBlock, toggleLines, toggleMark, typedSince, type Field } from './commands.ts';
import { styledSpans } from './live-spans.ts';
import { addBelow, suggestChannels, suggestPeople, type PersonCandidate } from './suggest.ts';
import { findTrigger, readReaction } from './triggers.ts';

/** `|` marks the caret or both ends of the selection. */
const field = (marked: string): Field => {
  const from = marked.indexOf('|');
  const to = marked.lastIndexOf('|');
  return { text: marked.replaceAll('|', ''), from, to: to === from ? from : to - 1 };
};
const show = ({ text, from, to }: Field) => (from === to ? `${text.slice(0, from)}|${text.slice(from)}` : `${text.slice(0, from)}|${text.slice(from, to)}|${text.slice(to)}`);

describe('CMP-4 commands', () => {
  it.each([
    ['a |word| b', 'a **|word|** b'], ['a **|word|** b', 'a |word| b'], ['|**word**|', '|word|'], ['|', '**|**'], ['a| b |c', 'a **|b|** c'],
  ])('CMP-4 bold %s', (before, after) => {
    const f = field(before);
    expect(show(applyEdit(f, toggleMark(f, 'bold')))).toBe(after);
  });

  it('CMP-4 the state at the caret', () => {
    expect(hasMark(field('a **bo|ld** c'), 'bold')).toBe(true);
    expect(hasMark(field('a **bold** c|'), 'bold')).toBe(false);
    expect(hasMark(field('`co|de`'), 'code')).toBe(true);
  });

  it.each([
    ['one|', 'bullet', '- one|'], ['- one|', 'bullet', 'one|'], ['|one\ntwo|', 'number', '|1. one\n2. two|'], ['|- one\n- two|', 'number', '|1. one\n2. two|'], ['x|', 'quote', '> x|'],
  ] as const)('CMP-4 lines %s %s', (before, kind, after) => {
    const f = field(before);
    expect(show(applyEdit(f, toggleLines(f, kind)))).toBe(after);
  });

  it.each([
    ['- one|', '- one\n- |'], ['- one\n- |', '- one\n|'], ['3. c|', '3. c\n4. |'], ['- [x] done|', '- [x] done\n- [ ] |'], ['> q|', '> q\n> |'], ['plain|', 'plain\n|'], ['```\n- a|', '```\n- a\n|'],
  ])('CMP-4 a new line after %s', (before, after) => {
    const f = field(before);
    expect(show(applyEdit(f, newLine(f)))).toBe(after);
  });

  it('CMP-4 code blocks, links, deeper and back', () => {
    expect(show(applyEdit(field('|x|'), toggleCodeBlock(field('|x|'))))).toBe('```\n|x|\n```');
    expect(show(applyEdit(field('|text|'), insertLink(field('|text|'))))).toBe('[text](|)');
    expect(show(applyEdit(field('- a|'), indentLines(field('- a|'), 1)))).toBe('  - a|');
    expect(show(applyEdit(field('  - a|'), indentLines(field('  - a|'), -1)))).toBe('- a|');
  });

  it('CMP-5 an open code block takes Enter', () => {
    expect(openFence('```\ncode', 8)).toBe(true);
    expect(openFence('```\ncode\n```', 12)).toBe(false);
    expect(openFence('text', 4)).toBe(false);
    expect(openFence('```ts', 5)).toBe(true);
  });

  it('CMP-7 an address over a selection makes a link', () => {
    const f = field('see |this| now');
    const edit = pasteOver(f, ' https://a.example/x ');
    expect(edit && show(applyEdit(f, edit))).toBe('see [this](https://a.example/x)| now');
    expect(pasteOver(field('see |'), 'https://a.example')).toBeNull();
    expect(pasteOver(field('|this|'), 'no address')).toBeNull();
  });
});

describe('CMP-6 suggestions', () => {
  it.each([
    ['@', { kind: 'person', query: '', from: 0 }], ['hi @me', { kind: 'person', query: 'me', from: 3 }], ['(@mei li', { kind: 'person', query: 'mei li', from: 1 }], ['#gen', { kind: 'channel', query: 'gen', from: 0 }],
    [':ta', { kind: 'emoji', query: 'ta', from: 0 }], [':t', null], ['a@b', null], ['10:30', null], ['# heading', null], ['@ x', null], [':) ok', null],
  ])('CMP-6 %s', (text, expected) => {
    const found = findTrigger(text, text.length);
    if (expected === null) expect(found).toBeNull();
    else expect(found).toMatchObject(expected);
  });

  const person = (id: string, display_name: string, member = true): PersonCandidate => ({ id, display_name, username: display_name.toLowerCase(), deactivated: false, is_bot: false, member });

  it('CMP-6 members first, then by use, others say so', () => {
    const people = [person('1', 'Anna', false), person('2', 'Andreas'), person('3', 'Änne'), person('4', 'Bob')];
    expect(suggestPeople('an', people, ['3'], null).map((s) => s.kind === 'person' && [s.name, s.outside])).toEqual([['Änne', false], ['Andreas', false], ['Anna', true]]);
    expect(suggestPeople('ch', people, [], { allowed: false })).toEqual([{ kind: 'everyone', key: 'channel', scope: 'channel', insert: '<!channel> ', allowed: false }]);
    expect(suggestChannels('dev', [{ id: 'a', name: 'my-dev', isPrivate: false, archived: false }, { id: 'b', name: 'dev', isPrivate: false, archived: false }]).map((s) => s.kind === 'channel' && s.name)).toEqual(['dev', 'my-dev']);
  });

  it('CMP-6 what the server adds goes below and moves nothing', () => {
    const shown = suggestPeople('a', [person('1', 'Anna')], [], null);
    const more = suggestPeople('a', [person('1', 'Anna'), person('5', 'Aaron', false)], [], null);
    expect(addBelow(shown, more).map((s) => s.key)).toEqual(['1', '5']);
  });

  it('BUD-9 20,000 names are ranked in a frame', () => {
    const people = Array.from({ length: 20_000 }, (_, i) => person(String(i), `Person ${i} Example`));
    suggestPeople('person 19', people, [], null);
    const cpu = process.cpuUsage();
    suggestPeople('exam', people, [], null);
    expect(process.cpuUsage(cpu).user / 1_000).toBeLessThan(60);
  });

  it('LST-21 +:emoji: reacts', () => {
    expect([readReaction('+:tada:'), readReaction('+🚀'), readReaction('+ :tada:'), readReaction('+1')]).toEqual(['tada', '🚀', null, null]);
  });
});

describe('CMP-3 live markup', () => {
  const ID = '0190a000-0000-7000-8000-000000000001';

  it('CMP-3 markers are dimmed, the text takes its look, references are chips', () => {
    const text = `a **b** \`c\` <@${ID}>`;
    expect(styledSpans(text).map((s) => [s.look, text.slice(s.from, s.to)])).toEqual([
      ['strong', '**b**'], ['marker', '**'], ['marker', '**'], ['code', '`c`'], ['marker', '`'], ['marker', '`'], ['chip', `<@${ID}>`],
    ]);
  });

  it('CMP-3 blocks are styled where they stand', () => {
    const text = 'first\n\n> quote\n\n```js\nx\n```\n\n**last**';
    const spans = styledSpans(text).map((s) => [s.look, text.slice(s.from, s.to)]);
    expect(spans).toContainEqual(['fence', '```js\nx\n```']);
    expect(spans).toContainEqual(['strong', '**last**']);
    expect(spans).toContainEqual(['quote', '> quote']);
  });

  it('BUD-3 a key stroke in 16,000 characters parses one block', () => {
    const text = Array.from({ length: 160 }, (_, i) => `Paragraph ${i} with **bold** and \`code\` and some more words to make it as long as it should be, really.`).join('\n\n').slice(0, 16_000);
    styledSpans(text);
    const cpu = process.cpuUsage();
    for (let i = 0; i < 10; i++) styledSpans(`${text.slice(0, 8_000)}${'x'.repeat(i + 1)}${text.slice(8_000)}`);
    expect(process.cpuUsage(cpu).user / 10_000).toBeLessThan(16);
  });
});

describe('PRN-2 keys typed while a text is being sent', () => {
  it.each([['one', 'one', ''], ['one', 'one two', ' two'], ['one', '', ''], ['one', 'other', 'other']])('PRN-2 sent %j, now %j', (sent, now, rest) => {
    expect(typedSince(sent, now)).toBe(rest);
  });
});
