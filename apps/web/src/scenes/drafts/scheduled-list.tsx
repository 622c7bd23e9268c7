import { CalendarClock } from 'lucide-react';
import { useState } from 'react';
import { useIntl } from 'react-intl';
import { uuidv7 } from '@parley/shared/domain/ids';
import type { Scheduled } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import { useChat } from '../../features/message-text/chat-context.tsx';
import { useText, type Translate } from '../../i18n/text.tsx';
import { useChannel, useEngine, useScheduled } from '../../state/engine.tsx';
import { zoneName } from '../../state/later-times.ts';
import { useChannelName } from '../../state/people.ts';
import { usePlace } from '../../state/place.tsx';
import { go, paths } from '../../state/routes.ts';
import { openDialog } from '../../state/screen.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { TextField } from '../../ui/field.tsx';
import { showToast } from '../../ui/toast.tsx';
import styles from '../scene.module.css';

/** DRF-1: what the server sends at its time, the next first, and what it could not send. */
export function ScheduledList() {
  const t = useText();
  const intl = useIntl();
  const { preferences: { timeZone } } = useChat();
  const scheduled = useScheduled();
  if (scheduled.length === 0) return <EmptyState icon={<CalendarClock aria-hidden="true" />}>{t('scheduled.none')}</EmptyState>;
  return (
    <div className={styles.group}>
      <ul className={styles.list}>{scheduled.map((one) => <Item key={one.id} scheduled={one} />)}</ul>
      <p className={styles.soft}>{t('time.zone', { zone: zoneName(Date.parse(scheduled[0]!.send_at), intl.locale, timeZone) })}</p>
    </div>
  );
}

function Item({ scheduled }: { scheduled: Scheduled }) {
  const t = useText();
  const intl = useIntl();
  const engine = useEngine();
  const place = usePlace();
  const { preferences: { timeZone } } = useChat();
  const { id, channel_id, parent_message_id, content, send_at } = scheduled;
  const view = useChannel(channel_id);
  const name = useChannelName(view) || t('scheduled.unknown');
  const [editing, setEditing] = useState(false);
  const failed = scheduled.state === 'failed';
  const open = () => go(paths.channel(view?.workspaceId ?? place.workspaceId, channel_id, { rootId: parent_message_id ?? undefined }));
  const when = intl.formatDate(send_at, { weekday: 'long', day: 'numeric', month: 'long', hour: 'numeric', minute: '2-digit', ...(timeZone === undefined ? {} : { timeZone }) });
  const remove = () => {
    void engine.unschedule(channel_id, id);
    showToast(t('scheduled.deleted'), { label: t('app.undo'), run: () => void engine.schedule({ channelId: channel_id, rootId: parent_message_id, content, broadcast: scheduled.broadcast, quiet: scheduled.quiet, sendAt: send_at, clientMsgId: uuidv7({ now: () => Date.now() }, { bytes: (n) => crypto.getRandomValues(new Uint8Array(n)) }) }) });
  };
  const toDraft = async () => {
    const before = engine.draft(channel_id, parent_message_id).get()?.content ?? '';
    engine.setDraft(channel_id, parent_message_id, before.trim() === '' ? content : `${content}\n\n${before}`);
    await engine.flushDrafts();
    await engine.unschedule(channel_id, id);
    open();
  };
  return (
    <li className={styles.item} aria-label={t('scheduled.item', { channel: name, at: when })}>
      <div className={styles.text}>
        <span><bdi className={styles.strong}>{name}</bdi>{parent_message_id !== null && <> · {t('drafts.in_thread')}</>}{scheduled.quiet && <> · {t('scheduled.quiet')}</>}</span>
        {editing ? <Edit content={content} onDone={(next) => { setEditing(false); if (next !== null && next !== content) void engine.reschedule(channel_id, id, { content: next }); }} /> : <span dir="auto">{content.slice(0, 300)}</span>}
        {failed ? <span className={styles.reason} role="note">{t('scheduled.failed', { at: when, reason: reasonOf(scheduled, t) })}</span> : <time className={styles.soft} dateTime={send_at}>{Date.parse(send_at) <= Date.now() ? t('scheduled.now') : t('scheduled.at', { at: when })}</time>}
        {!editing && (
          <div className={styles.row}>
            {failed ? <Button size="small" onClick={open}>{t('scheduled.open_draft')}</Button> : (
              <>
                <Button size="small" onClick={() => setEditing(true)}>{t('app.edit')}</Button>
                <Button size="small" onClick={() => openDialog({ kind: 'pick_time', purpose: 'reschedule', at: Date.parse(send_at), onPick: (at) => void engine.reschedule(channel_id, id, { sendAt: new Date(at).toISOString() }) })}>{t('scheduled.move')}</Button>
                <Button size="small" onClick={() => void engine.reschedule(channel_id, id, { sendAt: new Date().toISOString() })}>{t('scheduled.send_now')}</Button>
                <Button size="small" onClick={() => void toDraft()}>{t('scheduled.to_draft')}</Button>
              </>
            )}
            <Button size="small" onClick={failed ? () => void engine.unschedule(channel_id, id) : remove}>{t(failed ? 'scheduled.dismiss' : 'app.delete')}</Button>
          </div>
        )}
      </div>
    </li>
  );
}

function reasonOf({ failure }: Scheduled, t: Translate): string {
  switch (failure?.code) {
    case 'forbidden': return t('drafts.refused_forbidden');
    case 'not_found': return t('scheduled.failed_not_found');
    case 'conflict': return t('scheduled.failed_conflict');
    default: return failure?.detail ?? '';
  }
}

function Edit({ content, onDone }: { content: string; onDone(next: string | null): void }) {
  const t = useText();
  const [text, setText] = useState(content);
  return (
    <form className={styles.group} onSubmit={(event) => { event.preventDefault(); onDone(text.trim() === '' ? null : text); }} onKeyDown={(event) => { if (event.key === 'Escape') { event.stopPropagation(); onDone(null); } }}>
      <TextField label={t('scheduled.text')} hideLabel autoFocus rows={4} maxLength={LIMITS.content_characters} value={text} onChange={(event) => setText(event.target.value)} />
      <div className={styles.row}><Button size="small" onClick={() => onDone(null)}>{t('app.cancel')}</Button><Button size="small" type="submit" variant="primary">{t('app.save')}</Button></div>
    </form>
  );
}
