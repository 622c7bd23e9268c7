import type { Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { messages, reactions, type MessageRow } from '../../storage/tables.ts';
import { allows, demand, type ActorRef } from '../channels/channel-access.ts';
import { demandMessage, messageFacts, type MessageRef } from '../messages/find-message.ts';

export const reactionCommands = {
  /** Adds or removes one's reaction; what is so already stays so and takes no rev. */
  'reactions.set': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef; emoji: string; remove?: boolean }): Promise<Message> => {
    const { row, access } = await demandMessage(tx, args.who, args.ref);
    demand(allows(access, 'message.react', messageFacts(row)), 'reacting here is not for you');
    if (row.doc.deleted) throw new ParleyError('conflict', 'the message is deleted', { message: row.doc });
    const key = [row.channel_id, row.id, args.emoji, args.who.user_id] as const;
    const had = (await tx.get(reactions, key)) !== undefined;
    if (had !== (args.remove === true)) return row.doc;
    const change = await ChannelChange.begin(tx, row.channel_id);
    if (args.remove) {
      await tx.delete(reactions, key);
      await take(tx, row, args.emoji, args.who.user_id);
    } else {
      add(row, args.emoji, args.who.user_id);
      await tx.insert(reactions, { channel_id: row.channel_id, message_id: row.id, emoji: args.emoji, user_id: args.who.user_id, at: tx.now() });
    }
    row.rev = row.doc.rev = change.nextRev();
    await tx.put(messages, row);
    change.message(row.doc);
    if (row.author_id !== args.who.user_id) change.fact('inbox', [{ message_id: row.id }]);
    await change.end();
    return row.doc;
  }),
};

function add(row: MessageRow, emoji: string, userId: string): void {
  const entry = row.doc.reactions.find((r) => r.emoji === emoji);
  if (entry) {
    entry.count += 1;
    if (entry.user_ids.length < LIMITS.listed_people) entry.user_ids.push(userId);
    return;
  }
  if (row.doc.reactions.length >= LIMITS.message_reactions) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'emoji', message: `at most ${LIMITS.message_reactions} different emoji on a message` }] });
  row.doc.reactions.push({ emoji, count: 1, user_ids: [userId] });
}

async function take(tx: Tx, row: MessageRow, emoji: string, userId: string): Promise<void> {
  const entry = row.doc.reactions.find((r) => r.emoji === emoji);
  if (!entry) return;
  entry.count -= 1;
  if (entry.count === 0) {
    row.doc.reactions = row.doc.reactions.filter((r) => r !== entry);
    return;
  }
  if (!entry.user_ids.includes(userId)) return;
  const first = await tx.find(reactions, { index: 'by_time', prefix: [row.channel_id, row.id, emoji], limit: LIMITS.listed_people });
  entry.user_ids = first.map((r) => r.user_id);
}
