import type { MessageFormatElement } from 'react-intl';
import list from './en/list.json';
import shell from './en/shell.json';

/** Every message of the client. A view that asks for another one does not compile. */
export type MessageId = keyof typeof shell | keyof typeof list | keyof typeof import('./en/scenes.json') | keyof typeof import('./en/entry.json');
export type Language = 'en' | 'de';
export const LANGUAGES: readonly Language[] = ['en', 'de'];

/** Source text in tests and development, parsed messages in the built client. */
export type Catalogue = Record<string, string | MessageFormatElement[]>;

/** What the first paint says. The words of scenes and dialogs come with the first of them, into the same object. */
export const ENGLISH: Catalogue = { ...shell, ...list };

/** Words that come later: `entry` is what stands before the app, and can be asked for without the rest. */
type Part = 'entry' | 'scenes';
type Loader = () => Promise<{ default: Catalogue }>;

const FIRST: Record<Exclude<Language, 'en'>, () => Promise<{ default: Catalogue }[]>> = { de: () => Promise.all([import('./de/shell.json'), import('./de/list.json')]) };
const LATER: Record<Language, Record<Part, Loader>> = {
  en: { entry: () => import('./en/entry.json'), scenes: () => import('./en/scenes.json') },
  de: { entry: () => import('./de/entry.json'), scenes: () => import('./de/scenes.json') },
};

/** By language that was asked for: its words, and the later ones once they were wanted. */
const words = new Map<Language, Promise<Catalogue>>();
const laterWords: Record<Part, Map<Language, Promise<void>>> = { entry: new Map(), scenes: new Map() };
const wanted = new Set<Part>();

/** Remembered as long as it succeeds: what could not be fetched is fetched again. */
function once<T>(held: Map<Language, Promise<T>>, language: Language, make: () => Promise<T>): Promise<T> {
  const known = held.get(language);
  if (known) return known;
  const made = make();
  held.set(language, made);
  made.catch(() => held.delete(language));
  return made;
}

const wordsOf = (language: Language): Promise<Catalogue> => once(words, language, async () => (language === 'en' ? ENGLISH : Object.assign({}, ...(await FIRST[language]()).map((part) => part.default)) as Catalogue));

const loadLater = (language: Language, parts: Iterable<Part>): Promise<unknown> => Promise.all([...parts].map((part) => once(laterWords[part], language, async () => {
  const [into, later] = await Promise.all([wordsOf(language), LATER[language][part]()]);
  Object.assign(into, later.default);
})));

/** A part that is loaded on demand, together with its words. */
export const withWords = async <T>(part: Promise<T>, which: readonly Part[] = ['entry', 'scenes']): Promise<T> => {
  for (const one of which) wanted.add(one);
  await Promise.all((words.size === 0 ? ['en' as const] : [...words.keys()]).map((language) => loadLater(language, which)));
  return part;
};
/** A page before the app: sign-in, set-up, an invitation. */
export const withEntryWords = <T>(part: Promise<T>): Promise<T> => withWords(part, ['entry']);

/** English comes with the first chunk, the others on demand: what the first paint says, the rest as in English. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  const loading = wordsOf(language);
  // A scene that is open changes its language as well.
  if (wanted.size > 0) await loadLater(language, wanted);
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
