import { can } from '@parley/shared/domain/can';
import type { Channel } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange, channelDoc, headOf } from '../../storage/streams.ts';
import { channels, members, workspaceMembers } from '../../storage/tables.ts';
import { channelStream } from '@parley/shared/domain/streams';
import { sharesChannel } from '../membership/memberships.ts';
import { accessTo, actorIn, allows, demand, demandAccess, demandInWorkspace, type Access, type ActorRef } from './channel-access.ts';
import { claimName, createChannelIn, releaseName } from './create-channel.ts';
import { joinPeople, partPeople, tell, type MembershipRef } from './member-changes.ts';

/** What a change of a channel answers: the channel after it, and whose memberships to project. */
export interface ChannelResult {
  channel: Channel;
  memberships: MembershipRef[];
}

const refs = (channel_id: string, userIds: readonly string[]): MembershipRef[] => userIds.map((user_id) => ({ channel_id, user_id }));

/** @throws ParleyError `not_found` unless all are people of the workspace. */
async function demandPeople(tx: Tx, workspaceId: string, userIds: readonly string[]): Promise<void> {
  for (const userId of userIds) {
    const person = await tx.get(workspaceMembers, [workspaceId, userId]);
    if (!person || person.deactivated) throw new ParleyError('not_found', 'no such person in this workspace');
  }
}

async function change<T>(tx: Tx, access: Access, work: (change: ChannelChange) => Promise<T>): Promise<{ result: T; channel: Channel }> {
  const started = await ChannelChange.begin(tx, access.row.id);
  const result = await work(started);
  await started.end();
  return { result, channel: channelDoc(access.row, started.head) };
}

export const channelCommands = {
  'channels.create': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; workspace_id: string; name: string; is_private?: boolean; topic?: string; purpose?: string; user_ids?: string[] }): Promise<ChannelResult> => {
    await demandInWorkspace(tx, args.who, args.workspace_id, 'channel.create');
    await demandPeople(tx, args.workspace_id, args.user_ids ?? []);
    return createChannelIn(tx, {
      id: args.channel_id, workspace_id: args.workspace_id, kind: args.is_private ? 'private' : 'public', name: args.name, topic: args.topic, purpose: args.purpose,
      creator_id: args.who.user_id, user_ids: args.user_ids,
    });
  }),

  /** `channel_id` is made of the workspace and `user_ids` (oneself included, sorted), so that the same people meet in the same channel. */
  'channels.open_dm': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; workspace_id: string; user_ids: string[] }): Promise<ChannelResult> => {
    const actor = await actorIn(tx, args.who, args.workspace_id);
    demand(can(actor, 'workspace.view'));
    const existing = await accessTo(tx, args.who, args.channel_id);
    if (existing) return { channel: channelDoc(existing.row, await headOf(tx, channelStream(args.channel_id))), memberships: [] };
    const others = args.user_ids.filter((id) => id !== args.who.user_id);
    await demandPeople(tx, args.workspace_id, others);
    if (actor.workspace_role === 'guest') {
      for (const other of others) demand(can(actor, 'dm.open', { shares_channel: await sharesChannel(tx, args.workspace_id, args.who.user_id, other) }));
    }
    return createChannelIn(tx, { id: args.channel_id, workspace_id: args.workspace_id, kind: args.user_ids.length > 2 ? 'group_dm' : 'dm', name: '', creator_id: args.who.user_id, user_ids: args.user_ids });
  }),

  'channels.join': defineCommand(async (tx, args: { who: ActorRef; channel_id: string }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.join');
    const { result, channel } = await change(tx, access, async (c) => {
      const joined = await joinPeople(c, access.row, { user_ids: [args.who.user_id] });
      if (joined.length > 0) await tell(c, access.row, args.who.user_id, 'joined');
      return joined;
    });
    return { channel, memberships: refs(args.channel_id, result) };
  }),

  'channels.leave': defineCommand(async (tx, args: { who: ActorRef; channel_id: string }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.leave');
    const { result, channel } = await change(tx, access, async (c) => {
      const left = await partPeople(c, access.row, [args.who.user_id]);
      if (left.length > 0) await tell(c, access.row, args.who.user_id, 'left');
      return left;
    });
    return { channel, memberships: refs(args.channel_id, result) };
  }),

  'channels.invite': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; user_ids: string[]; history?: 'all' | 'now' }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.invite');
    await demandPeople(tx, access.row.workspace_id, args.user_ids);
    // Public history is open to all anyway.
    const history = access.row.kind === 'private' ? args.history : 'all';
    const { result, channel } = await change(tx, access, async (c) => {
      const joined = await joinPeople(c, access.row, { user_ids: args.user_ids, history });
      if (joined.length > 0) await tell(c, access.row, args.who.user_id, 'added', { user_ids: joined });
      const invited = joined.filter((id) => id !== args.who.user_id);
      if (invited.length > 0) c.fact('invited', { by: args.who.user_id, user_ids: invited });
      return joined;
    });
    return { channel, memberships: refs(args.channel_id, result) };
  }),

  'channels.remove': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; user_ids: string[] }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.remove');
    const { result, channel } = await change(tx, access, async (c) => {
      const left = await partPeople(c, access.row, args.user_ids);
      if (left.length > 0) await tell(c, access.row, args.who.user_id, 'removed', { user_ids: left });
      return left;
    });
    return { channel, memberships: refs(args.channel_id, result) };
  }),

  'channels.set_archived': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; archived: boolean }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.archive');
    const { channel } = await change(tx, access, async (c) => {
      if (access.row.doc.archived === args.archived) return;
      access.row.doc.archived = args.archived;
      await tell(c, access.row, args.who.user_id, args.archived ? 'archived' : 'unarchived');
      await c.channel(access.row);
    });
    return { channel, memberships: [] };
  }),

  'channels.update': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; name?: string; topic?: string; purpose?: string; posting?: Channel['posting'] }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.view');
    const { doc } = access.row;
    if (args.name !== undefined) demand(allows(access, 'channel.rename'));
    if (args.topic !== undefined || args.purpose !== undefined) demand(allows(access, 'channel.set_topic'));
    if (args.posting !== undefined) demand(allows(access, 'channel.set_posting'));
    const { channel } = await change(tx, access, async (c) => {
      const before = { ...doc };
      if (args.name !== undefined && args.name !== doc.name) {
        await claimName(tx, access.row.workspace_id, args.name, access.row.id);
        await releaseName(tx, access.row.workspace_id, doc.name);
        doc.name = access.row.browse_name = args.name;
        await tell(c, access.row, args.who.user_id, 'renamed', { text: args.name });
      }
      if (args.topic !== undefined && args.topic !== doc.topic) {
        doc.topic = args.topic;
        await tell(c, access.row, args.who.user_id, 'topic', { text: args.topic });
      }
      doc.purpose = args.purpose ?? doc.purpose;
      doc.posting = args.posting ?? doc.posting;
      if (doc.name !== before.name || doc.topic !== before.topic || doc.purpose !== before.purpose || doc.posting !== before.posting) await c.channel(access.row);
    });
    return { channel, memberships: [] };
  }),

  'channels.set_role': defineCommand(async (tx, args: { who: ActorRef; channel_id: string; user_id: string; role: 'moderator' | 'member' }): Promise<ChannelResult> => {
    const access = await demandAccess(tx, args.who, args.channel_id, 'channel.set_role');
    const member = await tx.get(members, [args.channel_id, args.user_id]);
    if (!member) throw new ParleyError('not_found', 'no member of this channel');
    const { channel } = await change(tx, access, async (c) => {
      if (member.role === args.role) return;
      await tx.put(members, { ...member, role: args.role });
      c.nextRev();
      c.fact('memberships', [args.user_id]);
    });
    return { channel, memberships: refs(args.channel_id, [args.user_id]) };
  }),

  /** After an import: who may post again, and what the channel says of it. For the importer. */
  'channels.set_importing': defineCommand(async (tx, args: { channel_id: string; import_id: string | null; import_source?: string | null }) => {
    const row = await tx.get(channels, [args.channel_id]);
    if (!row) throw new ParleyError('not_found', 'no such channel');
    const c = await ChannelChange.begin(tx, args.channel_id);
    row.import_id = args.import_id;
    if (args.import_source !== undefined) row.import_source = args.import_source;
    if (args.import_id === null) delete row.doc.importing;
    else row.doc.importing = true;
    await c.channel(row);
    await c.end();
    return {};
  }),
};
