import { X } from 'lucide-react';
import type { ReactNode } from 'react';
import styles from './notice.module.css';

/** A small labelled thing in a row, which may be taken away. */
export function Chip({ icon, removeLabel, onRemove, children }: { icon?: ReactNode; removeLabel?: string; onRemove?(): void; children: ReactNode }) {
  return (
    <span className={styles.chip}>
      {icon}
      <span className={styles.chipText}>{children}</span>
      {onRemove && <button type="button" className={styles.remove} aria-label={removeLabel} onClick={onRemove}><X size={14} aria-hidden="true" /></button>}
    </span>
  );
}
