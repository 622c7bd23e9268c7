import { IntlMessageFormat } from 'intl-messageformat';
import { de } from './de.ts';
import { en, type WordKey } from './en.ts';

export const LANGUAGES = ['en', 'de'] as const;
export type Language = (typeof LANGUAGES)[number];

export interface Words {
  readonly language: Language;
  say(key: WordKey, values?: Readonly<Record<string, string | number>>): string;
  list(items: readonly string[]): string;
  date(ms: number): string;
}

const CATALOGUES: Readonly<Record<Language, Readonly<Record<WordKey, string>>>> = { en, de };
const made = new Map<Language, Words>();

/** The words of a language. */
export function wordsOf(language: Language): Words {
  const known = made.get(language);
  if (known) return known;
  const messages = new Map<WordKey, IntlMessageFormat>();
  const words: Words = {
    language,
    say(key, values) {
      let message = messages.get(key);
      // Tags mean nothing here: what is said is plain text.
      if (!message) messages.set(key, (message = new IntlMessageFormat(CATALOGUES[language][key], language, undefined, { ignoreTag: true })));
      return String(message.format(values as Record<string, string | number> | undefined));
    },
    list: (items) => new Intl.ListFormat(language).format(items),
    date: (ms) => new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' }).format(ms),
  };
  made.set(language, words);
  return words;
}

/** The first language of an `Accept-Language` header, or of a language tag, that there are words in; else English. */
export function languageOf(accepted: string | undefined): Language {
  for (const part of (accepted ?? '').slice(0, 500).split(',')) {
    const primary = part.split(';')[0]!.trim().split('-')[0]!.toLowerCase();
    const found = LANGUAGES.find((language) => language === primary);
    if (found) return found;
  }
  return 'en';
}
