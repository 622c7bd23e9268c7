import { useState } from 'react';
import { unsubscribeMail } from '@parley/shared/protocol/calls/mail';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { Button } from '../../ui/button.tsx';
import { EntryPage, FormAlert } from './entry-page.tsx';
import styles from './entry.module.css';

/** The last link of a mail: asks, since programs follow links too, then ends these mails. */
export function UnsubscribeScene({ token }: { token: string }) {
  const t = useText();
  const [state, setState] = useState<'asks' | 'busy' | 'done' | 'invalid' | 'failed'>('asks');
  const stop = async () => {
    setState('busy');
    const outcome = await callServer(unsubscribeMail, { token });
    setState(outcome.kind === 'ok' ? 'done' : outcome.kind === 'problem' && outcome.problem.code === 'not_found' ? 'invalid' : 'failed');
  };
  return (
    <EntryPage title={t('unsubscribe.title')}>
      {state === 'failed' && <FormAlert>{t('unsubscribe.failed')}</FormAlert>}
      {state === 'done' && <p role="status">{t('unsubscribe.done')}</p>}
      {state === 'invalid' && <p role="status">{t('unsubscribe.invalid')}</p>}
      {(state === 'asks' || state === 'busy' || state === 'failed') && (
        <>
          <p className={styles.lead}>{t('unsubscribe.text')}</p>
          <Button variant="primary" disabled={state === 'busy'} onClick={() => void stop()}>{t('unsubscribe.submit')}</Button>
        </>
      )}
    </EntryPage>
  );
}
