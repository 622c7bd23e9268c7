import { BellOff, CircleUser, Keyboard, LogOut, MonitorSmartphone, RefreshCw, Settings, SmilePlus } from 'lucide-react';
import { setPresence } from '@parley/shared/protocol/calls/accounts';
import { commandById } from '../../app/commands.ts';
import { showKeys } from '../../app/keys.ts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { callServer } from '../../state/api.ts';
import { useEngine, useMe, usePresence } from '../../state/engine.tsx';
import { explain } from '../../state/problem.ts';
import { go, paths } from '../../state/routes.ts';
import { openDialog, useScreen } from '../../state/screen.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Menu, MenuItem, MenuLine } from '../../ui/menu.tsx';
import { PresenceMark } from '../../ui/presence.tsx';
import { showToast } from '../../ui/toast.tsx';
import { applyUpdate } from '../../platform/updates.ts';
import styles from './top-bar.module.css';

const keys = (id: string) => showKeys(commandById(id).keys![0]!, platform.isMac);
const inMinutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString();
/** Nine tomorrow morning, by this device's clock. */
const tomorrow = () => {
  const date = new Date();
  date.setDate(date.getDate() + 1);
  date.setHours(9, 0, 0, 0);
  return date.toISOString();
};

/** One's own corner: status, presence, preferences, sign out. */
export function AccountMenu() {
  const t = useText();
  const engine = useEngine();
  const me = useMe();
  const presence = usePresence(engine.accountId);
  const updateReady = useScreen((screen) => screen.updateReady);
  const choose = async (choice: 'auto' | 'away' | 'dnd', until: string | null = null) => {
    const why = explain(await callServer(setPresence, { presence: choice, until }), t);
    if (why !== null) showToast(why);
  };
  const name = me?.display_name ?? '';
  const icon = { size: 18, strokeWidth: 1.75, 'aria-hidden': true } as const;
  return (
    <Menu
      align="end"
      label={t('account.menu')}
      trigger={
        <button type="button" className={styles.account} aria-label={updateReady ? t('account.button_update', { name }) : t('account.button', { name })}>
          {me?.status?.emoji ? <span className={styles.status} aria-hidden="true">{me.status.emoji}</span> : null}
          <Avatar id={engine.accountId} name={name} size={1.75} url={me?.avatar_url} />
          <PresenceMark state={presence} className={styles.presence!} />
          {updateReady && <span className={styles.update} />}
        </button>
      }
    >
      <div className={styles.who}>
        <Avatar id={engine.accountId} name={name} size={2.25} url={me?.avatar_url} />
        <div className={styles.whoText}>
          <strong><bdi>{name}</bdi></strong>
          <span>{t(`presence.${presence}`)}{me?.status?.text ? ` · ${me.status.text}` : ''}</span>
        </div>
      </div>
      <MenuItem icon={<SmilePlus {...icon} />} keys={keys('status')} onSelect={() => openDialog({ kind: 'status' })}>{me?.status ? t('account.change_status') : t('account.set_status')}</MenuItem>
      <MenuLine />
      <MenuItem icon={<PresenceMark state="online" />} onSelect={() => void choose('auto')}>{t('account.presence_auto')}</MenuItem>
      <MenuItem icon={<PresenceMark state="away" />} onSelect={() => void choose('away')}>{t('account.presence_away')}</MenuItem>
      <MenuItem icon={<PresenceMark state="dnd" />} onSelect={() => void choose('dnd', inMinutes(60))}>{t('account.dnd_hour')}</MenuItem>
      <MenuItem icon={<BellOff {...icon} />} onSelect={() => void choose('dnd', tomorrow())}>{t('account.dnd_tomorrow')}</MenuItem>
      <MenuLine />
      <MenuItem icon={<CircleUser {...icon} />} onSelect={() => go(paths.preferences('profile'))}>{t('account.profile')}</MenuItem>
      <MenuItem icon={<Settings {...icon} />} keys={keys('preferences')} onSelect={() => go(paths.preferences('appearance'))}>{t('command.preferences')}</MenuItem>
      <MenuItem icon={<MonitorSmartphone {...icon} />} onSelect={() => go(paths.preferences('devices'))}>{t('command.devices')}</MenuItem>
      <MenuItem icon={<Keyboard {...icon} />} keys={keys('sheet')} onSelect={() => openDialog({ kind: 'sheet' })}>{t('command.sheet')}</MenuItem>
      <MenuLine />
      {updateReady && <MenuItem icon={<RefreshCw {...icon} />} onSelect={applyUpdate}>{t('account.update')}</MenuItem>}
      <MenuItem icon={<LogOut {...icon} />} onSelect={() => openDialog({ kind: 'sign_out' })}>{t('command.sign_out')}</MenuItem>
    </Menu>
  );
}
