/** While one searches, at most so many members are fetched to look through: a large channel has a hundred thousand. */
export const SEARCHED_MOST = 2_000;
/** Rows before the end at which the next page is fetched. */
const AHEAD = 20;

/** Whether the next page of members is due: only as far as one scrolls, and while one searches until enough were looked through. */
export function nextPageDue(at: { more: boolean; loading: boolean; lastIndex: number; shown: number; loaded: number; searching: boolean }): boolean {
  if (!at.more || at.loading || at.lastIndex < at.shown - AHEAD) return false;
  return !at.searching || at.loaded < SEARCHED_MOST;
}
