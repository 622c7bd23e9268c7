import { ParleyError } from '../../libs/shared/src/protocol/errors.ts';
import type { Message } from '../../libs/shared/src/protocol/entities.ts';
import type { CommandHandler } from '../../apps/server/src/storage/command.ts';
import { COMMANDS as PRODUCT } from '../../apps/server/src/storage/commands.ts';
import { heads, members, messages, type MessageRow } from '../../apps/server/src/storage/tables.ts';

export interface BenchSend {
  channel_id: string;
  author_id: string;
  id: string;
  client_msg_id: string;
  content: string;
}

/** The row of a plain message, with all that the product's indexes want to know. */
export function benchRow(args: BenchSend, seq: number, rev: number, created_us: number): MessageRow {
  const doc: Message = {
    id: args.id, channel_id: args.channel_id, seq, rev, author_id: args.author_id, parent_message_id: null, broadcast: false, client_msg_id: args.client_msg_id,
    kind: 'text', content: args.content, mentions: { user_ids: [], group_ids: [], everyone: 'none' }, files: [], reactions: [], thread: null,
    pinned: false, quiet: false, imported: false, created_at: new Date(created_us / 1000).toISOString(), edited_at: null, deleted: false,
  };
  return {
    channel_id: args.channel_id, seq, rev, id: args.id, author_id: args.author_id, client_msg_id: args.client_msg_id, parent_message_id: null,
    counted_seq: seq, reply_seq: null, timeline_seq: seq, everyone_seq: null, created_us, doc, fingerprint: 'f'.repeat(43),
  };
}

/** A send as the store sees it: membership checked, repeat looked up, head, message and outbox row written. */
const send: CommandHandler<BenchSend, { message: Message }> = async (tx, args) => {
  if (!(await tx.get(members, [args.channel_id, args.author_id]))) throw new ParleyError('forbidden');
  const [repeat] = await tx.find(messages, { index: 'by_client', prefix: [args.channel_id, args.author_id, args.client_msg_id], limit: 1 });
  if (repeat) return { message: repeat.doc };
  const stream = `channel:${args.channel_id}` as const;
  const head = (await tx.get(heads, [stream]))!;
  const at = Math.max(tx.now(), head.last_at + 1);
  const row = benchRow(args, head.seq + 1, head.rev + 1, at);
  await tx.put(heads, { ...head, rev: row.rev, seq: row.seq, last_at: at });
  await tx.insert(messages, row);
  tx.emit({ stream, from: head.rev, rev: row.rev, seq: row.seq, entities: [{ type: 'message', ...row.doc }] as never });
  return { message: row.doc };
};

const setUp: CommandHandler<{ channels: string[]; users: string[] }, object> = async (tx, args) => {
  for (const channel_id of args.channels) {
    await tx.put(heads, { stream: `channel:${channel_id}`, rev: 0, seq: 0, last_at: 0, floor: 0 });
    for (const user_id of args.users) await tx.put(members, { channel_id, user_id, role: 'member', stay_id: user_id, visible_from_seq: 1, joined_seq: 0, joined_at: 0 });
  }
  return {};
};

/** As the product's consumers do: the outbox does not grow. */
export const COMMANDS = { ...PRODUCT, 'bench.send': send, 'bench.set_up': setUp } as Readonly<Record<string, CommandHandler<never, unknown>>>;
