import { useVirtualizer } from '@tanstack/react-virtual';
import { Ellipsis } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import { setRole } from '@parley/shared/protocol/calls/accounts';
import { getMembers, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { useEngine, usePresence, useUser } from '../../state/engine.tsx';
import { useUsers } from '../../state/people.ts';
import { useMay } from '../../state/permission.ts';
import { explain } from '../../state/problem.ts';
import { openDialog } from '../../state/screen.ts';
import { usePages } from '../../state/use-pages.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Field } from '../../ui/field.tsx';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { PresenceMark } from '../../ui/presence.tsx';
import { showToast } from '../../ui/toast.tsx';
import styles from './details.module.css';
import { nextPageDue, SEARCHED_MOST } from './member-pages.ts';

const ROW = 44;

/** The people of a channel, fetched in pages when shown; only those on screen are in the page and have live presence. */
export function MemberList({ view }: { view: ChannelView }) {
  const t = useText();
  const engine = useEngine();
  const scroller = useRef<HTMLDivElement>(null);
  const [query, setQuery] = useState('');
  const pages = usePages(getMembers, { channel_id: view.id, page_size: 200 });
  const { reload } = pages;
  const count = view.channel.member_count;
  const first = useRef(count);
  useEffect(() => {
    if (first.current !== count) reload();
    first.current = count;
  }, [count, reload]);
  const items = useMemo(() => pages.items ?? [], [pages.items]);
  const searching = query.trim() !== '';
  // Names are asked for only while one searches: rows on screen fetch their own.
  const users = useUsers(useMemo(() => (searching ? items.map((member) => member.user_id) : []), [items, searching]));
  const shown = useMemo(() => {
    const needle = query.trim().toLowerCase();
    return needle === '' ? items : items.filter((member) => `${users.get(member.user_id)?.display_name ?? ''} ${users.get(member.user_id)?.username ?? ''}`.toLowerCase().includes(needle));
  }, [items, users, query]);
  const rows = useVirtualizer({ count: shown.length, getScrollElement: () => scroller.current, estimateSize: () => ROW, overscan: 6 });
  const virtual = rows.getVirtualItems();
  const lastIndex = virtual[virtual.length - 1]?.index ?? 0;
  const { more, loading, loadMore } = pages;
  useEffect(() => {
    if (nextPageDue({ more, loading, lastIndex, shown: shown.length, loaded: items.length, searching })) loadMore();
  }, [more, loading, lastIndex, shown.length, items.length, searching, loadMore]);
  const looking = virtual.map((row) => shown[row.index]?.user_id).filter((id) => id !== undefined).join(' ');
  useEffect(() => {
    if (looking !== '') engine.look(looking.split(' '));
    return () => engine.look([]);
  }, [engine, looking]);
  return (
    <>
      <Field label={t('details.find_member')} hideLabel placeholder={t('details.find_member')} value={query} onChange={(event) => setQuery(event.target.value)} />
      {pages.failed && <p>{t('app.needs_server')}</p>}
      {searching && more && items.length >= SEARCHED_MOST && <p role="status">{t('details.find_most', { n: items.length, total: count })}</p>}
      <div ref={scroller} className={styles.list} tabIndex={-1}>
        <ul style={{ blockSize: `${rows.getTotalSize()}px`, position: 'relative' }}>
          {virtual.map((row) => {
            const member = shown[row.index]!;
            return (
              <li key={member.user_id} style={{ position: 'absolute', insetInline: 0, insetBlockStart: 0, transform: `translateY(${row.start}px)` }} aria-setsize={shown.length} aria-posinset={row.index + 1}>
                <Member view={view} userId={member.user_id} moderator={member.role === 'moderator'} onChanged={reload} />
              </li>
            );
          })}
        </ul>
      </div>
    </>
  );
}

function Member({ view, userId, moderator, onChanged }: { view: ChannelView; userId: string; moderator: boolean; onChanged(): void }) {
  const t = useText();
  const engine = useEngine();
  const user = useUser(userId);
  const presence = usePresence(userId);
  const may = useMay(view.workspaceId, view);
  const name = user?.display_name ?? t('person.unknown');
  const mayRemove = may('channel.remove') && userId !== engine.accountId;
  const mayRole = may('channel.set_role');
  const act = async (run: () => ReturnType<typeof callServer>) => {
    const why = explain(await run(), t);
    if (why !== null) showToast(why);
    else onChanged();
  };
  return (
    <div className={styles.member}>
      <button type="button" className={styles.who} onClick={() => openDialog({ kind: 'person', userId })}>
        <Avatar id={userId} name={name} size={2} url={user?.avatar_url} bot={user?.is_bot ?? false} />
        <span className={styles.text}>
          <bdi>{name}</bdi>
          <span className={styles.soft}><PresenceMark state={presence} label={t(`presence.${presence}`)} /> {moderator ? t('details.moderator') : `@${user?.username ?? ''}`}</span>
        </span>
      </button>
      {(mayRemove || mayRole) && (
        <Menu align="end" trigger={<IconButton label={t('details.member_menu', { name })}><Ellipsis size={18} aria-hidden="true" /></IconButton>}>
          {mayRole && <MenuItem onSelect={() => void act(() => callServer(setRole, { user_id: userId, channel_id: view.id, role: moderator ? 'member' : 'moderator' }))}>{moderator ? t('details.unmake_moderator') : t('details.make_moderator')}</MenuItem>}
          {mayRemove && <MenuItem danger onSelect={() => void act(() => callServer(removeFromChannel, { channel_id: view.id, user_ids: [userId] }))}>{t('details.remove', { name })}</MenuItem>}
        </Menu>
      )}
    </div>
  );
}
