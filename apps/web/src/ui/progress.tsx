import styles from './notice.module.css';

/** How far a job has come, 0 to 1. */
export function Progress({ label, value }: { label: string; value: number }) {
  const percent = Math.round(Math.min(1, Math.max(0, value)) * 100);
  return (
    <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent} className={styles.progress}>
      <div className={styles.bar} style={{ inlineSize: `${percent}%` }} />
    </div>
  );
}
