import type { MessageFormatElement } from 'react-intl';
import list from './en/list.json';
import shell from './en/shell.json';

/** Every message of the client. A view that asks for another one does not compile. */
export type MessageId = keyof typeof shell | keyof typeof list;
export type Language = 'en' | 'de';
export const LANGUAGES: readonly Language[] = ['en', 'de'];

/** Source text in tests and development, parsed messages in the built client. */
export type Catalogue = Record<MessageId, string> | Record<MessageId, MessageFormatElement[]>;

const english: Catalogue = { ...shell, ...list };

/** English comes with the first chunk, the others on demand. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  if (language === 'en') return english;
  const [shell_, list_] = await Promise.all([import('./de/shell.json'), import('./de/list.json')]);
  return { ...shell_.default, ...list_.default };
}

export const ENGLISH = english;

/** The first of the system's languages that Parley speaks. */
export function systemLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    const base = tag.toLowerCase().split('-')[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found !== undefined) return found;
  }
  return 'en';
}
