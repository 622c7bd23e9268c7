import type { CustomEmoji } from '../protocol/entities.ts';
import type { GroupView } from './api.ts';
import type { Replica } from './replica.ts';

/** Groups of a workspace in the order of their handles, archived ones too. */
export function groupsView(replica: Replica, workspaceId: string): readonly GroupView[] {
  return replica.groups().filter((g) => g.workspace_id === workspaceId).map((g) => ({ ...g, mine: replica.inGroup(g.id) })).sort((a, b) => (a.handle < b.handle ? -1 : 1));
}

export function groupView(replica: Replica, groupId: string): GroupView | null {
  const group = replica.group(groupId);
  return group && { ...group, mine: replica.inGroup(groupId) };
}

/** Custom emoji of a workspace in the order of their names. */
export function emojiView(replica: Replica, workspaceId: string): readonly CustomEmoji[] {
  return replica.customEmoji().filter((e) => e.workspace_id === workspaceId).sort((a, b) => (a.name < b.name ? -1 : 1));
}
