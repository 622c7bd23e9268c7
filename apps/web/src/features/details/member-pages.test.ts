import { describe, expect, it } from 'vitest';
import { nextPageDue, SEARCHED_MOST } from './member-pages.ts';

const at = { more: true, loading: false, lastIndex: 10, shown: 200, loaded: 200, searching: false };

describe('pages of a channel\'s members', () => {
  it('the next one comes when the end is near, one at a time', () => {
    expect(nextPageDue(at)).toBe(false);
    expect(nextPageDue({ ...at, lastIndex: 185 })).toBe(true);
    expect(nextPageDue({ ...at, lastIndex: 185, loading: true })).toBe(false);
    expect(nextPageDue({ ...at, lastIndex: 185, more: false })).toBe(false);
  });
  it('a search looks through a bounded number, however many there are', () => {
    expect(nextPageDue({ ...at, searching: true, shown: 1, lastIndex: 0 })).toBe(true);
    expect(nextPageDue({ ...at, searching: true, shown: 1, lastIndex: 0, loaded: SEARCHED_MOST })).toBe(false);
    expect(nextPageDue({ ...at, lastIndex: 9_990, shown: 10_000, loaded: 10_000 })).toBe(true);
  });
});
