import { Bookmark } from 'lucide-react';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { Link } from 'wouter';
import type { Saved } from '@parley/shared/protocol/entities';
import { useChat } from '../../features/message-text/chat-context.tsx';
import { MessageText } from '../../features/message-text/message-text.tsx';
import { useText } from '../../i18n/text.tsx';
import { useChannel, useEngine, useSaved, useUser } from '../../state/engine.tsx';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { reminderTimes } from '../../state/later-times.ts';
import { paths } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { Field } from '../../ui/field.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { Tabs } from '../../ui/tabs.tsx';
import { showToast } from '../../ui/toast.tsx';
import { SceneHead } from '../scene-head.tsx';
import styles from '../scene.module.css';
import { useKeptMessages, type Kept } from './kept-messages.ts';

const STATES = ['progress', 'done', 'archived'] as const;
const MOST = 100;

/** Overdue first, then by their time, then the latest saved. */
export function inOrder(saved: readonly Saved[]): Saved[] {
  return [...saved].sort((a, b) => (a.due_at ?? '9') .localeCompare(b.due_at ?? '9') || b.saved_at.localeCompare(a.saved_at));
}

/** LTR-1: what is kept for later. */
export function LaterScene() {
  const t = useText();
  const saved = useSaved();
  const [state, setState] = useState<Saved['state']>('progress');
  const [shown, setShown] = useState(MOST);
  const open = saved.filter((one) => one.state === 'progress').length;
  const rows = inOrder(saved.filter((one) => one.state === state)).slice(0, shown);
  const messages = useKeptMessages(rows);
  const panel = rows.length === 0 ? <EmptyState icon={<Bookmark aria-hidden="true" />}>{t(`later.none_${state}`)}</EmptyState> : (
    <>
      <ul className={styles.list}>{rows.map((one) => <Item key={one.message_id} saved={one} kept={messages.get(one.message_id)} />)}</ul>
      {saved.filter((one) => one.state === state).length > shown && <div><Button onClick={() => setShown(shown + MOST)}>{t('app.more')}</Button></div>}
    </>
  );
  return (
    <main className={styles.scene} id="main" aria-label={t('sidebar.later')}>
      <SceneHead title={t('sidebar.later')} />
      <div className={styles.body} data-region="6">
        <Tabs className={styles.column!} label={t('sidebar.later')} value={state} onChange={setState} tabs={STATES.map((value) => ({ value, label: value === 'progress' && open > 0 ? t('later.progress_n', { n: open }) : t(`later.${value}`), panel: value === state ? panel : null }))} />
      </div>
    </main>
  );
}

function Item({ saved, kept }: { saved: Saved; kept: Kept | undefined }) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const place = usePlace();
  const view = useChannel(saved.channel_id);
  const name = useChannelName(view);
  const message = typeof kept === 'object' ? kept : null;
  const author = useUser(message?.author_id ?? engine.accountId);
  const [noting, setNoting] = useState(false);
  const change = (next: Parameters<typeof engine.save>[2]) => void engine.save(saved.channel_id, saved.message_id, next);
  const href = paths.channel(view?.workspaceId ?? place.workspaceId, saved.channel_id, { messageId: saved.message_id, rootId: message?.parent_message_id ?? undefined });
  const overdue = saved.state === 'progress' && saved.due_at != null && (saved.reminded_at != null || Date.parse(saved.due_at) < Date.now());
  const when = (time: string) => intl.formatDate(time, { weekday: 'short', dateStyle: undefined, day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' });
  const remove = () => {
    void engine.unsave(saved.channel_id, saved.message_id);
    showToast(t('later.removed'), { label: t('app.undo'), run: () => change({ state: saved.state, ...(saved.due_at != null ? { dueAt: saved.due_at } : {}), ...(saved.note ? { note: saved.note } : {}) }) });
  };
  return (
    <li className={styles.item} aria-label={message?.content.slice(0, 80) ?? name}>
      <div className={styles.text}>
        <Link href={href}><bdi className={styles.strong}>{message === null ? name : (author?.display_name ?? t('person.unknown'))}</bdi>{message !== null && <span className={styles.soft}> · {name} · {when(message.created_at)}</span>}</Link>
        {message !== null && !message.deleted ? <div><MessageText id={message.id} rev={message.rev} content={message.content} /></div> : kept !== undefined && <span className={styles.soft}>{kept === 'unknown' ? t('later.unseen') : t('later.gone')}</span>}
        {saved.note && !noting && <span dir="auto">{saved.note}</span>}
        {saved.due_at != null && <span className={overdue ? styles.reason : styles.soft}>{t(overdue ? 'later.overdue' : 'later.due', { at: when(saved.due_at) })}</span>}
        {noting && <Note saved={saved} onDone={(note) => { setNoting(false); if (note !== null) change({ note }); }} />}
        <div className={styles.row}>
          {saved.state === 'progress' ? <Button size="small" onClick={() => change({ state: 'done' })}>{t('later.finish')}</Button> : <Button size="small" onClick={() => change({ state: 'progress' })}>{t('later.reopen')}</Button>}
          {saved.state === 'progress' && <Remind saved={saved} onChange={(dueAt) => change({ dueAt })} />}
          <Button size="small" onClick={() => setNoting(!noting)}>{t('later.note')}</Button>
          {saved.state !== 'archived' && <Button size="small" onClick={() => change({ state: 'archived' })}>{t('later.archive')}</Button>}
          <Button size="small" onClick={remove}>{t('later.remove')}</Button>
        </div>
      </div>
    </li>
  );
}

function Note({ saved, onDone }: { saved: Saved; onDone(note: string | null): void }) {
  const t = useText();
  const [text, setText] = useState(saved.note ?? '');
  return (
    <form className={styles.row} onSubmit={(event) => { event.preventDefault(); onDone(text.trim()); }} onKeyDown={(event) => { if (event.key === 'Escape') onDone(null); }}>
      <Field label={t('later.note')} hideLabel autoFocus maxLength={500} value={text} onChange={(event) => setText(event.target.value)} />
      <Button size="small" type="submit" variant="primary">{t('app.save')}</Button>
    </form>
  );
}

function Remind({ saved, onChange }: { saved: Saved; onChange(dueAt: string | null): void }) {
  const t = useText();
  const { preferences: { timeZone } } = useChat();
  const change = (at: number) => onChange(new Date(at).toISOString());
  return (
    <Menu trigger={<Button size="small">{t(saved.reminded_at == null ? 'later.remind' : 'later.snooze')}</Button>}>
      {reminderTimes(Date.now(), timeZone).map(({ id, at }) => <MenuItem key={id} onSelect={() => change(at)}>{t(`times.${id}`)}</MenuItem>)}
      <MenuItem onSelect={() => openDialog({ kind: 'pick_time', purpose: 'remind', at: saved.due_at != null && Date.parse(saved.due_at) > Date.now() ? Date.parse(saved.due_at) : null, onPick: change })}>{t('times.pick')}</MenuItem>
      {saved.due_at != null && <MenuItem onSelect={() => onChange(null)}>{t('later.remind_none')}</MenuItem>}
    </Menu>
  );
}
