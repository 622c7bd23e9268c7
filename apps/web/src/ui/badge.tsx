import { cx } from './cx.ts';
import styles from './notice.module.css';

/** A count; over 99 it says “99+”. The row around it says it in words. */
export function Badge({ count, tone = 'mention' }: { count: number; tone?: 'mention' | 'quiet' | 'rail' }) {
  return <span aria-hidden="true" className={cx(styles.badge, tone === 'quiet' && styles.quiet, tone === 'rail' && styles.onRail)}>{count > 99 ? '99+' : count}</span>;
}
