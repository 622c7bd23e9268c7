import { Activity } from 'lucide-react';
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useIntl } from 'react-intl';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { MessageText } from '../../features/message-text/message-text.tsx';
import { useText } from '../../i18n/text.tsx';
import { useActivity } from '../../state/activity.ts';
import { useChannel, useEngine, useScheduled } from '../../state/engine.tsx';
import { entrySaid } from '../../state/entry-said.ts';
import { useChannelName, useUsers } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { showToast } from '../../ui/toast.tsx';
import { useKeptMessages, type Kept } from '../later/kept-messages.ts';
import scene from '../scene.module.css';
import styles from './activity.module.css';

export const TABS = ['all', 'mention', 'thread', 'reaction'] as const;
export type Tab = (typeof TABS)[number];
const AT_ONCE = 40;
/** LAY-3: where a panel stands beside the messages and does not cover them. */
const BESIDE = '(min-width: 56.25rem)';

/** Where one was in the list, for when it comes beside what was opened from it, or back. */
const left: { tab: Tab; shown: number; entry: string | null } = { tab: 'all', shown: AT_ONCE, entry: null };

/** ACT-1: what needs the person, newest first, and marking all of it. */
export function useActivityList(beside: boolean) {
  const t = useText();
  const engine = useEngine();
  const { workspaceId } = usePlace();
  const all = useActivity(workspaceId);
  const [tab, setTab] = useState<Tab>(left.tab);
  const [shown, setShown] = useState(left.shown);
  const unread = all.filter((entry) => !entry.read);
  const entries = tab === 'all' ? all : all.filter((entry) => entry.kind === tab || (tab === 'mention' && entry.kind === 'keyword'));
  const rows = entries.slice(0, shown);
  const messages = useKeptMessages(rows.flatMap((entry) => (entry.channel_id !== undefined && entry.message_id !== undefined ? [{ channel_id: entry.channel_id, message_id: entry.message_id }] : [])));
  const markAll = () => {
    const ids = unread.map((entry) => entry.id);
    void engine.markInbox(ids, true);
    showToast(t('activity.marked', { n: ids.length }), { label: t('app.undo'), run: () => void engine.markInbox(ids, false) });
  };
  const open = (entry: InboxEntry) => {
    left.entry = entry.id;
    if (!entry.read) void engine.markInbox([entry.id], true);
  };
  const panel = rows.length === 0 ? <EmptyState icon={<Activity aria-hidden="true" />}>{t('activity.none')}</EmptyState> : (
    <>
      <Entries rows={rows} messages={messages} beside={beside} onOpen={open} />
      {entries.length > shown && <div><Button onClick={() => { left.shown = shown + AT_ONCE; setShown(left.shown); }}>{t('app.more')}</Button></div>}
    </>
  );
  const choose = (next: Tab) => {
    left.tab = next;
    setTab(next);
  };
  return {
    tabs: <Tabs className={scene.column!} label={t('sidebar.activity')} value={tab} onChange={choose} tabs={TABS.map((value) => ({ value, label: t(`activity.${value}`), panel: value === tab ? panel : null }))} />,
    acts: unread.length > 0 && <Button size="small" onClick={markAll}>{t('activity.read_all')}</Button>,
  };
}

/** J and K, or the arrows, go through the entries; Enter opens one. */
function Entries({ rows, messages, beside, onOpen }: { rows: readonly InboxEntry[]; messages: ReadonlyMap<string, Kept>; beside: boolean; onOpen(entry: InboxEntry): void }) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // What was opened stays in view where the list goes on beside it.
    if (beside && left.entry !== null) list.current?.querySelector(`[data-entry="${CSS.escape(left.entry)}"]`)?.scrollIntoView({ block: 'nearest' });
  }, [beside]);
  const move = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>('a') ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    links[Math.max(0, Math.min(links.length - 1, at + step))]?.focus();
    event.preventDefault();
  };
  return (
    <ul ref={list} className={styles.list} onKeyDown={move}>
      {rows.map((entry) => <Entry key={entry.id} entry={entry} kept={entry.message_id === undefined ? undefined : messages.get(entry.message_id)} beside={beside} onOpen={onOpen} />)}
    </ul>
  );
}

function Entry({ entry, kept, beside, onOpen }: { entry: InboxEntry; kept: Kept | undefined; beside: boolean; onOpen(entry: InboxEntry): void }) {
  const t = useText();
  const intl = useIntl();
  const place = usePlace();
  const view = useChannel(entry.channel_id ?? '');
  const channel = useChannelName(view);
  const people = useUsers(entry.actor_ids);
  const who = intl.formatList(entry.actor_ids.map((id) => people.get(id)?.display_name ?? t('person.unknown')));
  const message = typeof kept === 'object' ? kept : null;
  const unsent = useScheduled().find((one) => one.id === entry.scheduled_id);
  const unsentTo = useChannelName(useChannel(unsent?.channel_id ?? ''));
  const to = (panel?: 'activity') => (entry.scheduled_id !== undefined ? paths.scene(place.workspaceId, 'drafts') : paths.channel(view?.workspaceId ?? place.workspaceId, entry.channel_id ?? '', { messageId: entry.message_id, rootId: entry.thread_root_id ?? undefined, panel }));
  const href = to();
  const said = entrySaid(entry, { who, channel: entry.scheduled_id === undefined ? channel : unsentTo }, t);
  return (
    <li className={styles.item} data-entry={entry.id} aria-current={beside && entry.message_id !== undefined && entry.message_id === place.messageId ? 'true' : undefined} data-unread={entry.read ? undefined : ''}>
      <a href={href} className={styles.link} onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        onOpen(entry);
        go(to(window.matchMedia(BESIDE).matches ? 'activity' : undefined));
      }}>
        <span className={styles.said}>
          <span className={styles.dot} aria-hidden="true" />
          <bdi>{said}</bdi>
          {!entry.read && <span className="visually-hidden">, {t('activity.unread')}</span>}
        </span>
        <time className={scene.soft} dateTime={entry.at}>{intl.formatDate(entry.at, { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' })}</time>
      </a>
      {unsent !== undefined && <div className={styles.text} dir="auto">{unsent.content.slice(0, 300)}</div>}
      {message !== null && !message.deleted && <div className={styles.text}><MessageText id={message.id} rev={message.rev} content={message.content} /></div>}
    </li>
  );
}
