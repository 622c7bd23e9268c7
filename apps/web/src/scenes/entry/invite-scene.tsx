import { useEffect, useState } from 'react';
import { acceptInvite, getInvite, getMe } from '@parley/shared/protocol/calls/accounts';
import type { ResponseOf } from '@parley/shared/protocol/call';
import { useText } from '../../i18n/text.tsx';
import { platform } from '../../platform/platform.ts';
import { callServer } from '../../state/api.ts';
import { explain, fieldErrors } from '../../state/problem.ts';
import { go, paths } from '../../state/routes.ts';
import { enterAfterSignIn } from '../../state/session.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { Field } from '../../ui/field.tsx';
import { Skeleton } from '../../ui/skeleton.tsx';
import { EntryPage, FormAlert } from './entry-page.tsx';
import { PasswordField } from './password-field.tsx';
import { usernameFrom } from './username.ts';
import styles from './entry.module.css';

type Invite = ResponseOf<typeof getInvite>;

/** INV-1: what the invitation is for, and the way in. */
export function InviteScene({ token }: { token: string }) {
  const t = useText();
  const [invite, setInvite] = useState<Invite | 'invalid' | 'unreached' | null>(null);
  const [me, setMe] = useState<ResponseOf<typeof getMe> | null>(null);
  useEffect(() => {
    let current = true;
    void callServer(getInvite, { invite_token: token }).then((outcome) => {
      if (current) setInvite(outcome.kind === 'ok' ? outcome.value : outcome.kind === 'problem' && outcome.problem.status < 500 ? 'invalid' : 'unreached');
    });
    void callServer(getMe, {}).then((outcome) => {
      if (current && outcome.kind === 'ok') setMe(outcome.value);
    });
    return () => {
      current = false;
    };
  }, [token]);
  if (invite === null) return <EntryPage title={t('invite.title')}><Skeleton width="100%" height={8} /></EntryPage>;
  if (invite === 'invalid') return <EntryPage title={t('invite.title')}><p className={styles.lead}>{t('invite.invalid')}</p><Button variant="primary" onClick={() => location.assign('/')}>{t('invite.to_parley')}</Button></EntryPage>;
  if (invite === 'unreached') return <EntryPage title={t('invite.title')}><p className={styles.lead}>{t('problem.unreached')}</p><Button variant="primary" onClick={() => location.reload()}>{t('app.try_again')}</Button></EntryPage>;
  return (
    <EntryPage title={t('invite.heading', { workspace: invite.workspace.name })}>
      <div className={styles.acts}>
        <Avatar id={invite.workspace.id} name={invite.workspace.name} size={2.5} />
        <p className={styles.lead}>{invite.channel_names.length === 0 ? t('invite.by', { name: invite.invited_by }) : t('invite.by_channels', { name: invite.invited_by, channels: invite.channel_names.map((name) => `#${name}`).join(', ') })}</p>
      </div>
      {me === null ? <NewAccount token={token} invite={invite} /> : <JoinAs token={token} invite={invite} name={me.user.display_name} />}
    </EntryPage>
  );
}

function JoinAs({ token, invite, name }: { token: string; invite: Invite; name: string }) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const join = async () => {
    setBusy(true);
    const outcome = await callServer(acceptInvite, { invite_token: token });
    setBusy(false);
    if (outcome.kind !== 'ok') return setError(explain(outcome, t));
    go(paths.workspace(invite.workspace.id), { replace: true });
    await enterAfterSignIn(outcome.value);
  };
  return (
    <>
      {error !== null && <FormAlert>{error}</FormAlert>}
      <Button variant="primary" wide busy={busy} onClick={() => void join()}>{t('invite.join_as', { name })}</Button>
    </>
  );
}

function NewAccount({ token, invite }: { token: string; invite: Invite }) {
  const t = useText();
  const [name, setName] = useState('');
  const [username, setUsername] = useState<string | null>(null);
  const [email, setEmail] = useState(invite.email ?? '');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [error, setError] = useState<string | null>(null);
  const proposed = username ?? usernameFrom(name);
  const submit = async () => {
    const wrong: Record<string, string> = {};
    if (name.trim() === '') wrong['display_name'] = t('setup.need_name');
    if (!/^[^\s@]+@[^\s@]+$/.test(email.trim())) wrong['email'] = t('setup.need_email');
    if (password.length < 8) wrong['password'] = t('setup.need_password');
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(proposed)) wrong['username'] = t('setup.need_username');
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) return;
    setBusy(true);
    setError(null);
    const outcome = await callServer(acceptInvite, { invite_token: token, display_name: name.trim(), username: proposed, email: email.trim(), password, device_name: platform.deviceName, platform: platform.platformName });
    setBusy(false);
    if (outcome.kind === 'ok') {
      go(paths.workspace(invite.workspace.id), { replace: true });
      return enterAfterSignIn(outcome.value);
    }
    setErrors(fieldErrors(outcome));
    setError(outcome.kind === 'problem' && outcome.problem.code === 'conflict' ? t('setup.taken') : explain(outcome, t));
  };
  return (
    <form className={styles.form} noValidate onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      {error !== null && <FormAlert>{error}</FormAlert>}
      <Field label={t('setup.display_name')} autoComplete="name" autoFocus value={name} error={errors['display_name']} onChange={(event) => setName(event.target.value)} />
      <Field label={t('setup.username')} autoComplete="username" autoCapitalize="off" spellCheck={false} value={proposed} error={errors['username']} hint={t('setup.username_hint')} onChange={(event) => setUsername(event.target.value.toLowerCase())} />
      <Field label={t('setup.email')} type="email" autoComplete="email" value={email} readOnly={invite.email !== undefined} error={errors['email']} onChange={(event) => setEmail(event.target.value)} />
      <PasswordField label={t('signin.password')} autoComplete="new-password" meter value={password} error={errors['password']} onChange={(event) => setPassword(event.target.value)} />
      <Button type="submit" variant="primary" wide busy={busy}>{t('invite.join', { workspace: invite.workspace.name })}</Button>
    </form>
  );
}
