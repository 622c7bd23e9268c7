import { can } from '@parley/shared/domain/can';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import { sessions, users, type UserRow } from '../../storage/tables.ts';
import { demand, type ActorRef } from '../channels/channel-access.ts';
import { leaveGroups } from '../groups/group-rows.ts';
import { endOtherSessions, endSessions, openSession, type NewSession } from './session-rows.ts';
import { requireUser, saveProfile } from './account-rows.ts';
import { serverOwners, setServerOwner } from './server-owners.ts';

const RANK: Record<UserRow['server_role'], number> = { member: 0, admin: 1, owner: 2 };

export const accountsCommands = {
  /** Opens a session, unless the password changed since `password_hash` was checked or the account was deactivated. */
  'accounts.open_session': defineCommand(async (tx, args: { user_id: string; password_hash: string | null; session: NewSession }) => {
    const user = await requireUser(tx, args.user_id);
    if (user.doc.deactivated || user.password_hash !== args.password_hash) throw new ParleyError('not_authenticated', 'wrong login or password');
    return openSession(tx, user.id, args.session);
  }),

  'accounts.touch_session': defineCommand(async (tx, args: { user_id: string; device_id: string; address: string; lasts_us: number }) => {
    const row = await tx.get(sessions, [args.user_id, args.device_id]);
    if (!row || row.revoked_at !== null) return {};
    await tx.put(sessions, { ...row, address: args.address, last_active_at: tx.now(), expires_at: tx.now() + args.lasts_us });
    return {};
  }),

  /** False when there is no such session, or it has ended. */
  'accounts.revoke_device': defineCommand(async (tx, args: { user_id: string; device_id: string }) => {
    const row = await tx.get(sessions, [args.user_id, args.device_id]);
    if (!row || row.revoked_at !== null) return { revoked: false };
    await endSessions(tx, args.user_id, [row]);
    return { revoked: true };
  }),

  /** Changes the password if it still is the one that was checked, and ends all other sessions. */
  'accounts.change_password': defineCommand(async (tx, args: { user_id: string; keep_device_id: string; was: string | null; password_hash: string }) => {
    const user = await requireUser(tx, args.user_id);
    if (user.password_hash !== args.was) throw new ParleyError('conflict', 'the password was changed meanwhile');
    await tx.put(users, { ...user, password_hash: args.password_hash });
    await endOtherSessions(tx, args.user_id, args.keep_device_id);
    return {};
  }),

  'accounts.update_profile': defineCommand(async (tx, args: { user_id: string; display_name?: string; title?: string; time_zone?: string }): Promise<UserRow> => {
    const user = await requireUser(tx, args.user_id);
    const { user_id: _, ...changes } = args;
    const row: UserRow = { ...user, doc: { ...user.doc, ...changes } };
    await saveProfile(tx, row);
    return row;
  }),

  'accounts.set_status': defineCommand(async (tx, args: { user_id: string; status: UserRow['doc']['status'] }): Promise<UserRow> => {
    const user = await requireUser(tx, args.user_id);
    const row: UserRow = { ...user, doc: { ...user.doc, status: args.status ?? null } };
    await tx.put(users, row);
    return row;
  }),

  /** `until` in microseconds. */
  'accounts.set_presence': defineCommand(async (tx, args: { user_id: string; presence: UserRow['presence']; until: number | null }) => {
    const user = await requireUser(tx, args.user_id);
    await tx.put(users, { ...user, presence: args.presence, presence_until: args.until });
    return {};
  }),

  /** A role on the server: not above one's own, neither what is given nor what is taken; the last owner cannot step down. */
  'accounts.set_server_role': defineCommand(async (tx, args: { actor: ActorRef; user_id: string; role: UserRow['server_role'] }) => {
    const actor = await requireUser(tx, args.actor.user_id);
    demand(can({ user_id: actor.id, server_role: actor.server_role, workspace_role: null }, 'server.set_role'));
    const user = await requireUser(tx, args.user_id);
    if (RANK[args.role] > RANK[actor.server_role] || RANK[user.server_role] > RANK[actor.server_role]) throw new ParleyError('forbidden', 'a role above one\'s own');
    if (user.server_role === 'owner' && args.role !== 'owner') await keepAnOwner(tx, user.id);
    await tx.put(users, { ...user, server_role: args.role });
    await setServerOwner(tx, user.id, args.role === 'owner');
    return {};
  }),

  /** Ends an account: nobody signs in to it any more, and all its sessions end. What it wrote stays. */
  'accounts.deactivate': defineCommand(async (tx, args: { actor: ActorRef; user_id: string }): Promise<UserRow> => {
    const actor = await requireUser(tx, args.actor.user_id);
    demand(can({ user_id: actor.id, server_role: actor.server_role, workspace_role: null }, 'server.deactivate_user'));
    const user = await requireUser(tx, args.user_id);
    if (RANK[user.server_role] > RANK[actor.server_role]) throw new ParleyError('forbidden', 'a role above one\'s own');
    if (user.server_role === 'owner') await keepAnOwner(tx, user.id);
    const row: UserRow = { ...user, server_role: 'member', doc: { ...user.doc, deactivated: true } };
    await tx.put(users, row);
    await setServerOwner(tx, user.id, false);
    await leaveGroups(tx, user.id);
    await endOtherSessions(tx, user.id, null);
    return row;
  }),
};

async function keepAnOwner(tx: Parameters<typeof serverOwners>[0], leaving: string): Promise<void> {
  if ((await serverOwners(tx)).every((id) => id === leaving)) throw new ParleyError('forbidden', 'the last owner cannot step down');
}
