import type { Emoji } from './pack.ts';

/** Search over the emoji index: English names and the person's own language, folded, the start of a word first. */

export interface EmojiIndex {
  emoji: readonly Emoji[];
  byName(name: string): Emoji | null;
  byGlyph(glyph: string): Emoji | null;
  /** Best first; an empty query gives nothing. */
  search(query: string, limit: number, recent?: readonly string[]): Emoji[];
}

const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
const bare = (glyph: string): string => glyph.replaceAll('\uFE0F', '').replace(/[\u{1F3FB}-\u{1F3FF}]/gu, '');

export function makeIndex(english: readonly Emoji[], local: readonly Emoji[] = []): EmojiIndex {
  const own = new Map(local.map((e) => [e.glyph, e]));
  const names = new Map<string, Emoji>();
  const glyphs = new Map<string, Emoji>();
  const entries = english.map((english_) => {
    const translated = own.get(english_.glyph);
    const emoji: Emoji = translated ? { ...english_, label: translated.label, names: [...new Set([...english_.names, ...translated.names])] } : english_;
    for (const name of emoji.names) if (!names.has(name)) names.set(name, emoji);
    glyphs.set(bare(emoji.glyph), emoji);
    const words = [...emoji.names.flatMap((n) => [n, ...n.split(/[_-]/)]), ...emoji.label.split(/[\s:,-]+/), ...english_.label.split(/[\s:,-]+/), ...english_.words, ...(translated?.words ?? [])];
    return { emoji, names: emoji.names.map(fold), words: [...new Set(words.map(fold))] };
  });
  return {
    emoji: entries.map((e) => e.emoji),
    byName: (name) => names.get(name) ?? null,
    byGlyph: (glyph) => glyphs.get(bare(glyph)) ?? null,
    search(query, limit, recent = []) {
      const wanted = fold(query.trim()).split(/\s+/).filter(Boolean);
      if (wanted.length === 0) return [];
      const used = new Map(recent.map((glyph, i) => [bare(glyph), i]));
      const found: { emoji: Emoji; score: number }[] = [];
      entries.forEach((entry, order) => {
        let score = 0;
        for (const word of wanted) {
          const at = entry.names.includes(word) ? 0 : entry.names.some((n) => n.startsWith(word)) ? 1 : entry.words.includes(word) ? 2 : entry.words.some((w) => w.startsWith(word)) ? 3 : entry.names.some((n) => n.includes(word)) ? 4 : -1;
          if (at < 0) return;
          score += at;
        }
        const use = used.get(bare(entry.emoji.glyph));
        found.push({ emoji: entry.emoji, score: score * 10_000 + (use === undefined ? order : use - 5_000) });
      });
      return found.sort((a, b) => a.score - b.score).slice(0, limit).map((f) => f.emoji);
    },
  };
}
