import { Download, Upload } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { useIntl } from 'react-intl';
import type { ImportStatus } from '@parley/shared/protocol/calls/imports';
import { useText } from '../../i18n/text.tsx';
import { useNow } from '../top-bar/connection.ts';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Progress } from '../../ui/progress.tsx';
import { forgetImport, uploadArchive, useImportJob, type ImportJob } from './import-job.ts';
import styles from './history.module.css';

/** SET-2: choose an export, watch it come in, see what was left out. `onOpen` leads into the app when it is done. */
export function HistoryImport({ workspaceId, onOpen }: { workspaceId: string; onOpen?(): void }) {
  const job = useImportJob((state) => state.job);
  if (job.kind === 'uploading') return <Uploading job={job} />;
  if (job.kind === 'running') return <Running job={job} />;
  if (job.kind === 'done') return <Done status={job.status} {...(onOpen ? { onOpen } : {})} />;
  return (
    <div className={styles.box}>
      {job.kind === 'failed' && <Failed job={job} />}
      <Choose workspaceId={workspaceId} />
    </div>
  );
}

function Choose({ workspaceId }: { workspaceId: string }) {
  const t = useText();
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const take = (file: File | undefined) => {
    if (!file) return;
    if (!/\.zip$/i.test(file.name)) return setError(t('import.not_zip', { name: file.name }));
    setError(null);
    uploadArchive(file, workspaceId);
  };
  return (
    <div
      className={cx(styles.drop, over && styles.over)}
      onDragOver={(event) => { event.preventDefault(); setOver(true); }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); take(event.dataTransfer.files[0]); }}
    >
      <p>{t('import.explain')}</p>
      <Button icon={<Upload size={18} strokeWidth={1.75} aria-hidden="true" />} onClick={() => input.current?.click()}>{t('import.choose')}</Button>
      <input ref={input} type="file" accept=".zip,application/zip" hidden aria-label={t('import.choose')} onChange={(event) => take(event.target.files?.[0])} />
      {error !== null && <p role="alert">{error}</p>}
    </div>
  );
}

const bytes = (intl: ReturnType<typeof useIntl>, n: number) => intl.formatNumber(n / 1_000_000, { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1 });

function Uploading({ job }: { job: Extract<ImportJob, { kind: 'uploading' }> }) {
  const t = useText();
  const intl = useIntl();
  const now = useNow(1_000, true);
  const share = job.total === 0 ? 0 : job.sent / job.total;
  const left = share > 0.02 ? ((now - job.startedAt) / share) * (1 - share) : null;
  return (
    <div className={styles.box}>
      <p className={styles.result}>{t('import.uploading', { name: job.name })}</p>
      <Progress label={t('import.upload_progress')} value={share} />
      <div className={styles.line}>
        <span>{t('import.bytes', { sent: bytes(intl, job.sent), total: bytes(intl, job.total) })}</span>
        {left !== null && <span>{t('import.left', { seconds: Math.ceil(left / 1000) })}</span>}
      </div>
      <div className={styles.acts}><Button size="small" onClick={job.cancel}>{t('app.cancel')}</Button></div>
    </div>
  );
}

const KINDS = ['users', 'channels', 'messages', 'replies', 'reactions', 'files'] as const;

function Counts({ status }: { status: ImportStatus }) {
  const t = useText();
  const intl = useIntl();
  return <dl className={styles.counts}>{KINDS.map((kind) => <div key={kind}><dd>{intl.formatNumber(status.counts[kind])}</dd><dt>{t(`import.count.${kind}`)}</dt></div>)}</dl>;
}

function Running({ job }: { job: Extract<ImportJob, { kind: 'running' }> }) {
  const t = useText();
  const intl = useIntl();
  const now = useNow(1_000, true);
  const { status } = job;
  const seconds = Math.max(1, (now - job.startedAt) / 1000);
  const share = status?.progress ?? 0;
  const left = share > 0.03 ? (seconds / share) * (1 - share) : null;
  return (
    <div className={styles.box} data-import="running">
      <p className={styles.result} role="status">{status === null || status.state === 'queued' ? t('import.queued') : t('import.running', { percent: Math.floor(share * 100) })}</p>
      <Progress label={t('import.progress')} value={share} />
      <div className={styles.line}>
        {status?.stage !== undefined && <span className={styles.stage}>{status.stage}</span>}
        {status !== null && <span>{t('import.rate', { n: Math.round(status.counts.messages / seconds) })}</span>}
        {left !== null && <span>{t('import.left', { seconds: Math.ceil(left) })}</span>}
        {job.unreached && <span>{t('import.unreached')}</span>}
      </div>
      {status !== null && <Counts status={status} />}
      {status !== null && <Skipped status={status} intl={intl} />}
      <p className={styles.line}>{t('import.leave')}</p>
    </div>
  );
}

function Done({ status, onOpen }: { status: ImportStatus; onOpen?(): void }) {
  const t = useText();
  const intl = useIntl();
  const [shown, setShown] = useState(false);
  const skipped = status.skipped_total ?? status.skipped.length;
  return (
    <div className={styles.box} role="status">
      <p className={styles.result}>{t('import.done', { messages: status.counts.messages, channels: status.counts.channels, skipped })}</p>
      <Counts status={status} />
      <div className={styles.acts}>
        {onOpen ? <Button variant="primary" onClick={onOpen}>{t('import.open')}</Button> : <Button onClick={forgetImport}>{t('import.another')}</Button>}
        {skipped > 0 && !shown && <Button onClick={() => setShown(true)}>{t('import.see_skipped')}</Button>}
      </div>
      {shown && <Skipped status={status} intl={intl} />}
    </div>
  );
}

function Skipped({ status, intl }: { status: ImportStatus; intl: ReturnType<typeof useIntl> }) {
  const t = useText();
  const byReason = useMemo(() => {
    const groups = new Map<string, { n: number; where: string }>();
    for (const item of status.skipped) {
      const group = groups.get(item.reason);
      if (group) group.n++;
      else groups.set(item.reason, { n: 1, where: item.where });
    }
    return [...groups].sort((a, b) => b[1].n - a[1].n);
  }, [status.skipped]);
  if (status.skipped.length === 0) return null;
  const download = () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([status.skipped.map((item) => `${item.where}\t${item.reason}`).join('\n')], { type: 'text/tab-separated-values' }));
    link.download = 'skipped.tsv';
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <>
      <ul className={styles.skipped} tabIndex={0} aria-label={t('import.skipped')}>
        {byReason.map(([reason, group]) => <li key={reason}><strong>{intl.formatNumber(group.n)}</strong><span>{reason}</span><code>{group.where}</code></li>)}
      </ul>
      <div className={styles.acts}><Button size="small" icon={<Download size={16} aria-hidden="true" />} onClick={download}>{t('import.download')}</Button></div>
    </>
  );
}

function Failed({ job }: { job: Extract<ImportJob, { kind: 'failed' }> }) {
  const t = useText();
  return (
    <div className={styles.failed} role="alert">
      <p>{job.reason !== null ? t('import.failed', { reason: job.reason }) : t('problem.unreached')}</p>
      {job.status !== null && job.status.counts.messages > 0 && <p>{t('import.stands', { n: job.status.counts.messages })}</p>}
    </div>
  );
}
