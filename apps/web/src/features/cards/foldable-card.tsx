import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useText } from '../../i18n/text.tsx';
import styles from './cards.module.css';

/** A card, or in its place one line that opens it. */
export function FoldableCard({ folded, title, site, children }: { folded: boolean; title: string; site: string; children: ReactNode }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  if (!folded) return <li className={styles.item}>{children}</li>;
  const Arrow = open ? ChevronDown : ChevronRight;
  return (
    <li className={styles.item}>
      <button type="button" tabIndex={-1} className={styles.fold} aria-expanded={open} aria-label={t('cards.fold', { title })} onClick={() => setOpen(!open)}>
        <Arrow size={16} aria-hidden="true" /><span><bdi>{site}</bdi> · <bdi>{title}</bdi></span>
      </button>
      {open && children}
    </li>
  );
}
