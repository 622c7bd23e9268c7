import { parseQuery } from '@parley/shared/domain/search/query';
import { termsOf } from '@parley/shared/domain/search/terms';
import { describe, expect, it } from 'vitest';
import { openFilter, openLastChip, queryOf, readField, typeInto } from './chips.ts';
import { snippet } from './snippet.ts';

const TODAY = '2026-01-15';
const show = (text: string, q: string) => snippet(text, termsOf(parseQuery(q, TODAY))).map((p) => (p.found ? `[${p.text}]` : p.text)).join('');

describe('SRC-1 the search field', () => {
  it.each([
    ['from:ana bug', ['from:ana'], 'bug'],
    ['from:ana', [], 'from:ana'],
    ['from:ana ', ['from:ana'], ''],
    ['bug "release notes"', ['"release notes"'], 'bug '],
    ['"release no', [], '"release no'],
    ['has:nothing x', [], 'has:nothing x'],
    ['in:general from:"Ana Lima" on:today x', ['in:general', 'from:"Ana Lima"', 'on:today'], 'x'],
  ])('SRC-1 “%s” becomes chips once something follows', (query, chips, text) => expect(readField(query, TODAY)).toEqual({ chips, text }));

  it('SRC-1 what an address says is chips at once, and says the same again', () => {
    const field = readField('in:general from:ana', TODAY, true);
    expect(field).toEqual({ chips: ['in:general', 'from:ana'], text: '' });
    expect(queryOf(field)).toBe('in:general from:ana');
  });

  it('SRC-1 typing goes behind the chips; Backspace opens the last one', () => {
    const typed = typeInto({ chips: ['in:general'], text: '' }, 'from:ana bug', TODAY);
    expect(typed).toEqual({ chips: ['in:general', 'from:ana'], text: 'bug' });
    expect(openLastChip(typed)).toEqual({ chips: ['in:general'], text: 'from:ana bug' });
    expect(openLastChip({ chips: [], text: 'x' })).toEqual({ chips: [], text: 'x' });
  });

  it.each([['from:', { name: 'from', value: '', start: 0 }], ['bug IN:ge', { name: 'in', value: 'ge', start: 4 }], ['from:"Ana L', { name: 'from', value: 'Ana L', start: 0 }], ['from:ana ', null], ['bug', null]])('SRC-1 “%s” asks for suggestions of its filter', (text, open) => expect(openFilter(text)).toEqual(open));
});

describe('SRC-1 hits', () => {
  it('SRC-1 marks every hit, folded as the tokeniser folds', () => {
    expect(show('Die Müllers und foo.barBaz', 'muller baz')).toBe('Die Müllers und foo.bar[Baz]');
    expect(show('Die Müllers und foo.barBaz', 'baz mull')).toBe('Die [Müllers] und foo.bar[Baz]');
    expect(show('我们去北京大学', '北京')).toBe('我们去[北京]大学');
  });
  it('SRC-1 cuts a long text around its first hit, at words', () => {
    const text = `${'before '.repeat(60)}needle ${'after '.repeat(80)}`;
    const shown = show(text, 'needle');
    expect(shown).toMatch(/^… before[^[]*\[needle\] after/);
    expect(shown).toMatch(/after …$/);
    expect(shown.length).toBeLessThan(300);
    expect(show('short', 'from:ana')).toBe('short');
  });
});
