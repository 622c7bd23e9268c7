import { userStream, workspaceStream } from '@parley/shared/domain/streams';
import type { Workspace } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx, StreamControl, Tx } from '../../storage/port.ts';
import { headOf, putEntity } from '../../storage/streams.ts';
import { entities, heads, workspaceMembers, type EntityRow, type UserRow, type WorkspaceMemberRow } from '../../storage/tables.ts';
import { indexPerson } from '../accounts/account-rows.ts';
import { leaveGroups } from '../groups/group-rows.ts';
import { sortName } from '../accounts/person-words.ts';
import { indexKeywords } from '../inbox/keyword-watchers.ts';

export type WorkspaceRole = WorkspaceMemberRow['role'];

/** Undefined when there is none. */
export async function workspaceOf(tx: ReadTx, id: string): Promise<Workspace | undefined> {
  const row = await tx.get(entities, [workspaceStream(id), 'workspace', id]);
  return row ? presentWorkspace(row as EntityRow<Workspace>) : undefined;
}

export async function requireWorkspace(tx: ReadTx, id: string): Promise<Workspace> {
  const workspace = await workspaceOf(tx, id);
  if (!workspace) throw new ParleyError('not_found', 'no such workspace');
  return workspace;
}

export function presentWorkspace(row: EntityRow<Workspace>): Workspace {
  const { id, name, settings } = row.doc;
  return { id, name, settings };
}

/** Whether members may invite people: the workspace's setting, by default they may. */
export const membersMayInvite = (workspace: Workspace): boolean => workspace.settings['members_may_invite'] !== false;

/** Whether messages get cards of their links: the workspace's setting, by default they do. */
export const linkCardsOn = (workspace: Workspace): boolean => workspace.settings['link_cards'] !== false;

export async function insertWorkspace(tx: Tx, workspace: { id: string; name: string }): Promise<Workspace> {
  const row = await putEntity(tx, workspaceStream(workspace.id), { type: 'workspace', id: workspace.id, name: workspace.name, settings: {} });
  return presentWorkspace(row as EntityRow<Workspace>);
}

/**
 * Makes a person a member of a workspace, or one again who was; one who is keeps the role. Their gateways follow the
 * workspace from here on. Channels are joined by the caller.
 */
export async function addToWorkspace(tx: Tx, workspaceId: string, user: UserRow, role: WorkspaceRole): Promise<{ row: WorkspaceMemberRow; joined: boolean }> {
  const known = await tx.get(workspaceMembers, [workspaceId, user.id]);
  if (known && !known.deactivated) return { row: known, joined: false };
  const row: WorkspaceMemberRow = { workspace_id: workspaceId, user_id: user.id, role, joined_at: tx.now(), deactivated: 0, sort_name: sortName(user.doc) };
  await tx.put(workspaceMembers, row);
  await indexPerson(tx, workspaceId, user.doc);
  await indexKeywords(tx, workspaceId, user.id);
  await tellUser(tx, user.id, { kind: 'workspace_joined', workspace_id: workspaceId });
  return { row, joined: true };
}

/** Ends a membership; the row stays, so that what the person wrote keeps its author's name. */
export async function endWorkspaceMembership(tx: Tx, row: WorkspaceMemberRow): Promise<void> {
  await leaveGroups(tx, row.user_id, row.workspace_id);
  await tx.put(workspaceMembers, { ...row, deactivated: 1 });
  await tellUser(tx, row.user_id, { kind: 'workspace_left', workspace_id: row.workspace_id });
}

/** An entry for the person's gateways. It takes a rev, so that it has its place among what else happens to the person. */
export async function tellUser(tx: Tx, userId: string, control: StreamControl): Promise<void> {
  const stream = userStream(userId);
  const head = await headOf(tx, stream);
  await tx.put(heads, { ...head, rev: head.rev + 1 });
  tx.emit({ stream, from: head.rev, rev: head.rev + 1, seq: head.seq, entities: [], control: [control] });
}

/** Owners whose membership is not ended. */
export async function countOwners(tx: ReadTx, workspaceId: string): Promise<number> {
  const owners = await tx.find(workspaceMembers, { index: 'by_role', prefix: [workspaceId, 'owner'], limit: 1_000 });
  return owners.filter((row) => !row.deactivated).length;
}
