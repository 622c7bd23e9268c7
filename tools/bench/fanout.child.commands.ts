import { channelStream } from '@parley/shared/domain/streams';
import type { CommandHandler } from '../../apps/server/src/storage/command.ts';
import { COMMANDS as PRODUCT } from '../../apps/server/src/storage/commands.ts';
import type { Row } from '../../apps/server/src/storage/port.ts';
import { headOf } from '../../apps/server/src/storage/streams.ts';
import { heads, messages, TABLES } from '../../apps/server/src/storage/tables.ts';

const put: CommandHandler<{ rows: { table: string; row: Row }[] }, object> = async (tx, args) => {
  for (const { table, row } of args.rows) await tx.put(TABLES.find((t) => t.name === table)!, row);
  return {};
};

/** A message without the rules of sending one, which other benchmarks measure. */
const post: CommandHandler<{ channel_id: string; author_id: string; id: string; content: string }, { rev: number }> = async (tx, args) => {
  const stream = channelStream(args.channel_id);
  const head = await headOf(tx, stream);
  const [rev, seq] = [head.rev + 1, head.seq + 1];
  const doc = messageDoc({ ...args, rev, seq });
  await tx.put(heads, { ...head, rev, seq });
  await tx.put(messages, { ...args, rev, seq, client_msg_id: args.id, parent_message_id: null, counted_seq: seq, reply_seq: null, timeline_seq: seq, everyone_seq: null, created_us: tx.now(), doc: doc as never, fingerprint: '' });
  tx.emit({ stream, from: head.rev, rev, seq, entities: [{ type: 'message', ...doc } as never] });
  return { rev };
};

export function messageDoc(m: { channel_id: string; author_id: string; id: string; content: string; rev: number; seq: number }): Record<string, unknown> {
  return {
    id: m.id, channel_id: m.channel_id, seq: m.seq, rev: m.rev, author_id: m.author_id, parent_message_id: null, broadcast: false, client_msg_id: m.id, kind: 'text', content: m.content,
    mentions: { user_ids: [], group_ids: [], everyone: 'none' }, files: [], reactions: [], thread: null, pinned: false, quiet: false, imported: false, created_at: '2026-01-01T00:00:00.000000Z', edited_at: null, deleted: false,
  };
}

export const COMMANDS = { ...PRODUCT, 'bench.put': put, 'bench.post': post } as Readonly<Record<string, CommandHandler<never, unknown>>>;
