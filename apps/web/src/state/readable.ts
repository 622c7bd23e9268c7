import { useCallback, useSyncExternalStore } from 'react';
import type { Readable } from '@parley/shared/sync/api';

/** The value of an engine's `Readable`; the view renders again when it changes. */
export function useReadable<T>(readable: Readable<T>): T {
  const subscribe = useCallback((listener: () => void) => readable.subscribe(listener), [readable]);
  const get = useCallback(() => readable.get(), [readable]);
  return useSyncExternalStore(subscribe, get, get);
}

const NOTHING = { subscribe: () => () => undefined, get: () => undefined };

/** As `useReadable`, where there may be nothing to read. */
export function useMaybeReadable<T>(readable: Readable<T> | null | undefined): T | undefined {
  return useReadable<T | undefined>(readable ?? NOTHING);
}
