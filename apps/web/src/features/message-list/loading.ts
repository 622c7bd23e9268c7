import type { GapRow, Row } from './rows.ts';

/** Which history to fetch next: gap rows near the view load by themselves, from the side that is nearer. */

export const GAP_LOAD_PX = 1_500;

export interface RowPlace { start: number; size: number }

export interface LoadRequest { row: GapRow; side: 'before' | 'after'; /** Argument of the timeline's call. */ seq: number }

/**
 * At most one request per direction. `before`: the page that ends below `seq`, for gaps above or around the view's start;
 * `after`: the page that begins above `seq`.
 */
export function wantedLoads(rows: readonly Row[], placeOf: (index: number) => RowPlace | null, scrollTop: number, viewHeight: number): LoadRequest[] {
  const reach = Math.max(GAP_LOAD_PX, 2 * viewHeight);
  const wanted = new Map<'before' | 'after', LoadRequest & { distance: number }>();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as Row;
    if (row.type !== 'gap') continue;
    const place = placeOf(i);
    if (!place) continue;
    const middle = place.start + place.size / 2;
    const distance = Math.max(scrollTop - (place.start + place.size), place.start - (scrollTop + viewHeight), 0);
    if (distance > reach) continue;
    const request = sideOf(row, middle >= scrollTop + viewHeight / 2);
    const known = wanted.get(request.side);
    if (!known || distance < known.distance) wanted.set(request.side, { ...request, distance });
  }
  return [...wanted.values()].map(({ row, side, seq }) => ({ row, side, seq }));
}

/** A gap below the middle of the view is nearer at its older end, one above at its newer end. */
export function sideOf(row: GapRow, below: boolean): LoadRequest {
  const after = row.at === 'after' || (row.at === 'between' && below);
  return after ? { row, side: 'after', seq: row.fromSeq - 1 } : { row, side: 'before', seq: row.toSeq + 1 };
}
