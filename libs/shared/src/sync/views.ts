import type { Membership, Thread } from '../protocol/entities.ts';
import type { ChannelView } from './api.ts';
import type { Outbox } from './outbox.ts';
import type { Reads } from './reads.ts';
import type { Replica } from './replica.ts';

/** A channel as shown: what the server has, with pending positions and settings on top. */
export function channelView(replica: Replica, outbox: Outbox, reads: Reads, id: string): ChannelView | null {
  const held = replica.channels.get(id);
  const channel = held?.channel;
  if (!held || !channel) return null;
  const stored = replica.membership(id);
  const position = reads.position(id, null);
  let membership: Membership | null = stored;
  if (stored) {
    membership = { ...stored, read_epoch: position.epoch, read_seq: position.seq };
    for (const { what, refused } of outbox.of(id)) {
      if (what.act === 'level' && !refused) membership = { ...membership, ...(what.level !== undefined && { level: what.level }), ...(what.muted !== undefined && { muted: what.muted }) };
    }
  }
  const counts = stored ? held.countsAt(position) : null;
  return {
    id, workspaceId: channel.workspace_id, channel, membership, unread: counts?.unread ?? null, mentions: counts?.mentions ?? null,
    lastMessageAt: held.lastMessageAt, headSeq: Math.max(held.headSeq, held.knownSeq),
  };
}

export function threadView(replica: Replica, outbox: Outbox, reads: Reads, rootId: string): Thread | null {
  const stored = replica.thread(rootId);
  const follow = outbox.all().filter((r) => r.what.act === 'follow' && r.what.rootId === rootId && !r.refused).at(-1);
  if (!stored && !follow) return null;
  const channelId = stored?.channel_id ?? follow!.channelId;
  const thread = stored ?? { root_id: rootId, channel_id: channelId, following: false, read_epoch: 0, read_seq: 0, unread: 0 };
  const position = reads.position(channelId, rootId);
  const last = replica.channels.get(channelId)?.rows.byId(rootId)?.thread?.last_reply_seq;
  const unread = position.epoch === thread.read_epoch && position.seq > thread.read_seq && last !== undefined && last <= position.seq ? 0 : thread.unread;
  return { ...thread, read_epoch: position.epoch, read_seq: position.seq, unread, ...(follow?.what.act === 'follow' && { following: follow.what.follow }) };
}
