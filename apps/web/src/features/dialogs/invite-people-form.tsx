import { Check, Copy } from 'lucide-react';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { createInvite } from '@parley/shared/protocol/calls/accounts';
import { useText } from '../../i18n/text.tsx';
import { useCall } from '../../state/use-call.ts';
import { Button } from '../../ui/button.tsx';
import { Select } from '../../ui/choice.tsx';
import { Field } from '../../ui/field.tsx';
import styles from './dialogs.module.css';

/** A link for one person, or for whoever gets it; with an address it opens only for that. */
export function InvitePeopleForm({ workspaceId }: { workspaceId: string }) {
  const t = useText();
  const intl = useIntl();
  const [email, setEmail] = useState('');
  const [role, setRole] = useState<'member' | 'admin' | 'guest'>('member');
  const [links, setLinks] = useState<readonly { url: string; email: string; until: string; mailed: boolean }[]>([]);
  const [copied, setCopied] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);
  const invite = useCall(createInvite);
  const make = async () => {
    const address = email.trim();
    if (address !== '' && !/^[^\s@]+@[^\s@]+$/.test(address)) return setWrong(t('setup.need_email'));
    setWrong(null);
    const made = await invite.run({ workspace_id: workspaceId, role, ...(address === '' ? {} : { email: address }) });
    if (made === null) return;
    setLinks([{ url: made.url, email: address, until: made.expires_at, mailed: made.mailed === true }, ...links]);
    setEmail('');
  };
  const copy = (url: string) => void navigator.clipboard.writeText(url).then(() => setCopied(url), () => setWrong(t('app.copy_failed')));
  return (
    <div className={styles.box}>
      <form className={styles.inline} noValidate onSubmit={(event) => { event.preventDefault(); void make(); }}>
        <Field className={styles.grow!} label={t('invite.email')} hint={t('invite.email_hint')} type="email" dir="ltr" autoComplete="off" value={email} error={wrong ?? invite.errors['email']} onChange={(event) => setEmail(event.target.value)} />
        <Select label={t('invite.role')} value={role} options={(['member', 'guest', 'admin'] as const).map((value) => ({ value, label: t(`role.${value}`) }))} onChange={setRole} />
        <Button type="submit" busy={invite.busy}>{t('invite.make')}</Button>
      </form>
      {invite.error !== null && <p role="alert" className={styles.alert}>{invite.error}</p>}
      <ul className={styles.links} aria-label={t('invite.links')}>
        {links.map((link) => (
          <li key={link.url}>
            <Field label={link.email === '' ? t('invite.link_open') : t(link.mailed ? 'invite.link_mailed' : 'invite.link_for', { email: link.email })} hint={t('invite.until', { time: intl.formatDate(link.until, { dateStyle: 'medium' }) })} readOnly dir="ltr" value={link.url} onFocus={(event) => event.target.select()} />
            <Button size="small" icon={copied === link.url ? <Check size={16} aria-hidden="true" /> : <Copy size={16} aria-hidden="true" />} onClick={() => copy(link.url)}>{copied === link.url ? t('app.copied') : t('app.copy')}</Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
