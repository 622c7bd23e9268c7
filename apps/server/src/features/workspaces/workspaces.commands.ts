import { can } from '@parley/shared/domain/can';
import { workspaceStream } from '@parley/shared/domain/streams';
import type { Workspace } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { putEntity } from '../../storage/streams.ts';
import { claims, invites, meta, workspaceMembers, type EntityRow, type UserRow } from '../../storage/tables.ts';
import { insertAccount, requireUser, type NewAccount } from '../accounts/account-rows.ts';
import { setServerOwner } from '../accounts/server-owners.ts';
import { openSession, type NewSession } from '../accounts/session-rows.ts';
import { accessTo, actorIn, allows, demand, type ActorRef } from '../channels/channel-access.ts';
import { createDefaultChannelIn } from '../channels/create-channel.ts';
import type { MembershipRef } from '../channels/member-changes.ts';
import { joinByInvite, joinDefaultChannel, leaveAllChannels } from './default-channel.ts';
import { INVITE_MAIL_JOB, type InviteMail } from '../mail/mail.commands.ts';
import { enqueueJob } from '../../jobs/jobs.commands.ts';
import { addToWorkspace, countOwners, endWorkspaceMembership, insertWorkspace, linkCardsOn, membersMayInvite, presentWorkspace, requireWorkspace, tellUser, workspaceOf, type WorkspaceRole } from './workspace-rows.ts';

const RANK: Record<WorkspaceRole, number> = { guest: 0, member: 1, admin: 2, owner: 3 };

interface NewWorkspace {
  id: string;
  name: string;
  channel_id: string;
}

/** What joining answers; the caller projects the memberships after the commit. */
interface Joined {
  user: UserRow;
  workspace: Workspace;
  memberships: MembershipRef[];
}

export const workspacesCommands = {
  /** The owner, the first workspace and its `general`; once. */
  'workspaces.set_up': defineCommand(async (tx, args: { account: NewAccount; workspace: NewWorkspace; session: NewSession }): Promise<Joined & { opened: { device_id: string; expires_at: number } }> => {
    if (await tx.get(claims, ['set_up'])) throw new ParleyError('conflict', 'this server is set up already');
    await tx.insert(claims, { id: 'set_up', owner_id: args.account.id });
    await tx.put(meta, { name: 'set_up', value: { at: tx.now() } });
    const user = await insertAccount(tx, { ...args.account, server_role: 'owner' });
    await setServerOwner(tx, user.id, true);
    const made = await makeWorkspace(tx, args.workspace, user);
    const opened = await openSession(tx, user.id, args.session);
    return { user, ...made, opened };
  }),

  'workspaces.create': defineCommand(async (tx, args: { actor: ActorRef; workspace: NewWorkspace }): Promise<Joined> => {
    const user = await requireUser(tx, args.actor.user_id);
    demand(can({ ...args.actor, server_role: user.server_role, workspace_role: null }, 'server.create_workspace'));
    return { user, ...(await makeWorkspace(tx, args.workspace, user)) };
  }),

  /** An account in a workspace, by a server admin; `actor` null: by whoever runs the server's command line. */
  'workspaces.create_user': defineCommand(async (tx, args: { actor: ActorRef | null; workspace_id: string; account: NewAccount; role: WorkspaceRole }): Promise<Joined> => {
    if (args.actor) demand(can({ ...args.actor, server_role: (await requireUser(tx, args.actor.user_id)).server_role, workspace_role: null }, 'server.create_user'));
    const workspace = await requireWorkspace(tx, args.workspace_id);
    const user = await insertAccount(tx, args.account);
    if (user.server_role === 'owner') await setServerOwner(tx, user.id, true);
    await addToWorkspace(tx, workspace.id, user, args.role);
    return { user, workspace, memberships: await joinDefaultChannel(tx, workspace.id, user, args.role) };
  }),

  'workspaces.create_invite': defineCommand(async (tx, args: { actor: ActorRef; workspace_id: string; token_hash: string; email: string | null; role: WorkspaceRole; channel_ids: string[]; lasts_us: number; mail: { invite_id: string; language: string } | null }) => {
    const actor = await actorIn(tx, args.actor, args.workspace_id);
    const workspace = await workspaceOf(tx, args.workspace_id);
    demand(can(actor, 'workspace.invite', { members_may_invite: workspace ? membersMayInvite(workspace) : false }));
    if (RANK[args.role] > RANK[actor.workspace_role ?? 'guest']) throw new ParleyError('forbidden', 'a role above one\'s own');
    for (const id of args.channel_ids) {
      const access = await accessTo(tx, args.actor, id);
      if (!access || access.row.workspace_id !== args.workspace_id) throw new ParleyError('not_found', 'no such channel');
      demand(allows(access, 'channel.invite'));
    }
    const expires_at = tx.now() + args.lasts_us;
    await tx.insert(invites, {
      token_hash: args.token_hash, workspace_id: args.workspace_id, email: args.email, role: args.role, channel_ids: args.channel_ids,
      created_by: args.actor.user_id, created_at: tx.now(), expires_at, used_by: null,
    });
    if (args.mail) await enqueueJob(tx, { kind: INVITE_MAIL_JOB, payload: { token_hash: args.token_hash, ...args.mail } satisfies InviteMail });
    return { expires_at };
  }),

  /** Joins by an invitation, with an account that is there or a new one. The same person may repeat it. */
  'workspaces.accept_invite': defineCommand(async (tx, args: { token_hash: string; user_id: string | null; account: NewAccount | null; session: NewSession | null }): Promise<Joined & { opened: { device_id: string; expires_at: number } | null }> => {
    const invite = await tx.get(invites, [args.token_hash]);
    if (!invite || invite.expires_at <= tx.now()) throw new ParleyError('not_found', 'this invitation is no longer valid');
    if (invite.used_by !== null && invite.used_by !== args.user_id) throw new ParleyError('conflict', 'this invitation was used already');
    const workspace = await requireWorkspace(tx, invite.workspace_id);
    const user = args.account ? await insertAccount(tx, args.account) : await requireUser(tx, args.user_id ?? '');
    const role = invite.role as WorkspaceRole;
    const { row, joined } = await addToWorkspace(tx, workspace.id, user, role);
    const memberships = joined ? await joinDefaultChannel(tx, workspace.id, user, row.role) : [];
    if (invite.used_by === null) memberships.push(...(await joinByInvite(tx, invite, user)));
    await tx.put(invites, { ...invite, used_by: user.id });
    const opened = args.session ? await openSession(tx, user.id, args.session) : null;
    return { user, workspace, memberships, opened };
  }),

  'workspaces.update': defineCommand(async (tx, args: { actor: ActorRef; workspace_id: string; link_cards?: boolean }): Promise<Workspace> => {
    demand(can(await actorIn(tx, args.actor, args.workspace_id), 'workspace.settings'));
    const workspace = await requireWorkspace(tx, args.workspace_id);
    if (args.link_cards === undefined || args.link_cards === linkCardsOn(workspace)) return workspace;
    const row = await putEntity(tx, workspaceStream(workspace.id), { type: 'workspace', ...workspace, settings: { ...workspace.settings, link_cards: args.link_cards } });
    return presentWorkspace(row as EntityRow<Workspace>);
  }),

  'workspaces.set_role': defineCommand(async (tx, args: { actor: ActorRef; workspace_id: string; user_id: string; role: WorkspaceRole }) => {
    const actor = await actorIn(tx, args.actor, args.workspace_id);
    const target = await tx.get(workspaceMembers, [args.workspace_id, args.user_id]);
    const now = target && !target.deactivated ? target.role : null;
    const owners = now === 'owner' ? await countOwners(tx, args.workspace_id) : 0;
    demand(can(actor, 'workspace.set_role', { role: { now, next: args.role, self: args.user_id === actor.user_id, owners } }));
    if (!target || now === null) throw new ParleyError('not_found', 'no such person here');
    if (now === args.role) return { changed: false };
    await tx.put(workspaceMembers, { ...target, role: args.role });
    // A guest sees less: whatever the gateways follow for the person is looked at again.
    if (args.role === 'guest') await tellUser(tx, args.user_id, { kind: 'workspace_left', workspace_id: args.workspace_id });
    await tellUser(tx, args.user_id, { kind: 'workspace_joined', workspace_id: args.workspace_id });
    return { changed: true };
  }),

  /** Ends a membership of the workspace and of all its channels. The account stays. */
  'workspaces.deactivate_member': defineCommand(async (tx, args: { actor: ActorRef; workspace_id: string; user_id: string }): Promise<{ user: UserRow; memberships: MembershipRef[] }> => {
    const actor = await actorIn(tx, args.actor, args.workspace_id);
    const target = await tx.get(workspaceMembers, [args.workspace_id, args.user_id]);
    const now = target && !target.deactivated ? target.role : null;
    const owners = now === 'owner' ? await countOwners(tx, args.workspace_id) : 0;
    demand(can(actor, 'workspace.deactivate_member', { role: { now, next: 'guest', self: args.user_id === actor.user_id, owners } }));
    if (!target) throw new ParleyError('not_found', 'no such person here');
    const user = await requireUser(tx, args.user_id);
    if (now === null) return { user, memberships: [] };
    const memberships = await leaveAllChannels(tx, args.workspace_id, args.user_id);
    await endWorkspaceMembership(tx, target);
    return { user, memberships };
  }),
};

async function makeWorkspace(tx: Tx, args: NewWorkspace, owner: UserRow): Promise<{ workspace: Workspace; memberships: MembershipRef[] }> {
  const workspace = await insertWorkspace(tx, { id: args.id, name: args.name });
  await addToWorkspace(tx, workspace.id, owner, 'owner');
  const { memberships } = await createDefaultChannelIn(tx, { id: args.channel_id, workspace_id: workspace.id, creator_id: owner.id });
  return { workspace, memberships };
}
