import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { claims, importMap, workspaceMembers, type WorkspaceMemberRow } from '../../storage/tables.ts';
import { emailClaim, indexPerson, insertAccount, usernameClaim } from '../accounts/account-rows.ts';
import { sortName } from '../accounts/person-words.ts';
import { mapped } from './import-rows.ts';
import { RunningImport, type Step } from './import-progress.ts';
import { alternatives, foldUsername } from './names.ts';

/** A person or bot of the archive. */
export interface ImportUser {
  source_id: string;
  /** As the archive has it. */
  name: string;
  display_name: string;
  email: string | null;
  title: string;
  time_zone: string;
  is_bot: boolean;
  deactivated: boolean;
  guest: boolean;
  /** Made outside, since it is random. */
  local_key: string;
  where: string;
}

export const importUserCommands = {
  /**
   * Makes accounts for those who have none from an earlier import. Nobody can sign in to them before they are given a password.
   * Answers what each source id is here.
   */
  'imports.users': defineCommand(async (tx, args: Step & { users: ImportUser[] }): Promise<Record<string, string>> => {
    const running = await RunningImport.begin(tx, args);
    const ids: Record<string, string> = {};
    const scope = `${running.scope}/user`;
    for (const user of args.users) {
      const known = await mapped(tx, scope, user.source_id);
      ids[user.source_id] = known ?? (await makeUser(tx, running, scope, user));
    }
    await running.end();
    return ids;
  }),
};

async function makeUser(tx: Tx, running: RunningImport, scope: string, user: ImportUser): Promise<string> {
  const id = tx.uuid();
  const username = await freeUsername(tx, foldUsername(user.name, user.source_id));
  if (username !== user.name) await running.skip(user.where, `the username ${JSON.stringify(user.name)} became ${username}`);
  let email = user.email;
  if (email !== null && (await tx.get(claims, [emailClaim(email)]))) {
    await running.skip(user.where, `the email of ${username} is another account's here; the imported account has none`);
    email = null;
  }
  const workspaceId = running.row.workspace_id;
  const account = await insertAccount(tx, {
    id, username, display_name: user.display_name || username, email, password_hash: null, local_key: user.local_key, server_role: 'member',
    is_bot: user.is_bot, deactivated: user.deactivated, title: user.title, time_zone: user.time_zone,
  });
  const member: WorkspaceMemberRow = { workspace_id: workspaceId, user_id: id, role: user.guest ? 'guest' : 'member', joined_at: tx.now(), deactivated: user.deactivated ? 1 : 0, sort_name: sortName(account.doc) };
  await tx.insert(workspaceMembers, member);
  await indexPerson(tx, workspaceId, account.doc);
  await tx.insert(importMap, { scope, source_id: user.source_id, id });
  running.count('users');
  return id;
}

async function freeUsername(tx: Tx, wanted: string): Promise<string> {
  for (const name of alternatives(wanted, 64)) if (!(await tx.get(claims, [usernameClaim(name)]))) return name;
  throw new Error('alternatives never end');
}
