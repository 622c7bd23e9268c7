import { Hash } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { dayAt, parseQuery } from '@parley/shared/domain/search/query';
import { termsOf } from '@parley/shared/domain/search/terms';
import { getUsers } from '@parley/shared/protocol/calls/accounts';
import { getChannels } from '@parley/shared/protocol/calls/channels';
import { useText } from '../../i18n/text.tsx';
import { useConnection } from '../../state/engine.tsx';
import { usePlace } from '../../state/place.tsx';
import { go, paths, showSearch } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { usePages } from '../../state/use-pages.ts';
import { announce } from '../../ui/announce.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Select } from '../../ui/choice.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { HitList } from './hit-list.tsx';
import { SearchField } from './search-field.tsx';
import { timeZone, useSearch, type SearchResults } from './use-search.ts';
import styles from './search.module.css';

/** A pause in typing. */
const PAUSE_MS = 250;

/** SRC-1, SRC-2: what is searched for and what was found, beside the conversation. */
export function SearchPanel() {
  const t = useText();
  const place = usePlace();
  const query = place.search ?? '';
  const settled = useSettled(query.trim());
  const [tab, setTab] = useState<'messages' | 'files' | 'people' | 'channels'>('messages');
  const [sort, setSort] = useState<'newest' | 'relevance'>('newest');
  const box = useRef<HTMLDivElement>(null);
  const parsed = useMemo(() => parseQuery(settled, dayAt(Date.now(), timeZone())), [settled]);
  const terms = useMemo(() => termsOf(parsed), [parsed]);
  const name = parsed.parts.filter((part) => part.kind !== 'filter').map((part) => part.value).join(' ').slice(0, 100);
  const messages = useSearch(place.workspaceId, settled, 'messages', sort);
  const files = useSearch(place.workspaceId, settled, 'files', sort);
  const people = usePages(getUsers, name === '' ? null : { workspace_id: place.workspaceId, query: name, page_size: 50 });
  const channels = usePages(getChannels, name === '' ? null : { workspace_id: place.workspaceId, query: name, page_size: 50 });
  const found = messages.hits?.length ?? null;
  useEffect(() => {
    if (settled !== '' && found !== null && !messages.loading) announce(t('search.results', { n: found }));
  }, [settled, found, messages.loading, t]);
  const first = (): void => box.current?.querySelector<HTMLElement>('[data-hit][tabindex="0"],[role=tabpanel] a,[role=tabpanel] button')?.focus();
  const field = (): void => box.current?.querySelector<HTMLElement>('[data-search-field]')?.focus();
  const count = (items: readonly unknown[] | null, more: boolean): string => (settled === '' || items === null ? '' : `${items.length}${more ? '+' : ''}`);
  const shared = { query: settled, terms, onUp: field };
  const sorted = <Select className={styles.sort} label={t('search.sort')} value={sort} options={(['newest', 'relevance'] as const).map((value) => ({ value, label: t(`search.sort.${value}`) }))} onChange={setSort} />;
  const peopleShown = name === '' ? [] : (people.items ?? []);
  const channelsShown = name === '' ? [] : (channels.items ?? []);
  return (
    <div className={styles.panel} ref={box}>
      <h2 className="visually-hidden">{t('search.title')}</h2>
      <SearchField workspaceId={place.workspaceId} query={query} onQuery={(q) => showSearch(place, q)} onDown={first} onClose={() => showSearch(place, null)} />
      {settled === '' ? <EmptyState>{t('search.start')}</EmptyState> : (
        <Tabs
          className={styles.tabs!} label={t('search.tabs')} value={tab} onChange={setTab}
          tabs={[
            { value: 'messages', label: t('search.tab.messages', { n: count(messages.hits, messages.more) }), panel: <Found results={messages} query={settled}>{sorted}<HitList {...shared} results={messages} label={t('region.search')} /></Found> },
            { value: 'files', label: t('search.tab.files', { n: count(files.hits, files.more) }), panel: <Found results={files} query={settled}>{sorted}<HitList {...shared} results={files} label={t('region.search')} /></Found> },
            { value: 'people', label: t('search.tab.people', { n: count(name === '' ? null : people.items, people.more) }), panel: <Listed query={settled} none={peopleShown.length === 0} failed={people.failed} loading={name !== '' && people.loading}>{peopleShown.map((user) => <li key={user.id}><button type="button" className={styles.item} onClick={() => openDialog({ kind: 'person', userId: user.id })}><Avatar id={user.id} name={user.display_name} size={1.75} url={user.avatar_url} /><bdi>{user.display_name}</bdi><span className={styles.soft}>@{user.username}</span></button></li>)}</Listed> },
            { value: 'channels', label: t('search.tab.channels', { n: count(name === '' ? null : channels.items, channels.more) }), panel: <Listed query={settled} none={channelsShown.length === 0} failed={channels.failed} loading={name !== '' && channels.loading}>{channelsShown.map((channel) => <li key={channel.id}><button type="button" className={styles.item} onClick={() => go(`${paths.channel(place.workspaceId, channel.id)}?search=${encodeURIComponent(query)}`)}><Hash size={16} strokeWidth={1.75} aria-hidden="true" /><bdi>{channel.name}</bdi><span className={styles.soft}>{channel.topic}</span></button></li>)}</Listed> },
          ]}
        />
      )}
    </div>
  );
}

/** The six states of a list of hits. */
function Found({ results, query, children }: { results: SearchResults; query: string; children: ReactNode }) {
  const t = useText();
  return (
    <>
      {results.source === 'device' && <p className={styles.note}>{t('search.cached')}</p>}
      {results.failed !== null && <p className={styles.note} role="alert">{results.failed}</p>}
      {results.hits !== null && results.hits.length === 0 && !results.loading && results.failed === null ? <EmptyState>{t('search.none', { query })}</EmptyState> : results.hits === null ? <p className={styles.wait} role="status">{t('search.loading')}</p> : children}
    </>
  );
}

function Listed({ query, none, failed, loading, children }: { query: string; none: boolean; failed: boolean; loading: boolean; children: ReactNode }) {
  const t = useText();
  const offline = useConnection().kind === 'offline';
  if (failed || (offline && none)) return <EmptyState>{t('search.needs_server')}</EmptyState>;
  if (none) return loading ? <p className={styles.wait} role="status">{t('search.loading')}</p> : <EmptyState>{t('search.none', { query })}</EmptyState>;
  return <ul className={styles.hits}>{children}</ul>;
}

/** A value that has rested; what the panel opens with is there at once. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
