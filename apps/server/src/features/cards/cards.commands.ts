import type { Card, Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { linkCards, messages, type KeptCard, type MessageRow } from '../../storage/tables.ts';
import { allows, demand, type ActorRef } from '../channels/channel-access.ts';
import { demandMessage, findMessage, messageFacts, type MessageRef } from '../messages/find-message.ts';
import { giveCards } from './card-rows.ts';

/** Links of one message that its author took cards off; the oldest are forgotten. */
const MOST_REMOVED = 50;
/** Rows whose time is over go a few at a time, with those that come. */
const SWEEP = 20;

export const cardsCommands = {
  /** Keeps what a link led to, or that it led to nothing, for a while. */
  'cards.remember': defineCommand(async (tx, args: { key: string; url: string; card: KeptCard | null; lasts_us: number }): Promise<void> => {
    for (const row of await tx.find(linkCards, { index: 'by_expiry', lte: tx.now(), limit: SWEEP })) await tx.delete(linkCards, [row.url_hash]);
    await tx.put(linkCards, { url_hash: args.key, url: args.url, card: args.card, expires_at: tx.now() + args.lasts_us });
  }),

  /**
   * Gives a message its cards, when its text is still the one that they were read for; whoever changes the text asks for
   * them anew. What is so already takes no rev, so that a repeat changes nothing.
   */
  'cards.set': defineCommand(async (tx, args: { channel_id: string; message_id: string; content: string; cards: Card[] }): Promise<{ changed: boolean }> => {
    const row = await findMessage(tx, args);
    if (!row || row.doc.deleted || row.doc.content !== args.content || !giveCards(row, args.cards)) return { changed: false };
    await store(await ChannelChange.begin(tx, row.channel_id), row);
    return { changed: true };
  }),

  /** Takes a card off one's own message for good. One that is not there stays so. */
  'cards.remove': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef; url: string }): Promise<Message> => {
    const { row, access } = await demandMessage(tx, args.who, args.ref);
    demand(allows(access, 'message.edit', messageFacts(row)), 'only of one\'s own messages');
    if (row.doc.deleted) throw new ParleyError('conflict', 'the message is deleted', { message: row.doc });
    const cards = row.doc.cards ?? [];
    if (!cards.some(({ url }) => url === args.url)) return row.doc;
    row.removed_cards = [...(row.removed_cards ?? []), args.url].slice(-MOST_REMOVED);
    giveCards(row, cards);
    await store(await ChannelChange.begin(tx, row.channel_id), row);
    return row.doc;
  }),
};

async function store(change: ChannelChange, row: MessageRow): Promise<void> {
  row.rev = row.doc.rev = change.nextRev();
  await change.tx.put(messages, row);
  change.message(row.doc);
  await change.end();
}
