import { lazy, Suspense, useEffect, useRef, useState, type FormEvent } from 'react';
import { setUp, type SignedIn } from '@parley/shared/protocol/calls/accounts';
import { withWords } from '../../i18n/catalogue.ts';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { callServer } from '../../state/api.ts';
import { explain, fieldErrors } from '../../state/problem.ts';
import { go, paths } from '../../state/routes.ts';
import { enterAfterSignIn, useSession } from '../../state/session.ts';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Field } from '../../ui/field.tsx';
import { Mark } from '../../ui/mark.tsx';
import { FormAlert } from './entry-page.tsx';
import { Miniature } from './miniature.tsx';
import { PasswordField } from './password-field.tsx';
import { usernameFrom } from './username.ts';
import styles from './entry.module.css';

/** The third step and the fourth: nobody waits for them before. */
const HistoryStep = lazy(() => withWords(import('./history-step.tsx')).then((m) => ({ default: m.HistoryStep })));
const InvitePeopleForm = lazy(() => import('../../features/dialogs/invite-people-form.tsx').then((m) => ({ default: m.InvitePeopleForm })));

const STEPS = ['workspace', 'you', 'history', 'people'] as const;
type Step = 0 | 1 | 2 | 3;

/** SET-1: the first run. Two steps are asked for; history and people may be left out. */
export function SetUpScene({ codeRequired }: { codeRequired: boolean }) {
  const t = useText();
  const [step, setStep] = useState<Step>(0);
  const [values, setValues] = useState({ workspace: '', name: '', username: null as string | null, email: '', password: '', code: '' });
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [error, setError] = useState<string | null>(null);
  const [raced, setRaced] = useState(false);
  const [busy, setBusy] = useState(false);
  const [signedIn, setSignedIn] = useState<SignedIn | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const username = values.username ?? usernameFrom(values.name);
  const change = (part: Partial<typeof values>) => setValues({ ...values, ...part });
  useEffect(() => {
    if (location.pathname !== '/set-up') go('/set-up', { replace: true });
    document.title = `${t('setup.document_title')} · Parley`;
  }, [t]);
  useEffect(() => {
    if (step >= 2) heading.current?.focus();
    else form.current?.querySelector('input')?.focus();
  }, [step]);
  useEffect(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [errors]);

  const toStep = (next: Step) => {
    setErrors({});
    setError(null);
    setStep(next);
  };
  const submitWorkspace = (event: FormEvent) => {
    event.preventDefault();
    if (values.workspace.trim() === '') setErrors({ workspace_name: t('setup.need_workspace') });
    else toStep(1);
  };
  const submitYou = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const wrong: Record<string, string> = {};
    if (values.name.trim() === '') wrong['display_name'] = t('setup.need_name');
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(username)) wrong['username'] = t('setup.need_username');
    if (!/^[^\s@]+@[^\s@]+$/.test(values.email.trim())) wrong['email'] = t('setup.need_email');
    if (values.password.length < 8) wrong['password'] = t('setup.need_password');
    if (codeRequired && values.code.trim() === '') wrong['set_up_code'] = t('setup.need_code');
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    setError(null);
    const outcome = await callServer(setUp, {
      workspace_name: values.workspace.trim(), display_name: values.name.trim(), username, email: values.email.trim(), password: values.password,
      device_name: platform.deviceName, platform: platform.platformName, ...(codeRequired ? { set_up_code: values.code.trim() } : {}),
    });
    setBusy(false);
    if (outcome.kind === 'ok') {
      setSignedIn(outcome.value);
      return toStep(2);
    }
    const code = outcome.kind === 'problem' ? outcome.problem.code : null;
    if (code === 'conflict') return setRaced(true);
    const fields = fieldErrors(outcome);
    if ('workspace_name' in fields) setStep(0);
    setErrors(code === 'forbidden' && codeRequired ? { set_up_code: t('setup.wrong_code') } : fields);
    if (Object.keys(fields).length === 0 && !(code === 'forbidden' && codeRequired)) setError(explain(outcome, t));
  };
  const workspaceId = signedIn?.workspace?.id ?? null;
  const finish = async () => {
    if (signedIn === null) return;
    go(workspaceId === null ? '/' : paths.workspace(workspaceId), { replace: true });
    await enterAfterSignIn(signedIn);
  };

  return (
    <div className={cx(styles.page, styles.two)}>
      <main className={styles.pane}>
        <div className={cx(styles.brand, styles.brandOnPane)}><Mark size={1.75} />Parley</div>
        <ol className={styles.steps} aria-label={t('setup.steps')}>
          {STEPS.map((name, index) => <li key={name} aria-current={index === step ? 'step' : undefined} data-done={index <= step ? '' : undefined}>{t(`setup.step_${name}`)}</li>)}
        </ol>
        <div>
          <h1 className={styles.hero} ref={heading} tabIndex={-1}>{t(`setup.title_${STEPS[step]!}`)}</h1>
          <p className={styles.lead}>{t(`setup.lead_${STEPS[step]!}`)}</p>
        </div>
        {raced && (
          <FormAlert>
            <span>{t('setup.raced')} <button type="button" onClick={() => { useSession.getState().set({ kind: 'sign_in' }); go('/', { replace: true }); }}><u>{t('signin.submit')}</u></button></span>
          </FormAlert>
        )}
        {error !== null && <FormAlert>{error}</FormAlert>}
        {step === 0 && (
          <form className={styles.form} onSubmit={submitWorkspace} noValidate ref={form}>
            <Field label={t('setup.workspace_name')} hint={t('setup.workspace_hint')} autoComplete="organization" maxLength={80} value={values.workspace} error={errors['workspace_name']} onChange={(event) => change({ workspace: event.target.value })} />
            <div className={styles.acts}><Button type="submit" variant="primary">{t('setup.next')}</Button></div>
          </form>
        )}
        {step === 1 && (
          <form className={styles.form} onSubmit={(event) => void submitYou(event)} noValidate ref={form}>
            <Field label={t('setup.display_name')} autoComplete="name" maxLength={80} value={values.name} error={errors['display_name']} onChange={(event) => change({ name: event.target.value })} />
            <Field label={t('setup.username')} hint={t('setup.username_hint')} autoComplete="username" autoCapitalize="off" spellCheck={false} dir="ltr" value={username} error={errors['username']} onChange={(event) => change({ username: event.target.value.toLowerCase() })} />
            <Field label={t('setup.email')} type="email" autoComplete="email" dir="ltr" value={values.email} error={errors['email']} onChange={(event) => change({ email: event.target.value })} />
            <PasswordField label={t('signin.password')} meter autoComplete="new-password" value={values.password} error={errors['password']} onChange={(event) => change({ password: event.target.value })} />
            {codeRequired && <Field label={t('setup.code')} hint={t('setup.code_hint')} autoComplete="off" spellCheck={false} value={values.code} error={errors['set_up_code']} onChange={(event) => change({ code: event.target.value })} />}
            <div className={styles.acts}>
              <Button onClick={() => toStep(0)}>{t('setup.back')}</Button>
              <Button type="submit" variant="primary" busy={busy}>{t('setup.create')}</Button>
            </div>
          </form>
        )}
        {step === 2 && workspaceId !== null && <Suspense fallback={null}><HistoryStep workspaceId={workspaceId} onNext={() => toStep(3)} onOpen={() => void finish()} /></Suspense>}
        {step === 3 && workspaceId !== null && (
          <div className={styles.form}>
            <Suspense fallback={null}><InvitePeopleForm workspaceId={workspaceId} /></Suspense>
            <div className={styles.acts}>
              <Button onClick={() => toStep(2)}>{t('setup.back')}</Button>
              <Button variant="primary" onClick={() => void finish()}>{t('import.open')}</Button>
            </div>
          </div>
        )}
      </main>
      <div className={styles.miniature}><Miniature workspace={values.workspace} name={values.name} channels={[]} /></div>
    </div>
  );
}
