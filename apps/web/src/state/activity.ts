import { useMemo } from 'react';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { useChannels, useInbox } from './engine.tsx';

/** ACT-1: direct messages have their own place in the sidebar, and a pointer says only what the sidebar shows: that a large channel is unread. */
export function inActivity(entry: InboxEntry, channelIds: ReadonlySet<string>): boolean {
  if (entry.kind === 'dm' || entry.kind === 'pointer') return false;
  return entry.channel_id === undefined ? entry.scheduled_id !== undefined : channelIds.has(entry.channel_id);
}

/** ACT-1: what needs the person in a workspace, newest first. */
export function useActivity(workspaceId: string): readonly InboxEntry[] {
  const inbox = useInbox();
  const channels = useChannels(workspaceId);
  return useMemo(() => {
    const here = new Set(channels.map((view) => view.id));
    return inbox.filter((entry) => inActivity(entry, here));
  }, [inbox, channels]);
}
