import type { Engine } from '@parley/shared/sync/api';
import { panes } from '../features/message-list/panes.ts';
import { readPlace } from '../state/routes.ts';

/**
 * PRN-2: the last keys before a reload. Drafts are encrypted, which takes a moment that a page being torn down does not
 * have; so what stands in the open composers is left in this tab's session storage, and taken back by the next start.
 */
const KEY = 'parley.last-keys';

interface Rescue {
  accountId: string;
  texts: { channelId: string; rootId: string | null; content: string }[];
}

/** At `pagehide`: writes what is in the composers on screen. */
export function leaveLastKeys(engine: Engine): void {
  const { channelId, rootId } = readPlace(location.pathname, location.search);
  if (channelId === null) return;
  const texts: Rescue['texts'] = [];
  for (const root of rootId === null ? [null] : [null, rootId]) {
    const content = panes.composer(channelId, root)?.text();
    if (content !== undefined && content.trim() !== '') texts.push({ channelId, rootId: root, content });
  }
  try {
    if (texts.length > 0) sessionStorage.setItem(KEY, JSON.stringify({ accountId: engine.accountId, texts } satisfies Rescue));
  } catch (error) {
    console.warn('The last keys were not kept.', error);
  }
}

/** At the start, before anything is shown: gives them back to the drafts of the same account. */
export function takeLastKeys(engine: Engine): void {
  let rescue: Rescue | null = null;
  try {
    rescue = JSON.parse(sessionStorage.getItem(KEY) ?? 'null') as Rescue | null;
    sessionStorage.removeItem(KEY);
  } catch (error) {
    console.warn('The last keys could not be read.', error);
  }
  if (rescue === null || rescue.accountId !== engine.accountId) return;
  for (const { channelId, rootId, content } of rescue.texts) if (engine.draft(channelId, rootId).get()?.content !== content) engine.setDraft(channelId, rootId, content);
}
