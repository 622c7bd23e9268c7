import { describe, expect, it } from 'vitest';
import { addRange, confirm, covers, filled, isCurrent, jump } from './ranges.ts';

describe('ranges', () => {
  it('RNG1 a page below the cursor is not current', () => {
    expect(isCurrent(filled(1, 10, 5, 7))).toBe(false);
    expect(isCurrent(filled(1, 10, 7, 7))).toBe(true);
    expect(isCurrent(filled(1, 10, 9, 7))).toBe(true);
  });
  it('RNG2 a gap leaves every range at the cursor from before', () => {
    const [range] = jump([filled(1, 10, 3, 3)], 8, 20);
    expect(range).toMatchObject({ validRev: 8, missingTo: 20 });
    expect(jump([range!], 20, 30)[0]).toMatchObject({ validRev: 8, missingTo: 30 });
    expect(isCurrent(jump([filled(1, 10, 25, 8)], 8, 20)[0]!)).toBe(true);
  });
  it('RNG3 a confirmation goes as far as it goes', () => {
    const stuck = jump([filled(1, 10, 3, 3)], 8, 20);
    const half = confirm(stuck, 1, 4, 21, 21);
    expect(half.map((r) => [r.fromSeq, r.toSeq, isCurrent(r)])).toEqual([[1, 4, true], [5, 10, false]]);
    expect(confirm(half, 5, 10, 22, 22).map((r) => [r.fromSeq, r.toSeq, isCurrent(r)])).toEqual([[1, 10, true]]);
    expect(isCurrent(confirm(stuck, 1, 10, 15, 21)[0]!)).toBe(false);
  });
  it('RNG4 the better known wins an overlap, and equals merge', () => {
    const stuck = { fromSeq: 1, toSeq: 10, validRev: 4, missingTo: 9 };
    expect(addRange([stuck], filled(5, 15, 9, 9), 9).map((r) => [r.fromSeq, r.toSeq, isCurrent(r)])).toEqual([[1, 4, false], [5, 15, true]]);
    expect(addRange([filled(5, 15, 9, 9)], stuck, 9).map((r) => [r.fromSeq, r.toSeq, isCurrent(r)])).toEqual([[1, 4, false], [5, 15, true]]);
    expect(addRange([filled(1, 4, 9, 9), filled(8, 9, 12, 9)], filled(5, 7, 10, 9), 9)).toEqual([{ fromSeq: 1, toSeq: 9, validRev: 9, missingTo: 0 }]);
    expect(covers([filled(1, 4, 9, 9), filled(5, 9, 12, 9)], 2, 9)).toBe(true);
    expect(covers([filled(1, 4, 9, 9), filled(6, 9, 12, 9)], 2, 9)).toBe(false);
  });
});
