/** Folds case and accents, so that `Zoë` is found by `zoe`. */
export const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().trim();

/** The distinct folded words of a text; at most 20 of at most 40 characters. */
export function wordsOf(...texts: string[]): string[] {
  const words = texts.flatMap((text) => fold(text).split(/[^\p{L}\p{N}]+/u)).filter(Boolean).map((w) => w.slice(0, 40));
  return [...new Set(words)].slice(0, 20);
}

/** The words by which a person is found: those of the display name and the username, and the username whole. */
export const personWordsOf = (person: { display_name: string; username: string }): string[] => [...new Set([...wordsOf(person.display_name, person.username), fold(person.username).slice(0, 40)])];

/** Orders people by the name they show. */
export const sortName = (person: { display_name: string; username: string }): string => `${fold(person.display_name).slice(0, 80)} ${person.username}`;
