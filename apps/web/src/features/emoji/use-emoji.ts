import { useEffect, useSyncExternalStore } from 'react';
import { useIntl } from 'react-intl';
import { whenIdle } from '../../platform/when-idle.ts';
import { makeIndex, type EmojiIndex } from './emoji-index.ts';
import { unpackEmoji } from './pack.ts';

/** The index comes on demand, once per language; until then names are shown as written. */
const indexes = new Map<string, EmojiIndex | 'loading'>();
const listeners = new Set<() => void>();

export async function loadEmoji(language: string): Promise<EmojiIndex> {
  const lang = language.startsWith('de') ? 'de' : 'en';
  const known = indexes.get(lang);
  if (known !== undefined && known !== 'loading') return known;
  indexes.set(lang, 'loading');
  try {
    const [english, local] = await Promise.all([import('virtual:parley-emoji/en'), lang === 'de' ? import('virtual:parley-emoji/de') : null]);
    const made = makeIndex(unpackEmoji(english.default), local ? unpackEmoji(local.default) : []);
    indexes.set(lang, made);
    for (const listener of listeners) listener();
    return made;
  } catch (error) {
    // Offline before it was ever fetched: the next one who asks tries again.
    indexes.delete(lang);
    throw error;
  }
}

const subscribe = (listener: () => void) => { listeners.add(listener); return () => listeners.delete(listener); };

/** Null until it is there. */
export function useEmojiIndex(): EmojiIndex | null {
  const lang = useIntl().locale.startsWith('de') ? 'de' : 'en';
  const index = useSyncExternalStore(subscribe, () => indexes.get(lang));
  useEffect(() => {
    // Names of emoji never delay the first paint.
    if (index === undefined) whenIdle(() => void loadEmoji(lang).catch(() => undefined));
  }, [index, lang]);
  return index === undefined || index === 'loading' ? null : index;
}
