import { useEffect, useState } from 'react';
import { getGroupMembers } from '@parley/shared/protocol/calls/groups';
import type { ResponseOf } from '@parley/shared/protocol/call';
import type { Outcome } from '@parley/shared/sync/ports';
import { callServer } from '../../state/api.ts';

const PAGE = 200;

/** The ids of all people of a group, asked again when their number changed; null until they came. */
export function useGroupMembers(groupId: string | null, count: number): { ids: readonly string[] | null; failed: boolean } {
  const [state, setState] = useState<{ ids: readonly string[] | null; failed: boolean }>({ ids: groupId === null ? [] : null, failed: false });
  useEffect(() => {
    if (groupId === null) return;
    const ending = new AbortController();
    const load = async () => {
      const ids: string[] = [];
      for (let cursor: string | null = null; ; ) {
        const outcome: Outcome<ResponseOf<typeof getGroupMembers>> = await callServer(getGroupMembers, { group_id: groupId, page_size: PAGE, ...(cursor === null ? {} : { cursor }) }, { signal: ending.signal });
        if (ending.signal.aborted) return;
        if (outcome.kind !== 'ok') return setState((was) => ({ ...was, failed: true }));
        ids.push(...outcome.value.items.map((member) => member.user_id));
        cursor = outcome.value.next_cursor;
        if (cursor === null) return setState({ ids, failed: false });
      }
    };
    void load();
    return () => ending.abort();
  }, [groupId, count]);
  return state;
}
