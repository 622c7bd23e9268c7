import type { Tx } from '../../storage/port.ts';
import type { ChannelChange } from '../../storage/streams.ts';
import { members, messages, threadFollowers, type MessageRow } from '../../storage/tables.ts';

const LISTED_PARTICIPANTS = 5;

/** Counts a new reply into its root's summary, which moves the root to the next rev. */
export async function countReply(change: ChannelChange, root: MessageRow, reply: MessageRow): Promise<void> {
  const before = root.doc.thread;
  const participants = before?.participant_ids ?? [];
  if (!participants.includes(reply.author_id) && participants.length < LISTED_PARTICIPANTS) participants.push(reply.author_id);
  root.doc.thread = { reply_count: (before?.reply_count ?? 0) + 1, last_reply_seq: reply.seq, last_reply_at: reply.doc.created_at, participant_ids: participants };
  await moveRoot(change, root);
}

/** Takes a deleted reply out of its root's summary; who took part stays named while there are replies. */
export async function uncountReply(change: ChannelChange, reply: MessageRow): Promise<void> {
  const [root] = await change.tx.find(messages, { index: 'by_id', prefix: [reply.parent_message_id!], limit: 1 });
  if (!root || root.channel_id !== reply.channel_id || !root.doc.thread) return;
  const count = root.doc.thread.reply_count - 1;
  const last = count > 0 ? await lastReply(change.tx, reply) : undefined;
  root.doc.thread = last ? { ...root.doc.thread, reply_count: count, last_reply_seq: last.seq, last_reply_at: last.doc.created_at } : null;
  await moveRoot(change, root);
}

async function moveRoot(change: ChannelChange, root: MessageRow): Promise<void> {
  root.rev = root.doc.rev = change.nextRev();
  await change.tx.put(messages, root);
  change.message(root.doc);
}

async function lastReply(tx: Tx, deleted: MessageRow): Promise<MessageRow | undefined> {
  for (let below = Number.MAX_SAFE_INTEGER; ; ) {
    const page = await tx.find(messages, { index: 'by_thread', prefix: [deleted.channel_id, deleted.parent_message_id!], lt: below, reverse: true, limit: 20 });
    const found = page.find((m) => !m.doc.deleted && m.seq !== deleted.seq);
    if (found || page.length < 20) return found;
    below = page[page.length - 1]!.seq;
  }
}

/**
 * Who started the thread, who replies and who is named in it follow it by themselves, unless they chose otherwise. What
 * came before the reason to follow is read already.
 */
export async function followByThemselves(tx: Tx, root: MessageRow, reply: MessageRow, first: boolean): Promise<void> {
  const from = new Map<string, number>();
  const consider = (userId: string, seq: number): void => {
    if (!from.has(userId)) from.set(userId, seq);
  };
  if (first) {
    if (root.doc.kind !== 'system' && !root.doc.imported) consider(root.author_id, root.seq);
    for (const userId of root.doc.mentions.user_ids) consider(userId, root.seq);
  }
  consider(reply.author_id, reply.seq);
  for (const userId of reply.doc.mentions.user_ids) consider(userId, reply.seq - 1);
  for (const [userId, seq] of from) {
    if (await tx.get(threadFollowers, [root.channel_id, root.id, userId])) continue;
    if (!(await tx.get(members, [root.channel_id, userId]))) continue;
    await tx.insert(threadFollowers, { channel_id: root.channel_id, root_id: root.id, user_id: userId, following: 1, explicit: 0, from_seq: seq });
  }
}
