import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { ChannelName, line, page, PageCursor, PageSize, QueryBoolean, text, Timestamp, Uuid } from '../common.ts';
import { Channel, ChannelRole, Level, Membership, Posting } from '../entities.ts';
import { LIMITS } from '../limits.ts';

const people = z.array(Uuid).check(z.minLength(1), z.maxLength(LIMITS.users_per_call));
const one = z.strictObject({ channel_id: Uuid });

export const createChannel = defineCall({
  path: 'create_channel', method: 'POST', auth: 'session', status: 201, summary: 'Make a public or private channel',
  request: z.strictObject({ workspace_id: Uuid, name: ChannelName, is_private: z.optional(z.boolean()), topic: z.optional(text(250)), purpose: z.optional(text(500)), user_ids: z.optional(z.array(Uuid).check(z.maxLength(LIMITS.users_per_call))) }),
  response: Channel,
});
export const openDm = defineCall({
  path: 'open_dm', method: 'POST', auth: 'session', status: 200, summary: 'The direct message of a set of people; oneself is always in it',
  request: z.strictObject({ workspace_id: Uuid, user_ids: z.array(Uuid).check(z.minLength(1), z.maxLength(LIMITS.group_dm_members)) }),
  response: Channel,
});
export const joinChannel = defineCall({ path: 'join_channel', method: 'POST', auth: 'session', status: 200, summary: 'Join a public channel', request: one, response: Channel });
export const leaveChannel = defineCall({ path: 'leave_channel', method: 'POST', auth: 'session', status: 200, summary: 'Leave a channel', request: one, response: Channel });
export const archiveChannel = defineCall({ path: 'archive_channel', method: 'POST', auth: 'session', status: 200, summary: 'Close a channel for posting', request: one, response: Channel });
export const unarchiveChannel = defineCall({ path: 'unarchive_channel', method: 'POST', auth: 'session', status: 200, summary: 'Open an archived channel again', request: one, response: Channel });
export const inviteToChannel = defineCall({
  path: 'invite_to_channel', method: 'POST', auth: 'session', status: 200, summary: 'Add people; `history` says what they see of the past',
  request: z.strictObject({ channel_id: Uuid, user_ids: people, history: z.optional(z.enum(['all', 'now'])) }), response: Channel,
});
export const removeFromChannel = defineCall({ path: 'remove_from_channel', method: 'POST', auth: 'session', status: 200, summary: 'Remove people', request: z.strictObject({ channel_id: Uuid, user_ids: people }), response: Channel });
export const updateChannel = defineCall({
  path: 'update_channel', method: 'POST', auth: 'session', status: 200, summary: 'Change name, topic, purpose or who may post',
  request: z.strictObject({ channel_id: Uuid, name: z.optional(ChannelName), topic: z.optional(text(250)), purpose: z.optional(text(500)), posting: z.optional(Posting) }), response: Channel,
});
export const setNotificationLevel = defineCall({
  path: 'set_notification_level', method: 'POST', auth: 'session', status: 200, summary: 'One\'s own level and mute of a channel',
  request: z.strictObject({ channel_id: Uuid, level: z.optional(Level), muted: z.optional(z.boolean()) }), response: Membership,
});
export const getChannels = defineCall({
  path: 'channels', method: 'GET', auth: 'session', status: 200, summary: 'Public channels and one\'s own',
  request: z.strictObject({ workspace_id: Uuid, query: z.optional(line(80)), archived: z.optional(QueryBoolean), page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(Channel),
});
export const getMembers = defineCall({
  path: 'members', method: 'GET', auth: 'session', status: 200, summary: 'Members of a channel',
  request: z.strictObject({ channel_id: Uuid, page_size: z.optional(PageSize), cursor: z.optional(PageCursor) }),
  response: page(z.looseObject({ user_id: Uuid, role: ChannelRole, joined_at: Timestamp })),
});
