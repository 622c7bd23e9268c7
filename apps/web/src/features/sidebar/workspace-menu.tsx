import { Check, ChevronDown, Import, Settings, SmilePlus, UserPlus, Users } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { useWorkspaces } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { go, paths } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Menu, MenuItem, MenuLine, MenuTitle } from '../../ui/menu.tsx';
import styles from './sidebar.module.css';

/** The sidebar's header: the workspace's name and what one can do to it. */
export function WorkspaceMenu({ workspaceId }: { workspaceId: string }) {
  const t = useText();
  const workspaces = useWorkspaces();
  const may = useMay(workspaceId, null);
  const here = workspaces.find((workspace) => workspace.id === workspaceId);
  return (
    <Menu
      trigger={
        <button type="button" className={styles.workspace}>
          <Avatar id={workspaceId} name={here?.name ?? ''} size={1.5} />
          <bdi className={styles.name}>{here?.name ?? ''}</bdi>
          <ChevronDown size={16} aria-hidden="true" />
          <span className="visually-hidden">{t('sidebar.workspace_menu')}</span>
        </button>
      }
    >
      {workspaces.length > 1 && (
        <>
          <MenuTitle>{t('rail.name')}</MenuTitle>
          {workspaces.map((workspace) => (
            <MenuItem key={workspace.id} icon={<Avatar id={workspace.id} name={workspace.name} size={1.125} />} onSelect={() => go(paths.workspace(workspace.id))}>
              {workspace.name}{workspace.id === workspaceId && <Check size={16} aria-hidden="true" />}
            </MenuItem>
          ))}
          <MenuLine />
        </>
      )}
      {may('workspace.invite') && <MenuItem icon={<UserPlus size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => openDialog({ kind: 'invite_people' })}>{t('command.invite')}</MenuItem>}
      <MenuItem icon={<Users size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => go(paths.scene(workspaceId, 'groups'))}>{t('command.groups')}</MenuItem>
      <MenuItem icon={<SmilePlus size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => openDialog({ kind: 'emoji' })}>{t('command.emoji')}</MenuItem>
      {may('workspace.import') && <MenuItem icon={<Import size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => go(paths.preferences('history'))}>{t('sidebar.import')}</MenuItem>}
      <MenuItem icon={<Settings size={18} strokeWidth={1.75} aria-hidden="true" />} onSelect={() => go(paths.preferences('appearance'))}>{t('command.preferences')}</MenuItem>
    </Menu>
  );
}
