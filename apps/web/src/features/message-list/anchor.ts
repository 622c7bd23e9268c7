/**
 * The anchor of the view: what stays where it is while the list changes. It is the topmost visible row that survives, or
 * the end when the end was within 40 px.
 */

export const AT_END_PX = 40;

export interface Placed { key: string; start: number; size: number }

export interface AnchorPoint { key: string; /** From the view's upper edge to the row's; negative when it begins above. */ offset: number }

export interface Anchor { atEnd: boolean; /** From the view's lower edge to the end. */ distance: number; /** Rows in view, topmost first; those that move with what is loaded come last. */ points: readonly AnchorPoint[] }

/** Nothing is held on to: something has just been asked to move the view. */
export const NO_ANCHOR: Anchor = { atEnd: false, distance: Number.POSITIVE_INFINITY, points: [] };

/** Gaps and days stand before whatever is held: held on to, they would pull the view along with every page that comes, and load on for ever. */
const drifts = (key: string): boolean => key.startsWith('gap:') || key.startsWith('day:');

export function captureAnchor(rows: readonly Placed[], scrollTop: number, viewHeight: number, totalHeight: number): Anchor {
  const points: AnchorPoint[] = [];
  for (const row of rows) {
    if (row.start + row.size <= scrollTop || row.start >= scrollTop + viewHeight) continue;
    points.push({ key: row.key, offset: row.start - scrollTop });
  }
  const distance = Math.max(0, totalHeight - viewHeight - scrollTop);
  return { atEnd: distance <= AT_END_PX, distance, points: [...points.filter((p) => !drifts(p.key)), ...points.filter((p) => drifts(p.key))] };
}

/** Where the view must stand so that the anchor has not moved; null when nothing of it survived. */
export function anchoredTop(anchor: Anchor, startOf: (key: string) => number | null): number | null {
  for (const point of anchor.points) {
    const start = startOf(point.key);
    if (start !== null) return start - point.offset;
  }
  return null;
}
