import type { User } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Tx } from '../../storage/port.ts';
import { claims, personWords, users, workspaceMembers, type UserRow } from '../../storage/tables.ts';
import { personWordsOf, sortName } from './person-words.ts';

/** An account to make; the id comes from outside, so that a repeated command makes the same one. */
export interface NewAccount {
  id: string;
  username: string;
  display_name: string;
  /** Null for imported people and bots without one. */
  email: string | null;
  /** Null: nobody can sign in with a password. */
  password_hash: string | null;
  local_key: string;
  server_role: 'owner' | 'admin' | 'member';
  is_bot?: boolean;
  deactivated?: boolean;
  title?: string;
  time_zone?: string;
}

export const usernameClaim = (username: string): string => `username:${username.toLowerCase()}`;
export const emailClaim = (email: string): string => `email:${email.trim().toLowerCase()}`;

/** Takes a name for its owner. @throws ParleyError `conflict` when another has it. */
export async function claim(tx: Tx, id: string, ownerId: string): Promise<void> {
  const taken = await tx.get(claims, [id]);
  if (taken && taken.owner_id !== ownerId) throw new ParleyError('conflict', `${id.slice(0, id.indexOf(':'))} is taken`, { errors: [{ path: id.slice(0, id.indexOf(':')), message: 'is taken' }] });
  if (!taken) await tx.insert(claims, { id, owner_id: ownerId });
}

/** @throws ParleyError `conflict` when the username or the email is taken. */
export async function insertAccount(tx: Tx, account: NewAccount): Promise<UserRow> {
  await claim(tx, usernameClaim(account.username), account.id);
  if (account.email !== null) await claim(tx, emailClaim(account.email), account.id);
  const doc: User = {
    id: account.id, username: account.username, display_name: account.display_name,
    ...(account.email === null ? {} : { email: account.email }), ...(account.title ? { title: account.title } : {}), ...(account.time_zone ? { time_zone: account.time_zone } : {}),
    status: null, is_bot: account.is_bot ?? false, deactivated: account.deactivated ?? false,
  };
  const row: UserRow = {
    id: account.id, server_role: account.server_role, password_hash: account.password_hash, local_key: account.local_key,
    created_at: tx.now(), presence: 'auto', presence_until: null, doc,
  };
  await tx.insert(users, row);
  return row;
}

/** The account, or `not_found`. */
export async function requireUser(tx: Pick<Tx, 'get'>, id: string): Promise<UserRow> {
  const row = await tx.get(users, [id]);
  if (!row) throw new ParleyError('not_found', 'no such person');
  return row;
}

/** Writes what a workspace's directory finds a person by. */
export async function indexPerson(tx: Tx, workspaceId: string, user: User): Promise<void> {
  const wanted = new Set(personWordsOf(user));
  for (const row of await tx.find(personWords, { index: 'by_user', prefix: [workspaceId, user.id], limit: 100 })) {
    if (!wanted.delete(row.word)) await tx.delete(personWords, [workspaceId, row.word, user.id]);
  }
  for (const word of wanted) await tx.put(personWords, { workspace_id: workspaceId, word, user_id: user.id });
}

/** Stores a changed profile and its place in every directory that lists it. */
export async function saveProfile(tx: Tx, row: UserRow): Promise<void> {
  await tx.put(users, row);
  for (const member of await tx.find(workspaceMembers, { index: 'by_user', prefix: [row.id], limit: 1_000 })) {
    await tx.put(workspaceMembers, { ...member, sort_name: sortName(row.doc) });
    await indexPerson(tx, member.workspace_id, row.doc);
  }
}
