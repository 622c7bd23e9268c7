import { readText, writeText } from '../../platform/device-settings.ts';

/** The emoji one used last, newest first, and the skin tone chosen per emoji; kept on this device. */
const KEY = 'parley.emoji';
const KEPT = 32;

interface Stored { recent: string[]; tones: Record<string, number> }

function load(): Stored {
  try {
    const stored = JSON.parse(readText(KEY) ?? '{}') as Partial<Stored>;
    return { recent: Array.isArray(stored.recent) ? stored.recent.filter((g) => typeof g === 'string') : [], tones: typeof stored.tones === 'object' && stored.tones !== null ? stored.tones : {} };
  } catch {
    return { recent: [], tones: {} };
  }
}

export const recentEmoji = (): readonly string[] => load().recent;
export const toneOf = (glyph: string, fallback: number): number => load().tones[glyph] ?? fallback;

export function rememberEmoji(glyph: string): void {
  const stored = load();
  writeText(KEY, JSON.stringify({ ...stored, recent: [glyph, ...stored.recent.filter((g) => g !== glyph)].slice(0, KEPT) }));
}

export function rememberTone(glyph: string, tone: number): void {
  const stored = load();
  writeText(KEY, JSON.stringify({ ...stored, tones: { ...stored.tones, [glyph]: tone } }));
}
