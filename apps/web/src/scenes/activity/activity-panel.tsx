import { X } from 'lucide-react';
import { useText } from '../../i18n/text.tsx';
import { showPanel } from '../../state/routes.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import scene from '../scene.module.css';
import { useActivityList } from './activity-list.tsx';
import styles from './activity.module.css';

/** ACT-1: the list beside what was opened from it, where it was left. */
export function ActivityPanel() {
  const t = useText();
  const { tabs, acts } = useActivityList(true);
  return (
    <div className={styles.panel}>
      <header className={styles.panelHead}>
        <h2>{t('sidebar.activity')}</h2>
        {acts}
        <IconButton label={t('app.close')} onClick={() => showPanel(null)}><X size={18} strokeWidth={1.75} aria-hidden="true" /></IconButton>
      </header>
      <div className={scene.body}>{tabs}</div>
    </div>
  );
}
