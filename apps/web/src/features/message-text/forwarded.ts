import { permalinkPath, type Permalink } from '@parley/shared/domain/permalink';
import type { ChannelView } from '@parley/shared/sync/api';

/**
 * What a forwarded message says: a comment, and the original's address. Text and author stay behind it, so that it tells
 * nobody more than the server would.
 */
export function forwarded(comment: string, original: Permalink, origin: string): string {
  const address = origin + permalinkPath(original);
  return comment.trim() === '' ? address : `${comment.trim()}\n\n${address}`;
}

/** Whether some who read the forwarded message may not see the original. */
export function hidesOriginal(source: Pick<ChannelView, 'id' | 'channel'> | null, targetId: string | null): boolean {
  return source !== null && source.channel.kind !== 'public' && source.id !== targetId;
}
