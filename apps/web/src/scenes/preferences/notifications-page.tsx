import { useEffect, useState } from 'react';
import { KEYWORD_CHARACTERS, KEYWORDS_MAX, MAIL_AFTER_SECONDS, NOTIFY_KEYS, PUSH_AFTER_SECONDS, readNotifyPreferences } from '@parley/shared/domain/notify-preferences';
import { getServer } from '@parley/shared/protocol/calls/accounts';
import { useText } from '../../i18n/text.tsx';
import { deviceSettings } from '../../platform/device-settings.ts';
import { useDeviceSettings } from '../../state/device.ts';
import { callServer } from '../../state/api.ts';
import { useEngine, usePreferences } from '../../state/engine.tsx';
import { Select, Switch } from '../../ui/choice.tsx';
import { Field } from '../../ui/field.tsx';
import { QuietHours } from './quiet-hours.tsx';

/** PRF-1: what notifies, and how much it shows. On all devices. */
export function NotificationsPage({ remember }: { remember(undo: () => void): void }) {
  const t = useText();
  const engine = useEngine();
  const device = useDeviceSettings();
  const stored = usePreferences();
  const chosen = readNotifyPreferences(stored);
  const mails = useServerMails();
  const [words, setWords] = useState<string | null>(null);
  const set = (key: string, value: unknown): void => {
    const before = stored[key] ?? null;
    void engine.setPreference(key, value);
    remember(() => void engine.setPreference(key, before));
  };
  const after = (seconds: number): string => (seconds === 0 ? t('preferences.at_once') : t('preferences.after_minutes', { n: Math.round(seconds / 60) }));
  const keep = (): void => {
    if (words === null) return;
    const list = [...new Set(words.split(',').map((word) => word.trim().slice(0, KEYWORD_CHARACTERS)).filter((word) => word !== ''))].slice(0, KEYWORDS_MAX);
    setWords(null);
    if (list.join() !== chosen.keywords.join()) set(NOTIFY_KEYS.keywords, list.length === 0 ? null : list);
  };
  return (
    <>
      <Select label={t('preferences.notify_level')} value={chosen.level} options={(['mentions', 'all', 'nothing'] as const).map((value) => ({ value, label: t(`preferences.notify_level_${value}`) }))} onChange={(value) => set(NOTIFY_KEYS.level, value === 'mentions' ? null : value)} />
      <Field label={t('preferences.notify_keywords')} hint={t('preferences.notify_keywords_hint')} value={words ?? chosen.keywords.join(', ')} onChange={(event) => setWords(event.target.value)} onBlur={keep} />
      <Switch label={t('preferences.notify_reactions')} checked={chosen.reactions} onChange={(value) => set(NOTIFY_KEYS.reactions, value || null)} />
      <Switch label={t('preferences.notify_sound')} checked={chosen.sound} onChange={(value) => set(NOTIFY_KEYS.sound, value ? null : false)} />
      <Select label={t('preferences.notify_in_front')} value={chosen.inFront} options={(['direct', 'all', 'none'] as const).map((value) => ({ value, label: t(`preferences.notify_in_front_${value}`) }))} onChange={(value) => set(NOTIFY_KEYS.inFront, value === 'direct' ? null : value)} />
      <Select label={t('preferences.notify_preview')} value={chosen.preview} options={(['full', 'sender', 'none'] as const).map((value) => ({ value, label: t(`preferences.notify_preview_${value}`) }))} onChange={(value) => set(NOTIFY_KEYS.preview, value === 'full' ? null : value)} />
      <Select label={t('preferences.notify_push_after')} value={String(chosen.pushAfterMs / 1_000)} options={withOther(PUSH_AFTER_SECONDS, chosen.pushAfterMs / 1_000).map((seconds) => ({ value: String(seconds), label: after(seconds) }))} onChange={(value) => set(NOTIFY_KEYS.pushAfter, Number(value) === PUSH_AFTER_SECONDS[0] ? null : Number(value))} />
      {mails && <Switch label={t('preferences.notify_mail')} hint={t('preferences.notify_mail_hint')} checked={chosen.mailAfterMs !== null} onChange={(value) => set(NOTIFY_KEYS.mailAfter, value ? null : false)} />}
      {mails && chosen.mailAfterMs !== null && (
        <Select label={t('preferences.notify_mail_after')} value={String(chosen.mailAfterMs / 1_000)} options={withOther(MAIL_AFTER_SECONDS, chosen.mailAfterMs / 1_000).map((seconds) => ({ value: String(seconds), label: after(seconds) }))} onChange={(value) => set(NOTIFY_KEYS.mailAfter, Number(value) === MAIL_AFTER_SECONDS[0] ? null : Number(value))} />
      )}
      <Switch label={t('preferences.unread_dot')} checked={device.unreadDot} onChange={(unreadDot) => { remember(() => deviceSettings.change({ unreadDot: !unreadDot })); deviceSettings.change({ unreadDot }); }} />
      <QuietHours set={set} />
    </>
  );
}

/** Whether the server sends mails at all. */
function useServerMails(): boolean {
  const [mails, setMails] = useState(false);
  useEffect(() => {
    let current = true;
    void callServer(getServer, {}).then((outcome) => { if (current && outcome.kind === 'ok') setMails(outcome.value.mail === true); });
    return () => { current = false; };
  }, []);
  return mails;
}

/** What another client chose is offered too. */
const withOther = (offered: readonly number[], chosen: number): number[] => (offered.includes(chosen) ? [...offered] : [...offered, chosen]);
