import { useCallback, useMemo, useRef, useState, type KeyboardEvent } from 'react';
import type { Term } from '@parley/shared/domain/search/terms';
import { getChannels } from '@parley/shared/protocol/calls/channels';
import type { Message } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { useChannels } from '../../state/engine.tsx';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { usePages } from '../../state/use-pages.ts';
import { Button } from '../../ui/button.tsx';
import { HitRow } from './hit-row.tsx';
import type { SearchResults } from './use-search.ts';
import styles from './search.module.css';

/** SRC-2: Up and Down step through the hits, Enter opens one in its context, and the list stays. */
export function HitList({ results, terms, query, label, onUp }: { results: SearchResults; terms: readonly Term[]; query: string; label: string; onUp(): void }) {
  const t = useText();
  const place = usePlace();
  const list = useRef<HTMLUListElement>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const hits = results.hits ?? [];
  const own = useChannels(place.workspaceId);
  const strange = useMemo(() => {
    const held = new Set(own.map((view) => view.id));
    return (results.hits ?? []).some((hit) => !held.has(hit.message.channel_id));
  }, [own, results.hits]);
  const rooms = usePages(getChannels, strange ? { workspace_id: place.workspaceId, page_size: 200 } : null);
  const names = useMemo(() => new Map((rooms.items ?? []).map((channel) => [channel.id, channel.name])), [rooms.items]);
  const stop = hits.some((hit) => hit.message.id === focused) ? focused : (hits[0]?.message.id ?? null);
  const { workspaceId } = place;
  const open = useCallback(
    (message: Message) => {
      setFocused(message.id);
      const rootId = message.parent_message_id !== null && !message.broadcast ? message.parent_message_id : undefined;
      go(`${paths.channel(workspaceId, message.channel_id, { messageId: message.id, rootId })}?search=${encodeURIComponent(query)}`);
    },
    [workspaceId, query],
  );
  const onFocus = useCallback((message: Message) => setFocused(message.id), []);
  const onKeyDown = (event: KeyboardEvent): void => {
    const buttons = Array.from(list.current?.querySelectorAll<HTMLButtonElement>('[data-hit]') ?? []);
    const at = buttons.findIndex((button) => button === document.activeElement);
    const to = event.key === 'ArrowDown' ? at + 1 : event.key === 'ArrowUp' ? at - 1 : event.key === 'Home' ? 0 : event.key === 'End' ? buttons.length - 1 : null;
    if (to === null || event.altKey || event.ctrlKey || event.metaKey || at === -1) return;
    event.preventDefault();
    if (to < 0) return onUp();
    if (to >= buttons.length && results.more && !results.loading) return results.loadMore();
    buttons[Math.min(to, buttons.length - 1)]?.focus();
  };
  return (
    <>
      <ul ref={list} className={styles.hits} aria-label={label} onKeyDown={onKeyDown}>
        {hits.map(({ message }) => <HitRow key={message.id} message={message} terms={terms} channelName={names.get(message.channel_id)} current={message.id === stop} shown={message.id === place.messageId} onOpen={open} onFocus={onFocus} />)}
      </ul>
      {results.more && <div className={styles.end}><Button busy={results.loading} onClick={results.loadMore}>{t('search.more')}</Button></div>}
    </>
  );
}
