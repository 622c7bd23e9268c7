import type { MessageFormatElement } from 'react-intl';
import list from './en/list.json';
import shell from './en/shell.json';

/** Every message of the client. A view that asks for another one does not compile. */
export type MessageId = keyof typeof shell | keyof typeof list | keyof typeof import('./en/scenes.json');
export type Language = 'en' | 'de';
export const LANGUAGES: readonly Language[] = ['en', 'de'];

/** Source text in tests and development, parsed messages in the built client. */
export type Catalogue = Record<string, string | MessageFormatElement[]>;

/** What the first paint says. The words of scenes and dialogs come with the first of them, into the same object. */
export const ENGLISH: Catalogue = { ...shell, ...list };

let sceneWords: Promise<void> | null = null;
const loadSceneWords = (): Promise<void> => (sceneWords ??= import('./en/scenes.json').then((words) => void Object.assign(ENGLISH, words.default)));

/** A part that is loaded on demand, together with its words. */
export const withWords = async <T>(part: Promise<T>): Promise<T> => {
  await loadSceneWords();
  return part;
};

/** English comes with the first chunk, the others on demand and whole. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  if (language === 'en') return ENGLISH;
  const parts = await Promise.all([import('./de/shell.json'), import('./de/list.json'), import('./de/scenes.json')]);
  return Object.assign({}, ...parts.map((part) => part.default)) as Catalogue;
}

/** The first of the system's languages that Parley speaks. */
export function systemLanguage(languages: readonly string[]): Language {
  for (const tag of languages) {
    const base = tag.toLowerCase().split('-')[0];
    const found = LANGUAGES.find((language) => language === base);
    if (found !== undefined) return found;
  }
  return 'en';
}

/** The person's region of a language (`en-GB` for `en`), for clocks and dates (I18-4); the bare language where the system names none. */
export function regionalOf(language: Language, languages: readonly string[]): string {
  return languages.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language;
}
