import { uuidv7 } from '@parley/shared/domain/ids';
import { channelStream } from '@parley/shared/domain/streams';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { RequestOf } from '@parley/shared/protocol/call';
import type * as calls from '@parley/shared/protocol/calls/channels';
import type { Channel } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Deps } from '../../platform/deps.ts';
import type { ReadTx } from '../../storage/port.ts';
import { channelDoc, headOf } from '../../storage/streams.ts';
import { channels, members, type ChannelRow } from '../../storage/tables.ts';
import { projectMemberships } from '../membership/membership.service.ts';
import { membershipsOf } from '../membership/memberships.ts';
import { accessTo, allows, demandAccess, demandInWorkspace, type ActorRef } from './channel-access.ts';
import type { ChannelResult } from './channels.commands.ts';
import { dmChannelId } from './dm-id.ts';

type ChannelDeps = Pick<Deps, 'store' | 'clock' | 'random'>;

async function projected(deps: ChannelDeps, result: ChannelResult): Promise<Channel> {
  await projectMemberships(deps.store, result.memberships);
  return result.channel;
}

export async function createChannel(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.createChannel>): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.create', { ...input, who, channel_id: uuidv7(deps.clock, deps.random) }));
}

export async function openDm(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.openDm>): Promise<Channel> {
  const people = [...new Set([who.user_id, ...input.user_ids])].sort();
  if (people.length > LIMITS.group_dm_members) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'user_ids', message: `at most ${LIMITS.group_dm_members} people` }] });
  const channel_id = dmChannelId(input.workspace_id, people);
  return projected(deps, await deps.store.run('channels.open_dm', { who, workspace_id: input.workspace_id, channel_id, user_ids: people }));
}

export async function joinChannel(deps: ChannelDeps, who: ActorRef, channel_id: string): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.join', { who, channel_id }));
}

export async function leaveChannel(deps: ChannelDeps, who: ActorRef, channel_id: string): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.leave', { who, channel_id }));
}

export async function inviteToChannel(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.inviteToChannel>): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.invite', { ...input, who }));
}

export async function removeFromChannel(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.removeFromChannel>): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.remove', { ...input, who }));
}

export async function setArchived(deps: ChannelDeps, who: ActorRef, channel_id: string, archived: boolean): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.set_archived', { who, channel_id, archived }));
}

export async function updateChannel(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.updateChannel>): Promise<Channel> {
  return projected(deps, await deps.store.run('channels.update', { ...input, who }));
}

/** Makes somebody moderator of a channel, or member again. */
export async function setChannelRole(deps: ChannelDeps, who: ActorRef, input: { channel_id: string; user_id: string; role: 'moderator' | 'member' }): Promise<{ user_id: string; role: string }> {
  await projected(deps, await deps.store.run('channels.set_role', { ...input, who }));
  return { user_id: input.user_id, role: input.role };
}

type Page<T> = {
  items: T[];
  next_cursor: string | null;
}

/** Rooms by name, then one's own direct messages by id. */
export async function listChannels(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.getChannels>): Promise<Page<Channel>> {
  const size = input.page_size ?? 100;
  return deps.store.read(async (tx) => {
    await demandInWorkspace(tx, who, input.workspace_id, 'workspace.view');
    const items: { position: string; row: ChannelRow }[] = [];
    if (!input.cursor?.startsWith('d:')) await collectRooms(tx, who, input, items, size + 1);
    if (items.length <= size && input.query === undefined) await collectDirect(tx, who, input, items, size + 1);
    const page = items.slice(0, size);
    const docs = await Promise.all(page.map(async ({ row }) => channelDoc(row, await headOf(tx, channelStream(row.id)))));
    return { items: docs, next_cursor: items.length > size ? page[page.length - 1]!.position : null };
  });
}

const SCAN = 200;

async function collectRooms(tx: ReadTx, who: ActorRef, input: RequestOf<typeof calls.getChannels>, into: { position: string; row: ChannelRow }[], limit: number): Promise<void> {
  const query = input.query?.normalize('NFKC').toLowerCase();
  let after = input.cursor?.startsWith('n:') ? input.cursor.slice(2) : '';
  for (;;) {
    const rows = await tx.find(channels, { index: 'by_name', prefix: [input.workspace_id], gt: after, limit: SCAN });
    for (const row of rows) {
      after = row.browse_name!;
      if (query !== undefined && !after.includes(query)) continue;
      if (input.archived !== undefined && row.doc.archived !== input.archived) continue;
      const access = await accessTo(tx, who, row.id);
      if (!access || allows(access, 'channel.view') !== 'allowed') continue;
      into.push({ position: `n:${after}`, row });
      if (into.length >= limit) return;
    }
    if (rows.length < SCAN) return;
  }
}

async function collectDirect(tx: ReadTx, who: ActorRef, input: RequestOf<typeof calls.getChannels>, into: { position: string; row: ChannelRow }[], limit: number): Promise<void> {
  const after = input.cursor?.startsWith('d:') ? input.cursor.slice(2) : '';
  for (const membership of await membershipsOf(tx, who.user_id)) {
    if (membership.doc.workspace_id !== input.workspace_id || membership.id <= after) continue;
    const row = await tx.get(channels, [membership.id]);
    if (!row || row.browse_name !== null || (input.archived !== undefined && row.doc.archived !== input.archived)) continue;
    if (!(await tx.get(members, [row.id, who.user_id]))) continue;
    into.push({ position: `d:${row.id}`, row });
    if (into.length >= limit) return;
  }
}

export async function listMembers(deps: ChannelDeps, who: ActorRef, input: RequestOf<typeof calls.getMembers>): Promise<Page<{ user_id: string; role: 'moderator' | 'member'; joined_at: string }>> {
  const size = input.page_size ?? 100;
  return deps.store.read(async (tx) => {
    await demandAccess(tx, who, input.channel_id, 'channel.view');
    const rows = await tx.find(members, { prefix: [input.channel_id], ...(input.cursor === undefined ? {} : { gt: input.cursor }), limit: size + 1 });
    const page = rows.slice(0, size);
    return {
      items: page.map((m) => ({ user_id: m.user_id, role: m.role, joined_at: microsToIso(m.joined_at) })),
      next_cursor: rows.length > size ? page[page.length - 1]!.user_id : null,
    };
  });
}
