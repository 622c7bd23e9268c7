import { lazy, Suspense } from 'react';
import type { AttachedFile } from '@parley/shared/sync/api';
import { whenIdle } from '../../platform/when-idle.ts';
import { boxOfMany, boxOfOne, heightOfOthers, MOST_SHOWN, sizesOf } from './boxes.ts';
import styles from './files.module.css';
import { kindOf } from './kinds.ts';
import type { MessageFiles } from './message-files.tsx';
import { untilLoaded } from '../../platform/until-loaded.ts';

const load = () => import('./message-files.tsx');
const Files = lazy(() => untilLoaded(load).then((m) => ({ default: m.MessageFiles })));
// The first message with files finds it here, even when there is no network by then.
if (typeof window !== 'undefined') whenIdle(() => void load().catch(() => undefined));

/** What a message carries; until the code for it is there, boxes of the same sizes (LST-12). */
export function LazyMessageFiles(props: Parameters<typeof MessageFiles>[0]) {
  return <Suspense fallback={<Boxes id={props.id} files={props.files} />}><Files {...props} /></Suspense>;
}

function Boxes({ id, files }: { id: string; files: readonly AttachedFile[] }) {
  const pictures = files.filter((file) => kindOf(file) === 'picture');
  return (
    <div id={id} className={styles.files}>
      {pictures.length > 0 && <div className={styles.pictures}>{pictures.slice(0, MOST_SHOWN).map((file, i) => <div key={i} className={styles.picture} style={sizesOf(pictures.length === 1 ? boxOfOne(file) : boxOfMany(file))} />)}</div>}
      <div style={{ blockSize: `${Math.max(0, heightOfOthers(files) - 4)}px` }} />
    </div>
  );
}
