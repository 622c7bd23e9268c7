import { mayHaveLinks } from '@parley/shared/domain/link-cards';
import type { NamedTargets } from '@parley/shared/domain/mentions';
import { microsToIso } from '@parley/shared/domain/timestamp';
import type { Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { messages, messageVersions, pins, reactions, type MessageRow } from '../../storage/tables.ts';
import { allows, demand, type ActorRef } from '../channels/channel-access.ts';
import { detachFiles } from '../files/attach.ts';
import { keepCardsOf } from '../cards/card-rows.ts';
import { inboxFact } from '../inbox/inbox-facts.ts';
import { followByThemselves, uncountReply } from '../threads/thread-root.ts';
import { demandMessage, findMessage, messageFacts, type MessageRef } from './find-message.ts';
import { countingColumns } from './message-row.ts';
import { sendMessage } from './send.command.ts';
import { hereOf, listed, namedBy, resolveTargets, storeMentions, targetColumns } from './targets.ts';

export const messageCommands = {
  'messages.send': sendMessage,

  /** @throws ParleyError `conflict` with the message when it has changed since `base_rev`, or is deleted. */
  'messages.edit': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef; content: string; named: NamedTargets; /** Its first links, as `cardLinks` finds them; cards of others go. */ links?: string[]; here_ids?: string[]; base_rev?: number }): Promise<Message> => {
    const { row, access } = await demandMessage(tx, args.who, args.ref);
    demand(allows(access, 'message.edit', messageFacts(row)), 'only one\'s own messages');
    if (row.doc.kind === 'system') throw new ParleyError('forbidden', 'what the channel tells is not edited');
    if (row.doc.deleted) throw new ParleyError('conflict', 'the message is deleted', { message: row.doc });
    if (args.base_rev !== undefined && args.base_rev < row.rev) throw new ParleyError('conflict', 'the message has changed since', { message: row.doc });
    if (row.doc.content === args.content) return row.doc;
    // Files say something without words.
    if (args.content.trim() === '' && row.doc.files.length === 0) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'content', message: 'no text' }] });
    const before = row.doc.mentions;
    const namedBefore = namedBy(row);
    if (args.named.everyone !== 'none' && before.everyone === 'none') demand(allows(access, 'mention.everyone'), 'naming everybody here is for moderators');

    const change = await ChannelChange.begin(tx, row.channel_id);
    await keepVersion(tx, row);
    const here = hereOf(row);
    const targets = await resolveTargets(tx, { channel_id: row.channel_id, workspace_id: access.row.workspace_id, author_id: row.author_id, seq: row.seq }, args.named, args.here_ids ?? []);
    row.doc.content = args.content;
    row.doc.mentions = targets.mentions;
    if (targets.mentions.everyone === 'here' && before.everyone === 'here') {
      // Those who were here when it was sent, not those who are here now.
      targets.here = here;
      targets.mentions.target_ids = listed([...targets.grouped, ...here]);
    }
    delete row.targets;
    delete row.here;
    Object.assign(row, targetColumns(targets));
    row.doc.edited_at = microsToIso(Math.max(tx.now(), row.created_us));
    keepCardsOf(row, args.links ?? []);
    if (mayHaveLinks(args.content)) change.fact('cards', [row.id]);
    await store(change, row);
    await storeMentions(tx, row, false);
    if (row.parent_message_id !== null) {
      const root = await findMessage(tx, { channel_id: row.channel_id, message_id: row.parent_message_id });
      if (root) await followByThemselves(tx, root, row, false);
      change.fact('threads', [row.parent_message_id]);
    }
    const fact = await inboxFact(tx, access.row, row, { named: namedBefore, everyone: before.everyone });
    if (fact) change.fact('inbox', [fact]);
    await change.end();
    return row.doc;
  }),

  /** Leaves a tombstone; of a tombstone it answers just that. */
  'messages.delete': defineCommand(async (tx, args: { who: ActorRef; ref: MessageRef }): Promise<Message> => {
    const { row, access } = await demandMessage(tx, args.who, args.ref);
    demand(allows(access, 'message.delete', messageFacts(row)), 'one\'s own messages, or as a moderator');
    if (row.doc.deleted) return row.doc;
    const change = await ChannelChange.begin(tx, row.channel_id);
    await keepVersion(tx, row);
    await detachFiles(tx, row, row.doc.files);
    row.doc = { ...row.doc, content: '', files: [], reactions: [], pinned: false, deleted: true };
    delete row.doc.system;
    delete row.doc.cards;
    await store(change, row);
    await storeMentions(tx, row, false);
    await dropReactions(tx, row);
    await tx.delete(pins, [row.channel_id, row.id]);
    if (row.parent_message_id !== null) {
      await uncountReply(change, row);
      change.fact('threads', [row.parent_message_id]);
    }
    // Its reactions go with it.
    change.fact('inbox', [{ message_id: row.id }]);
    await change.end();
    return row.doc;
  }),
};

/** Moves a changed message to the next rev, its counting columns following its document. */
async function store(change: ChannelChange, row: MessageRow): Promise<void> {
  row.rev = row.doc.rev = change.nextRev();
  Object.assign(row, countingColumns(row.doc));
  await change.tx.put(messages, row);
  change.message(row.doc);
}

async function keepVersion(tx: Tx, row: MessageRow): Promise<void> {
  await tx.insert(messageVersions, { channel_id: row.channel_id, message_id: row.id, rev: row.rev, content: row.doc.content, replaced_at: tx.now() });
}

async function dropReactions(tx: Tx, row: MessageRow): Promise<void> {
  for (;;) {
    const page = await tx.find(reactions, { prefix: [row.channel_id, row.id], limit: 500 });
    for (const r of page) await tx.delete(reactions, [r.channel_id, r.message_id, r.emoji, r.user_id]);
    if (page.length < 500) return;
  }
}
