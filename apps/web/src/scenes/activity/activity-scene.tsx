import { useText } from '../../i18n/text.tsx';
import { SceneHead } from '../scene-head.tsx';
import scene from '../scene.module.css';
import { useActivityList } from './activity-list.tsx';

/** ACT-1: all that needs the person, in the main pane. */
export function ActivityScene() {
  const t = useText();
  const { tabs, acts } = useActivityList(false);
  return (
    <main className={scene.scene} id="main" aria-label={t('sidebar.activity')}>
      <SceneHead title={t('sidebar.activity')}>{acts}</SceneHead>
      <div className={scene.body} data-region="6">{tabs}</div>
    </main>
  );
}
