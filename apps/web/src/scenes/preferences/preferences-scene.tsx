import { useState, type ReactNode } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import { changePassword, getDevices, revokeDevice, updateProfile } from '@parley/shared/protocol/calls/accounts';
import { HistoryImport } from '../../features/history/history-import.tsx';
import { PasswordField } from '../entry/password-field.tsx';
import { useText } from '../../i18n/text.tsx';
import { deviceSettings, type DeviceSettings } from '../../platform/device-settings.ts';
import { useDeviceSettings } from '../../state/device.ts';
import { useEngine, useMe } from '../../state/engine.tsx';
import { useMay } from '../../state/permission.ts';
import { usePlace } from '../../state/place.tsx';
import { paths } from '../../state/routes.ts';
import { openDialog, useScreen } from '../../state/screen.ts';
import { useSession } from '../../state/session.ts';
import { useCall } from '../../state/use-call.ts';
import { usePages } from '../../state/use-pages.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Banner } from '../../ui/banner.tsx';
import { Button } from '../../ui/button.tsx';
import { Select, Switch } from '../../ui/choice.tsx';
import { Chip } from '../../ui/chip.tsx';
import { Field } from '../../ui/field.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { showToast } from '../../ui/toast.tsx';
import { NotificationsPage } from './notifications-page.tsx';
import { MessagesPage, ReadingPage } from './synced-pages.tsx';
import { SceneHead } from '../scene-head.tsx';
import styles from '../scene.module.css';

const PAGES = ['profile', 'appearance', 'messages', 'reading', 'notifications', 'language', 'accessibility', 'devices', 'history'] as const;
type Page = (typeof PAGES)[number];

/** PRF-1: each change is saved and shown at once, and undone by Ctrl+Z. */
export function PreferencesScene() {
  const t = useText();
  const place = usePlace();
  const may = useMay(place.workspaceId, null);
  const pages = PAGES.filter((page) => page !== 'history' || may('workspace.import'));
  const page = pages.find((one) => one === place.page) ?? 'appearance';
  const views: Record<Page, () => ReactNode> = { profile: () => <ProfilePage />, appearance: () => <AppearancePage />, messages: () => <MessagesPage remember={remember} />, reading: () => <ReadingPage remember={remember} />, notifications: () => <NotificationsPage remember={remember} />, language: () => <LanguagePage />, accessibility: () => <AccessibilityPage />, devices: () => <DevicesPage />, history: () => <HistoryImport workspaceId={place.workspaceId} /> };
  return (
    <main className={styles.scene} id="main" aria-label={t('command.preferences')} onKeyDown={undoKey}>
      <SceneHead title={t('command.preferences')} />
      <div className={styles.split} data-region="6">
        <nav className={styles.nav} aria-label={t('preferences.pages')}>
          {pages.map((one) => <Link key={one} href={paths.preferences(one)} aria-current={one === page ? 'page' : undefined}>{t(`preferences.${one}`)}</Link>)}
        </nav>
        <div className={styles.body} tabIndex={-1}>
          <div className={styles.column}>
            <div className={styles.group}><h2>{t(`preferences.${page}`)}</h2>{views[page]()}</div>
          </div>
        </div>
      </div>
    </main>
  );
}

const undo: (() => void)[] = [];
const remember = (back: () => void): void => void undo.push(back);
function set<K extends keyof DeviceSettings>(key: K, value: DeviceSettings[K]): void {
  const before = deviceSettings.get()[key];
  remember(() => deviceSettings.change({ [key]: before }));
  deviceSettings.change({ [key]: value });
}
function undoKey(event: React.KeyboardEvent): void {
  if (event.key.toLowerCase() !== 'z' || event.shiftKey || !(event.ctrlKey || event.metaKey)) return;
  if (event.target instanceof HTMLInputElement && event.target.type !== 'range') return;
  const last = undo.pop();
  if (last === undefined) return;
  event.preventDefault();
  last();
}

function AppearancePage() {
  const t = useText();
  const settings = useDeviceSettings();
  return (
    <>
      <Select label={t('preferences.theme')} value={settings.theme} options={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: t(`preferences.theme_${value}`) }))} onChange={(value) => set('theme', value)} />
      <Select label={t('preferences.contrast')} value={settings.contrast} options={(['system', 'standard', 'high'] as const).map((value) => ({ value, label: t(`preferences.contrast_${value}`) }))} onChange={(value) => set('contrast', value)} />
      <Select label={t('preferences.tint')} hint={t('preferences.tint_hint')} value={settings.tint} options={(['petrol', 'ink', 'moss', 'plum', 'clay', 'slate'] as const).map((value) => ({ value, label: t(`preferences.tint_${value}`) }))} onChange={(value) => set('tint', value)} />
      <Select label={t('preferences.density')} value={settings.density} options={(['comfortable', 'compact'] as const).map((value) => ({ value, label: t(`preferences.density_${value}`) }))} onChange={(value) => set('density', value)} />
      <Select label={t('preferences.text_size')} value={String(settings.textSize)} options={[13, 14, 15, 16, 17, 18, 19, 20].map((size) => ({ value: String(size), label: t('preferences.px', { n: size }) }))} onChange={(value) => set('textSize', Number(value))} />
      <Switch label={t('preferences.underline')} checked={settings.underlineLinks} onChange={(value) => set('underlineLinks', value)} />
      <Select label={t('preferences.motion')} value={settings.motion} options={(['system', 'reduced'] as const).map((value) => ({ value, label: t(`preferences.motion_${value}`) }))} onChange={(value) => set('motion', value)} />
    </>
  );
}

function LanguagePage() {
  const t = useText();
  const settings = useDeviceSettings();
  return <Select label={t('preferences.language_label')} value={settings.language} options={[{ value: 'system', label: t('preferences.theme_system') }, { value: 'en', label: 'English' }, { value: 'de', label: 'Deutsch' }]} onChange={(value) => set('language', value)} />;
}

function AccessibilityPage() {
  const t = useText();
  const settings = useDeviceSettings();
  return <Switch label={t('preferences.single_keys')} hint={t('preferences.single_keys_hint')} checked={settings.singleLetterKeys} onChange={(value) => set('singleLetterKeys', value)} />;
}

function ProfilePage() {
  const t = useText();
  const engine = useEngine();
  const me = useMe();
  const [name, setName] = useState<string | null>(null);
  const [title, setTitle] = useState<string | null>(null);
  const update = useCall(updateProfile);
  if (me === null) return <Skeleton width="100%" height={6} />;
  const save = async () => {
    if (name !== null && name.trim() === '') return;
    const done = await update.run({ ...(name === null ? {} : { display_name: name.trim() }), ...(title === null ? {} : { title: title.trim() }) });
    if (done !== null) showToast(t('preferences.saved'));
  };
  return (
    <>
      <div className={styles.row}>
        <Avatar id={engine.accountId} name={me.display_name} size={4} url={me.avatar_url} />
        <div className={styles.text}><strong><bdi>{me.display_name}</bdi></strong><span className={styles.soft}>@{me.username}{me.email ? ` · ${me.email}` : ''}</span></div>
      </div>
      <form className={styles.group} noValidate onSubmit={(event) => { event.preventDefault(); void save(); }}>
        {update.error !== null && <Banner tone="danger" role="alert">{update.error}</Banner>}
        <Field label={t('setup.display_name')} autoComplete="name" maxLength={80} value={name ?? me.display_name} error={name?.trim() === '' ? t('setup.need_name') : update.errors['display_name']} onChange={(event) => setName(event.target.value)} />
        <Field label={t('person.title')} autoComplete="organization-title" maxLength={100} value={title ?? me.title ?? ''} onChange={(event) => setTitle(event.target.value)} />
        <div className={styles.row}>
          <Button type="submit" variant="primary" busy={update.busy}>{t('app.save')}</Button>
          <Button onClick={() => openDialog({ kind: 'status' })}>{t('account.set_status')}</Button>
        </div>
      </form>
      <PasswordForm />
    </>
  );
}

function PasswordForm() {
  const t = useText();
  const [current, setCurrent] = useState('');
  const [next, setNext] = useState('');
  const change = useCall(changePassword);
  const [wrong, setWrong] = useState<string | null>(null);
  const save = async () => {
    setWrong(next.length < 8 ? t('setup.need_password') : null);
    if (next.length < 8) return;
    const done = await change.run({ current_password: current, new_password: next });
    if (done === null && change.error !== null) return;
    setCurrent('');
    setNext('');
  };
  return (
    <form className={styles.group} noValidate onSubmit={(event) => { event.preventDefault(); void save(); }}>
      <h2>{t('preferences.password')}</h2>
      {change.error !== null && <Banner tone="danger" role="alert">{change.code === 'forbidden' || change.code === 'not_authenticated' ? t('preferences.password_wrong') : change.error}</Banner>}
      <PasswordField label={t('preferences.password_current')} autoComplete="current-password" value={current} onChange={(event) => setCurrent(event.target.value)} />
      <PasswordField label={t('preferences.password_new')} meter autoComplete="new-password" value={next} error={wrong} onChange={(event) => setNext(event.target.value)} />
      <p className={styles.soft}>{t('preferences.password_hint')}</p>
      <div><Button type="submit" busy={change.busy} aria-disabled={current === '' || undefined}>{t('preferences.password_save')}</Button></div>
    </form>
  );
}

/** DEV-1. */
function DevicesPage() {
  const t = useText();
  const intl = useIntl();
  const session = useSession((state) => state.session);
  const pages = usePages(getDevices, { page_size: 100 });
  const revoke = useCall(revokeDevice);
  const here = session.kind === 'app' ? session.account.deviceId : '';
  const others = (pages.items ?? []).filter((device) => device.device_id !== here);
  const end = async (ids: readonly string[]) => {
    for (const id of ids) await revoke.run({ device_id: id });
    pages.reload();
  };
  const time = (value: string) => intl.formatDate(value, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <>
      {revoke.error !== null && <Banner tone="danger" role="alert">{revoke.error}</Banner>}
      {pages.failed && <Banner actions={<Button size="small" onClick={pages.reload}>{t('app.try_again')}</Button>}>{t('app.needs_server')}</Banner>}
      {pages.items === null && !pages.failed && <Skeleton width="100%" height={6} />}
      <ul className={styles.list}>
        {[...(pages.items ?? [])].sort((a, b) => Number(b.device_id === here) - Number(a.device_id === here) || b.last_active_at.localeCompare(a.last_active_at)).map((device) => (
          <li key={device.device_id} className={styles.item}>
            <div className={styles.text}>
              <span className={styles.row}><strong>{device.name || device.platform}</strong>{device.device_id === here && <Chip>{t('devices.this')}</Chip>}</span>
              <span className={styles.soft}>{[device.platform, device.address].filter(Boolean).join(' · ')}</span>
              <span className={styles.soft}>{t('devices.times', { in: time(device.created_at), active: time(device.last_active_at) })}</span>
            </div>
            {device.device_id === here ? <Button size="small" onClick={() => useScreen.getState().open({ kind: 'sign_out' })}>{t('command.sign_out')}</Button> : <Button size="small" busy={revoke.busy} aria-label={t('devices.end_one', { name: device.name })} onClick={() => void end([device.device_id])}>{t('command.sign_out')}</Button>}
          </li>
        ))}
      </ul>
      {others.length > 0 && <div><Button variant="danger" busy={revoke.busy} onClick={() => void end(others.map((device) => device.device_id))}>{t('devices.end_others')}</Button></div>}
    </>
  );
}
