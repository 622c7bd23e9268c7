import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makeIndex } from './emoji-index.ts';
import { packEmoji, unpackEmoji, withTone, type SourceEmoji, type SourceNames } from './pack.ts';

const require = createRequire(import.meta.url);
const json = <T>(path: string): T => JSON.parse(readFileSync(require.resolve(`emojibase-data/${path}`), 'utf8')) as T;
const en = packEmoji(json<SourceEmoji[]>('en/data.json'), json<SourceNames>('en/shortcodes/github.json'), json<SourceNames>('en/shortcodes/emojibase.json'));
const de = packEmoji(json<SourceEmoji[]>('de/data.json'));
const index = makeIndex(unpackEmoji(en), unpackEmoji(de));

describe('CMP-16 emoji', () => {
  it('CMP-16 the packed index is small and whole', () => {
    expect(gzipSync(en, { level: 9 }).length).toBeLessThan(56 * 1024);
    expect(gzipSync(de, { level: 9 }).length).toBeLessThan(56 * 1024);
    expect(index.emoji.length).toBeGreaterThan(1_800);
    expect(index.byName('+1')?.glyph).toBe('👍️');
    expect(index.byGlyph('👍🏽')?.names).toContain('+1');
  });

  it('CMP-16 search knows English and the own language, names first, recent before others', () => {
    expect(index.search('rocket', 5)[0]?.glyph).toBe('🚀');
    expect(index.search('rakete', 5)[0]?.glyph).toBe('🚀');
    expect(index.search('tad', 5)[0]?.names).toContain('tada');
    expect(index.search('', 5)).toEqual([]);
    const plain = index.search('heart', 20).map((e) => e.glyph);
    const used = plain[19] ?? '';
    expect(index.search('heart', 20, [used]).map((e) => e.glyph).indexOf(used)).toBeLessThan(19);
  });

  it('CMP-16 tones', () => {
    const raised = json<SourceEmoji[]>('en/data.json').find((e) => e.label === 'raised hand');
    expect([1, 2, 3, 4, 5].map((tone) => withTone(raised?.emoji ?? '', tone))).toEqual(raised?.skins?.map((s) => s.emoji));
    expect(withTone('🚀', 0)).toBe('🚀');
  });

});
