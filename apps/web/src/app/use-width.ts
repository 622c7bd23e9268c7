import { useSyncExternalStore } from 'react';

/** LAY-3, in rem, so that zoom counts: `wide` ≥ 1200 px, `docked` ≥ 900, `covered` ≥ 640, `narrow`. */
export type Width = 'wide' | 'docked' | 'covered' | 'narrow';

const queries: readonly [Width, string][] = [['wide', '(min-width: 75rem)'], ['docked', '(min-width: 56.25rem)'], ['covered', '(min-width: 40rem)']];

const read = (): Width => queries.find(([, query]) => window.matchMedia(query).matches)?.[0] ?? 'narrow';

function subscribe(listener: () => void): () => void {
  const lists = queries.map(([, query]) => window.matchMedia(query));
  for (const list of lists) list.addEventListener('change', listener);
  window.addEventListener('resize', listener);
  return () => {
    for (const list of lists) list.removeEventListener('change', listener);
    window.removeEventListener('resize', listener);
  };
}

export const useWidth = (): Width => useSyncExternalStore(subscribe, read);
/** The window's width in px, in steps of 20 so that a drag does not paint at every pixel. */
export const useInnerWidth = (): number => useSyncExternalStore(subscribe, () => Math.round(window.innerWidth / 20) * 20);
