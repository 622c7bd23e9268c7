import styles from './announcer.module.css';
import { attachAnnouncer } from '../ui/announce.ts';

/** The nodes that screen readers listen to; mounted once, never shown. */
export function Announcer() {
  return (
    <div className={styles.region} ref={(node) => { if (node) attachAnnouncer(node); }}>
      <div aria-live="polite" aria-atomic="true" />
      <div aria-live="polite" aria-atomic="true" />
      <div aria-live="assertive" aria-atomic="true" />
    </div>
  );
}
