import { useRef, useState } from 'react';
import { setPresence, setStatus } from '@parley/shared/protocol/calls/accounts';
import { useText } from '../../i18n/text.tsx';
import { callServer } from '../../state/api.ts';
import { useChannels, useEngine, useMe, useOutbox } from '../../state/engine.tsx';
import { explain } from '../../state/problem.ts';
import { signOutHere } from '../../state/session.ts';
import { useCall } from '../../state/use-call.ts';
import { rowBadge } from '../../state/counts.ts';
import { Button } from '../../ui/button.tsx';
import { Checkbox, Select } from '../../ui/choice.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { InvitePeopleForm } from './invite-people-form.tsx';
import { Profile } from '../people/profile.tsx';
import styles from './dialogs.module.css';

type End = 'never' | 'half' | 'hour' | 'four' | 'today' | 'week';
const ENDS: readonly End[] = ['never', 'half', 'hour', 'four', 'today', 'week'];

/** When a status ends, from now; by this device's clock. */
export function endOf(end: End, now: Date): Date | null {
  const date = new Date(now);
  if (end === 'half') date.setMinutes(date.getMinutes() + 30);
  else if (end === 'hour') date.setHours(date.getHours() + 1);
  else if (end === 'four') date.setHours(date.getHours() + 4);
  else if (end === 'today') date.setHours(23, 59, 59, 0);
  else if (end === 'week') {
    date.setDate(date.getDate() + ((7 - date.getDay()) % 7));
    date.setHours(23, 59, 59, 0);
  } else return null;
  return date;
}

const PRESETS = [
  { emoji: '🗓️', id: 'meeting', end: 'hour' },
  { emoji: '🥪', id: 'lunch', end: 'hour' },
  { emoji: '🏡', id: 'away', end: 'today' },
  { emoji: '🤒', id: 'ill', end: 'today' },
  { emoji: '🌴', id: 'holiday', end: 'week' },
] as const;

/** STA-1: an emoji and a few words, with an end. */
export function StatusDialog({ onClose }: { onClose(): void }) {
  const t = useText();
  const me = useMe();
  const [emoji, setEmoji] = useState(me?.status?.emoji ?? '');
  const [text, setText] = useState(me?.status?.text ?? '');
  const [end, setEnd] = useState<End>('never');
  const [pause, setPause] = useState(false);
  const status = useCall(setStatus);
  const save = async (next: { emoji: string; text: string }) => {
    const until = endOf(end, new Date())?.toISOString() ?? null;
    const empty = next.emoji === '' && next.text === '';
    if ((await status.run({ emoji: empty ? '' : next.emoji || '💬', text: next.text, until: empty ? null : until })) === null) return;
    if (pause && until !== null) {
      const why = explain(await callServer(setPresence, { presence: 'dnd', until }), t);
      if (why !== null) showToast(why);
    }
    onClose();
  };
  return (
    <Dialog
      title={t('status.title')} closeLabel={t('app.close')} onClose={onClose} onSubmit={() => void save({ emoji: emoji.trim(), text: text.trim() })}
      actions={<>{me?.status && <Button onClick={() => void save({ emoji: '', text: '' })}>{t('status.clear')}</Button>}<Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary" busy={status.busy}>{t('app.save')}</Button></>}
    >
      {status.error !== null && <p role="alert" className={styles.alert}>{status.error}</p>}
      <div className={styles.status}>
        <Field label={t('status.emoji')} maxLength={16} value={emoji} onChange={(event) => setEmoji(event.target.value)} />
        <Field label={t('status.text')} autoFocus maxLength={100} value={text} onChange={(event) => setText(event.target.value)} />
      </div>
      <div className={styles.presets} role="group" aria-label={t('status.presets')}>
        {PRESETS.map((preset) => (
          <Button key={preset.id} size="small" onClick={() => { setEmoji(preset.emoji); setText(t(`status.preset_${preset.id}`)); setEnd(preset.end); }}>
            <span aria-hidden="true">{preset.emoji}</span>{t(`status.preset_${preset.id}`)}
          </Button>
        ))}
      </div>
      <Select label={t('status.end')} value={end} options={ENDS.map((value) => ({ value, label: t(`status.end_${value}`) }))} onChange={setEnd} />
      {end !== 'never' && <Checkbox label={t('status.pause')} checked={pause} onChange={setPause} />}
    </Dialog>
  );
}

export function InvitePeopleDialog({ workspaceId, onClose }: { workspaceId: string; onClose(): void }) {
  const t = useText();
  return <Dialog title={t('command.invite')} text={t('invite.explain')} wide closeLabel={t('app.close')} onClose={onClose} actions={<Button variant="primary" onClick={onClose}>{t('app.done')}</Button>}><InvitePeopleForm workspaceId={workspaceId} /></Dialog>;
}

export function PersonDialog({ userId, workspaceId, onClose }: { userId: string; workspaceId: string; onClose(): void }) {
  const t = useText();
  return <Dialog title={t('person.profile')} closeLabel={t('app.close')} onClose={onClose}><Profile userId={userId} workspaceId={workspaceId} /></Dialog>;
}

/** RED-6: everything in this workspace is read. */
/** RED-6. */
const UNDO_MS = 10_000;

export function ReadAllDialog({ workspaceId, onClose }: { workspaceId: string; onClose(): void }) {
  const t = useText();
  const engine = useEngine();
  const unread = useChannels(workspaceId).filter((view) => rowBadge(view).unread > 0);
  const run = () => {
    // Where each stood, to go back to: a new epoch on all devices, so that no late ack of another one wins over it.
    const before = unread.map((view) => ({ id: view.id, seq: (view.membership?.read_seq ?? view.headSeq) + 1 }));
    for (const view of unread) engine.read(view.id, view.headSeq);
    onClose();
    showToast(t('readall.done', { n: unread.length }), { label: t('app.undo'), run: () => { for (const { id, seq } of before) void engine.markUnread(id, seq); } }, UNDO_MS);
  };
  return <Dialog title={unread.length === 0 ? t('readall.none') : t('readall.title', { n: unread.length })} closeLabel={t('app.close')} onClose={onClose} actions={<><Button onClick={onClose}>{t('app.cancel')}</Button>{unread.length > 0 && <Button variant="primary" onClick={run}>{t('readall.submit')}</Button>}</>} />;
}

export function SignOutDialog({ onClose }: { onClose(): void }) {
  const t = useText();
  const engine = useEngine();
  const unsent = useOutbox().filter((item) => item.act === 'send').length;
  const safe = useRef<HTMLButtonElement>(null);
  const [busy, setBusy] = useState(false);
  return (
    <Dialog
      title={t('signout.title')} text={unsent > 0 ? t('signout.unsent', { n: unsent }) : t('signout.text')} closeLabel={t('app.close')} onClose={onClose} initialFocus={safe}
      actions={<><Button ref={safe} onClick={onClose}>{t('app.cancel')}</Button><Button variant={unsent > 0 ? 'danger' : 'primary'} busy={busy} onClick={() => { setBusy(true); void signOutHere(engine).finally(onClose); }}>{t('command.sign_out')}</Button></>}
    />
  );
}
