import { describe, expect, it } from 'vitest';
import { dayAt, parseQuery, startOfDay, timeBounds } from './query.ts';
import { termsOf } from './terms.ts';

const TODAY = '2026-03-15';
const parse = (text: string) => parseQuery(text, TODAY);
const words = (text: string) => parse(text).parts.map((p) => (p.kind === 'filter' ? `${p.name}:${p.value}` : p.kind === 'phrase' ? `"${p.value}"` : p.value));

describe('a query', () => {
  it.each([
    ['release notes', ['release', 'notes']],
    ['"release notes" ana', ['"release notes"', 'ana']],
    ['“release notes”', ['"release notes"']],
    ['„Liste neu“ da', ['"Liste neu"', 'da']],
    ['"never closed', ['"never closed"']],
    ['from:@ana in:#general bug', ['from:@ana', 'in:#general', 'bug']],
    ['FROM:ana', ['from:ana']],
    ['from:"Ana Lima" x', ['from:Ana Lima', 'x']],
    ['from: bug', ['bug']],
    ['from:', []],
    ['has:link has:nothing', ['has:link', 'has:nothing']],
    ['before:2024-02-30', ['before:2024-02-30']],
    ['http://example.org', ['http://example.org']],
    ['" " ""', []],
    ['', []],
  ])('%s', (text, expected) => expect(words(text)).toEqual(expected));

  it('takes what a filter does not know as words', () => {
    expect(parse('has:nothing').parts).toEqual([{ kind: 'word', value: 'has:nothing', start: 0, end: 11 }]);
    expect(parse('before:soon').before).toBeNull();
    expect(parse('before:soon').parts[0]).toMatchObject({ kind: 'word' });
  });

  it('collects filters, and keeps the place of each part', () => {
    const query = parse('from:@ana from:bo in:@cy has:links is:thread on:today "a b" c');
    expect(query).toMatchObject({ from: ['ana', 'bo'], in: ['@cy'], has: ['link'], is: ['thread'], on: { from: TODAY, to: TODAY } });
    const text = 'in:general "a b"';
    expect(parse(text).parts.map((p) => text.slice(p.start, p.end))).toEqual(['in:general', '"a b"']);
  });

  it.each([
    ['2024', { from: '2024-01-01', to: '2024-12-31' }], ['2024-02', { from: '2024-02-01', to: '2024-02-29' }], ['2024-5-7', { from: '2024-05-07', to: '2024-05-07' }],
    ['yesterday', { from: '2026-03-14', to: '2026-03-14' }], ['17.5.2024', { from: '2024-05-17', to: '2024-05-17' }], ['5.2024', { from: '2024-05-01', to: '2024-05-31' }], ['2024-13', null], ['0.1.2024', null],
  ])('on:%s', (value, span) => expect(parse(`on:${value}`).on).toEqual(span));

  it('turns days into moments of the time zone, over a change of the clock', () => {
    const at = (text: string, zone: string) => {
      const { from, to } = timeBounds(parse(text), zone);
      return [from, to].map((ms) => (ms === null ? null : new Date(ms).toISOString()));
    };
    expect(at('on:2026-03-29', 'Europe/Lisbon')).toEqual(['2026-03-29T00:00:00.000Z', '2026-03-29T23:00:00.000Z']);
    expect(at('after:2026-03-28', 'Asia/Kolkata')).toEqual(['2026-03-28T18:30:00.000Z', null]);
    expect(at('before:2026-04-05', 'Pacific/Chatham')).toEqual([null, '2026-04-04T10:15:00.000Z']);
    expect(at('after:2024-05 before:2024-08', 'UTC')).toEqual(['2024-06-01T00:00:00.000Z', '2024-08-01T00:00:00.000Z']);
    expect(dayAt(Date.parse('2026-03-28T20:00:00Z'), 'Asia/Kolkata')).toBe('2026-03-29');
    expect(new Date(startOfDay('2026-10-25', 'Europe/Lisbon')).toISOString()).toBe('2026-10-24T23:00:00.000Z');
  });

  it('has no terms when only filters or signs stand in it', () => {
    expect(termsOf(parse('from:ana'))).toEqual([]);
    expect(termsOf(parse('*** ...'))).toEqual([]);
    expect(termsOf(parse('fix a'))).toEqual([[{ tokens: ['fix'], prefix: false }], [{ tokens: ['a'], prefix: false }]]);
  });
});
