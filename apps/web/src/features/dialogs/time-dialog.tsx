import { useState } from 'react';
import { useIntl } from 'react-intl';
import { useText } from '../../i18n/text.tsx';
import { fromLocalField, reminderTimes, scheduleTimes, toLocalField, zoneName } from '../../state/later-times.ts';
import type { OpenDialog } from '../../state/screen.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Field } from '../../ui/field.tsx';
import { useChat } from '../message-text/chat-context.tsx';
import styles from './dialogs.module.css';

const YEAR_MS = 366 * 86_400_000;

/** LST-32, CMP-14: one of the usual times, or any. It says by whose clock. */
export function TimeDialog({ purpose, at, onPick, onClose }: Omit<Extract<OpenDialog, { kind: 'pick_time' }>, 'kind'> & { onClose(): void }) {
  const t = useText();
  const intl = useIntl();
  const { preferences: { timeZone } } = useChat();
  const [now] = useState(() => Date.now());
  const offered = purpose === 'remind' ? reminderTimes(now, timeZone) : scheduleTimes(now, timeZone);
  const [text, setText] = useState(() => toLocalField(at ?? offered.find(({ id }) => id === 'tomorrow')!.at, timeZone));
  const [wrong, setWrong] = useState<string | null>(null);
  const chosen = fromLocalField(text, timeZone);
  const say = (time: number) => intl.formatDate(time, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit', ...(timeZone === undefined ? {} : { timeZone }) });
  const pick = (time: number) => {
    onClose();
    onPick(time, say(time));
  };
  const submit = () => {
    if (Number.isNaN(chosen)) return setWrong(t('time.none'));
    if (chosen <= Date.now()) return setWrong(t('time.past'));
    if (purpose !== 'remind' && chosen > Date.now() + YEAR_MS) return setWrong(t('time.far'));
    pick(chosen);
  };
  return (
    <Dialog title={t(`time.${purpose}`)} closeLabel={t('app.close')} onClose={onClose} onSubmit={submit}
      actions={<><Button onClick={onClose}>{t('app.cancel')}</Button><Button type="submit" variant="primary">{t(`time.${purpose}_submit`)}</Button></>}>
      <ul className={styles.times} aria-label={t('time.usual')}>
        {offered.map(({ id, at: time }) => (
          <li key={id}><button type="button" onClick={() => pick(time)}><span>{t(`times.${id}`)}</span><span className={styles.when}>{say(time)}</span></button></li>
        ))}
      </ul>
      <Field type="datetime-local" required label={t('time.pick')} value={text} min={toLocalField(now, timeZone)} error={wrong} hint={t('time.zone', { zone: zoneName(Number.isNaN(chosen) ? now : chosen, intl.locale, timeZone) })} onChange={(event) => { setText(event.target.value); setWrong(null); }} />
    </Dialog>
  );
}
