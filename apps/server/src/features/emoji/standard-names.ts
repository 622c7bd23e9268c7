import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const SETS = ['github', 'emojibase', 'iamcal'];
let names: ReadonlySet<string> | undefined;

/** Read when first needed: a megabyte that only adding emoji uses. */
function load(): ReadonlySet<string> {
  const require = createRequire(import.meta.url);
  const found = new Set<string>();
  for (const set of SETS) {
    const codes = JSON.parse(readFileSync(require.resolve(`emojibase-data/en/shortcodes/${set}.json`), 'utf8')) as Record<string, string | string[]>;
    for (const name of Object.values(codes).flat()) found.add(name);
  }
  return found;
}

/** Whether Unicode's emoji are called so: then it means one of those, whoever reads it. */
export function isStandardName(name: string): boolean {
  names ??= load();
  return names.has(name);
}
