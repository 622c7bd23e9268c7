import { useEffect, useRef, type ReactNode } from 'react';
import { Mark } from '../../ui/mark.tsx';
import { cx } from '../../ui/cx.ts';
import styles from './entry.module.css';

/** The page around everything before the app: the mark and one card. */
export function EntryPage({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Parley`;
    if (document.activeElement === document.body) heading.current?.focus();
  }, [title]);
  return (
    <div className={styles.page}>
      <main className={styles.centre}>
        <div className={styles.brand}><Mark size={1.75} />Parley</div>
        <div className={styles.card}>
          <h1 className={styles.title} ref={heading} tabIndex={-1}>{title}</h1>
          {children}
        </div>
      </main>
    </div>
  );
}

/** What failed, above a form; takes the focus when it comes. */
export function FormAlert({ children, className }: { children: ReactNode; className?: string }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.focus(), [children]);
  return <div role="alert" tabIndex={-1} ref={box} className={cx(styles.alert, className)}>{children}</div>;
}
