import { useState } from 'react';
import { createGroup, deleteGroup, updateGroup } from '@parley/shared/protocol/calls/groups';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { User } from '@parley/shared/protocol/entities';
import type { GroupView } from '@parley/shared/sync/api';
import { useText } from '../../i18n/text.tsx';
import { useGroup } from '../../state/engine.tsx';
import { useUsers } from '../../state/people.ts';
import { useMay } from '../../state/permission.ts';
import { openDialog } from '../../state/screen.ts';
import { useCall } from '../../state/use-call.ts';
import { Avatar } from '../../ui/avatar.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import dialogs from '../dialogs/dialogs.module.css';
import { PeoplePicker } from '../people/people-picker.tsx';
import styles from './groups.module.css';
import { useGroupMembers } from './use-members.ts';

const HANDLE = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const EVERYBODY = ['channel', 'here', 'everyone', 'all'];

/** What is typed becomes what is allowed: small letters, hyphens for spaces. */
export const handleFrom = (text: string): string => text.normalize('NFKD').replace(/\p{M}+/gu, '').toLowerCase().replace(/^@/, '').replace(/\s+/g, '-').replace(/[^a-z0-9._-]/g, '').replace(/^[._-]+/, '').slice(0, 64);

/** Who is in a group, and the way to change it for those who may. */
export function GroupDialog({ groupId, onClose }: { groupId: string; onClose(): void }) {
  const t = useText();
  const group = useGroup(groupId);
  const may = useMay(group?.workspace_id ?? '', null)('workspace.groups_emoji');
  const members = useGroupMembers(groupId, group?.member_count ?? 0);
  const people = useUsers(members.ids ?? []);
  if (group === null) return <Dialog title={t('command.groups')} closeLabel={t('app.close')} onClose={onClose} actions={<Button onClick={onClose}>{t('app.close')}</Button>}><p>{t('groups.gone')}</p></Dialog>;
  return (
    <Dialog title={group.name} text={`@${group.handle} · ${t('chat.group_members', { n: group.member_count })}${group.archived ? ` · ${t('groups.archived')}` : ''}`} closeLabel={t('app.close')} onClose={onClose}
      actions={<><Button onClick={onClose}>{t('app.close')}</Button>{may && <Button onClick={() => openDialog({ kind: 'edit_group', groupId })}>{t('groups.edit')}</Button>}</>}>
      {members.ids === null ? <p className={styles.soft}>{members.failed ? t('app.needs_server') : t('app.loading')}</p> : members.ids.length === 0 ? <p className={styles.soft}>{t('groups.nobody')}</p> : (
        <ul className={styles.people} aria-label={t('groups.members', { group: group.name })} tabIndex={0}>
          {members.ids.map((id) => {
            const user = people.get(id);
            return (
              <li key={id}>
                <button type="button" className={styles.person} onClick={() => openDialog({ kind: 'person', userId: id })}>
                  <Avatar id={id} name={user?.display_name ?? ''} size={1.75} url={user?.avatar_url} />
                  <span><bdi>{user?.display_name ?? t('person.unknown')}</bdi> <span className={styles.soft}>{user ? `@${user.username}` : ''}</span></span>
                </button>
              </li>
            );
          })}
        </ul>
      )}
    </Dialog>
  );
}

/** A new group, or another name, other people for one; and its end. */
export function EditGroupDialog({ workspaceId, groupId, onClose }: { workspaceId: string; groupId: string | null; onClose(): void }) {
  const t = useText();
  const group = useGroup(groupId ?? '');
  const [opened] = useState(group);
  const members = useGroupMembers(groupId, 0);
  const users = useUsers(members.ids ?? []);
  const known = members.ids !== null && members.ids.every((id) => users.has(id));
  if (groupId !== null && group === null) return <Dialog title={t('groups.edit')} closeLabel={t('app.close')} onClose={onClose} actions={<Button onClick={onClose}>{t('app.close')}</Button>}><p>{t('groups.gone')}</p></Dialog>;
  if (!known) return <Dialog title={t('groups.edit')} closeLabel={t('app.close')} onClose={onClose} actions={<Button onClick={onClose}>{t('app.cancel')}</Button>}><p className={styles.soft}>{members.failed ? t('app.needs_server') : t('app.loading')}</p></Dialog>;
  return <GroupForm workspaceId={opened?.workspace_id ?? workspaceId} group={group} before={(members.ids ?? []).map((id) => users.get(id)!)} onClose={onClose} />;
}

function GroupForm({ workspaceId, group, before, onClose }: { workspaceId: string; group: GroupView | null; before: readonly User[]; onClose(): void }) {
  const t = useText();
  const [name, setName] = useState(group?.name ?? '');
  const [handle, setHandle] = useState(group?.handle ?? '');
  const [own, setOwn] = useState(group !== null);
  const [first] = useState(before);
  const [people, setPeople] = useState<readonly User[]>(before);
  const [tried, setTried] = useState(false);
  const [dropping, setDropping] = useState(false);
  const create = useCall(createGroup);
  const update = useCall(updateGroup);
  const drop = useCall(deleteGroup);
  const call = group === null ? create : update;
  const wanted = own ? handle : handleFrom(name);
  const taken = call.code === 'conflict';
  const handleError = taken ? t('groups.taken', { handle: wanted }) : EVERYBODY.includes(wanted) ? t('groups.everybody', { handle: wanted }) : tried && !HANDLE.test(wanted) ? t('groups.handle_hint') : null;
  const submit = async () => {
    setTried(true);
    if (name.trim() === '' || !HANDLE.test(wanted) || EVERYBODY.includes(wanted)) return;
    const ids = people.map((user) => user.id);
    const done = group === null
      ? await create.run({ workspace_id: workspaceId, name: name.trim(), handle: wanted, user_ids: ids })
      // Only what was changed here: somebody else may be at it, too.
      : await update.run({
        group_id: group.id, ...(name.trim() !== group.name && { name: name.trim() }), ...(wanted !== group.handle && { handle: wanted }),
        add_user_ids: ids.filter((id) => !first.some((user) => user.id === id)), remove_user_ids: first.filter((user) => !ids.includes(user.id)).map((user) => user.id),
      });
    if (done !== null) onClose();
  };
  const archive = async () => { if (group !== null && (await update.run({ group_id: group.id, archived: !group.archived })) !== null) onClose(); };
  const end = async () => { if (group !== null && (await drop.run({ group_id: group.id })) !== null) onClose(); };
  return (
    <Dialog
      title={group === null ? t('groups.new') : t('groups.edit')} closeLabel={t('app.close')} onClose={onClose} onSubmit={() => void submit()}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary" busy={call.busy}>{group === null ? t('groups.create') : t('app.save')}</Button></>}
    >
      {call.error !== null && !taken && <p role="alert" className={dialogs.alert}>{call.error}</p>}
      {drop.error !== null && <p role="alert" className={dialogs.alert}>{drop.error}</p>}
      <Field label={t('groups.name')} hint={t('groups.name_hint')} autoFocus autoComplete="off" maxLength={80} value={name} error={tried && name.trim() === '' ? t('groups.need_name') : null} onChange={(event) => setName(event.target.value)} />
      <Field label={t('groups.handle')} hint={t('groups.handle_hint')} autoComplete="off" spellCheck={false} maxLength={64} value={wanted} error={handleError} onChange={(event) => { setOwn(true); setHandle(handleFrom(event.target.value)); }} />
      <PeoplePicker workspaceId={workspaceId} label={t('groups.people')} chosen={people} onChange={setPeople} most={LIMITS.group_members} autoFocus={false} />
      {group !== null && (
        <div className={styles.end}>
          <div className={styles.acts}>
            <Button size="small" busy={update.busy} onClick={() => void archive()}>{group.archived ? t('groups.restore') : t('groups.archive')}</Button>
            {dropping ? <Button size="small" variant="danger" busy={drop.busy} onClick={() => void end()}>{t('groups.delete_sure', { handle: group.handle })}</Button> : <Button size="small" onClick={() => setDropping(true)}>{t('groups.delete')}</Button>}
          </div>
          <p className={styles.soft}>{t('groups.archive_hint')}</p>
        </div>
      )}
    </Dialog>
  );
}
