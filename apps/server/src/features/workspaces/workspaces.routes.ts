import { UUID_PATTERN, uuidv7 } from '@parley/shared/domain/ids';
import { microsToIso } from '@parley/shared/domain/timestamp';
import * as calls from '@parley/shared/protocol/calls/accounts';
import type { User } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { invalid, invalidField } from '../../edge/parse.ts';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import { digest, randomText, sameDigest } from '../../platform/secrets.ts';
import { channels, claims, invites, users } from '../../storage/tables.ts';
import { presentSelf, presentUser } from '../accounts/account.presenter.ts';
import type { NewAccount } from '../accounts/account-rows.ts';
import { newSession, signedIn } from '../accounts/sign-in.service.ts';
import { demandInWorkspace } from '../channels/channel-access.ts';
import { setChannelRole } from '../channels/channels.service.ts';
import { inviteToken } from '../mail/invite-mail.ts';
import { projectMemberships } from '../membership/membership.service.ts';
import { setUpCodeRequired } from '../server/server.routes.ts';
import { findPeople, listPeople, personOf, sightOf, type Person } from './people.ts';
import { requireWorkspace } from './workspace-rows.ts';

const INVITE_SECONDS = 7 * 24 * 3600;

/** The server's beginning, workspaces, their people and invitations. */
export const workspaceRoutes = (deps: Deps): Route[] => [
  route(calls.setUp, async (context, input) => {
    if (await deps.store.read((tx) => tx.get(claims, ['set_up']))) throw new ParleyError('conflict', 'this server is set up already');
    const code = deps.config.setUpCode;
    if (setUpCodeRequired(deps, context) && (code === null || !sameDigest(digest(input.set_up_code ?? ''), digest(code)))) {
      throw new ParleyError('forbidden', 'set_up_code is printed where the server was started');
    }
    const account = await newAccount(deps, input);
    const { session, secret } = newSession(deps, context, input);
    const made = await deps.store.run('workspaces.set_up', { account, session, workspace: newWorkspace(deps, input.workspace_name) });
    await projectMemberships(deps.store, made.memberships);
    return signedIn(deps, context, made.user, made.opened, secret, made.workspace);
  }, { limits: ['guess'], idempotencyKey: false }),

  route(calls.createWorkspace, async ({ caller }, input) => {
    const made = await deps.store.run('workspaces.create', { actor: caller, workspace: newWorkspace(deps, input.name) });
    await projectMemberships(deps.store, made.memberships);
    return made.workspace;
  }, { limits: ['write'] }),

  route(calls.updateWorkspace, ({ caller }, { workspace_id, link_cards }) => deps.store.run('workspaces.update', { actor: caller, workspace_id, link_cards }), { limits: ['write'] }),

  route(calls.createUser, async ({ caller }, input) => {
    // Asked again in the command; here it saves a hash for those who may not.
    if (caller.server_role === 'member') throw new ParleyError('forbidden');
    const account = await newAccount(deps, input);
    const made = await deps.store.run('workspaces.create_user', { actor: caller, workspace_id: input.workspace_id, account, role: input.role ?? 'member' });
    await projectMemberships(deps.store, made.memberships);
    return presentUser(made.user, { user_id: caller.user_id, admin: true }, deps.clock.now());
  }, { limits: ['write'] }),

  route(calls.createInvite, async ({ caller, language }, input) => {
    // That of a mail follows from its id and the server's secret, so that the job that sends it holds nothing to steal.
    const invite_id = input.email === undefined ? null : uuidv7(deps.clock, deps.random);
    const invite_token = invite_id === null ? randomText(deps.random) : inviteToken(deps.secret, invite_id);
    const { expires_at } = await deps.store.run('workspaces.create_invite', {
      actor: caller, workspace_id: input.workspace_id, token_hash: digest(invite_token), email: input.email ?? null,
      role: input.role ?? 'member', channel_ids: [...new Set(input.channel_ids ?? [])], lasts_us: INVITE_SECONDS * 1_000_000,
      mail: invite_id === null ? null : { invite_id, language },
    });
    return { invite_token, url: `${deps.config.url}/invite/${invite_token}`, expires_at: microsToIso(expires_at), mailed: invite_id !== null && deps.mailer.delivers };
  }, { limits: ['invite'] }),

  route(calls.getInvite, async (_context, input) => deps.store.read(async (tx) => {
    const invite = await tx.get(invites, [digest(input.invite_token)]);
    if (!invite || invite.used_by !== null || invite.expires_at <= deps.clock.now() * 1000) throw new ParleyError('not_found', 'this invitation is no longer valid');
    const channel_names: string[] = [];
    for (const id of invite.channel_ids) {
      const name = (await tx.get(channels, [id]))?.doc.name;
      if (name) channel_names.push(name);
    }
    const by = await tx.get(users, [invite.created_by]);
    return {
      workspace: await requireWorkspace(tx, invite.workspace_id), invited_by: by?.doc.display_name ?? '', ...(invite.email === null ? {} : { email: invite.email }),
      channel_names, expires_at: microsToIso(invite.expires_at),
    };
  }), { limits: ['guess'] }),

  route(calls.acceptInvite, async (context, input) => {
    const token_hash = digest(input.invite_token);
    if (context.caller) {
      const { user_id, device_id } = context.caller;
      const joined = await deps.store.run('workspaces.accept_invite', { token_hash, user_id, account: null, session: null });
      await projectMemberships(deps.store, joined.memberships);
      return { token: null, device_id, local_key: joined.user.local_key, user: presentSelf(joined.user, deps.clock.now()), workspace: joined.workspace };
    }
    const invite = await deps.store.read((tx) => tx.get(invites, [token_hash]));
    if (!invite || invite.expires_at <= deps.clock.now() * 1000) throw new ParleyError('not_found', 'this invitation is no longer valid');
    if (invite.used_by !== null) throw new ParleyError('conflict', 'this invitation was used already');
    const email = input.email ?? invite.email ?? undefined;
    const missing = Object.entries({ username: input.username, display_name: input.display_name, email, password: input.password }).filter(([, value]) => value === undefined);
    if (missing.length > 0) throw invalid(missing.map(([path]) => ({ path, message: 'is needed for a new account' })));
    if (invite.email !== null && email?.toLowerCase() !== invite.email.toLowerCase()) throw invalidField('email', 'the invitation is for another address');
    const account = await newAccount(deps, { username: input.username!, display_name: input.display_name!, email: email!, password: input.password! });
    const { session, secret } = newSession(deps, context, input);
    const joined = await deps.store.run('workspaces.accept_invite', { token_hash, user_id: null, account, session });
    await projectMemberships(deps.store, joined.memberships);
    return signedIn(deps, context, joined.user, joined.opened!, secret, joined.workspace);
  }, { limits: ['guess'], idempotencyKey: false }),

  route(calls.getUsers, async ({ caller }, input) => {
    if (input.ids !== undefined && input.query !== undefined) throw invalidField('query', 'either ids or query');
    const ids = input.ids === undefined ? null : idsOf(input.ids);
    const after = input.cursor === undefined ? null : readCursor(input.cursor);
    return deps.store.read(async (tx) => {
      const actor = await demandInWorkspace(tx, caller, input.workspace_id, 'workspace.view');
      const sees = await sightOf(tx, input.workspace_id, { user_id: caller.user_id, role: actor.workspace_role ?? 'guest' });
      const viewer = { user_id: caller.user_id, admin: caller.server_role !== 'member' || actor.workspace_role === 'admin' || actor.workspace_role === 'owner' };
      const present = (person: Person): User => {
        const user = presentUser(person.row, viewer, deps.clock.now());
        return person.member.deactivated ? { ...user, deactivated: true } : user;
      };
      if (ids) {
        const items: User[] = [];
        for (const id of ids) {
          const person = await personOf(tx, input.workspace_id, id);
          if (person && (await sees(id))) items.push(present(person));
        }
        return { items, next_cursor: null };
      }
      const limit = input.page_size ?? 50;
      const page = input.query?.trim() ? await findPeople(tx, input.workspace_id, input.query, sees, after, limit) : await listPeople(tx, input.workspace_id, sees, after, limit);
      return { items: page.people.map(present), next_cursor: page.next && Buffer.from(JSON.stringify(page.next)).toString('base64url') };
    });
  }),

  route(calls.setRole, async ({ caller }, input) => {
    const { user_id, role, workspace_id, channel_id } = input;
    if (workspace_id !== undefined && channel_id !== undefined) throw invalidField('channel_id', 'either a workspace or a channel');
    if (channel_id !== undefined) {
      if (role !== 'moderator' && role !== 'member') throw invalidField('role', 'in a channel: moderator or member');
      return setChannelRole(deps, caller, { channel_id, user_id, role });
    }
    if (role === 'moderator') throw invalidField('role', 'moderators are of channels');
    if (workspace_id !== undefined) {
      await deps.store.run('workspaces.set_role', { actor: caller, workspace_id, user_id, role });
      return { user_id, role };
    }
    if (role === 'guest') throw invalidField('role', 'guests are of workspaces');
    await deps.store.run('accounts.set_server_role', { actor: caller, user_id, role });
    return { user_id, role };
  }, { limits: ['write'] }),

  route(calls.deactivateUser, async ({ caller }, input) => {
    const { user_id, workspace_id } = input;
    if (workspace_id === undefined) {
      const user = await deps.store.run('accounts.deactivate', { actor: caller, user_id });
      deps.presence.profileChanged(user_id);
      return presentUser(user, { user_id: caller.user_id, admin: true }, deps.clock.now());
    }
    const ended = await deps.store.run('workspaces.deactivate_member', { actor: caller, workspace_id, user_id });
    await projectMemberships(deps.store, ended.memberships);
    return { ...presentUser(ended.user, { user_id: caller.user_id, admin: true }, deps.clock.now()), deactivated: true };
  }, { limits: ['write'] }),
];

const newWorkspace = (deps: Deps, name: string) => ({ id: uuidv7(deps.clock, deps.random), channel_id: uuidv7(deps.clock, deps.random), name });

/** An account of an ordinary person, with the password hashed. */
export async function newAccount(deps: Pick<Deps, 'clock' | 'random' | 'passwords'>, input: { username: string; display_name: string; email: string; password?: string }): Promise<NewAccount> {
  return {
    id: uuidv7(deps.clock, deps.random), username: input.username, display_name: input.display_name, email: input.email,
    password_hash: input.password === undefined ? null : await deps.passwords.hash(input.password), local_key: randomText(deps.random), server_role: 'member',
  };
}

function idsOf(text: string): string[] {
  const ids = [...new Set(text.split(',').map((id) => id.trim()).filter(Boolean))];
  const wrong = ids.find((id) => !UUID_PATTERN.test(id));
  if (wrong !== undefined) throw invalidField('ids', `not a UUID: ${wrong.slice(0, 40)}`);
  if (ids.length > LIMITS.users_per_call) throw invalidField('ids', `at most ${LIMITS.users_per_call}`);
  return ids;
}

function readCursor(cursor: string): [string, string] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string') return [value[0], value[1]];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw invalidField('cursor', 'not one that an answer gave');
}

