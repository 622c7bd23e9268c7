import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

let glyphs: ReadonlyMap<string, string> | undefined;

/** Slack's names are those of the iamcal set. Read when first needed: it is a megabyte that only imports use. */
function load(): ReadonlyMap<string, string> {
  const require = createRequire(import.meta.url);
  const read = (path: string): unknown => JSON.parse(readFileSync(require.resolve(`emojibase-data/${path}`), 'utf8'));
  const shown = new Map((read('en/compact.json') as { hexcode: string; unicode: string }[]).map((e) => [e.hexcode, e.unicode]));
  const found = new Map<string, string>();
  for (const [hexcode, names] of Object.entries(read('en/shortcodes/iamcal.json') as Record<string, string | string[]>)) {
    const glyph = shown.get(hexcode);
    if (glyph !== undefined) for (const name of [names].flat()) found.set(name, glyph);
  }
  return found;
}

/** `thumbsup` and `+1::skin-tone-3` as emoji; what is none of Unicode's stays its name, as custom emoji do. Null for what cannot be one. */
export function reactionEmoji(slackName: string): string | null {
  glyphs ??= load();
  const [name = '', tone] = slackName.split('::skin-tone-');
  const glyph = glyphs.get(name);
  if (glyph === undefined) return /^[^\s:]{1,64}$/u.test(name) ? name : null;
  const level = Number(tone);
  if (!(level >= 2 && level <= 6)) return glyph;
  const [first = '', ...rest] = [...glyph];
  return first + String.fromCodePoint(0x1f3fb + level - 2) + rest.filter((c, i) => i > 0 || c !== '\ufe0f').join('');
}
