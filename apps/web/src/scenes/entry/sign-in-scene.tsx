import { useRef, useState, type FormEvent } from 'react';
import { signIn } from '@parley/shared/protocol/calls/accounts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { callServer } from '../../state/api.ts';
import { explain } from '../../state/problem.ts';
import { enterAfterSignIn } from '../../state/session.ts';
import { useNow } from '../../features/top-bar/connection.ts';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { EntryPage, FormAlert } from './entry-page.tsx';
import { PasswordField } from './password-field.tsx';
import styles from './entry.module.css';

/** AUT-1. After it, the place asked for: the address stays as it was. */
export function SignInScene({ login: initial = '' }: { login?: string }) {
  const t = useText();
  const [login, setLogin] = useState(initial);
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [blockedUntil, setBlockedUntil] = useState(0);
  const [busy, setBusy] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const now = useNow(1_000, blockedUntil > 0);
  const seconds = Math.ceil((blockedUntil - now) / 1000);
  const submit = async (event?: FormEvent, digits = code) => {
    event?.preventDefault();
    if (busy) return;
    if (login.trim() === '' || password === '') {
      setError(t('signin.empty'));
      if (login.trim() === '') first.current?.focus();
      return;
    }
    setBusy(true);
    setError(null);
    const outcome = await callServer(signIn, { login: login.trim(), password, device_name: platform.deviceName, platform: platform.platformName, ...(digits ? { second_factor: digits } : {}) });
    setBusy(false);
    if (outcome.kind === 'ok') return enterAfterSignIn(outcome.value);
    const problem = outcome.kind === 'problem' ? outcome.problem.code : null;
    if (problem === 'second_factor_required') {
      if (code !== null) setError(t('signin.wrong_code'));
      setCode('');
    } else if (problem === 'rate_limited' && outcome.kind === 'problem') setBlockedUntil(Date.now() + (outcome.retryAfterMs ?? 10_000));
    else if (problem === 'not_authenticated' || problem === 'invalid_request') setError(t('signin.wrong'));
    else setError(explain(outcome, t));
  };
  const limited = blockedUntil > 0 && seconds > 0;
  return (
    <EntryPage title={t('signin.title')}>
      <form className={styles.form} onSubmit={(event) => void submit(event)} noValidate>
        {limited ? <FormAlert>{t('signin.too_many', { seconds })}</FormAlert> : error !== null && <FormAlert>{error}</FormAlert>}
        {code === null ? (
          <>
            <Field ref={first} label={t('signin.login')} autoComplete="username" autoCapitalize="off" spellCheck={false} autoFocus={initial === ''} value={login} onChange={(event) => setLogin(event.target.value)} />
            <PasswordField label={t('signin.password')} autoComplete="current-password" autoFocus={initial !== ''} value={password} onChange={(event) => setPassword(event.target.value)} />
          </>
        ) : (
          <Field
            label={t('signin.code')} hint={t('signin.code_hint')} autoComplete="one-time-code" inputMode="numeric" autoFocus value={code}
            onChange={(event) => {
              const digits = event.target.value.replace(/\s/g, '');
              setCode(digits);
              if (/^\d{6}$/.test(digits)) void submit(undefined, digits);
            }}
          />
        )}
        <Button type="submit" variant="primary" wide busy={busy} aria-disabled={limited || undefined}>{t('signin.submit')}</Button>
      </form>
    </EntryPage>
  );
}
