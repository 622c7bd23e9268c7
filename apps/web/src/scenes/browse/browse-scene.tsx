import { Archive, Hash, Lock, Plus, Users } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useIntl } from 'react-intl';
import { Link, useSearch } from 'wouter';
import { getChannels, joinChannel } from '@parley/shared/protocol/calls/channels';
import { useText } from '../../i18n/text.tsx';
import { useChannels, useConnection } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { useCall } from '../../state/use-call.ts';
import { usePages } from '../../state/use-pages.ts';
import { announce } from '../../ui/announce.ts';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Select } from '../../ui/choice.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Field } from '../../ui/field.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { SceneHead } from '../scene-head.tsx';
import styles from '../scene.module.css';

type Filter = 'all' | 'joined' | 'private' | 'archived';
type Sort = 'name' | 'members' | 'new';

/** BRW-1: all channels one may see; the filter stays in the address. */
export function BrowseScene() {
  const t = useText();
  const intl = useIntl();
  const place = usePlace();
  const own = useChannels(place.workspaceId);
  const offline = useConnection().kind === 'offline';
  const may = useMay(place.workspaceId, null);
  const search = useSearch();
  const asked = useMemo(() => new URLSearchParams(search), [search]);
  const filter = (asked.get('filter') ?? 'all') as Filter;
  const sort = (asked.get('sort') ?? 'name') as Sort;
  const [query, setQuery] = useState(asked.get('q') ?? '');
  const change = (name: string, value: string, standard: string) => {
    const next = new URLSearchParams(window.location.search);
    if (value === standard) next.delete(name);
    else next.set(name, value);
    const text = next.toString();
    go(`${paths.scene(place.workspaceId, 'browse')}${text === '' ? '' : `?${text}`}`, { replace: true });
  };
  const pages = usePages(getChannels, { workspace_id: place.workspaceId, page_size: 200, ...(query.trim() === '' ? {} : { query: query.trim().slice(0, 80) }), ...(filter === 'archived' ? { archived: true } : {}) });
  const mine = useMemo(() => new Set(own.filter((view) => view.membership !== null).map((view) => view.id)), [own]);
  const rows = useMemo(() => {
    // Offline one's own channels are still there.
    const all = pages.items ?? (pages.failed ? own.map((view) => view.channel).filter((channel) => channel.name.includes(query.trim())) : null);
    if (all === null) return null;
    const collator = new Intl.Collator(intl.locale, { numeric: true, sensitivity: 'base' });
    return all
      .filter((channel) => channel.kind === 'public' || channel.kind === 'private')
      .filter((channel) => (filter === 'joined' ? mine.has(channel.id) : filter === 'private' ? channel.kind === 'private' : filter === 'archived' ? channel.archived : !channel.archived))
      .sort((a, b) => (sort === 'members' ? b.member_count - a.member_count : sort === 'new' ? b.created_at.localeCompare(a.created_at) : 0) || collator.compare(a.name, b.name));
  }, [pages.items, pages.failed, own, query, filter, sort, mine, intl.locale]);
  const join = useCall(joinChannel);
  const [joining, setJoining] = useState<string | null>(null);
  const list = useRef<HTMLUListElement>(null);
  const count = rows?.length ?? null;
  useEffect(() => {
    if (count !== null && query !== '') announce(t('browse.found', { n: count }));
  }, [count, query, t]);
  const joinOne = (channelId: string) => {
    setJoining(channelId);
    void join.run({ channel_id: channelId }).finally(() => setJoining(null));
  };
  return (
    <main className={styles.scene} id="main" aria-label={t('command.browse')}>
      <SceneHead title={t('command.browse')}>
        {may('channel.create') && <Button variant="primary" size="small" icon={<Plus size={16} aria-hidden="true" />} onClick={() => openDialog({ kind: 'create_channel', name: query })}>{t('command.create_channel')}</Button>}
      </SceneHead>
      <div className={styles.body} data-region="6">
        <div className={styles.column}>
          {offline && <Banner>{t('browse.offline')}</Banner>}
          {join.error !== null && <Banner tone="danger" role="alert">{join.error}</Banner>}
          <div className={styles.tools}>
            <Field className={styles.grow!} label={t('browse.search')} value={query} autoComplete="off" onChange={(event) => { setQuery(event.target.value); change('q', event.target.value, ''); }} onKeyDown={(event) => { if (event.key === 'ArrowDown') { event.preventDefault(); list.current?.querySelector('a')?.focus(); } }} />
            <Select label={t('browse.filter')} value={filter} options={(['all', 'joined', 'private', 'archived'] as const).map((value) => ({ value, label: t(`browse.filter_${value}`) }))} onChange={(value) => change('filter', value, 'all')} />
            <Select label={t('browse.sort')} value={sort} options={(['name', 'members', 'new'] as const).map((value) => ({ value, label: t(`browse.sort_${value}`) }))} onChange={(value) => change('sort', value, 'name')} />
          </div>
          {rows === null && <div className={styles.list} aria-busy="true">{[20, 14, 18, 22].map((width) => <div className={styles.item} key={width}><Skeleton width={width} /></div>)}</div>}
          {rows !== null && rows.length === 0 && <EmptyState icon={<Hash aria-hidden="true" />} action={may('channel.create') && filter === 'all' ? <Button onClick={() => openDialog({ kind: 'create_channel', name: query })}>{t('command.create_channel')}</Button> : undefined}>{query === '' ? t('browse.empty') : t('browse.none', { query })}</EmptyState>}
          {rows !== null && rows.length > 0 && (
            <ul
              className={styles.list} ref={list}
              onKeyDown={(event) => {
                const links = Array.from(event.currentTarget.querySelectorAll('a'));
                const at = links.indexOf(document.activeElement as HTMLAnchorElement);
                if (at === -1) return;
                if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
                  event.preventDefault();
                  links[at + (event.key === 'ArrowDown' ? 1 : -1)]?.focus();
                } else if (event.key.toLowerCase() === 'j' && !event.ctrlKey && !event.metaKey && !event.altKey) {
                  const id = links[at]?.dataset['channel'];
                  if (id !== undefined && !mine.has(id)) joinOne(id);
                }
              }}
            >
              {rows.map((channel) => (
                <li key={channel.id} className={styles.item}>
                  {channel.archived ? <Archive size={18} strokeWidth={1.75} aria-hidden="true" /> : channel.kind === 'private' ? <Lock size={18} strokeWidth={1.75} aria-hidden="true" /> : <Hash size={18} strokeWidth={1.75} aria-hidden="true" />}
                  <Link href={paths.channel(place.workspaceId, channel.id)} className={styles.text} data-channel={channel.id}>
                    <bdi className={styles.strong}>{channel.name}</bdi>
                    <span className={styles.soft}>
                      <Users size={12} aria-hidden="true" /> {t('channel.members', { n: channel.member_count })}{mine.has(channel.id) ? ` · ${t('browse.joined')}` : ''}{channel.purpose || channel.topic ? ` · ${channel.purpose || channel.topic}` : ''}
                    </span>
                  </Link>
                  {!mine.has(channel.id) && !channel.archived && channel.kind === 'public' && (
                    <Button size="small" busy={joining === channel.id} aria-disabled={offline || undefined} title={offline ? t('app.needs_server') : undefined} aria-label={t('browse.join', { channel: channel.name })} onClick={() => joinOne(channel.id)}>{t('channel.join')}</Button>
                  )}
                </li>
              ))}
            </ul>
          )}
          {pages.more && <div><Button busy={pages.loading} onClick={pages.loadMore}>{t('app.more')}</Button></div>}
        </div>
      </div>
    </main>
  );
}
