import { Activity, Bookmark, ChevronDown, FileClock, MessageSquareText, PenSquare, Plus, Search } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import type { ChannelView } from '@parley/shared/sync/api';
import { commandById } from '../../app/commands.ts';
import { showKeys } from '../../app/keys.ts';
import { useText } from '../../i18n/text.tsx';
import { deviceSettings } from '../../platform/device-settings.ts';
import { platform } from '../../platform/platform.ts';
import { rowBadge } from '../../state/counts.ts';
import { useDeviceSettings } from '../../state/device.ts';
import { useActivity } from '../../state/activity.ts';
import { useBadges } from '../../state/badges.ts';
import { useChannels, useOutbox, useSections } from '../../state/engine.tsx';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { openDialog, useScreen } from '../../state/screen.ts';
import { sidebarOrder } from '../../state/sidebar-order.ts';
import { useMay } from '../../state/permission.ts';
import { Badge } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { STARRED, type Section as OwnSection } from '@parley/shared/protocol/entities';
import { MovableRow, SectionMenu, useDropTarget } from './moving.tsx';
import { inOrderOf, sameRows, sectionsOf } from './order.ts';
import { Fold } from './fold.tsx';
import { WorkspaceMenu } from './workspace-menu.tsx';
import styles from './sidebar.module.css';

/** LAY-6: everything one is in, with what waits there. */
export function Sidebar() {
  const t = useText();
  const { locale } = useIntl();
  const place = usePlace();
  const channels = useChannels(place.workspaceId);
  const badges = useBadges();
  const outbox = useOutbox();
  const scroller = useRef<HTMLDivElement>(null);
  const may = useMay(place.workspaceId, null);
  const own = useSections();
  const sections = useMemo(() => sectionsOf(channels, locale, place.channelId, own), [channels, locale, place.channelId, own]);
  const [inside, setInside] = useState(false);
  const rooms = useSteadyOrder(sections.rooms, inside);
  const direct = useSteadyOrder(sections.direct, inside);
  const news = useActivity(place.workspaceId).filter((entry) => !entry.read).length;
  const waiting = outbox.filter((item) => item.act === 'send' || item.state.kind === 'refused');
  const unsent = useMemo(() => new Set(outbox.filter((item) => item.state.kind === 'refused').map((item) => item.channelId)), [outbox]);
  useEffect(() => {
    sidebarOrder.rows = [...sections.starred, ...sections.own.flatMap((one) => one.rows), ...rooms, ...direct];
  }, [sections, rooms, direct]);
  const toMain = () => useScreen.setState({ narrowPane: 'main' });
  const row = (view: ChannelView) => <MovableRow key={view.id} view={view} sections={own} current={view.id === place.channelId} unsent={unsent.has(view.id)} />;
  return (
    <>
      <div className={styles.head}>
        <WorkspaceMenu workspaceId={place.workspaceId} />
        <IconButton label={t('sidebar.new_message')} keys={showKeys(commandById('new_message').keys![0]!, platform.isMac)} onClick={() => openDialog({ kind: 'new_message' })}>
          <PenSquare size={18} strokeWidth={1.75} aria-hidden="true" />
        </IconButton>
      </div>
      <div className={styles.body}>
        <div className={styles.scroll} ref={scroller} onPointerEnter={() => setInside(true)} onPointerLeave={() => setInside(false)}>
          <ul>
            <li><SceneRow href={paths.scene(place.workspaceId, 'activity')} current={place.scene === 'activity'} icon={<Activity size={16} strokeWidth={1.75} aria-hidden="true" />} name={t('sidebar.activity')} count={0} dot={news > 0} said={news > 0 ? t('sidebar.unread', { n: news }) : null} onClick={toMain} /></li>
            <li><SceneRow href={paths.scene(place.workspaceId, 'threads')} current={place.scene === 'threads'} icon={<MessageSquareText size={16} strokeWidth={1.75} aria-hidden="true" />} name={t('sidebar.threads')} count={badges.threads} said={badges.threads > 0 ? t('sidebar.unread', { n: badges.threads }) : null} onClick={toMain} /></li>
            <li><SceneRow href={paths.scene(place.workspaceId, 'drafts')} current={place.scene === 'drafts'} icon={<FileClock size={16} strokeWidth={1.75} aria-hidden="true" />} name={t('sidebar.drafts')} count={0} quiet={waiting.length} said={waiting.length > 0 ? t('sidebar.to_send', { n: waiting.length }) : null} onClick={toMain} /></li>
            <li><SceneRow href={paths.scene(place.workspaceId, 'later')} current={place.scene === 'later'} icon={<Bookmark size={16} strokeWidth={1.75} aria-hidden="true" />} name={t('sidebar.later')} count={badges.later} said={badges.later > 0 ? t('sidebar.due', { n: badges.later }) : null} onClick={toMain} /></li>
          </ul>
          {sections.starred.length > 0 && <Section id={STARRED} title={t('sidebar.starred')} views={sections.starred} current={place.channelId} row={row} drop={STARRED} sections={own} />}
          {sections.own.map(({ section, rows }) => (
            <Section key={section.id} id={section.id} title={section.name} views={rows} current={place.channelId} row={row} drop={section.id} sections={own} action={<SectionMenu section={section} sections={own} />}>
              {rows.length === 0 && <li className={styles.empty}>{t('sidebar.section_empty')}</li>}
            </Section>
          ))}
          <Section
            id="channels" drop={null} sections={own} title={t('sidebar.channels')} views={rooms} current={place.channelId} row={row}
            action={
              <Menu align="end" trigger={<IconButton label={t('sidebar.add_channel')} className={styles.add!}><Plus size={16} aria-hidden="true" /></IconButton>}>
                {may('channel.create') && <MenuItem icon={<Plus size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => openDialog({ kind: 'create_channel', name: '' })}>{t('command.create_channel')}</MenuItem>}
                <MenuItem icon={<Search size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => go(paths.scene(place.workspaceId, 'browse'))}>{t('command.browse')}</MenuItem>
              </Menu>
            }
          >
            <li><SceneRow href={paths.scene(place.workspaceId, 'browse')} current={place.scene === 'browse'} icon={<Search size={15} strokeWidth={1.75} aria-hidden="true" />} name={t('command.browse')} count={0} said={null} onClick={toMain} /></li>
          </Section>
          <Section
            id="direct" drop={null} sections={own} title={t('sidebar.direct')} views={direct} current={place.channelId} row={row}
            action={<IconButton label={t('sidebar.open_direct')} className={styles.add!} onClick={() => openDialog({ kind: 'new_message' })}><Plus size={16} aria-hidden="true" /></IconButton>}
          />
        </div>
        <Fold scroller={scroller} watch={channels} />
      </div>
    </>
  );
}

function SceneRow({ href, current, icon, name, count, dot = false, quiet = 0, said, onClick }: { href: string; current: boolean; icon: ReactNode; name: string; count: number; dot?: boolean; quiet?: number; said: string | null; onClick(): void }) {
  return (
    <Link href={href} className={cx(styles.row, (count > 0 || dot) && styles.bold)} aria-current={current ? 'page' : undefined} aria-label={said === null ? name : `${name}, ${said}`} onClick={onClick}>
      <span className={styles.glyph}>{icon}</span>
      <span className={styles.name}>{name}</span>
      {count > 0 ? <Badge count={count} /> : dot ? <span className={styles.news} aria-hidden="true" /> : quiet > 0 && <Badge count={quiet} tone="quiet" />}
    </Link>
  );
}

/** A closed section still shows what is unread in it, and where one is. */
function Section({ id, title, views, current, row, action, drop, sections, children }: { id: string; title: string; views: readonly ChannelView[]; current: string | null; row(view: ChannelView): ReactNode; action?: ReactNode; /** The section that a row which is dropped here comes into; null: none. */ drop: string | null; sections: readonly OwnSection[]; children?: ReactNode }) {
  const dropping = useDropTarget(drop, sections);
  const { closedSections } = useDeviceSettings();
  const open = !closedSections.includes(id);
  const shown = open ? views : views.filter((view) => rowBadge(view).bold || rowBadge(view).number > 0 || view.id === current);
  const toggle = (next: boolean) => deviceSettings.change({ closedSections: next ? closedSections.filter((one) => one !== id) : [...closedSections.filter((one) => one !== id), id] });
  return (
    <section className={styles.section} {...dropping} aria-labelledby={`section-${id}`}>
      <div className={styles.sectionHead}>
        <h2>
          <button
            type="button" id={`section-${id}`} className={styles.toggle} aria-expanded={open} onClick={() => toggle(!open)}
            onKeyDown={(event) => {
              if (event.key === 'ArrowLeft') toggle(false);
              if (event.key === 'ArrowRight') toggle(true);
            }}
          >
            <ChevronDown size={14} aria-hidden="true" />{title}
          </button>
        </h2>
        {action}
      </div>
      <ul
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp' && event.key !== 'Home' && event.key !== 'End') return;
          if (event.altKey || event.ctrlKey || event.metaKey) return;
          const links = Array.from(event.currentTarget.querySelectorAll('a'));
          const at = links.indexOf(event.target as HTMLAnchorElement);
          const next = event.key === 'Home' ? 0 : event.key === 'End' ? links.length - 1 : at + (event.key === 'ArrowDown' ? 1 : -1);
          links[next]?.focus();
          event.preventDefault();
        }}
      >
        {shown.map(row)}
        {open && children}
      </ul>
    </section>
  );
}

/** Rows do not change places under the pointer: a new order waits until it has left, unless rows came or went. */
function useSteadyOrder(views: readonly ChannelView[], hold: boolean): readonly ChannelView[] {
  const kept = useRef(views);
  const steady = hold && sameRows(kept.current, views) ? inOrderOf(views, kept.current) : views;
  useEffect(() => {
    kept.current = steady;
  });
  return steady;
}
