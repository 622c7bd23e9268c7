import { MessageSquare } from 'lucide-react';
import { useIntl } from 'react-intl';
import { openDm } from '@parley/shared/protocol/calls/channels';
import { getGroups } from '@parley/shared/protocol/calls/groups';
import { useText } from '../../i18n/text.tsx';
import { useEngine, usePresence, useUser } from '../../state/engine.tsx';
import { go, paths } from '../../state/routes.ts';
import { openDialog, useScreen } from '../../state/screen.ts';
import { useCall } from '../../state/use-call.ts';
import { usePages } from '../../state/use-pages.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { PresenceMark } from '../../ui/presence.tsx';
import styles from './people.module.css';

/** What one may know of a person, and the way to a conversation with them. */
export function Profile({ userId, workspaceId }: { userId: string; workspaceId: string }) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const user = useUser(userId);
  const presence = usePresence(userId);
  const dm = useCall(openDm);
  const groups = (usePages(getGroups, { workspace_id: workspaceId, user_id: userId }).items ?? []).filter((group) => !group.archived);
  if (user === null) return <p>{t('person.unknown')}</p>;
  const own = userId === engine.accountId;
  const message = async () => {
    const channel = await dm.run({ workspace_id: workspaceId, user_ids: [userId] });
    if (channel === null) return;
    useScreen.getState().close();
    go(paths.channel(workspaceId, channel.id));
  };
  return (
    <div className={styles.profile}>
      <div className={styles.top}>
        <Avatar id={userId} name={user.display_name} size={4} url={user.avatar_url} bot={user.is_bot} deactivated={user.deactivated} />
        <div className={styles.text}>
          <strong><bdi>{user.display_name}</bdi></strong>
          <span className={styles.soft}>@{user.username}{user.is_bot ? ` · ${t('person.app')}` : ''}</span>
          <span>{user.deactivated ? t('person.deactivated') : <><PresenceMark state={presence} /> {t(`presence.${presence}`)}</>}</span>
        </div>
      </div>
      <dl className={styles.facts}>
        {user.title ? <><dt>{t('person.title')}</dt><dd>{user.title}</dd></> : null}
        {user.status ? <><dt>{t('person.status')}</dt><dd>{user.status.emoji} {user.status.text}{user.status.until ? ` (${t('person.until', { time: intl.formatDate(user.status.until, { dateStyle: 'medium', timeStyle: 'short' }) })})` : ''}</dd></> : null}
        {groups.length > 0 ? <><dt>{t('person.groups')}</dt><dd>{groups.map((group, i) => <span key={group.id}>{i > 0 ? ', ' : ''}<button type="button" className={styles.way} onClick={() => openDialog({ kind: 'group', groupId: group.id })}>@<bdi>{group.handle}</bdi></button></span>)}</dd></> : null}
        {user.email ? <><dt>{t('setup.email')}</dt><dd>{user.email}</dd></> : null}
        {user.time_zone ? <><dt>{t('person.local_time')}</dt><dd>{intl.formatTime(Date.now(), { timeZone: user.time_zone })} ({user.time_zone})</dd></> : null}
      </dl>
      {dm.error !== null && <p role="alert">{dm.error}</p>}
      <div>
        {own ? <Button onClick={() => { useScreen.getState().close(); openDialog({ kind: 'status' }); }}>{t('account.set_status')}</Button> : !user.deactivated && <Button variant="primary" busy={dm.busy} icon={<MessageSquare size={18} strokeWidth={1.75} aria-hidden="true" />} onClick={() => void message()}>{t('person.message')}</Button>}
      </div>
    </div>
  );
}
