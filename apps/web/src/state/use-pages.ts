import { useCallback, useEffect, useRef, useState } from 'react';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { callServer } from './api.ts';

export interface Pages<T> {
  /** Null until the first page came. */
  items: readonly T[] | null;
  more: boolean;
  loading: boolean;
  failed: boolean;
  loadMore(): void;
  reload(): void;
  /** Replaces one of the items. */
  patch(match: (item: T) => boolean, next: T): void;
}

type ItemOf<C> = ResponseOf<C> extends { items: (infer T)[] } ? T : never;

/** A list of the server in pages; a new `input` starts again, keeping the old rows until the new ones are there. */
export function usePages<C extends Call>(call: C, input: InputOf<C> | null): Pages<ItemOf<C>> {
  const [state, setState] = useState<{ items: readonly ItemOf<C>[] | null; cursor: string | null; loading: boolean; failed: boolean }>({ items: null, cursor: null, loading: true, failed: false });
  const key = JSON.stringify(input);
  const turn = useRef(0);
  const load = useCallback(
    async (cursor: string | null, before: readonly ItemOf<C>[]) => {
      if (key === 'null') return;
      const mine = ++turn.current;
      setState((old) => ({ ...old, loading: true, failed: false }));
      const outcome = await callServer(call, { ...(JSON.parse(key) as object), ...(cursor === null ? {} : { cursor }) } as InputOf<C>);
      if (mine !== turn.current) return;
      if (outcome.kind !== 'ok') return setState((old) => ({ ...old, loading: false, failed: true }));
      const page = outcome.value as { items: ItemOf<C>[]; next_cursor: string | null };
      setState({ items: [...before, ...page.items], cursor: page.next_cursor, loading: false, failed: false });
    },
    [call, key],
  );
  useEffect(() => {
    const turns = turn;
    void load(null, []);
    return () => {
      turns.current++;
    };
  }, [load]);
  return {
    items: state.items,
    more: state.cursor !== null,
    loading: state.loading,
    failed: state.failed,
    loadMore: () => void load(state.cursor, state.items ?? []),
    reload: () => void load(null, []),
    patch: (match, next) => setState((old) => ({ ...old, items: old.items === null ? null : old.items.map((item) => (match(item) ? next : item)) })),
  };
}
