// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from 'vitest';
import { countUse, fold, rank, scores } from './rank.ts';

const entry = (text: string, weight = 0) => ({ id: text, text, weight });

describe('KEY-4 palette', () => {
  beforeEach(() => localStorage.clear());
  it('KEY-4 ranks the start of the name before the start of a word before the middle', () => {
    expect(rank([entry('team release'), entry('prerelease'), entry('release notes')], 'rel', 9).map((one) => one.id)).toEqual(['release notes', 'team release', 'prerelease']);
  });
  it('KEY-4 breaks ties by use and finds folded names', () => {
    expect(rank([entry('rust-a', 1), entry('rust-b', 50)], 'rust', 9)[0]?.id).toBe('rust-b');
    expect(rank([entry('José Ñandú')], 'jose', 9)).toHaveLength(1);
    expect(fold('ÀÉ')).toBe('ae');
  });
  it('KEY-4 use halves in seven days', () => {
    countUse('a', 0);
    countUse('a', 0);
    expect(scores(0)('a')).toBe(2);
    expect(scores(7 * 24 * 3_600_000)('a')).toBe(1);
    expect(scores(0)('b')).toBe(0);
  });
  it('BUD-9 ranks 20,000 names well inside a frame', () => {
    const entries = Array.from({ length: 20_000 }, (_, n) => entry(`${['harbour', 'release', 'design', 'ops'][n % 4]}-${n.toString(36)}`));
    const folded = entries.map((one) => fold(one.text));
    rank(entries, 'rel', 12, folded);
    const start = performance.now();
    rank(entries, 'rele', 12, folded);
    // A loaded test machine gets room; the browser's figure is measured by its own trace.
    expect(performance.now() - start).toBeLessThan(100);
  });
});
