import styles from './avatar.module.css';
import { cx } from './cx.ts';

export type Presence = 'online' | 'away' | 'dnd' | 'offline';

/** Presence, told by shape as well as by colour: full disc, half disc, disc with a bar, ring. */
export function PresenceMark({ state, label, className }: { state: Presence; label?: string; className?: string }) {
  return (
    <svg viewBox="0 0 10 10" className={cx(styles.presence, styles[state], className)} {...(label === undefined ? { 'aria-hidden': true } : { role: 'img', 'aria-label': label })}>
      {state === 'online' && <circle cx="5" cy="5" r="4.5" fill="currentColor" />}
      {state === 'away' && <><circle cx="5" cy="5" r="3.9" fill="none" stroke="currentColor" strokeWidth="1.2" /><path d="M5 .5a4.5 4.5 0 0 1 0 9z" fill="currentColor" /></>}
      {state === 'dnd' && <path fill="currentColor" fillRule="evenodd" d="M5 .5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM2.5 4.1v1.8h5V4.1z" />}
      {state === 'offline' && <circle cx="5" cy="5" r="3.7" fill="none" stroke="currentColor" strokeWidth="1.6" />}
    </svg>
  );
}
