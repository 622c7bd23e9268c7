import { ArrowLeft } from 'lucide-react';
import { useEffect, useRef, type ReactNode } from 'react';
import { useText } from '../i18n/text.tsx';
import { useScreen } from '../state/screen.ts';
import { IconButton } from '../ui/icon-button.tsx';
import styles from './scene.module.css';

/** The title of a scene, which takes the focus when one comes, and its acts. */
export function SceneHead({ title, children }: { title: string; children?: ReactNode }) {
  const t = useText();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const { activeElement } = document;
    if (activeElement === document.body || activeElement?.closest('nav') === null) heading.current?.focus();
  }, []);
  return (
    <header className={styles.head} data-region="5">
      <IconButton label={t('topbar.back')} className={styles.back!} onClick={() => useScreen.setState({ narrowPane: 'list' })}><ArrowLeft size={18} aria-hidden="true" /></IconButton>
      <h1 ref={heading} tabIndex={-1}>{title}</h1>
      {children}
    </header>
  );
}
