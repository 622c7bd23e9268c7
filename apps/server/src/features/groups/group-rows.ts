import { userStream, workspaceStream } from '@parley/shared/domain/streams';
import type { Group } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { ReadTx, Tx } from '../../storage/port.ts';
import { putEntity } from '../../storage/streams.ts';
import { groupMembers, groups, users, workspaceMembers, type GroupMemberRow, type GroupRow } from '../../storage/tables.ts';

const GROUP_TYPE = 'group';
const MEMBERSHIP_TYPE = 'group_membership';

export const handleClaim = (workspaceId: string, handle: string): string => `handle:${workspaceId}:${handle}`;

/** Stores a group and tells it to the workspace. */
export async function putGroup(tx: Tx, row: GroupRow): Promise<Group> {
  await tx.put(groups, row);
  await putEntity(tx, workspaceStream(row.workspace_id), { type: GROUP_TYPE, ...row.doc });
  return row.doc;
}

/** Drops a group with its people. What names it goes on naming whom it named. */
export async function dropGroup(tx: Tx, row: GroupRow): Promise<void> {
  for (const member of await membersOf(tx, row.id)) await take(tx, member);
  await tx.delete(groups, [row.id]);
  await putEntity(tx, workspaceStream(row.workspace_id), { type: GROUP_TYPE, id: row.id, workspace_id: row.workspace_id, deleted: true });
}

/** All of a group, in the order of their ids. */
export const membersOf = (tx: ReadTx, groupId: string): Promise<GroupMemberRow[]> => tx.find(groupMembers, { prefix: [groupId], limit: LIMITS.group_members });

/** The people a group shall have, changed in its row, which the caller stores. @returns whether anybody came or went. */
export async function changeMembers(tx: Tx, row: GroupRow, change: { add: readonly string[]; remove: readonly string[] }): Promise<boolean> {
  const before = row.doc.member_count;
  let moved = 0;
  for (const userId of new Set(change.remove)) {
    const member = await tx.get(groupMembers, [row.id, userId]);
    if (!member) continue;
    await take(tx, member);
    moved += 1;
    row.doc.member_count -= 1;
  }
  for (const userId of new Set(change.add)) {
    if (await tx.get(groupMembers, [row.id, userId])) continue;
    await tx.put(groupMembers, { group_id: row.id, user_id: userId, workspace_id: row.workspace_id, added_at: tx.now() });
    await putEntity(tx, userStream(userId), { type: MEMBERSHIP_TYPE, id: row.id, group_id: row.id, workspace_id: row.workspace_id });
    moved += 1;
    row.doc.member_count += 1;
  }
  if (row.doc.member_count > LIMITS.group_members && row.doc.member_count > before) throw wrong('user_ids', `at most ${LIMITS.group_members} people`);
  return moved > 0;
}

/** Takes a person out of the groups of a workspace, or of all. */
export async function leaveGroups(tx: Tx, userId: string, workspaceId?: string): Promise<void> {
  for (const member of await tx.find(groupMembers, { index: 'by_user', prefix: workspaceId === undefined ? [userId] : [userId, workspaceId], limit: 10_000 })) {
    const row = await tx.get(groups, [member.group_id]);
    if (row && (await changeMembers(tx, row, { add: [], remove: [userId] }))) await putGroup(tx, row);
  }
}

/** @throws ParleyError `invalid_request` when one of them is not of the workspace, or is no longer. */
export async function demandPeople(tx: ReadTx, workspaceId: string, field: string, userIds: readonly string[]): Promise<void> {
  for (const [at, id] of userIds.entries()) {
    const member = await tx.get(workspaceMembers, [workspaceId, id]);
    if (!member || member.deactivated || (await tx.get(users, [id]))?.doc.deactivated !== false) throw wrong(`${field}.${at}`, 'nobody of this workspace');
  }
}

async function take(tx: Tx, member: GroupMemberRow): Promise<void> {
  await tx.delete(groupMembers, [member.group_id, member.user_id]);
  await putEntity(tx, userStream(member.user_id), { type: MEMBERSHIP_TYPE, id: member.group_id, deleted: true });
}

export const wrong = (path: string, message: string): ParleyError => new ParleyError('invalid_request', undefined, { errors: [{ path, message }] });
