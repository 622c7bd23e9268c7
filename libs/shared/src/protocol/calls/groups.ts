import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { Handle, line, page, PageCursor, PageSize, text, Timestamp, Uuid } from '../common.ts';
import { Group } from '../entities.ts';
import { LIMITS } from '../limits.ts';

const userIds = z.array(Uuid).check(z.maxLength(LIMITS.group_members));

export const createGroup = defineCall({
  path: 'create_group', method: 'POST', auth: 'session', status: 201, summary: 'Put people of a workspace under one name',
  request: z.strictObject({ workspace_id: Uuid, name: line(80), handle: Handle, user_ids: z.optional(userIds) }),
  response: Group,
});
export const updateGroup = defineCall({
  path: 'update_group', method: 'POST', auth: 'session', status: 200, summary: 'Change a group: its names, its people, whether it is archived; fields left out stay',
  request: z.strictObject({
    group_id: Uuid, name: z.optional(line(80)), handle: z.optional(Handle), archived: z.optional(z.boolean()),
    /** All its people; or who comes in and who goes, which two persons may do at once. */
    user_ids: z.optional(userIds), add_user_ids: z.optional(userIds), remove_user_ids: z.optional(userIds),
  }).check(z.refine((g) => g.user_ids === undefined || (g.add_user_ids === undefined && g.remove_user_ids === undefined), 'either user_ids, or add_user_ids and remove_user_ids')),
  response: Group,
});
export const deleteGroup = defineCall({ path: 'delete_group', method: 'POST', auth: 'session', status: 204, summary: 'Drop a group; its handle is free again', request: z.strictObject({ group_id: Uuid }), response: z.undefined() });
export const getGroups = defineCall({
  path: 'groups', method: 'GET', auth: 'session', status: 200, summary: 'Groups of a workspace in the order of their handles, archived ones too; with a query those whose handle or name it begins, with a person those they are in',
  request: z.strictObject({ workspace_id: Uuid, query: z.optional(text(100)), /** Only those that this person is in. */ user_id: z.optional(Uuid), page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(Group),
});
export const getGroupMembers = defineCall({
  path: 'group_members', method: 'GET', auth: 'session', status: 200, summary: 'Who is in a group',
  request: z.strictObject({ group_id: Uuid, page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(z.looseObject({ user_id: Uuid, added_at: Timestamp })),
});
