import { createContext, useContext, useMemo, type ReactNode } from 'react';
import { useLocation, useSearch } from 'wouter';
import { readPlace, type Place } from './routes.ts';

/** A place in the app, with the workspace that it stands in. */
export interface HerePlace extends Place {
  workspaceId: string;
}

const PlaceContext = createContext<HerePlace | null>(null);

/** `fallback` is the workspace of places that name none, such as preferences. */
export function PlaceProvider({ fallback, children }: { fallback: string; children: ReactNode }) {
  const [path] = useLocation();
  const search = useSearch();
  const place = useMemo(() => {
    const read = readPlace(path, search);
    return { ...read, workspaceId: read.workspaceId ?? fallback };
  }, [path, search, fallback]);
  return <PlaceContext.Provider value={place}>{children}</PlaceContext.Provider>;
}

/** Where one is in the app. */
export function usePlace(): HerePlace {
  const place = useContext(PlaceContext);
  if (place === null) throw new Error('There is no place here.');
  return place;
}
