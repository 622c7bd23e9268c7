import { useCallback, useEffect, useRef, useState } from 'react';
import { search, type SearchHit } from '@parley/shared/protocol/calls/search';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { useConnection, useEngine } from '../../state/engine.tsx';
import { explain } from '../../state/problem.ts';

export type Hit = Pick<SearchHit, 'message'>;
export interface SearchResults {
  /** Null until something answered. */
  hits: readonly Hit[] | null;
  /** `device`: the server could not be asked. */
  source: 'server' | 'device';
  more: boolean;
  loading: boolean;
  failed: string | null;
  loadMore(): void;
}

interface State extends Omit<SearchResults, 'loadMore'> {
  query: string;
  cursor: string | null;
}

const CACHED = 200;
const EMPTY: State = { query: '', hits: null, source: 'server', more: false, loading: false, failed: null, cursor: null };
export const timeZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Hits of a query: the server's, or this device's own when it cannot be reached; both in one list once it can be again. */
export function useSearch(workspaceId: string, q: string, kind: 'messages' | 'files', sort: 'newest' | 'relevance'): SearchResults {
  const t = useText();
  const engine = useEngine();
  const connection = useConnection().kind;
  const offline = connection === 'offline';
  const reachable = connection === 'live' || connection === 'catching_up';
  const [state, setState] = useState(EMPTY);
  const turn = useRef(0);
  const words = useRef(t);
  useEffect(() => {
    words.current = t;
  }, [t]);
  const ask = useCallback(
    async (cursor: string | null, tryServer: boolean) => {
      const mine = ++turn.current;
      setState((old) => ({ ...old, loading: true, failed: null }));
      const outcome = tryServer ? await callServer(search, { workspace_id: workspaceId, q, kind, sort, time_zone: timeZone(), page_size: 30, ...(cursor === null ? {} : { cursor }) }) : null;
      if (mine !== turn.current) return;
      if (outcome?.kind === 'ok') {
        const { items, next_cursor } = outcome.value;
        setState((old) => ({ query: q, hits: joined(old, items, cursor, next_cursor, q, sort), source: 'server', more: next_cursor !== null, cursor: next_cursor, loading: false, failed: null }));
        return;
      }
      if (outcome?.kind === 'problem') return setState((old) => ({ ...old, query: q, hits: old.query === q ? old.hits : [], more: false, loading: false, failed: explain(outcome, words.current) }));
      const hits = await engine.searchCached({ workspaceId, q, timeZone: timeZone(), kind, limit: CACHED }).catch(() => []);
      // What the server said of this query before is no less true now.
      if (mine === turn.current) setState((old) => ({ ...(old.query === q && old.source === 'server' && cursor !== null ? old : { query: q, hits, more: false, cursor: null, failed: null }), source: 'device', loading: false }));
    },
    [engine, workspaceId, q, kind, sort],
  );
  useEffect(() => {
    const turns = turn;
    if (q === '') {
      turns.current++;
      setState(EMPTY);
      return;
    }
    void ask(null, !offline);
    return () => {
      turns.current++;
    };
  }, [ask, q, offline, reachable]);
  return { ...state, loadMore: () => void ask(state.cursor, !offline) };
}

/** Pages follow each other; hits that only this device showed stay at their place in time until a page reaches them. */
function joined(old: State, items: readonly Hit[], cursor: string | null, next: string | null, q: string, sort: 'newest' | 'relevance'): readonly Hit[] {
  if (old.query !== q) return items;
  const before = cursor !== null || (old.source === 'device' && next !== null && sort === 'newest') ? (old.hits ?? []) : [];
  const fresh = new Map(items.map((hit) => [hit.message.id, hit]));
  const all = [...before.filter((hit) => !fresh.has(hit.message.id)), ...items];
  return sort === 'relevance' ? all : all.sort((a, b) => (a.message.created_at < b.message.created_at ? 1 : a.message.created_at > b.message.created_at ? -1 : b.message.seq - a.message.seq));
}
