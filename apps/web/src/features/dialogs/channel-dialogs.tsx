import { useMemo, useRef, useState } from 'react';
import { archiveChannel, createChannel, getChannels, getMembers, inviteToChannel, leaveChannel, openDm, updateChannel } from '@parley/shared/protocol/calls/channels';
import type { User } from '@parley/shared/protocol/entities';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useChannels } from '../../state/engine.tsx';
import { go, paths } from '../../state/routes.ts';
import { useCall } from '../../state/use-call.ts';
import { usePages } from '../../state/use-pages.ts';
import { Button } from '../../ui/button.tsx';
import { Radio, Switch } from '../../ui/choice.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field, TextField } from '../../ui/field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { PeoplePicker } from '../people/people-picker.tsx';
import styles from './dialogs.module.css';

const NAME = /^[\p{Ll}\p{Lo}\p{M}\p{N}_-]{1,80}$/u;

/** What is typed becomes what is allowed: small letters, hyphens for spaces. */
export const channelNameFrom = (text: string): string => text.toLowerCase().replace(/^#/, '').replace(/\s+/g, '-').slice(0, 80);

interface DialogProps {
  workspaceId: string;
  onClose(): void;
}

/** BRW-1: a new channel; its name is checked while one types. */
export function CreateChannelDialog({ workspaceId, name: initial, onClose }: DialogProps & { name: string }) {
  const t = useText();
  const [name, setName] = useState(channelNameFrom(initial));
  const [isPrivate, setPrivate] = useState(false);
  const [purpose, setPurpose] = useState('');
  const [people, setPeople] = useState<readonly User[]>([]);
  const [tried, setTried] = useState(false);
  const create = useCall(createChannel);
  const own = useChannels(workspaceId);
  const found = usePages(getChannels, name === '' ? null : { workspace_id: workspaceId, query: name, page_size: 20 });
  const taken = own.some((view) => view.channel.name === name) || (found.items ?? []).some((channel) => channel.name === name);
  const error = taken || create.code === 'conflict' ? t('create.taken', { name }) : name !== '' && !NAME.test(name) ? t('create.rules') : tried && name === '' ? t('create.need_name') : (create.errors['name'] ?? null);
  const submit = async () => {
    setTried(true);
    if (name === '' || !NAME.test(name) || taken) return;
    const channel = await create.run({ workspace_id: workspaceId, name, is_private: isPrivate, ...(purpose.trim() === '' ? {} : { purpose: purpose.trim() }), ...(people.length === 0 ? {} : { user_ids: people.map((user) => user.id) }) });
    if (channel === null) return;
    onClose();
    go(paths.channel(workspaceId, channel.id));
  };
  return (
    <Dialog
      title={t('command.create_channel')} closeLabel={t('app.close')} onClose={onClose} onSubmit={() => void submit()}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary" busy={create.busy}>{t('create.submit')}</Button></>}
    >
      {create.error !== null && create.code !== 'conflict' && <p role="alert" className={styles.alert}>{create.error}</p>}
      <Field label={t('create.name')} hint={t('create.rules')} autoComplete="off" spellCheck={false} autoFocus maxLength={80} value={name} error={error} onChange={(event) => setName(channelNameFrom(event.target.value))} />
      <Field label={t('create.purpose')} autoComplete="off" maxLength={500} value={purpose} onChange={(event) => setPurpose(event.target.value)} />
      <Switch label={t('create.private')} hint={t('create.private_hint')} checked={isPrivate} onChange={setPrivate} />
      <AddLater workspaceId={workspaceId} people={people} onChange={setPeople} />
    </Dialog>
  );
}

function AddLater({ workspaceId, people, onChange }: { workspaceId: string; people: readonly User[]; onChange(people: readonly User[]): void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  return open ? <PeoplePicker workspaceId={workspaceId} label={t('create.people')} chosen={people} onChange={onChange} /> : <div><Button variant="plain" onClick={() => setOpen(true)}>{t('create.add_people')}</Button></div>;
}

/** Whom to write to; the same people are always the same conversation. */
export function NewMessageDialog({ workspaceId, onClose }: DialogProps) {
  const t = useText();
  const [people, setPeople] = useState<readonly User[]>([]);
  const dm = useCall(openDm);
  const open = async () => {
    if (people.length === 0) return;
    const channel = await dm.run({ workspace_id: workspaceId, user_ids: people.map((user) => user.id) });
    if (channel === null) return;
    onClose();
    go(paths.channel(workspaceId, channel.id));
  };
  return (
    <Dialog
      title={t('sidebar.new_message')} text={t('newmessage.text')} closeLabel={t('app.close')} onClose={onClose}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button variant="primary" busy={dm.busy} aria-disabled={people.length === 0 || undefined} onClick={() => void open()}>{t('newmessage.open')}</Button></>}
    >
      {dm.error !== null && <p role="alert" className={styles.alert}>{dm.error}</p>}
      <PeoplePicker workspaceId={workspaceId} label={t('newmessage.to')} chosen={people} onChange={setPeople} onDone={() => void open()} />
    </Dialog>
  );
}

export function AddPeopleDialog({ workspaceId, channelId, onClose }: DialogProps & { channelId: string }) {
  const t = useText();
  const view = useChannel(channelId);
  const [people, setPeople] = useState<readonly User[]>([]);
  const [history, setHistory] = useState<'all' | 'now'>('all');
  const invite = useCall(inviteToChannel);
  const members = usePages(getMembers, { channel_id: channelId, page_size: 200 });
  const inside = useMemo(() => new Set((members.items ?? []).map((member) => member.user_id)), [members.items]);
  const add = async () => {
    if (people.length === 0) return;
    const done = await invite.run({ channel_id: channelId, user_ids: people.map((user) => user.id), ...(view?.channel.kind === 'private' ? { history } : {}) });
    if (done === null) return;
    onClose();
    showToast(t('addpeople.done', { n: people.length, channel: view?.channel.name ?? '' }));
  };
  return (
    <Dialog
      title={t('addpeople.title', { channel: view?.channel.name ?? '' })} closeLabel={t('app.close')} onClose={onClose}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button variant="primary" busy={invite.busy} aria-disabled={people.length === 0 || undefined} onClick={() => void add()}>{t('addpeople.add')}</Button></>}
    >
      {invite.error !== null && <p role="alert" className={styles.alert}>{invite.error}</p>}
      <PeoplePicker workspaceId={workspaceId} label={t('create.people')} chosen={people} onChange={setPeople} without={inside} most={100} onDone={() => void add()} />
      {view?.channel.kind === 'private' && (
        <fieldset className={styles.box}>
          <legend>{t('addpeople.history')}</legend>
          <Radio name="history" checked={history === 'all'} onChange={() => setHistory('all')} label={t('addpeople.all')} />
          <Radio name="history" checked={history === 'now'} onChange={() => setHistory('now')} label={t('addpeople.now')} />
        </fieldset>
      )}
    </Dialog>
  );
}

export function RenameChannelDialog({ channelId, onClose }: { channelId: string; onClose(): void }) {
  const t = useText();
  const view = useChannel(channelId);
  const [name, setName] = useState(view?.channel.name ?? '');
  const update = useCall(updateChannel);
  const error = update.code === 'conflict' ? t('create.taken', { name }) : !NAME.test(name) ? t('create.rules') : null;
  const submit = async () => {
    if (NAME.test(name) && (await update.run({ channel_id: channelId, name })) !== null) onClose();
  };
  return (
    <Dialog title={t('rename.title', { channel: view?.channel.name ?? '' })} closeLabel={t('app.close')} onClose={onClose} onSubmit={() => void submit()} actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary" busy={update.busy}>{t('app.save')}</Button></>}>
      {update.error !== null && update.code !== 'conflict' && <p role="alert" className={styles.alert}>{update.error}</p>}
      <Field label={t('create.name')} hint={t('create.rules')} autoFocus autoComplete="off" spellCheck={false} maxLength={80} value={name} error={error} onChange={(event) => setName(channelNameFrom(event.target.value))} />
    </Dialog>
  );
}

export function EditTopicDialog({ channelId, onClose }: { channelId: string; onClose(): void }) {
  const t = useText();
  const view = useChannel(channelId);
  const [topic, setTopic] = useState(view?.channel.topic ?? '');
  const [purpose, setPurpose] = useState(view?.channel.purpose ?? '');
  const update = useCall(updateChannel);
  const submit = async () => {
    if ((await update.run({ channel_id: channelId, topic: topic.trim(), purpose: purpose.trim() })) !== null) onClose();
  };
  return (
    <Dialog title={t('topic.title', { channel: view?.channel.name ?? '' })} closeLabel={t('app.close')} onClose={onClose} onSubmit={() => void submit()} actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary" busy={update.busy}>{t('app.save')}</Button></>}>
      {update.error !== null && <p role="alert" className={styles.alert}>{update.error}</p>}
      <Field label={t('details.topic')} hint={t('topic.hint')} autoFocus maxLength={250} value={topic} onChange={(event) => setTopic(event.target.value)} />
      <TextField label={t('details.purpose')} maxLength={500} value={purpose} onChange={(event) => setPurpose(event.target.value)} />
    </Dialog>
  );
}

export function LeaveChannelDialog({ channelId, onClose }: { channelId: string; onClose(): void }) {
  const t = useText();
  const view = useChannel(channelId);
  const leave = useCall(leaveChannel);
  const safe = useRef<HTMLButtonElement>(null);
  const name = view?.channel.name ?? '';
  const run = async () => {
    if ((await leave.run({ channel_id: channelId })) === null) return;
    onClose();
    showToast(t('leave.done', { channel: name }));
    if (view !== null && view.channel.kind !== 'public') go(paths.workspace(view.workspaceId));
  };
  return (
    <Dialog title={t('leave.title', { channel: name })} text={view?.channel.kind === 'private' ? t('leave.private') : t('leave.public')} closeLabel={t('app.close')} onClose={onClose} initialFocus={safe} actions={<><Button ref={safe} onClick={onClose}>{t('app.cancel')}</Button><Button variant="danger" busy={leave.busy} onClick={() => void run()}>{t('leave.submit')}</Button></>}>
      {leave.error !== null && <p role="alert" className={styles.alert}>{leave.error}</p>}
    </Dialog>
  );
}

export function ArchiveChannelDialog({ channelId, onClose }: { channelId: string; onClose(): void }) {
  const t = useText();
  const view = useChannel(channelId);
  const archive = useCall(archiveChannel);
  const safe = useRef<HTMLButtonElement>(null);
  const run = async () => {
    if ((await archive.run({ channel_id: channelId })) !== null) onClose();
  };
  return (
    <Dialog title={t('archive.title', { channel: view?.channel.name ?? '' })} text={t('archive.text')} closeLabel={t('app.close')} onClose={onClose} initialFocus={safe} actions={<><Button ref={safe} onClick={onClose}>{t('app.cancel')}</Button><Button variant="danger" busy={archive.busy} onClick={() => void run()}>{t('archive.submit')}</Button></>}>
      {archive.error !== null && <p role="alert" className={styles.alert}>{archive.error}</p>}
    </Dialog>
  );
}
