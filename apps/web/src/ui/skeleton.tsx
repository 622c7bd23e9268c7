import styles from './notice.module.css';

/** A grey shape where something will stand; sizes in rem. */
export function Skeleton({ width, height = 0.875 }: { width: number | string; height?: number }) {
  return <div className={styles.skeleton} aria-hidden="true" style={{ inlineSize: typeof width === 'number' ? `${width}rem` : width, blockSize: `${height}rem` }} />;
}
