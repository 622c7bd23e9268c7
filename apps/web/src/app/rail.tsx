import { Link } from 'wouter';
import type { Workspace } from '@parley/shared/protocol/entities';
import { useText } from '../i18n/text.tsx';
import { useWorkspaceBadges } from '../state/badges.ts';
import { useDeviceSettings } from '../state/device.ts';
import { useWorkspaces } from '../state/engine.tsx';
import { usePlace } from '../state/place.tsx';
import { paths } from '../state/routes.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Badge } from '../ui/badge.tsx';
import { Tooltip } from '../ui/tooltip.tsx';
import styles from './app.module.css';

/** LAY-5: shown with two workspaces or more. */
export function Rail() {
  const t = useText();
  const workspaces = useWorkspaces();
  const { workspaceId } = usePlace();
  if (workspaces.length < 2) return null;
  return (
    <nav className={styles.rail} data-region="3" aria-label={t('rail.name')}>
      {workspaces.map((workspace) => <RailItem key={workspace.id} workspace={workspace} current={workspace.id === workspaceId} />)}
    </nav>
  );
}

function RailItem({ workspace, current }: { workspace: Workspace; current: boolean }) {
  const t = useText();
  const { number, dot } = useWorkspaceBadges(workspace.id);
  const { unreadDot } = useDeviceSettings();
  const said = number > 0 ? `${workspace.name}, ${t('sidebar.mentions', { n: number })}` : workspace.name;
  return (
    <Tooltip text={workspace.name} side="right">
      <Link href={paths.workspace(workspace.id)} className={styles.workspace} aria-current={current ? 'true' : undefined} aria-label={said}>
        <Avatar id={workspace.id} name={workspace.name} size={2.25} />
        {number > 0 ? <span className={styles.railBadge}><Badge count={number} tone="rail" /></span> : dot && unreadDot && !current && <span className={styles.railDot} />}
      </Link>
    </Tooltip>
  );
}
