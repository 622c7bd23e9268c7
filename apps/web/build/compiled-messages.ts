import { readFile } from 'node:fs/promises';
import { parse } from '@formatjs/icu-messageformat-parser';
import type { Plugin } from 'vite';

/** Replaces every catalogue by its parsed form, so that the client neither carries nor runs the parser of ICU messages. Plain text stays text: it is smaller. */
export function compiledMessages(enabled: boolean): Plugin {
  return {
    name: 'parley:compiled-messages',
    enforce: 'pre',
    async load(id) {
      if (!enabled || !/\/i18n\/[a-z]{2}\/[a-z-]+\.json$/.test(id)) return null;
      const source = JSON.parse(await readFile(id, 'utf8')) as Record<string, string>;
      const compiled: Record<string, unknown> = {};
      for (const [key, message] of Object.entries(source)) compiled[key] = /[{}<>]|'[{}<>#|]|''/.test(message) ? parse(message, { captureLocation: false }) : message;
      return JSON.stringify(compiled);
    },
  };
}
