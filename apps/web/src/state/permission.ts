import { useMemo } from 'react';
import { can, type Action, type Actor, type ChannelFacts } from '@parley/shared/domain/can';
import type { ChannelView } from '@parley/shared/sync/api';
import { useSession } from './session.ts';

/** Who is acting, in a workspace, as far as this device knows; the server decides. */
export function useActor(workspaceId: string): Actor {
  const session = useSession((state) => state.session);
  return useMemo(() => {
    const account = session.kind === 'app' ? session.account : null;
    return { user_id: account?.userId ?? '', server_role: account?.serverRole ?? 'member', workspace_role: account?.roles[workspaceId] ?? 'member' };
  }, [session, workspaceId]);
}

const factsOf = (view: ChannelView): ChannelFacts => ({
  kind: view.channel.kind, archived: view.channel.archived, posting: view.channel.posting, is_default: view.channel.is_default === true,
  member_count: view.channel.member_count, creator_id: view.channel.creator_id ?? null, importing: view.channel.importing === true,
  membership: view.membership === null ? null : { role: view.membership.role, visible_from_seq: view.membership.visible_from_seq },
});

/** Whether an act is offered at all: the same table that the server asks. */
export function useMay(workspaceId: string, view: ChannelView | null): (action: Action) => boolean {
  const actor = useActor(workspaceId);
  return useMemo(() => {
    const resource = view === null ? {} : { channel: factsOf(view) };
    return (action: Action) => can(actor, action, resource) === 'allowed';
  }, [actor, view]);
}
