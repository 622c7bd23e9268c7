import { useEffect } from 'react';
import { useText } from '../../i18n/text.tsx';
import { startSession } from '../../state/session.ts';
import { Button } from '../../ui/button.tsx';
import { EntryPage } from './entry-page.tsx';
import styles from './entry.module.css';

const AGAIN_MS = 5_000;

/** Nothing is saved here yet, and the server is silent: says so, and keeps trying. */
export function UnreachableScene() {
  const t = useText();
  useEffect(() => {
    const again = () => void startSession();
    const timer = setInterval(again, AGAIN_MS);
    window.addEventListener('online', again);
    return () => {
      clearInterval(timer);
      window.removeEventListener('online', again);
    };
  }, []);
  return (
    <EntryPage title={t('unreachable.title')}>
      <p className={styles.lead}>{t('unreachable.text', { host: location.host })}</p>
      <Button variant="primary" onClick={() => void startSession()}>{t('app.try_again')}</Button>
    </EntryPage>
  );
}
