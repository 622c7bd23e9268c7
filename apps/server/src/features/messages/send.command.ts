import { mayHaveLinks } from '@parley/shared/domain/link-cards';
import type { NamedTargets } from '@parley/shared/domain/mentions';
import type { Message } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { ChannelChange } from '../../storage/streams.ts';
import { messages, type MessageRow } from '../../storage/tables.ts';
import { accessTo, allows, demand, firstVisibleSeq, type Access, type ActorRef } from '../channels/channel-access.ts';
import { attachFiles, demandOwnFiles, presentFiles } from '../files/attach.ts';
import { inboxFact } from '../inbox/inbox-facts.ts';
import { crowdFact } from '../pointers/crowd-fact.ts';
import { countReply, followByThemselves } from '../threads/thread-root.ts';
import { buildMessageRow, NO_MENTIONS } from './message-row.ts';
import { findMessage } from './find-message.ts';
import { resolveTargets, storeMentions, targetColumns, type Targets } from './targets.ts';

export interface SendArgs {
  who: ActorRef;
  channel_id: string;
  content: string;
  client_msg_id: string;
  /** Of all that was asked to be sent; see `fingerprintOf`. */
  fingerprint: string;
  /** Whom the content names, as `parseMentions` finds them. */
  named: NamedTargets;
  /** Who is here, when the content names those. */
  here_ids?: string[];
  parent_message_id?: string | null;
  broadcast?: boolean;
  quiet?: boolean;
  kind?: 'text' | 'me';
  file_ids?: string[];
}
export interface SendResult {
  message: Message;
  /** True when it had been sent before. */
  repeat: boolean;
}

/**
 * Sends. The same `(channel, author, client_msg_id)` yields the same message. Rights, place and repeat are all decided in
 * here, under the channel's head, so that nobody posts who has just been removed.
 * @throws ParleyError `conflict` with the message when the same id was sent with something else.
 */
export const sendMessage = defineCommand(async (tx, args: SendArgs): Promise<SendResult> => {
  const access = await accessTo(tx, args.who, args.channel_id);
  demand(access ? allows(access, 'channel.view') : 'not_found');
  const [known] = await tx.find(messages, { index: 'by_client', prefix: [args.channel_id, args.who.user_id, args.client_msg_id], limit: 1 });
  if (known) {
    if (known.fingerprint !== args.fingerprint) throw new ParleyError('conflict', 'this client_msg_id was sent with something else', { message: known.doc });
    return { message: known.doc, repeat: true };
  }
  demand(allows(access!, 'message.post'), 'posting here is not for you');
  if (args.named.everyone !== 'none') demand(allows(access!, 'mention.everyone'), 'naming everybody here is for moderators');
  const root = args.parent_message_id ? await demandRoot(tx, access!, args.parent_message_id) : null;
  const targets = await targetsOf(tx, access!, args);
  const carried = await demandOwnFiles(tx, args.who.user_id, args.file_ids ?? []);

  const change = await ChannelChange.begin(tx, args.channel_id);
  const row = buildMessageRow({
    id: tx.uuid(), channel_id: args.channel_id, seq: change.nextSeq(), rev: change.nextRev(), author_id: args.who.user_id, client_msg_id: args.client_msg_id,
    kind: args.kind ?? 'text', content: args.content, created_us: change.nextTime(), parent_message_id: root?.id ?? null, broadcast: root !== null && args.broadcast === true,
    mentions: targets.mentions, files: presentFiles(carried), quiet: args.quiet, fingerprint: args.fingerprint, targets: targetColumns(targets),
  });
  await tx.insert(messages, row);
  await attachFiles(tx, carried, row);
  change.message(row.doc);
  if (targets.mentions !== NO_MENTIONS) await storeMentions(tx, row, true);
  if (root) {
    const first = root.doc.thread === null;
    await countReply(change, root, row);
    await followByThemselves(tx, root, row, first);
    change.fact('threads', [root.id]);
  }
  if (mayHaveLinks(args.content)) change.fact('cards', [row.id]);
  const fact = await inboxFact(tx, access!.row, row);
  if (fact) change.fact('inbox', [fact]);
  const crowd = crowdFact(access!.row, row);
  if (crowd) change.fact('crowd', crowd);
  await change.end();
  return { message: row.doc, repeat: false };
});

async function targetsOf(tx: Tx, access: Access, args: SendArgs): Promise<Targets> {
  const { named } = args;
  if (named.user_ids.length === 0 && named.group_ids.length === 0 && named.everyone === 'none') return { mentions: NO_MENTIONS, here: [], grouped: [] };
  return resolveTargets(tx, { channel_id: args.channel_id, workspace_id: access.row.workspace_id, author_id: args.who.user_id }, named, args.here_ids ?? []);
}

/** @throws ParleyError `not_found`, or `invalid_request` for a reply to a reply. */
async function demandRoot(tx: Tx, access: Access, id: string): Promise<MessageRow> {
  const root = await findMessage(tx, { channel_id: access.row.id, message_id: id });
  if (!root || root.seq < firstVisibleSeq(access)) throw new ParleyError('not_found', 'no such message to reply to');
  if (root.parent_message_id !== null) throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'parent_message_id', message: 'a reply has no replies; answer its thread' }] });
  return root;
}
