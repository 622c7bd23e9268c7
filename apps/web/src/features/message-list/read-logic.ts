/**
 * What counts as read (RED-1, RED-2), as a pure step over what is in view. The caller observes the view after each scroll,
 * render and change of conditions, and again at `wakeAt`.
 */

export const READ_AFTER_MS = 500;
export const ACTIVE_WITHIN_MS = 2 * 60_000;

export interface Conditions {
  /** The window has the focus. */
  focused: boolean;
  /** The tab is visible. */
  visible: boolean;
  /** When the person last did anything. */
  lastActiveAt: number;
  /** A dialog or another pane lies over the list. */
  covered: boolean;
  /** Marked unread by hand in here, or the preference says “only when I say”. */
  paused: boolean;
}

export interface ViewOfRows {
  /** Seqs of message rows whose lower edge is inside the view, ascending. */
  lowerEdges: readonly number[];
  /** The highest seq above the first row in view, of messages and gaps alike; 0 when nothing is above. */
  above: number;
  /** The newest message of all is held and its lower edge is inside the view: the head's seq. */
  reachedHead: number | null;
}

export interface ReadingState {
  /** Read through here, as far as this list knows. */
  position: number;
  /** Every row from the position to here was in view: reading was unbroken up to it. */
  front: number;
  /** Since when each lower edge has been in view together with all conditions. */
  since: ReadonlyMap<number, number>;
}

export const startReading = (position: number): ReadingState => ({ position, front: position, since: new Map() });

export function holds(conditions: Conditions, now: number): boolean {
  return conditions.focused && conditions.visible && !conditions.covered && !conditions.paused && now - conditions.lastActiveAt < ACTIVE_WITHIN_MS;
}

export interface ReadingStep {
  state: ReadingState;
  /** The new read position, or null when it stays. */
  read: number | null;
  /** When to look again though nothing happens. */
  wakeAt: number | null;
}

export function readingStep(state: ReadingState, view: ViewOfRows, conditions: Conditions, now: number): ReadingStep {
  if (!holds(conditions, now)) return { state: { ...state, since: new Map() }, read: null, wakeAt: null };
  const since = new Map<number, number>();
  for (const seq of view.lowerEdges) since.set(seq, state.since.get(seq) ?? now);
  const last = view.lowerEdges[view.lowerEdges.length - 1] ?? 0;
  const unbroken = view.above <= Math.max(state.front, state.position);
  const front = unbroken ? Math.max(state.front, last) : state.front;

  let position = state.position;
  let wakeAt: number | null = null;
  for (const [seq, at] of since) {
    const atHead = view.reachedHead !== null && seq === last;
    if (seq <= position && !(atHead && (view.reachedHead ?? 0) > position)) continue;
    if (!unbroken && !atHead) continue;
    if (now - at >= READ_AFTER_MS) position = Math.max(position, atHead ? (view.reachedHead ?? seq) : seq);
    else wakeAt = Math.min(wakeAt ?? Number.POSITIVE_INFINITY, at + READ_AFTER_MS);
  }
  return { state: { position, front: Math.max(front, position), since }, read: position > state.position ? position : null, wakeAt };
}

/** The position moved elsewhere: on another device, or by hand. It may also have moved back. */
export function movedTo(state: ReadingState, position: number): ReadingState {
  if (position === state.position) return state;
  return { position, front: position > state.position ? Math.max(state.front, position) : position, since: state.since };
}
