import type { ReactNode } from 'react';
import styles from './notice.module.css';

/** What would be here, in one line, and the one act that fills it. */
export function EmptyState({ icon, action, children }: { icon?: ReactNode; action?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.empty}>
      {icon !== undefined && <div className={styles.emptyIcon}>{icon}</div>}
      <p>{children}</p>
      {action}
    </div>
  );
}
