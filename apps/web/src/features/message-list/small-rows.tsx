import { ChevronDown, Hash, Lock } from 'lucide-react';
import type { MessageView } from '@parley/shared/sync/api';
import { memo, useState } from 'react';
import { useIntl } from 'react-intl';
import { useText, type Translate } from '../../i18n/text.tsx';
import { useChannel, useConnection, useUser } from '../../state/engine.tsx';
import { useChannelName, useUsers } from '../../state/people.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx';
import { useList } from './list-context.ts';
import type { GapRow } from './rows.ts';
import styles from './small-rows.module.css';
import { useTimes } from './times.ts';

/** LST-6: the day, which opens ways to other days. */
export const DayRow = memo(function DayRow({ day, at }: { day: string; at: number }) {
  return <div className={styles.day} data-day={day}><DayPill day={day} at={at} /></div>;
});

export function DayPill({ day, at }: { day: string; at: number }) {
  const t = useText();
  const times = useTimes();
  const list = useList();
  const [picking, setPicking] = useState(false);
  const [date, setDate] = useState('');
  const ago = (days: number) => list.jumpToSince(startOfDay(Date.now()) - days * 86_400_000);
  return (
    <>
      <Menu label={t('chat.jump')} align="center" trigger={<button type="button" tabIndex={-1} className={styles.pill}>{times.day(day, at)}<ChevronDown size={14} aria-hidden="true" /></button>}>
        <MenuItem onSelect={list.jumpToNewest}>{t('chat.jump.newest')}</MenuItem>
        <MenuItem onSelect={list.jumpToFirstUnread}>{t('chat.jump.unread')}</MenuItem>
        <MenuLine />
        <MenuItem onSelect={() => ago(1)}>{t('chat.jump.yesterday')}</MenuItem>
        <MenuItem onSelect={() => ago(7)}>{t('chat.jump.week')}</MenuItem>
        <MenuItem onSelect={() => ago(30)}>{t('chat.jump.month')}</MenuItem>
        <MenuItem onSelect={() => list.jumpToSeq(0)}>{t('chat.jump.beginning')}</MenuItem>
        <MenuLine />
        <MenuItem onSelect={() => { setDate(day); setPicking(true); }}>{t('chat.jump.pick')}</MenuItem>
      </Menu>
      {picking && (
        <Dialog title={t('chat.jump.pick')} closeLabel={t('app.close')} onClose={() => setPicking(false)} onSubmit={() => { if (date !== '') { setPicking(false); list.jumpToSince(startOfDay(Date.parse(`${date}T12:00:00`))); } }}
          actions={<><Button onClick={() => setPicking(false)}>{t('chat.cancel')}</Button><Button type="submit" variant="primary">{t('chat.jump.go')}</Button></>}>
          <label className={styles.field}>{t('chat.jump.date')}<input type="date" value={date} max={times.today()} onChange={(event) => setDate(event.target.value)} /></label>
        </Dialog>
      )}
    </>
  );
}

const startOfDay = (at: number): number => new Date(at).setHours(0, 0, 0, 0);

/** LST-10: messages that are not held, as a row of fixed height. */
export const GapRowView = memo(function GapRowView({ row, loading, onLoad }: { row: GapRow; loading: boolean; onLoad(): void }) {
  const t = useText();
  const offline = useConnection().kind === 'offline';
  const words = row.count === null ? t('chat.gap.some') : offline ? t('chat.gap.offline', { n: row.count }) : t('chat.gap', { n: row.count });
  return (
    <div className={styles.gap}>
      <button type="button" tabIndex={-1} className={styles.gapButton} aria-busy={loading} onClick={onLoad}>{words}</button>
      {loading && <div className={styles.loading} aria-hidden="true" />}
    </div>
  );
});

export const DividerRow = () => {
  const t = useText();
  return <div className={styles.divider}><span>{t('chat.new')}</span></div>;
};

/** CHN-1: how a channel begins. */
export function StartCard({ channelId }: { channelId: string }) {
  const t = useText();
  const { locale } = useIntl();
  const view = useChannel(channelId);
  const name = useChannelName(view);
  const creator = useUser(view?.channel.creator_id ?? '');
  if (!view) return <div className={styles.start} />;
  const direct = view.channel.kind === 'dm' || view.channel.kind === 'group_dm';
  const on = new Intl.DateTimeFormat(locale, { dateStyle: 'long' }).format(Date.parse(view.channel.created_at));
  return (
    <div className={styles.start}>
      <h2 className={styles.startName}>{!direct && (view.channel.kind === 'private' ? <Lock size={24} aria-hidden="true" /> : <Hash size={24} aria-hidden="true" />)}<bdi>{name}</bdi></h2>
      <p>{direct ? t('chat.start.direct', { name }) : creator ? t('chat.start.by', { name: creator.display_name, date: on }) : t('chat.start.on', { date: on })}</p>
      {view.channel.purpose !== '' && <p>{view.channel.purpose}</p>}
    </div>
  );
}

/** LST-9: neighbouring system messages in one line, opened in place. */
export const FoldedRow = memo(function FoldedRow({ rowKey, views, open }: { rowKey: string; views: readonly MessageView[]; open: boolean }) {
  const t = useText();
  const list = useList();
  if (views.length === 1 && views[0]) return <div className={styles.system}><SystemLine view={views[0]} /></div>;
  return (
    <div className={styles.system}>
      <button type="button" tabIndex={-1} className={styles.fold} aria-expanded={open} onClick={() => list.toggleFold(rowKey)}><FoldedText views={views} t={t} /></button>
      {open && views.map((view) => <SystemLine key={view.key} view={view} />)}
    </div>
  );
});

const eventOf = (view: MessageView): 'joined' | 'left' | 'other' => {
  const event = view.message.system?.event ?? '';
  return /join|invite|added/.test(event) ? 'joined' : /left|leave|remove/.test(event) ? 'left' : 'other';
};
const peopleOf = (view: MessageView): string[] => (view.message.system?.user_ids?.length ? view.message.system.user_ids : [view.message.author_id]);

function FoldedText({ views, t }: { views: readonly MessageView[]; t: Translate }) {
  const joined = [...new Set(views.filter((v) => eventOf(v) === 'joined').flatMap(peopleOf))];
  const left = [...new Set(views.filter((v) => eventOf(v) === 'left').flatMap(peopleOf))];
  const rest = views.filter((v) => eventOf(v) === 'other').length;
  const names = useUsers([...joined.slice(0, 2), ...left.slice(0, 2)]);
  const list = (ids: string[]) => ({ a: names.get(ids[0] ?? '')?.display_name ?? t('chat.unknown_person'), b: names.get(ids[1] ?? '')?.display_name ?? t('chat.unknown_person'), n: ids.length, rest: Math.max(0, ids.length - 2) });
  const parts = [joined.length > 0 && t('chat.fold.joined', list(joined)), left.length > 0 && t('chat.fold.left', list(left)), rest > 0 && t('chat.fold.other', { n: rest })].filter((p): p is string => p !== false);
  return <>{parts.join(' · ')}</>;
}

function SystemLine({ view }: { view: MessageView }) {
  const t = useText();
  const times = useTimes();
  const { message } = view;
  const ids = peopleOf(view);
  const people = useUsers([...ids.slice(0, 3), message.author_id]);
  const name = (id: string) => people.get(id)?.display_name ?? t('chat.unknown_person');
  const who = ids.map(name).slice(0, 3).join(', ');
  const event = message.system?.event ?? '';
  const actor = name(message.author_id);
  const text = message.system?.text ?? message.content;
  const words = eventOf(view) === 'joined' ? (ids.includes(message.author_id) ? t('chat.system.joined', { who }) : t('chat.system.added', { who, actor }))
    : eventOf(view) === 'left' ? (ids.includes(message.author_id) ? t('chat.system.left', { who }) : t('chat.system.removed', { who, actor }))
      : /topic/.test(event) ? t('chat.system.topic', { actor, text }) : /purpose/.test(event) ? t('chat.system.purpose', { actor, text })
        : /renam|name/.test(event) ? t('chat.system.renamed', { actor, text }) : /unarchiv/.test(event) ? t('chat.system.unarchived', { actor }) : /archiv/.test(event) ? t('chat.system.archived', { actor })
          : text !== '' ? text : t('chat.system.other', { actor });
  return <p className={styles.line}>{words} <time dateTime={message.created_at} title={times.full(Date.parse(message.created_at))}>{times.clock(Date.parse(message.created_at))}</time></p>;
}
