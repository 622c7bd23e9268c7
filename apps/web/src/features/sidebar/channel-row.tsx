import { BellOff, Hash, Lock, Pencil } from 'lucide-react';
import { memo } from 'react';
import { Link } from 'wouter';
import type { ChannelView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { rowBadge } from '../../state/counts.ts';
import { useDraft, useEngine, usePresence, useUser } from '../../state/engine.tsx';
import { partnersOf, useChannelName, useUsers } from '../../state/people.ts';
import { paths } from '../../state/routes.ts';
import { useScreen } from '../../state/screen.ts';
import { Avatar, AvatarPair } from '../../ui/avatar.tsx';
import { Badge } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { PresenceMark } from '../../ui/presence.tsx';
import styles from './sidebar.module.css';

/** One conversation in the sidebar: glyph, name, then one of number, unsent, pencil, bell-off. */
export const ChannelRow = memo(function ChannelRow({ view, current, unsent }: { view: ChannelView; current: boolean; unsent: boolean }) {
  const t = useText();
  const name = useChannelName(view);
  const draft = useDraft(view.id, null);
  const badge = rowBadge(view);
  const drafted = draft !== null && (draft.content.trim() !== '' || draft.files.length > 0) && !current;
  const said = [
    name,
    badge.unread > 0 && !badge.muted ? t('sidebar.unread', { n: badge.unread }) : null,
    badge.mentions > 0 ? t('sidebar.mentions', { n: badge.mentions }) : null,
    badge.muted ? t('sidebar.muted') : null,
    unsent ? t('sidebar.unsent') : null,
    drafted ? t('sidebar.draft') : null,
  ].filter((part) => part !== null);
  return (
    <Link
      href={paths.channel(view.workspaceId, view.id)}
      aria-label={said.join(', ')}
      aria-current={current ? 'page' : undefined}
      data-mentions={badge.number > 0 && !badge.muted ? badge.number : undefined}
      className={cx(styles.row, badge.bold && styles.bold, badge.muted && styles.muted)}
      onClick={() => useScreen.setState({ narrowPane: 'main' })}
    >
      <RowGlyph view={view} />
      <bdi className={styles.name}>{name}</bdi>
      {badge.number > 0 ? <Badge count={badge.number} /> : unsent ? <span className={styles.unsent} aria-hidden="true">!</span> : drafted ? <Pencil size={14} aria-hidden="true" /> : badge.muted && <BellOff size={14} aria-hidden="true" />}
    </Link>
  );
});

function RowGlyph({ view }: { view: ChannelView }) {
  const { kind } = view.channel;
  if (kind === 'public') return <span className={styles.glyph}><Hash size={16} strokeWidth={1.75} aria-hidden="true" /></span>;
  if (kind === 'private') return <span className={styles.glyph}><Lock size={15} strokeWidth={1.75} aria-hidden="true" /></span>;
  return <DirectGlyph view={view} />;
}

function DirectGlyph({ view }: { view: ChannelView }) {
  const engine = useEngine();
  const partners = partnersOf(view, engine.accountId);
  if (partners.length > 1) return <GroupGlyph ids={partners} />;
  return <PersonGlyph id={partners[0] ?? view.id} />;
}

function PersonGlyph({ id }: { id: string }) {
  const user = useUser(id);
  const presence = usePresence(id);
  return (
    <span className={cx(styles.glyph, styles.person)}>
      <Avatar id={id} name={user?.display_name ?? ''} size={1.25} url={user?.avatar_url} bot={user?.is_bot ?? false} deactivated={user?.deactivated ?? false} />
      {!user?.is_bot && <PresenceMark state={presence} className={styles.dot!} />}
    </span>
  );
}

function GroupGlyph({ ids }: { ids: readonly string[] }) {
  const users = useUsers(ids);
  return <span className={styles.glyph}><AvatarPair size={1.25} people={ids.map((id) => ({ id, name: users.get(id)?.display_name ?? '' }))} /></span>;
}
