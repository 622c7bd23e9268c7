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

const IMPORTS: Record<Exclude<Language, 'en'>, { first(): Promise<{ default: Catalogue }[]>; scenes(): Promise<{ default: Catalogue }> }> = {
  de: { first: () => Promise.all([import('./de/shell.json'), import('./de/list.json')]), scenes: () => import('./de/scenes.json') },
};

/** By language that was asked for: its words, and those of scenes and dialogs once one of these was wanted. */
const words = new Map<Language, Promise<Catalogue>>();
const sceneWords = new Map<Language, Promise<void>>();
let scenesWanted = false;

/** Remembered as long as it succeeds: what could not be fetched is fetched again. */
function once<T>(held: Map<Language, Promise<T>>, language: Language, make: () => Promise<T>): Promise<T> {
  const known = held.get(language);
  if (known) return known;
  const made = make();
  held.set(language, made);
  made.catch(() => held.delete(language));
  return made;
}

const wordsOf = (language: Language): Promise<Catalogue> => once(words, language, async () => (language === 'en' ? ENGLISH : Object.assign({}, ...(await IMPORTS[language].first()).map((part) => part.default)) as Catalogue));

const loadSceneWords = (language: Language): Promise<void> => once(sceneWords, language, async () => {
  const [into, scenes] = await Promise.all([wordsOf(language), language === 'en' ? import('./en/scenes.json') : IMPORTS[language].scenes()]);
  Object.assign(into, scenes.default);
});

/** A part that is loaded on demand, together with its words. */
export const withWords = async <T>(part: Promise<T>): Promise<T> => {
  scenesWanted = true;
  await Promise.all((words.size === 0 ? ['en' as const] : [...words.keys()]).map(loadSceneWords));
  return part;
};

/** English comes with the first chunk, the others on demand: what the first paint says, the rest as in English. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  const loading = wordsOf(language);
  // A scene that is open changes its language as well.
  if (scenesWanted) await loadSceneWords(language);
  return loading;
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
