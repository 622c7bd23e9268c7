import { createElement } from 'react';
import { comesWithKit } from '../../ui/lazy-kit.ts';
import type { MessageMenu } from './message-menu.tsx';
import type { MessageActs } from './use-message-acts.ts';

let loaded: typeof MessageMenu | null = null;
comesWithKit(async () => { loaded = (await import('./message-menu.tsx')).MessageMenu; });

/** A message's menu, which comes with what menus are made of. */
export function LazyMessageMenu({ acts }: { acts: MessageActs }) {
  return loaded && createElement(loaded, { acts });
}
