import uFuzzy from '@leeoniya/ufuzzy';
import { readText, writeText } from '../../platform/device-settings.ts';

/** Something that the palette can find. */
export interface Entry {
  id: string;
  /** Name and what else it is found by, such as a topic. */
  text: string;
  /** Breaks ties: use and recency. */
  weight: number;
}

const matcher = new uFuzzy({ intraMode: 0, interLft: 0, unicode: true, interSplit: "[^\\p{L}\\d']+", intraSplit: '\\p{Ll}\\p{Lu}', intraBound: '\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}', intraChars: "[\\p{L}\\d']", intraContr: "'\\p{L}{1,2}\\b" });

/** Without accents and in small letters, so that “Jose” finds “José”. */
export const fold = (text: string): string => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();

/** KEY-4: start of the name, start of a word, then use. At most `limit`. */
export function rank<T extends Entry>(entries: readonly T[], query: string, limit: number, folded: readonly string[] = entries.map((entry) => fold(entry.text))): readonly T[] {
  const needle = fold(query.trim());
  if (needle === '') return [...entries].sort((a, b) => b.weight - a.weight).slice(0, limit);
  const found = matcher.filter(folded as string[], needle) ?? [];
  const scored = found.map((index) => {
    const text = folded[index]!;
    const at = text.indexOf(needle);
    const start = at === 0 ? 3 : at > 0 && /[^\p{L}\d]/u.test(text[at - 1]!) ? 2 : at > 0 ? 1 : 0;
    return { entry: entries[index]!, score: start * 1000 + Math.min(entries[index]!.weight, 900) - Math.min(text.length, 99) / 100 };
  });
  return scored.sort((a, b) => b.score - a.score).slice(0, limit).map((one) => one.entry);
}

const KEY = 'parley.use';
const HALF_LIFE_MS = 7 * 24 * 3_600_000;
const MOST = 200;
type Uses = Record<string, [score: number, at: number]>;

function load(): Uses {
  try {
    return JSON.parse(readText(KEY) ?? '{}') as Uses;
  } catch {
    // Ranking begins anew.
    return {};
  }
}

const decayed = ([score, at]: [number, number], now: number) => score * 2 ** ((at - now) / HALF_LIFE_MS);

/** How often something was opened here, with a half-life of seven days. */
export function scores(now: number): (id: string) => number {
  const uses = load();
  return (id) => (uses[id] === undefined ? 0 : decayed(uses[id], now));
}

export function countUse(id: string, now: number): void {
  const uses = load();
  uses[id] = [(uses[id] === undefined ? 0 : decayed(uses[id], now)) + 1, now];
  const kept = Object.entries(uses).sort((a, b) => b[1][1] - a[1][1]).slice(0, MOST);
  writeText(KEY, JSON.stringify(Object.fromEntries(kept)));
}
