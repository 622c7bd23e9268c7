import { lazy, Suspense, useEffect, useState } from 'react';
import { whenIdle } from '../../platform/when-idle.ts';
import type { DropTarget } from './drop-target.tsx';
import { untilLoaded } from '../../platform/until-loaded.ts';

const Target = lazy(() => untilLoaded(() => import('./drop-target.tsx')).then((m) => ({ default: m.DropTarget })));

/** Where files may be dropped: nothing is dropped while the page is still coming up. */
export function FileDrop(props: Parameters<typeof DropTarget>[0]) {
  const [wanted, setWanted] = useState(false);
  useEffect(() => whenIdle(() => setWanted(true)), []);
  return wanted ? <Suspense fallback={null}><Target {...props} /></Suspense> : null;
}
