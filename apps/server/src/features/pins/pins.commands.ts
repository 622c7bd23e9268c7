import type { Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { defineCommand } from '../../storage/command.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { messages, pins } from '../../storage/tables.ts';
import { allows, demand, type ActorRef } from '../channels/channel-access.ts';
import { demandMessage, messageFacts, type MessageRef } from '../messages/find-message.ts';

export const pinCommands = {
  /** Pins a message or takes its pin off; what is so already stays so and takes no rev. */
  'pins.set': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef; pinned: boolean }): Promise<Message> => {
    const { row, access } = await demandMessage(tx, args.who, args.ref);
    demand(allows(access, 'message.pin', messageFacts(row)), 'pinning here is not for you');
    if (row.doc.deleted) throw new ParleyError('conflict', 'the message is deleted', { message: row.doc });
    if (row.doc.kind === 'system') throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'message_id', message: 'what the channel tells is not pinned' }] });
    if (row.doc.pinned === args.pinned) return row.doc;
    if (args.pinned) {
      if ((await tx.count(pins, { prefix: [row.channel_id] })) >= LIMITS.pins) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'message_id', message: `at most ${LIMITS.pins} pins in a channel` }] });
      await tx.put(pins, { channel_id: row.channel_id, message_id: row.id, seq: row.seq, pinned_by: args.who.user_id, pinned_at: tx.now() });
    } else await tx.delete(pins, [row.channel_id, row.id]);
    const change = await ChannelChange.begin(tx, row.channel_id);
    row.doc.pinned = args.pinned;
    row.rev = row.doc.rev = change.nextRev();
    await tx.put(messages, row);
    change.message(row.doc);
    await change.end();
    return row.doc;
  }),
};
