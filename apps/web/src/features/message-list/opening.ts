import type { TimelineView } from '@parley/shared/sync/api';
import type { Place } from './place.ts';

const holds = (view: TimelineView, seq: number): boolean => view.ranges.some((range) => range.fromSeq <= seq && seq <= range.toSeq);

/**
 * Whether what a list opens at is held: the first unread message (`line`), else the newest page; of a thread anything.
 * The newest rows come out of the cache first: where one had scrolled up to is worth the wait for the others.
 */
export function opensAt(view: TimelineView, head: number, line: number | null, left: Place | null): boolean {
  if (view.rootId !== null) return view.messages.length > 0;
  if (head === 0) return true;
  if (view.loading.cached && left !== null && !left.atEnd && !holds(view, left.seq)) return false;
  return holds(view, line ?? head);
}
