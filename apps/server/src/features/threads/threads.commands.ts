import { channelStream } from '@parley/shared/domain/streams';
import type { Thread } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import { headOf } from '../../storage/streams.ts';
import { channels, members, threadFollowers } from '../../storage/tables.ts';
import { allows, demand, type ActorRef } from '../channels/channel-access.ts';
import { demandMessage, messageFacts, type MessageRef } from '../messages/find-message.ts';
import { putThread } from './thread-entity.ts';

const PAGE = 100;

export const threadCommands = {
  /** Follows or unfollows by choice, which following by itself never overrules. A reply stands for its thread. */
  'threads.follow': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef; following: boolean }): Promise<Thread> => {
    const { row, access } = await demandMessage(tx, args.who, args.ref);
    demand(allows(access, 'channel.follow', messageFacts(row)), 'only in channels one is in');
    if (row.doc.kind === 'system') throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'message_id', message: 'has no thread' }] });
    const rootId = row.parent_message_id ?? row.id;
    const before = await tx.get(threadFollowers, [row.channel_id, rootId, args.who.user_id]);
    const head = await headOf(tx, channelStream(row.channel_id));
    const follower = { channel_id: row.channel_id, root_id: rootId, user_id: args.who.user_id, following: args.following ? 1 : 0, explicit: 1, from_seq: before?.from_seq ?? head.seq };
    if (before?.following !== follower.following || before.explicit !== 1) await tx.put(threadFollowers, follower);
    return putThread(tx, { channel: access.row, member: access.member!, root_id: rootId, follower });
  }),

  /**
   * After a reply came, changed or went: counts anew for a page of the thread's followers. Idempotent.
   * @returns where to go on, or null when that were all.
   */
  'threads.recount': defineCommand(async (tx, args: { channel_id: string; root_id: string; after: string | null }): Promise<{ next: string | null }> => {
    const channel = await tx.get(channels, [args.channel_id]);
    if (!channel) return { next: null };
    const page = await tx.find(threadFollowers, { prefix: [args.channel_id, args.root_id], ...(args.after === null ? {} : { gt: args.after }), limit: PAGE });
    for (const follower of page) {
      if (follower.following !== 1) continue;
      const member = await tx.get(members, [args.channel_id, follower.user_id]);
      if (member) await putThread(tx, { channel, member, root_id: args.root_id, follower });
    }
    return { next: page.length < PAGE ? null : page[page.length - 1]!.user_id };
  }),
};
