import { defineCommand } from '../../storage/command.ts';
import { sessions } from '../../storage/tables.ts';
import { endOtherSessions, endSessions, openSession, type NewSession } from './session-rows.ts';
import { requireUser, saveProfile } from './account-rows.ts';
import { ParleyError } from '@parley/shared/protocol/errors';
import { users, type UserRow } from '../../storage/tables.ts';

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
};
