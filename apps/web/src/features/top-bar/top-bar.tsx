import { ArrowLeft, ArrowRight, PanelLeft, Search } from 'lucide-react';
import { Link } from 'wouter';
import { commandById } from '../../app/commands.ts';
import { showKeys } from '../../app/keys.ts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { useDeviceSettings } from '../../state/device.ts';
import { useWorkspaces } from '../../state/engine.tsx';
import { usePlace } from '../../state/place.tsx';
import { paths } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { deviceSettings } from '../../platform/device-settings.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { Mark } from '../../ui/mark.tsx';
import { AccountMenu } from './account-menu.tsx';
import { StatePip } from './state-pip.tsx';
import styles from './top-bar.module.css';

export function TopBar() {
  const t = useText();
  const place = usePlace();
  const workspace = useWorkspaces().find((one) => one.id === place.workspaceId);
  const { sidebarHidden } = useDeviceSettings();
  const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;
  return (
    <header className={styles.bar} data-region="2">
      <Link href={paths.workspace(place.workspaceId)} className={styles.home} aria-label={t('topbar.home')}><Mark size={1.375} /></Link>
      <span className={styles.hideNarrow}>
        <IconButton onRail label={t('command.sidebar')} keys={showKeys(commandById('sidebar').keys![0]!, platform.isMac)} aria-pressed={!sidebarHidden} onClick={() => deviceSettings.change({ sidebarHidden: !sidebarHidden })}><PanelLeft {...icon} /></IconButton>
        <IconButton onRail label={t('topbar.back')} onClick={() => history.back()}><ArrowLeft {...icon} /></IconButton>
        <IconButton onRail label={t('topbar.forward')} onClick={() => history.forward()}><ArrowRight {...icon} /></IconButton>
      </span>
      <div className={styles.middle} role="search" aria-label={t('topbar.search', { workspace: workspace?.name ?? '' })}>
        <button type="button" className={styles.search} onClick={() => openDialog({ kind: 'switcher', start: '' })} aria-haspopup="dialog">
          <Search size={16} strokeWidth={1.75} aria-hidden="true" />
          <span className={styles.searchText}>{t('topbar.find')}</span>
          <kbd className={styles.keys}>{showKeys('Mod+K', platform.isMac)}</kbd>
        </button>
      </div>
      <StatePip />
      <AccountMenu />
    </header>
  );
}
