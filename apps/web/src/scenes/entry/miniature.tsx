import { Hash } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { Avatar } from '../../ui/avatar.tsx';
import { cx } from '../../ui/cx.ts';
import { Mark } from '../../ui/mark.tsx';
import styles from './miniature.module.css';

/** SET-1: the sheet as it will be, filling with what is typed. A picture: it is not said. */
export function Miniature({ workspace, name, channels }: { workspace: string; name: string; channels: readonly string[] }) {
  const t = useText();
  const shown = workspace.trim() || t('setup.mini_workspace');
  const person = name.trim() || t('setup.mini_you');
  return (
    <div className={styles.frame} aria-hidden="true">
      <div className={styles.top}><Mark size={1} /><span className={styles.field} /><Avatar id={person} name={person} size={1.25} /></div>
      <div className={styles.sheet}>
        <div className={styles.side}>
          <div className={styles.name}><Avatar id={shown} name={shown} size={1.5} /><span dir="auto">{shown}</span></div>
          {['general', ...channels].slice(0, 7).map((channel, index) => (
            <div key={channel} className={cx(styles.line, index === 0 && styles.current)}><Hash size={14} strokeWidth={1.75} /><span>{channel}</span></div>
          ))}
        </div>
        <div className={styles.main}>
          <div className={styles.head}># general</div>
          <div className={styles.list}>
            <div className={styles.row}>
              <Avatar id={person} name={person} size={2} />
              <div className={styles.words}><b dir="auto">{person}</b><span className={styles.time}>9:41</span><br />{t('setup.mini_message', { workspace: shown })}</div>
            </div>
          </div>
          <div className={styles.box}>{t('setup.mini_composer')}</div>
        </div>
      </div>
    </div>
  );
}
