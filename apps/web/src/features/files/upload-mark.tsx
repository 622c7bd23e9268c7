import { RotateCw } from 'lucide-react';
import type { UploadState } from '@parley/shared/sync/api';
import { useText, type Translate } from '../../i18n/text.tsx';
import { useEngine, useUpload } from '../../state/engine.tsx';
import { cx } from '../../ui/cx.ts';
import styles from './files.module.css';

/** How far a file is, in a hundred. */
export const percentOf = (state: UploadState, size: number): number => {
  if (state.kind === 'done') return 100;
  if (state.kind !== 'sending' && state.kind !== 'stopped') return 0;
  return size === 0 ? 0 : Math.min(99, Math.floor((state.sent / size) * 100));
};

/** What the server had against a file, in words. */
export function refusalOf(t: Translate, state: Extract<UploadState, { kind: 'refused' }>): string {
  if (state.code === 'too_large') return t('files.refused_large');
  if (state.code === 'unsupported_media_type') return t('files.refused_type');
  if (state.code === 'quota_exceeded') return t('files.refused_own_quota');
  if (state.code === 'storage_full') return t('files.refused_quota');
  return state.detail === '' ? state.code : state.detail;
}

/** One line on where an upload stands; empty while it needs no words. */
export function stateWords(t: Translate, state: UploadState, size: number): string {
  switch (state.kind) {
    case 'waiting': return t('files.waiting');
    case 'sending': return t('files.percent', { n: percentOf(state, size) });
    case 'stopped': return t('files.stopped', { n: percentOf(state, size) });
    case 'refused': return refusalOf(t, state);
    case 'lost': return t('files.lost');
    case 'done': return '';
  }
}

/** A ring that fills. */
export function Ring({ percent, label }: { percent: number; label: string }) {
  return (
    <svg className={styles.ring} viewBox="0 0 36 36" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <circle className={styles.ringTrack} cx="18" cy="18" r="15" pathLength="100" />
      <circle className={styles.ringFill} cx="18" cy="18" r="15" pathLength="100" strokeDasharray={`${percent} 100`} transform="rotate(-90 18 18)" />
    </svg>
  );
}

/** OFF-15, on a message that waits: how far its file is, and the way on when it stopped. */
export function UploadMark({ id, over = false }: { id: string; over?: boolean }) {
  const t = useText();
  const engine = useEngine();
  const upload = useUpload(id);
  if (upload === null || upload.state.kind === 'done') return null;
  const { state, size, name } = upload;
  return (
    <span className={cx(styles.mark, over && styles.over)}>
      {(state.kind === 'sending' || state.kind === 'waiting') && <Ring percent={percentOf(state, size)} label={t('files.uploading', { name })} />}
      <span className={cx(styles.markText, (state.kind === 'refused' || state.kind === 'lost') && styles.bad)}>{stateWords(t, state, size)}</span>
      {state.kind === 'stopped' && <button type="button" tabIndex={-1} className={styles.markAct} onClick={() => void engine.resumeUpload(id)}><RotateCw size={14} aria-hidden="true" />{t('files.resume')}</button>}
    </span>
  );
}
