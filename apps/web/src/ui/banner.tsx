import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './notice.module.css';

const ICONS = { info: Info, warn: TriangleAlert, danger: CircleAlert, ok: CircleCheck };

/** A bar across its place. The one of the whole app stands in the region “Notice”; at most one shows. */
export function Banner({ tone = 'info', actions, role = 'status', children }: { tone?: keyof typeof ICONS; actions?: ReactNode; role?: 'status' | 'alert' | 'note'; children: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={cx(styles.banner, styles[tone])} role={role}>
      <Icon size={18} strokeWidth={1.75} aria-hidden="true" />
      <span className={styles.text}>{children}</span>
      {actions}
    </div>
  );
}
