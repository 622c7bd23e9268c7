import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';
import { packEmoji, type SourceEmoji, type SourceNames } from '../src/features/emoji/pack.ts';

const require = createRequire(import.meta.url);
const read = (path: string): unknown => JSON.parse(readFileSync(require.resolve(`emojibase-data/${path}`), 'utf8'));
const PREFIX = 'virtual:parley-emoji/';

/** Serves `virtual:parley-emoji/LANGUAGE`: emojibase's data repacked to what the picker and the suggestions need. */
export function emojiData(): Plugin {
  return {
    name: 'parley:emoji-data',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : null),
    load(id) {
      if (!id.startsWith(`\0${PREFIX}`)) return null;
      const language = id.slice(PREFIX.length + 1);
      // Names are English and the same for all: only the English pack carries them.
      const names = language !== 'en' ? [] : ['en/shortcodes/github.json', 'en/shortcodes/emojibase.json'].map((path) => read(path) as SourceNames);
      return `export default ${JSON.stringify(packEmoji(read(`${language}/data.json`) as SourceEmoji[], ...names))}`;
    },
  };
}
