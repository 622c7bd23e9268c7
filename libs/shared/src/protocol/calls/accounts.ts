import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { Email, line, page, PageCursor, PageSize, Password, text, Timestamp, TimeInput, Username, Uuid } from '../common.ts';
import { Device, ServerRole, User, UserStatus, Workspace, WorkspaceRole } from '../entities.ts';

/** What every way of signing in answers. With the server's own Origin the cookie is set and `token` is null. */
export const SignedIn = z.looseObject({
  token: z.nullable(z.string()),
  device_id: Uuid,
  /** 32 bytes in base64url; encrypts the device's outbox and drafts. The same for one account on one device until revoked. */
  local_key: z.string(),
  user: User,
  workspace: z.optional(Workspace),
  expires_at: z.optional(Timestamp),
});
export type SignedIn = z.infer<typeof SignedIn>;

const person = { username: Username, display_name: line(80), email: Email };
const device = { device_name: z.optional(line(100)), platform: z.optional(line(40)), device_id: z.optional(Uuid) };

export const getServer = defineCall({
  path: 'server', method: 'GET', auth: 'none', status: 200, summary: 'What this server is and allows',
  request: z.strictObject({}),
  response: z.looseObject({
    name: z.string(), version: z.string(), protocol: z.number(), incarnation: Uuid, set_up: z.boolean(),
    sign_in: z.looseObject({ password: z.boolean(), oidc: z.array(z.unknown()) }),
    limits: z.record(z.string(), z.number()),
    /** True when `/set_up` also wants `set_up_code`. */
    set_up_code_required: z.optional(z.boolean()),
    /** How devices can be told while nobody looks; `web_key` is the `applicationServerKey` of browsers. */
    push: z.optional(z.looseObject({ kinds: z.array(z.string()), web_key: z.nullable(z.string()) })),
    /** Whether it sends mails. */
    mail: z.optional(z.boolean()),
  }),
});

export const setUp = defineCall({
  path: 'set_up', method: 'POST', auth: 'none', status: 201, summary: 'Make the owner and the first workspace, once',
  request: z.strictObject({ workspace_name: line(80), ...person, password: Password, set_up_code: z.optional(text(64)), ...device }),
  response: SignedIn,
});
export const signIn = defineCall({
  path: 'sign_in', method: 'POST', auth: 'none', status: 200, summary: 'Open a session',
  request: z.strictObject({ login: text(254, 1), password: text(1024, 1), second_factor: z.optional(text(64)), ...device }),
  response: SignedIn,
});
export const signOut = defineCall({ path: 'sign_out', method: 'POST', auth: 'session', status: 204, summary: 'End this session', request: z.strictObject({}), response: z.undefined() });
export const getMe = defineCall({
  path: 'me', method: 'GET', auth: 'session', status: 200, summary: 'Who is signed in',
  request: z.strictObject({}),
  response: z.looseObject({
    user: User, server_role: ServerRole, device_id: Uuid,
    workspaces: z.array(z.looseObject({ workspace: Workspace, role: WorkspaceRole })),
    local_key: z.optional(z.string()),
  }),
});
export const createWorkspace = defineCall({
  path: 'create_workspace', method: 'POST', auth: 'session', status: 201, summary: 'Make a workspace (server admin)',
  request: z.strictObject({ name: line(80) }), response: Workspace,
});
export const updateWorkspace = defineCall({
  path: 'update_workspace', method: 'POST', auth: 'session', status: 200, summary: 'Change settings of a workspace; those left out stay',
  request: z.strictObject({ workspace_id: Uuid, link_cards: z.optional(z.boolean()) }), response: Workspace,
});
export const createUser = defineCall({
  path: 'create_user', method: 'POST', auth: 'session', status: 201, summary: 'Make an account in a workspace (server admin)',
  request: z.strictObject({ workspace_id: Uuid, ...person, password: z.optional(Password), role: z.optional(WorkspaceRole) }), response: User,
});
export const createInvite = defineCall({
  path: 'create_invite', method: 'POST', auth: 'session', status: 201, summary: 'Invite somebody to a workspace',
  request: z.strictObject({ workspace_id: Uuid, email: z.optional(Email), role: z.optional(WorkspaceRole), channel_ids: z.optional(z.array(Uuid).check(z.maxLength(100))) }),
  response: z.looseObject({
    invite_token: z.string(), url: z.string(), expires_at: Timestamp,
    /** Whether a mail with it is on its way. */
    mailed: z.optional(z.boolean()),
  }),
});
export const getInvite = defineCall({
  path: 'invite', method: 'GET', auth: 'none', status: 200, summary: 'What an invitation is for',
  request: z.strictObject({ invite_token: text(256, 1) }),
  response: z.looseObject({ workspace: Workspace, invited_by: z.string(), email: z.optional(z.string()), channel_names: z.array(z.string()), expires_at: Timestamp }),
});
export const acceptInvite = defineCall({
  path: 'accept_invite', method: 'POST', auth: 'optional', status: 201, summary: 'Join by an invitation, with a new account when not signed in',
  request: z.strictObject({ invite_token: text(256, 1), username: z.optional(Username), display_name: z.optional(line(80)), email: z.optional(Email), password: z.optional(Password), ...device }),
  response: SignedIn,
});
export const getDevices = defineCall({ path: 'devices', method: 'GET', auth: 'session', status: 200, summary: 'One\'s own sessions', request: z.strictObject({ page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }), response: page(Device) });
export const revokeDevice = defineCall({ path: 'revoke_device', method: 'POST', auth: 'session', status: 204, summary: 'End one of one\'s own sessions', request: z.strictObject({ device_id: Uuid }), response: z.undefined() });

export const getUsers = defineCall({
  path: 'users', method: 'GET', auth: 'session', status: 200, summary: 'People of a workspace, by id or by name',
  request: z.strictObject({ workspace_id: Uuid, ids: z.optional(text(40_000)), query: z.optional(text(100)), page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(User),
});
export const updateProfile = defineCall({
  path: 'update_profile', method: 'POST', auth: 'session', status: 200, summary: 'Change one\'s own profile',
  request: z.strictObject({ display_name: z.optional(line(80)), title: z.optional(text(100)), time_zone: z.optional(text(64)) }), response: User,
});
export const setStatus = defineCall({
  path: 'set_status', method: 'POST', auth: 'session', status: 200, summary: 'Set or clear one\'s custom status',
  request: z.strictObject({ emoji: z.optional(text(64)), text: z.optional(text(100)), until: z.optional(z.nullable(TimeInput)) }),
  response: z.looseObject({ status: z.nullable(UserStatus) }),
});
export const setPresence = defineCall({
  path: 'set_presence', method: 'POST', auth: 'session', status: 200, summary: 'Choose automatic presence, away, or do not disturb with an end',
  request: z.strictObject({ presence: z.enum(['auto', 'away', 'dnd']), until: z.optional(z.nullable(TimeInput)) }),
  response: z.looseObject({ presence: z.enum(['auto', 'away', 'dnd']), until: z.nullable(Timestamp) }),
});
export const changePassword = defineCall({
  path: 'change_password', method: 'POST', auth: 'session', status: 204, summary: 'Change one\'s password; ends all other sessions',
  request: z.strictObject({ current_password: text(1024, 1), new_password: Password }), response: z.undefined(),
});
export const setRole = defineCall({
  path: 'set_role', method: 'POST', auth: 'session', status: 200, summary: 'Give a person a role in a workspace, a channel, or on the server',
  request: z.strictObject({ user_id: Uuid, workspace_id: z.optional(Uuid), channel_id: z.optional(Uuid), role: z.enum(['owner', 'admin', 'member', 'guest', 'moderator']) }),
  response: z.looseObject({ user_id: Uuid, role: z.string() }),
});
export const deactivateUser = defineCall({
  path: 'deactivate_user', method: 'POST', auth: 'session', status: 200, summary: 'End a membership of a workspace, or with server rights the account',
  request: z.strictObject({ user_id: Uuid, workspace_id: z.optional(Uuid) }), response: User,
});
