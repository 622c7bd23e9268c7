import type { DraftView, TimelineView } from '@parley/shared/sync/api';

/** What a tab watches: a readable of the engine by name, with what it is asked for. */
export type Path =
  | ['connection'] | ['storage'] | ['me'] | ['workspaces'] | ['outbox'] | ['threads'] | ['drafts'] | ['saved'] | ['scheduled'] | ['inbox'] | ['sections'] | ['preferences']
  | ['channels', string] | ['channel', string] | ['user', string] | ['presence', string] | ['thread', string] | ['savedOf', string] | ['upload', string]
  | ['typing', string, string | null] | ['draft', string, string | null]
  | ['groups', string] | ['group', string] | ['customEmoji', string]
  | ['timeline', id: string, channelId: string, rootId: string | null];

/** Said between the tabs of one account. `tab` is the follower that asks or is answered. */
export type TabMessage =
  | { kind: 'leader'; leader: string }
  | { kind: 'who_leads'; tab: string }
  | { kind: 'watch'; tab: string; id: number; path: Path }
  | { kind: 'unwatch'; tab: string; id: number }
  | { kind: 'value'; tab: string; id: number; value: unknown }
  | { kind: 'invoke'; tab: string; id: number; method: string; args: unknown[] }
  | { kind: 'result'; tab: string; id: number; value?: unknown; error?: { name: string; message: string; reason?: string } };

/** A readable's value before the leader has said anything. */
export function initialValue(path: Path): unknown {
  switch (path[0]) {
    case 'connection': return { kind: 'starting' };
    case 'storage': return 'ok';
    case 'presence': return 'offline';
    case 'workspaces': case 'outbox': case 'threads': case 'drafts': case 'saved': case 'scheduled': case 'inbox': case 'sections': case 'channels': case 'typing': return [];
    case 'me': case 'channel': case 'user': case 'thread': case 'savedOf': case 'upload': return null;
    case 'groups': case 'customEmoji': return [];
    case 'group': return null;
    case 'preferences': return {};
    case 'draft': return null satisfies DraftView | null;
    case 'timeline':
      return { channelId: path[2], rootId: path[3], messages: [], pending: [], ranges: [], headSeq: 0, firstSeq: 1, loading: { before: false, after: false, cached: false }, savedAt: null, gone: false } satisfies TimelineView;
  }
}
