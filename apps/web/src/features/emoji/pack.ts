/**
 * The emoji index as it is shipped: glyph, words, group and short names, a line each, made from emojibase's data when the
 * client is built. Lines are `glyph TAB group TAB skins TAB names TAB label TAB words`; skins is 1 when tones exist.
 */

export interface SourceEmoji {
  emoji: string;
  hexcode: string;
  label: string;
  tags?: string[] | undefined;
  group?: number | undefined;
  order?: number | undefined;
  skins?: { emoji: string; tone?: number | number[] }[] | undefined;
}
export type SourceNames = Record<string, string | string[]>;

export interface Emoji {
  glyph: string;
  /** 0 smileys, 1 people, 3 animals, 4 food, 5 travel, 6 activities, 7 objects, 8 symbols, 9 flags. */
  group: number;
  /** May take a skin tone. */
  toned: boolean;
  names: readonly string[];
  label: string;
  words: readonly string[];
}

/** Components (tones, hair) are no emoji of their own. */
const COMPONENTS = 2;

export function packEmoji(source: readonly SourceEmoji[], ...names: SourceNames[]): string {
  return [...source]
    .filter((e) => e.group !== undefined && e.group !== COMPONENTS)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((e) => {
      const all = new Set(names.flatMap((set) => set[e.hexcode] ?? []));
      const toned = e.skins?.some((skin) => skin.emoji === withTone(e.emoji, 1)) === true;
      return [e.emoji, e.group, toned ? 1 : 0, [...all].join(' '), e.label, (e.tags ?? []).filter((word) => !all.has(word) && !e.label.includes(word)).join(' ')].join('\t');
    })
    .join('\n');
}

export function unpackEmoji(packed: string): Emoji[] {
  return packed.split('\n').map((line) => {
    const [glyph = '', group = '0', toned = '0', names = '', label = '', words = ''] = line.split('\t');
    return { glyph, group: Number(group), toned: toned === '1', names: names.split(' ').filter(Boolean), label, words: words.split(' ').filter(Boolean) };
  });
}

/** The glyph in a skin tone, 1 to 5; 0 gives it as it is. */
export function withTone(glyph: string, tone: number): string {
  if (tone < 1 || tone > 5) return glyph;
  const [first = '', ...rest] = [...glyph];
  if (rest[0] === '\uFE0F') rest.shift();
  return first + String.fromCodePoint(0x1f3fa + tone) + rest.join('');
}
