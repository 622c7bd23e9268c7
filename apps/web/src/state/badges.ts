import { useMemo } from 'react';
import { badgesOf, type Badges } from './counts.ts';
import { useChannels, useEngine, useSaved, useThreads, useWorkspaces } from './engine.tsx';
import { combine } from './people.ts';
import { useReadable } from './readable.ts';

/** BDG-2: what waits in all workspaces of the account; sidebar, title and favicon read it here. */
export function useBadges(): Badges {
  const engine = useEngine();
  const workspaces = useWorkspaces();
  const lists = useReadable(useMemo(() => combine(workspaces.map((workspace) => engine.channels(workspace.id))), [engine, workspaces]));
  const threads = useThreads();
  const saved = useSaved();
  return useMemo(() => badgesOf({ channels: lists.flat(), threads, saved }), [lists, threads, saved]);
}

/** What waits in the channels of one workspace, for its place in the rail. */
export function useWorkspaceBadges(workspaceId: string): Badges {
  const channels = useChannels(workspaceId);
  const threads = useThreads();
  return useMemo(() => {
    const here = new Set(channels.map((view) => view.id));
    return badgesOf({ channels, threads: threads.filter((thread) => here.has(thread.channel_id)), saved: [] });
  }, [channels, threads]);
}
