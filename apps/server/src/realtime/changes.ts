import { parseStream, type StreamName } from '@parley/shared/domain/streams';
import type { Entity } from '@parley/shared/protocol/entities';
import type { ReadTx } from '../storage/port.ts';
import { channelEntity, headOf } from '../storage/streams.ts';
import { channels, entities, messages } from '../storage/tables.ts';

/** All that changed in (from, rev] of a stream, in its state at `rev`, which is its head; null: more than `limit`. */
export interface Changes {
  rev: number;
  seq: number;
  entities: Entity[] | null;
}

/** Reads what a lost or empty log entry would have told. One snapshot. For servers' own use: nobody's rights are checked. */
export async function changesSince(tx: ReadTx, stream: StreamName, from: number, limit: number): Promise<Changes> {
  const head = await headOf(tx, stream);
  const changed: Entity[] = [];
  if (head.rev <= from) return { rev: head.rev, seq: head.seq, entities: changed };
  const name = parseStream(stream)!;
  if (name.kind === 'channel') {
    const rows = await tx.find(messages, { index: 'by_rev', prefix: [name.id], gt: from, limit: limit + 1 });
    if (rows.length > limit) return { rev: head.rev, seq: head.seq, entities: null };
    for (const row of rows) changed.push({ type: 'message', ...row.doc } as Entity);
    const channel = await tx.get(channels, [name.id]);
    if (channel && channel.rev > from) changed.push(channelEntity(channel, head) as Entity);
    changed.sort((a, b) => a.rev - b.rev);
  } else {
    const rows = await tx.find(entities, { index: 'by_rev', prefix: [stream], gt: from, limit: limit + 1 });
    if (rows.length > limit) return { rev: head.rev, seq: head.seq, entities: null };
    for (const row of rows) changed.push(row.doc as Entity);
  }
  return { rev: head.rev, seq: head.seq, entities: changed };
}
