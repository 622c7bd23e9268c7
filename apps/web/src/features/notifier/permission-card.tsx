import { Bell } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../../i18n/text.tsx';
import { readText, writeText } from '../../platform/device-settings.ts';
import { useInbox } from '../../state/engine.tsx';
import { Button } from '../../ui/button.tsx';
import styles from './permission-card.module.css';

const KEY = 'parley.notify_card';

/** NTF-10: asked after the first direct message, never on load; a refusal is told where it can be taken back. */
export function PermissionCard() {
  const t = useText();
  const entries = useInbox();
  const [permission, setPermission] = useState(() => Notification.permission);
  const [closed, setClosed] = useState(() => readText(KEY) !== null);
  const [refused, setRefused] = useState(false);
  const asked = entries.some((entry) => entry.kind === 'dm');
  if (closed || !asked || (permission !== 'default' && !refused)) return null;
  const close = () => {
    writeText(KEY, 'closed');
    setClosed(true);
  };
  const allow = async () => {
    const answer = await Notification.requestPermission();
    setPermission(answer);
    if (answer === 'denied') setRefused(true);
  };
  return (
    <section className={styles.card} aria-label={t('notify.card')}>
      <Bell size={20} strokeWidth={1.75} aria-hidden="true" />
      <p className={styles.text}>{refused ? t('notify.refused') : t('notify.ask')}</p>
      <div className={styles.acts}>
        {refused ? <Button size="small" onClick={close}>{t('app.close')}</Button> : (
          <>
            <Button size="small" onClick={close}>{t('notify.later')}</Button>
            <Button size="small" variant="primary" onClick={() => void allow()}>{t('notify.allow')}</Button>
          </>
        )}
      </div>
    </section>
  );
}
