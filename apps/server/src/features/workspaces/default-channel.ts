import type { Tx } from '../../storage/port.ts';
import { channels, members, type InviteRow, type UserRow } from '../../storage/tables.ts';
import { defaultChannelId } from '../channels/create-channel.ts';
import { addMember, removeMember, type MembershipRef } from '../channels/member-changes.ts';
import { membershipsOf } from '../membership/memberships.ts';
import type { WorkspaceRole } from './workspace-rows.ts';

/** New people join `general`; guests are only where they were invited to. */
export async function joinDefaultChannel(tx: Tx, workspaceId: string, user: UserRow, role: WorkspaceRole): Promise<MembershipRef[]> {
  const id = role === 'guest' ? undefined : await defaultChannelId(tx, workspaceId);
  return id === undefined ? [] : addMember(tx, { channel_id: id, user_id: user.id });
}

/** The channels that an invitation names, as far as they still take people. */
export async function joinByInvite(tx: Tx, invite: InviteRow, user: UserRow): Promise<MembershipRef[]> {
  const joined: MembershipRef[] = [];
  for (const channel_id of invite.channel_ids) {
    const row = await tx.get(channels, [channel_id]);
    if (row && !row.doc.archived) joined.push(...(await addMember(tx, { channel_id, user_id: user.id })));
  }
  return joined;
}

/** Takes a person out of every channel of a workspace, direct messages apart: those keep their people, so that they can be opened again. */
export async function leaveAllChannels(tx: Tx, workspaceId: string, userId: string): Promise<MembershipRef[]> {
  const left: MembershipRef[] = [];
  for (const row of await membershipsOf(tx, userId)) {
    if (row.doc.workspace_id !== workspaceId || !(await tx.get(members, [row.id, userId]))) continue;
    const channel = await tx.get(channels, [row.id]);
    if (channel && (channel.kind === 'public' || channel.kind === 'private')) left.push(...(await removeMember(tx, { channel_id: row.id, user_id: userId })));
  }
  return left;
}
