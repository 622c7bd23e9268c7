import type { Group } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { ReadTx } from '../../storage/port.ts';
import { claims, groups, type GroupRow } from '../../storage/tables.ts';
import { claim } from '../accounts/account-rows.ts';
import { demandInWorkspace, type ActorRef } from '../channels/channel-access.ts';
import { membersMayInvite, workspaceOf } from '../workspaces/workspace-rows.ts';
import { changeMembers, demandPeople, dropGroup, handleClaim, membersOf, putGroup, wrong } from './group-rows.ts';

/** What is left out stays. `user_ids` are all people of the group. */
export interface GroupChange {
  name?: string;
  handle?: string;
  archived?: boolean;
  user_ids?: string[];
  add_user_ids?: string[];
  remove_user_ids?: string[];
}

export const groupCommands = {
  /** @throws ParleyError `conflict` when the workspace has a group of this handle. */
  'groups.create': defineCommand(async (tx, args: { who: ActorRef; id: string; workspace_id: string; name: string; handle: string; user_ids: string[] }): Promise<Group> => {
    await demandMayManage(tx, args.who, args.workspace_id);
    if ((await tx.count(groups, { index: 'by_handle', prefix: [args.workspace_id] })) >= LIMITS.groups) throw wrong('handle', `at most ${LIMITS.groups} groups`);
    await claim(tx, handleClaim(args.workspace_id, args.handle), args.id);
    await demandPeople(tx, args.workspace_id, 'user_ids', args.user_ids);
    const row: GroupRow = {
      id: args.id, workspace_id: args.workspace_id, handle: args.handle, created_by: args.who.user_id, created_at: tx.now(),
      doc: { id: args.id, workspace_id: args.workspace_id, name: args.name, handle: args.handle, member_count: 0, archived: false },
    };
    await changeMembers(tx, row, { add: args.user_ids, remove: [] });
    return putGroup(tx, row);
  }),

  /** A change that changes nothing takes no rev. @throws ParleyError `conflict` when another group has the handle. */
  'groups.update': defineCommand(async (tx, args: { who: ActorRef; group_id: string; change: GroupChange }): Promise<Group> => {
    const row = await demandGroup(tx, args.who, args.group_id);
    const { name, handle, archived, user_ids } = args.change;
    const before = user_ids === undefined ? [] : (await membersOf(tx, row.id)).map((member) => member.user_id);
    const add = user_ids?.filter((id) => !before.includes(id)) ?? args.change.add_user_ids ?? [];
    const remove = user_ids === undefined ? (args.change.remove_user_ids ?? []) : before.filter((id) => !user_ids.includes(id));
    await demandPeople(tx, row.workspace_id, user_ids ? 'user_ids' : 'add_user_ids', add);
    let changed = await changeMembers(tx, row, { add, remove });
    if (handle !== undefined && handle !== row.handle) {
      await claim(tx, handleClaim(row.workspace_id, handle), row.id);
      await tx.delete(claims, [handleClaim(row.workspace_id, row.handle)]);
      row.handle = row.doc.handle = handle;
      changed = true;
    }
    if (name !== undefined && name !== row.doc.name) { row.doc.name = name; changed = true; }
    if (archived !== undefined && archived !== row.doc.archived) { row.doc.archived = archived; changed = true; }
    return changed ? putGroup(tx, row) : row.doc;
  }),

  'groups.delete': defineCommand(async (tx, args: { who: ActorRef; group_id: string }) => {
    const row = await demandGroup(tx, args.who, args.group_id);
    await tx.delete(claims, [handleClaim(row.workspace_id, row.handle)]);
    await dropGroup(tx, row);
    return {};
  }),
};

/** @throws ParleyError unless the person may make and change groups and emoji of the workspace. */
export async function demandMayManage(tx: ReadTx, who: ActorRef, workspaceId: string): Promise<void> {
  const workspace = await workspaceOf(tx, workspaceId);
  await demandInWorkspace(tx, who, workspaceId, 'workspace.groups_emoji', { members_may_invite: workspace ? membersMayInvite(workspace) : false });
}

async function demandGroup(tx: ReadTx, who: ActorRef, id: string): Promise<GroupRow> {
  const row = await tx.get(groups, [id]);
  if (!row) throw new ParleyError('not_found', 'not there, or not for you');
  await demandMayManage(tx, who, row.workspace_id);
  return row;
}
