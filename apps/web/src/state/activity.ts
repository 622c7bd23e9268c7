import { useMemo } from 'react';
import type { InboxEntry } from '@parley/shared/protocol/entities';
import { useChannels, useInbox } from './engine.tsx';

/** ACT-1: what needs the person in a workspace, newest first. Direct messages have their own place in the sidebar. */
export function useActivity(workspaceId: string): readonly InboxEntry[] {
  const inbox = useInbox();
  const channels = useChannels(workspaceId);
  return useMemo(() => {
    const here = new Set(channels.map((view) => view.id));
    return inbox.filter((entry) => entry.kind !== 'dm' && entry.kind !== 'pointer' && (entry.channel_id === undefined ? entry.scheduled_id !== undefined : here.has(entry.channel_id)));
  }, [inbox, channels]);
}
