import { HistoryImport } from '../../features/history/history-import.tsx';
import { useImportJob } from '../../features/history/import-job.ts';
import { useText } from '../../i18n/text.tsx';
import { Button } from '../../ui/button.tsx';
import styles from './entry.module.css';

/** SET-1, the third step: bring history, or start without. */
export function HistoryStep({ workspaceId, onNext, onOpen }: { workspaceId: string; onNext(): void; onOpen(): void }) {
  const t = useText();
  const job = useImportJob((state) => state.job.kind);
  return (
    <div className={styles.form}>
      <HistoryImport workspaceId={workspaceId} onOpen={onOpen} />
      <div className={styles.acts}>
        {job === 'none' || job === 'failed' ? <Button variant={job === 'none' ? 'primary' : 'quiet'} onClick={onNext}>{t('setup.start_fresh')}</Button> : <Button onClick={onNext}>{t('setup.invite_next')}</Button>}
      </div>
    </div>
  );
}
