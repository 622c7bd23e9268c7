import * as z from 'zod/mini';
import { Email, line, Password, Username } from '@parley/shared/protocol/common';
import { WorkspaceRole } from '@parley/shared/protocol/entities';
import type { Workspace } from '@parley/shared/protocol/entities';
import { openServices } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { newAccount } from '../features/workspaces/workspaces.routes.ts';
import { projectMemberships } from '../features/membership/membership.service.ts';
import { presentWorkspace } from '../features/workspaces/workspace-rows.ts';
import { randomText } from '../platform/secrets.ts';
import type { ReadTx } from '../storage/port.ts';
import { entities, type EntityRow } from '../storage/tables.ts';
import { UsageError, type Output } from './output.ts';

const Options = z.object({
  username: Username, displayName: z.optional(line(80)), email: Email, password: z.optional(Password),
  workspace: z.optional(z.string()), role: z.optional(WorkspaceRole), serverRole: z.optional(z.enum(['owner', 'admin', 'member'])),
});

/** Makes an account in a workspace, for whoever may read the data directory. The server must not be running. */
export async function createUserCommand(out: Output, options: { data?: string } & Record<string, unknown>): Promise<void> {
  const parsed = Options.safeParse(options);
  if (!parsed.success) throw new UsageError(parsed.error.issues.map((issue) => `--${issue.path.join('.').replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}: ${issue.message}`).join('\n'));
  const given = parsed.data;
  const services = await openServices({ ...loadConfig(process.env, { data: options.data }), logLevel: 'warn' });
  try {
    const { deps } = services;
    const workspaces = await deps.store.read(allWorkspaces);
    const matching = given.workspace === undefined ? workspaces : workspaces.filter((w) => w.id === given.workspace || w.name === given.workspace);
    if (workspaces.length === 0) throw new UsageError('there is no workspace yet: set the server up first');
    if (matching.length !== 1) throw new UsageError(`choose a workspace with --workspace: ${workspaces.map((w) => `${w.name} (${w.id})`).join(', ')}`);
    const password = given.password ?? randomText(deps.random, 12);
    const account = await newAccount(deps, { username: given.username, display_name: given.displayName ?? given.username, email: given.email, password });
    const made = await deps.store.run('workspaces.create_user', { actor: null, workspace_id: matching[0]!.id, account: { ...account, server_role: given.serverRole ?? 'member' }, role: given.role ?? 'member' });
    await projectMemberships(deps.store, made.memberships);
    out.say(`${given.username} is a ${given.role ?? 'member'} of ${made.workspace.name}.`, ...(given.password === undefined ? [`Password: ${password}`] : []));
    out.result({ user_id: made.user.id, username: given.username, workspace_id: made.workspace.id, ...(given.password === undefined ? { password } : {}) });
  } finally {
    await services.close();
  }
}

/** Every workspace of the store, by id. */
export async function allWorkspaces(tx: ReadTx): Promise<Workspace[]> {
  const rows = await tx.find(entities, { gte: 'workspace:', lt: 'workspace;', limit: 100_000 });
  return rows.filter((row) => row.type === 'workspace').map((row) => presentWorkspace(row as EntityRow<Workspace>));
}
