import { useState } from 'react';
import { useIntl } from 'react-intl';
import { useText } from '../../i18n/text.tsx';
import { forgetUnsent } from '../../state/engine-source.ts';
import { useSession, type Session } from '../../state/session.ts';
import { Button } from '../../ui/button.tsx';
import { EntryPage } from './entry-page.tsx';
import { SignInScene } from './sign-in-scene.tsx';
import styles from './entry.module.css';

/** OFF-10: the session ended elsewhere. What was saved is gone; unsent text waits, unreadable, for the same person. */
export function SignedOutScene({ session }: { session: Extract<Session, { kind: 'signed_out' }> }) {
  const t = useText();
  const intl = useIntl();
  const [step, setStep] = useState<'page' | 'sign_in'>('page');
  const [kept, setKept] = useState(true);
  const [asked, setAsked] = useState(false);
  if (step === 'sign_in') return <SignInScene login={session.account.username} />;
  const time = intl.formatTime(session.at);
  return (
    <EntryPage title={t('signedout.title')}>
      <p className={styles.lead}>{t('signedout.text', { reason: t(`signedout.${session.reason}`), time })}</p>
      <p>{t('signedout.wiped')}</p>
      {kept && <p>{t('signedout.kept', { name: session.account.displayName })}</p>}
      <div className={styles.acts}>
        <Button variant="primary" onClick={() => setStep('sign_in')}>{t('signin.submit')}</Button>
        {kept && !asked && <Button onClick={() => setAsked(true)}>{t('signedout.remove')}</Button>}
        {kept && asked && (
          <Button
            variant="danger"
            onClick={() => void forgetUnsent(session.account.userId).then(() => setKept(false))}
          >
            {t('signedout.remove_sure')}
          </Button>
        )}
        {!kept && <span role="status">{t('signedout.removed')}</span>}
      </div>
      <UnsentHint session={session} />
    </EntryPage>
  );
}

function UnsentHint({ session }: { session: Extract<Session, { kind: 'signed_out' }> }) {
  const t = useText();
  const server = useSession((state) => state.serverName);
  return <p className={styles.steps}>{t('signedout.where', { server: server ?? location.host, name: session.account.displayName })}</p>;
}
