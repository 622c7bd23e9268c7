import { AlertCircle, Clock } from 'lucide-react';
import type { MessageView, PendingState } from '@parley/shared/sync/api';
import { lazy, Suspense, useEffect, useState } from 'react';
import { withWords } from '../../i18n/catalogue.ts';
import { useText, type Translate } from '../../i18n/text.tsx';
import { useEngine } from '../../state/engine.tsx';
import { Button } from '../../ui/button.tsx';
import { takeBack } from '../composer/undo-send.ts';
import styles from './message-row.module.css';
import { untilLoaded } from '../../platform/until-loaded.ts';

const StuckFile = lazy(() => untilLoaded(() => withWords(import('../files/stuck-file.tsx'))).then((m) => ({ default: m.StuckFile })));

const CLOCK_AFTER_MS = 2_000;

/** True once `at` has passed. */
function usePassed(at: number): boolean {
  const [, render] = useState(0);
  const passed = Date.now() >= at;
  useEffect(() => {
    if (passed) return;
    const timer = setTimeout(() => render((n) => n + 1), at - Date.now() + 5);
    return () => clearTimeout(timer);
  }, [at, passed]);
  return passed;
}

/** LST-5, OFF-7 to OFF-9: what became of a message that the server has not got. */
export function RowState({ id, view, onEdit }: { id: string; view: MessageView; onEdit(): void }) {
  const { pending } = view;
  if (!pending) return null;
  if (pending.kind === 'sending') return pending.act === 'send' ? <Sending id={id} pending={pending} /> : null;
  if (pending.kind === 'held') return <Held id={id} view={view} pending={pending} />;
  if (pending.kind === 'waiting') return <Waiting id={id} pending={pending} />;
  return <Refused id={id} view={view} pending={pending} onEdit={onEdit} />;
}

function Sending({ id, pending }: { id: string; pending: PendingState }) {
  const t = useText();
  if (!usePassed(pending.since + CLOCK_AFTER_MS)) return null;
  return <span id={id} className={styles.state}><Clock size={14} aria-hidden="true" /><span className="visually-hidden">{t('chat.state.sending')}</span></span>;
}

const RING = 2 * Math.PI * 6;

/** CMP-14: how long it can still be taken back. */
function Held({ id, view, pending }: { id: string; view: MessageView; pending: Extract<PendingState, { kind: 'held' }> }) {
  const t = useText();
  const engine = useEngine();
  const { message } = view;
  const left = useSecondsUntil(pending.until) ?? 0;
  const whole = Math.max(1, Math.round((pending.until - pending.since) / 1_000));
  return (
    <div id={id} className={styles.state}>
      <svg className={styles.ring} width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" className={styles.ringGround} />
        <circle cx="8" cy="8" r="6" className={styles.ringLeft} strokeDasharray={RING} strokeDashoffset={RING * (1 - Math.min(1, left / whole))} />
      </svg>
      <span>{t('chat.state.held', { n: left })}</span>
      <Button size="small" onClick={() => void takeBack(engine, message.channel_id, message.parent_message_id, message.client_msg_id, t)}>{t('chat.undo')}</Button>
    </div>
  );
}

function Waiting({ id, pending }: { id: string; pending: Extract<PendingState, { kind: 'waiting' }> }) {
  const t = useText();
  const seconds = useSecondsUntil(pending.retryAt);
  const words = pending.reason === 'files' ? t('chat.state.files', { n: pending.files }) : pending.reason === 'storage_full' ? t('chat.state.storage_full') : pending.reason === 'old' ? t('chat.state.old')
    : pending.reason === 'rate_limited' && seconds !== null ? t('chat.state.again', { n: seconds }) : t('chat.state.waiting');
  return <span id={id} className={styles.state}><Clock size={14} aria-hidden="true" />{words}</span>;
}

function useSecondsUntil(at: number | null): number | null {
  const [, render] = useState(0);
  useEffect(() => {
    if (at === null) return;
    const timer = setInterval(() => render((n) => n + 1), 1_000);
    return () => clearInterval(timer);
  }, [at]);
  return at === null ? null : Math.max(0, Math.ceil((at - Date.now()) / 1_000));
}

function reason(t: Translate, state: Extract<PendingState, { kind: 'refused' }>, length: number): string {
  switch (state.code) {
    case 'forbidden': return t('chat.refused.forbidden');
    case 'not_found': return t('chat.refused.not_found');
    case 'too_large': return t('chat.refused.too_large', { n: Math.max(0, length - 16_000) });
    case 'thread_deleted': return t('chat.refused.thread_deleted');
    default: return state.detail === '' ? t('chat.refused.other', { code: state.code }) : state.detail;
  }
}

function Refused({ id, view, pending, onEdit }: { id: string; view: MessageView; pending: Extract<PendingState, { kind: 'refused' }>; onEdit(): void }) {
  const t = useText();
  const engine = useEngine();
  const item = () => engine.outbox.get().find((entry) => (entry.key === view.key || entry.key === view.message.id) && entry.act === pending.act);
  if (pending.code === 'file_refused' || pending.code === 'file_lost') return <Suspense fallback={null}><StuckFile id={id} view={view} pending={pending} /></Suspense>;
  const act = (run: (itemId: string) => Promise<void>) => () => { const entry = item(); if (entry) void run(entry.id); };
  return (
    <div id={id} className={styles.refused} role="group" aria-label={t('chat.refused.label')}>
      <AlertCircle size={16} aria-hidden="true" />
      <span>{t('chat.refused.line', { reason: reason(t, pending, view.message.content.length) })}</span>
      <Button size="small" tabIndex={-1} onClick={act((entry) => engine.retry(entry))}>{t('chat.retry')}</Button>
      <Button size="small" tabIndex={-1} onClick={onEdit}>{t('chat.edit')}</Button>
      <Button size="small" variant="danger" tabIndex={-1} onClick={act((entry) => engine.discard(entry))}>{t('chat.delete')}</Button>
    </div>
  );
}
