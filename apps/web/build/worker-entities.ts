import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const NAME = 'decode-named-character-reference';

/** The markup parser's browser build decodes `&amp;` and kin with a DOM element; a worker has none and takes the table. */
export function workerEntities(): Plugin {
  const table = createRequire(import.meta.url).resolve(NAME).replace(/index\.dom\.js$/, 'index.js');
  return { name: 'parley:worker-entities', enforce: 'pre', resolveId: (id) => (id === NAME ? table : null) };
}
