import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Channel } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange, channelDoc } from '../../storage/streams.ts';
import { claims, type ChannelRow } from '../../storage/tables.ts';
import { joinPeople, type MembershipRef } from './member-changes.ts';

export interface NewChannel {
  id: string;
  workspace_id: string;
  kind: Channel['kind'];
  /** Empty for direct messages. */
  name: string;
  topic?: string;
  purpose?: string;
  /** Becomes its moderator; null for channels that nobody made. */
  creator_id: string | null;
  /** Members from the start, beside the creator. */
  user_ids?: readonly string[];
  is_default?: boolean;
  import_id?: string | null;
  import_source?: string | null;
}

/**
 * Makes a channel of any kind with its first members, for commands. Asks nobody's rights.
 * @throws ParleyError `conflict` when the workspace has a channel of this name.
 */
export async function createChannelIn(tx: Tx, args: NewChannel): Promise<{ channel: Channel; memberships: MembershipRef[] }> {
  const direct = args.kind === 'dm' || args.kind === 'group_dm';
  if (!direct) await claimName(tx, args.workspace_id, args.name, args.id);
  const change = await ChannelChange.begin(tx, args.id);
  const row: ChannelRow = {
    id: args.id, workspace_id: args.workspace_id, kind: args.kind, rev: 0, browse_name: direct ? null : args.name, members: 0, counted_at: 0,
    import_id: args.import_id ?? null, import_source: args.import_source ?? null,
    doc: {
      id: args.id, workspace_id: args.workspace_id, kind: args.kind, name: args.name, topic: args.topic ?? '', purpose: args.purpose ?? '',
      member_count: 0, archived: false, posting: 'everyone', created_at: microsToIso(tx.now()), head_seq: 0, head_rev: 0, purged_through_seq: 0,
      creator_id: args.creator_id,
    },
  };
  if (args.is_default) row.doc.is_default = true;
  if (args.import_id) row.doc.importing = true;
  const people = [...new Set([...(args.creator_id === null ? [] : [args.creator_id]), ...(args.user_ids ?? [])])];
  if (direct) row.doc.user_ids = [...people].sort();
  if (people.length === 0) await change.channel(row);
  await joinPeople(change, row, { user_ids: people, ...(args.creator_id !== null && !direct ? { moderator: args.creator_id } : {}) });
  await change.end();
  return { channel: channelDoc(row, change.head), memberships: people.map((user_id) => ({ channel_id: args.id, user_id })) };
}

const claimOf = (workspaceId: string, name: string): string => `channel:${workspaceId}:${name}`;

/** @throws ParleyError `conflict` when another channel of the workspace has the name. */
export async function claimName(tx: Tx, workspaceId: string, name: string, channelId: string): Promise<void> {
  const id = claimOf(workspaceId, name);
  const claim = await tx.get(claims, [id]);
  if (claim && claim.owner_id !== channelId) throw new ParleyError('conflict', 'a channel of this name exists');
  if (!claim) await tx.insert(claims, { id, owner_id: channelId });
}

export async function releaseName(tx: Tx, workspaceId: string, name: string): Promise<void> {
  await tx.delete(claims, [claimOf(workspaceId, name)]);
}

/** The channel that new people of a workspace join. */
export const DEFAULT_CHANNEL = 'general';

/** The default channel's id; undefined when the workspace has none. */
export async function defaultChannelId(tx: Pick<Tx, 'get'>, workspaceId: string): Promise<string | undefined> {
  const renamed = await tx.get(claims, [claimOf(workspaceId, ` ${DEFAULT_CHANNEL}`)]);
  return renamed?.owner_id;
}

/** Makes a workspace's default channel. Writes no message into it. */
export async function createDefaultChannelIn(tx: Tx, args: { id: string; workspace_id: string; creator_id: string }): Promise<{ channel: Channel; memberships: MembershipRef[] }> {
  // A name that no channel can have, so that the default channel is found whatever it is called.
  await tx.insert(claims, { id: claimOf(args.workspace_id, ` ${DEFAULT_CHANNEL}`), owner_id: args.id });
  return createChannelIn(tx, { ...args, kind: 'public', name: DEFAULT_CHANNEL, is_default: true });
}
