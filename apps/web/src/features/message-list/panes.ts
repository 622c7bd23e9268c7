import type { ComposerBoxHandle } from '../composer/composer-box.tsx';
import type { MessageListHandle } from './message-list-view.tsx';

/** The list and the composer of one conversation find each other here, wherever the scene put them. */
const lists = new Map<string, MessageListHandle>();
const composers = new Map<string, ComposerBoxHandle>();
const keyOf = (channelId: string, rootId: string | null) => `${channelId}/${rootId ?? ''}`;

function register<T>(map: Map<string, T>, channelId: string, rootId: string | null, handle: T): () => void {
  const key = keyOf(channelId, rootId);
  map.set(key, handle);
  return () => { if (map.get(key) === handle) map.delete(key); };
}

export const panes = {
  list: (channelId: string, rootId: string | null): MessageListHandle | null => lists.get(keyOf(channelId, rootId)) ?? null,
  composer: (channelId: string, rootId: string | null): ComposerBoxHandle | null => composers.get(keyOf(channelId, rootId)) ?? null,
  addList: (channelId: string, rootId: string | null, handle: MessageListHandle) => register(lists, channelId, rootId, handle),
  addComposer: (channelId: string, rootId: string | null, handle: ComposerBoxHandle) => register(composers, channelId, rootId, handle),
};
