import { useCallback, useEffect, useRef } from 'react';
import { movedTo, readingStep, startReading, type ReadingState, type ViewOfRows } from './read-logic.ts';

/** The last time the person did anything in this window; one listener for all lists. */
let lastActiveAt = Date.now();
if (typeof window !== 'undefined') {
  for (const kind of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart'] as const) window.addEventListener(kind, () => { lastActiveAt = Date.now(); }, { passive: true, capture: true });
}

export interface ReadingOptions {
  position: number;
  /** What is in view now; null while that is not known. */
  view(): ViewOfRows | null;
  paused(): boolean;
  covered(): boolean;
  onRead(seq: number): void;
}

/** Watches what is read (RED-1 to RED-3). Answers a function to call after each scroll and render. */
export function useReading(options: ReadingOptions): () => void {
  const latest = useRef(options);
  const state = useRef<ReadingState>(startReading(options.position));
  const known = useRef(options.position);
  const timer = useRef<number>(0);
  useEffect(() => { latest.current = options; });
  const look = useCallback(() => {
    window.clearTimeout(timer.current);
    const { view, paused, covered, onRead, position } = latest.current;
    const seen = view();
    if (!seen) return;
    const now = Date.now();
    // What was read here is ahead of what the engine shows for a moment; a position that moved by itself wins.
    if (position !== known.current) {
      known.current = position;
      state.current = movedTo(state.current, position);
    }
    const step = readingStep(state.current, seen, { focused: document.hasFocus(), visible: document.visibilityState === 'visible', lastActiveAt, covered: covered(), paused: paused() }, now);
    state.current = step.state;
    if (step.read !== null) onRead(step.read);
    if (step.wakeAt !== null) timer.current = window.setTimeout(() => look(), Math.max(0, step.wakeAt - now));
  }, []);
  useEffect(() => {
    window.addEventListener('focus', look);
    window.addEventListener('blur', look);
    document.addEventListener('visibilitychange', look);
    window.addEventListener('pointermove', look, { passive: true });
    window.addEventListener('keydown', look);
    return () => {
      window.clearTimeout(timer.current);
      window.removeEventListener('focus', look);
      window.removeEventListener('blur', look);
      document.removeEventListener('visibilitychange', look);
      window.removeEventListener('pointermove', look);
      window.removeEventListener('keydown', look);
    };
  }, [look]);
  useEffect(look, [look, options.position]);
  return look;
}
