import { uuidv7 } from '@parley/shared/domain/ids';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { RequestOf, ResponseOf } from '@parley/shared/protocol/call';
import * as calls from '@parley/shared/protocol/calls/groups';
import type { Group } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { route, type Route } from '../../edge/route.ts';
import type { Deps } from '../../platform/deps.ts';
import type { ReadTx } from '../../storage/port.ts';
import { groupMembers, groups } from '../../storage/tables.ts';
import { fold, wordsOf } from '../accounts/person-words.ts';
import { demandInWorkspace, type ActorRef } from '../channels/channel-access.ts';
import { sightOf, type Sees } from '../workspaces/people.ts';

const WRITE = { limits: ['write'] };

export function groupRoutes(deps: Deps): Route[] {
  return [
    route(calls.createGroup, ({ caller }, input) => deps.store.run('groups.create', { who: caller, id: uuidv7(deps.clock, deps.random), ...input, user_ids: input.user_ids ?? [] }), WRITE),
    route(calls.updateGroup, ({ caller }, { group_id, ...change }) => deps.store.run('groups.update', { who: caller, group_id, change }), WRITE),
    route(calls.deleteGroup, async ({ caller }, input) => void (await deps.store.run('groups.delete', { who: caller, group_id: input.group_id })), WRITE),
    route(calls.getGroups, ({ caller }, input) => listGroups(deps, caller, input)),
    route(calls.getGroupMembers, ({ caller }, input) => listMembers(deps, caller, input)),
  ];
}

async function listGroups(deps: Pick<Deps, 'store'>, who: ActorRef, input: RequestOf<typeof calls.getGroups>): Promise<ResponseOf<typeof calls.getGroups>> {
  const size = input.page_size ?? 50;
  const query = fold(input.query ?? '').replace(/^@/, '');
  return deps.store.read(async (tx) => {
    const actor = await demandInWorkspace(tx, who, input.workspace_id, 'workspace.view');
    const of = input.user_id === undefined ? null : await groupsOf(tx, input.workspace_id, input.user_id, await sightOf(tx, input.workspace_id, { user_id: who.user_id, role: actor.workspace_role ?? 'guest' }));
    const rows = await tx.find(groups, { index: 'by_handle', prefix: [input.workspace_id], ...(input.cursor === undefined ? {} : { gt: input.cursor }), limit: LIMITS.groups });
    const found = rows.filter((row) => matches(row.doc, query) && (of === null || of.has(row.id)));
    const page = found.slice(0, size);
    return { items: page.map((row) => row.doc), next_cursor: found.length > size ? page[page.length - 1]!.handle : null };
  });
}

/** What a person is in; nothing for who does not see them. */
async function groupsOf(tx: ReadTx, workspaceId: string, userId: string, sees: Sees): Promise<Set<string>> {
  if (!(await sees(userId))) return new Set();
  return new Set((await tx.find(groupMembers, { index: 'by_user', prefix: [userId, workspaceId], limit: LIMITS.groups })).map((row) => row.group_id));
}

const matches = (group: Group, query: string): boolean => query === '' || group.handle.startsWith(query) || fold(group.name).startsWith(query) || wordsOf(group.name).some((word) => word.startsWith(query));

async function listMembers(deps: Pick<Deps, 'store'>, who: ActorRef, input: RequestOf<typeof calls.getGroupMembers>): Promise<ResponseOf<typeof calls.getGroupMembers>> {
  const size = input.page_size ?? 50;
  return deps.store.read(async (tx) => {
    const group = await tx.get(groups, [input.group_id]);
    if (!group) throw new ParleyError('not_found', 'not there, or not for you');
    const actor = await demandInWorkspace(tx, who, group.workspace_id, 'workspace.view');
    const sees = await sightOf(tx, group.workspace_id, { user_id: who.user_id, role: actor.workspace_role ?? 'guest' });
    const rows = await tx.find(groupMembers, { prefix: [group.id], ...(input.cursor === undefined ? {} : { gt: input.cursor }), limit: LIMITS.group_members });
    const seen = [];
    for (const row of rows) {
      if (seen.length > size) break;
      if (await sees(row.user_id)) seen.push({ user_id: row.user_id, added_at: microsToIso(row.added_at) });
    }
    const items = seen.slice(0, size);
    return { items, next_cursor: seen.length > size ? items[items.length - 1]!.user_id : null };
  });
}
