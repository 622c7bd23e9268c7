import type { MessageView } from '@parley/shared/sync/api';
import { createContext, useContext } from 'react';

/** What rows ask of the list they stand in. */
export interface ListActions {
  channelId: string;
  rootId: string | null;
  openThread(view: MessageView): void;
  setEditing(key: string | null): void;
  markUnread(view: MessageView): void;
  /** Back to the composer of this list. */
  focusComposer(): void;
  focusRow(key: string): void;
  toggleFold(key: string): void;
  jumpToSince(at: number): void;
  jumpToSeq(seq: number): void;
  jumpToFirstUnread(): void;
  jumpToNewest(): void;
  /** A menu or picker of a row is open: the row stays mounted. */
  hold(key: string, held: boolean): void;
}

export const ListContext = createContext<ListActions | null>(null);

export function useList(): ListActions {
  const list = useContext(ListContext);
  if (!list) throw new Error('Rows stand inside a message list.');
  return list;
}
