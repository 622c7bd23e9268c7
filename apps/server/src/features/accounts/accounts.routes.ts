import { microsToIso, timeToMicros } from '@parley/shared/domain/timestamp';
import * as calls from '@parley/shared/protocol/calls/accounts';
import { ParleyError } from '@parley/shared/protocol/errors';
import { invalidField } from '../../edge/parse.ts';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { sessions, users, workspaceMembers } from '../../storage/tables.ts';
import { workspaceOf } from '../workspaces/workspace-rows.ts';
import { requireUser } from './account-rows.ts';
import { presentSelf } from './account.presenter.ts';
import { presentDevice } from './session-rows.ts';
import { checkPassword, newSession, signedIn } from './sign-in.service.ts';

/** Signing in and out, and what one may do with one's own account. */
export const accountRoutes = (deps: Deps): Route[] => [
  // Answers hold a secret that must not be kept, so there are no idempotency keys here.
  route(calls.signIn, async (context, input) => {
    const user = await checkPassword(deps, input.login, input.password);
    const { session, secret } = newSession(deps, context, input);
    const opened = await deps.store.run('accounts.open_session', { user_id: user.id, password_hash: user.password_hash, session });
    return signedIn(deps, context, user, opened, secret);
  }, { limits: ['guess', 'login'], idempotencyKey: false }),

  route(calls.signOut, async (context) => {
    await deps.store.run('accounts.revoke_device', { user_id: context.caller.user_id, device_id: context.caller.device_id });
    context.cookie(null);
    return undefined;
  }, { idempotencyKey: false }),

  route(calls.getMe, async ({ caller }) => deps.store.read(async (tx) => {
    const user = await requireUser(tx, caller.user_id);
    const rows = await tx.find(workspaceMembers, { index: 'by_user', prefix: [user.id], limit: 1_000 });
    const workspaces = [];
    for (const row of rows) {
      const workspace = row.deactivated ? undefined : await workspaceOf(tx, row.workspace_id);
      if (workspace) workspaces.push({ workspace, role: row.role });
    }
    return { user: presentSelf(user, deps.clock.now()), server_role: user.server_role, device_id: caller.device_id, workspaces, local_key: user.local_key, presence: user.presence };
  })),

  route(calls.getDevices, async ({ caller }, input) => deps.store.read(async (tx) => {
    const now = deps.clock.now() * 1000;
    const rows = await tx.find(sessions, { prefix: [caller.user_id], ...(input.cursor ? { gt: input.cursor } : {}), limit: 10_000 });
    const live = rows.filter((row) => row.revoked_at === null && row.expires_at > now);
    const page = live.slice(0, input.page_size ?? 50);
    return { items: page.map((row) => ({ ...presentDevice(row), current: row.device_id === caller.device_id })), next_cursor: page.length < live.length ? page[page.length - 1]!.device_id : null };
  })),

  route(calls.revokeDevice, async (context, input) => {
    const { caller } = context;
    const { revoked } = await deps.store.run('accounts.revoke_device', { user_id: caller.user_id, device_id: input.device_id });
    if (!revoked) throw new ParleyError('not_found', 'no such session');
    if (input.device_id === caller.device_id) context.cookie(null);
    return undefined;
  }),

  route(calls.updateProfile, async ({ caller }, input) => {
    if (input.time_zone && !isTimeZone(input.time_zone)) throw invalidField('time_zone', 'an IANA time zone');
    const row = await deps.store.run('accounts.update_profile', { user_id: caller.user_id, ...input });
    deps.presence.profileChanged(caller.user_id);
    return presentSelf(row, deps.clock.now());
  }, { limits: ['write'] }),

  route(calls.setStatus, async ({ caller }, input) => {
    const until = endOf(input.until);
    const text = input.text ?? '';
    const emoji = input.emoji ?? '';
    const status = text === '' && emoji === '' ? null : { emoji, text, until: until === null ? null : microsToIso(until) };
    await deps.store.run('accounts.set_status', { user_id: caller.user_id, status });
    deps.presence.profileChanged(caller.user_id);
    return { status };
  }, { limits: ['write'] }),

  route(calls.setPresence, async ({ caller }, input) => {
    const until = input.presence === 'auto' ? null : endOf(input.until);
    await deps.store.run('accounts.set_presence', { user_id: caller.user_id, presence: input.presence, until });
    deps.presence.choose(caller.user_id, input.presence, until === null ? null : until / 1000);
    return { presence: input.presence, until: until === null ? null : microsToIso(until) };
  }, { limits: ['write'] }),

  route(calls.changePassword, async ({ caller }, input) => {
    const user = await deps.store.read((tx) => tx.get(users, [caller.user_id]));
    const right = await deps.passwords.verify(user?.password_hash ?? null, input.current_password);
    if (!right || !user) throw new ParleyError('forbidden', 'the current password is wrong');
    const password_hash = await deps.passwords.hash(input.new_password);
    await deps.store.run('accounts.change_password', { user_id: user.id, keep_device_id: caller.device_id, was: user.password_hash, password_hash });
    return undefined;
  }, { limits: ['guess'], idempotencyKey: false }),
];

/** The end of a status or of do-not-disturb in microseconds, null for none. */
function endOf(until: string | number | null | undefined): number | null {
  if (until === null || until === undefined) return null;
  const micros = timeToMicros(until);
  // Later than year 9999 has no RFC 3339 form.
  if (!Number.isFinite(micros) || micros >= 253_402_300_800_000_000) throw invalidField('until', 'a time before the year 10000');
  return micros;
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
