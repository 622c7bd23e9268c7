import { parse, TYPE, type MessageFormatElement } from '@formatjs/icu-messageformat-parser';
import { expect, it } from 'vitest';
import { de } from './de.ts';
import { en, type WordKey } from './en.ts';
import { languageOf, wordsOf } from './words.ts';

const names = (elements: readonly MessageFormatElement[]): string[] =>
  elements.flatMap((element) => (element.type === TYPE.literal || element.type === TYPE.pound ? [] : element.type === TYPE.plural ? [element.value, ...Object.values(element.options).flatMap(({ value }) => names(value))] : 'value' in element ? [element.value] : []));

it.each(Object.keys(en) as WordKey[])('%s says the same in both languages', (key) => {
  expect([...new Set(names(parse(de[key])))].sort()).toEqual([...new Set(names(parse(en[key])))].sort());
});
it('has no word too many', () => expect(Object.keys(de).sort()).toEqual(Object.keys(en).sort()));
it('says plurals, and takes what looks like markup for text', () => {
  expect(wordsOf('de').say('notify.many', { n: 3, channel: '<b>#' })).toBe('3 neue Nachrichten in <b>#');
});
it.each([['de-AT,de;q=0.9,en;q=0.8', 'de'], ['fr, de', 'de'], ['fr', 'en'], ['', 'en'], [undefined, 'en'], ['DE', 'de']] as const)('understands %j as %s', (accepted, language) => expect(languageOf(accepted)).toBe(language));
