import type { Entity } from '@parley/shared/protocol/entities';
import type { StreamName } from '@parley/shared/domain/streams';
import type { ReadTx, StreamControl, Tx } from './port.ts';
import { entities, heads, type EntityRow, type HeadRow } from './tables.ts';

/** The head of a stream; a stream that nothing was written to has rev 0. */
export async function headOf(tx: ReadTx, stream: StreamName): Promise<HeadRow> {
  return (await tx.get(heads, [stream])) ?? { stream, rev: 0, seq: 0, last_at: 0, floor: 0 };
}

/**
 * Takes the next rev of a user or workspace stream, stores the entity under it and emits the event.
 * `hidden` fields are kept in the row and never leave the server; `control` is what gateways obey before this change.
 */
export async function putEntity(tx: Tx, stream: StreamName, entity: { type: string; id: string } & Record<string, unknown>, options: { sort?: string | null; hidden?: Record<string, unknown>; control?: StreamControl[] } = {}): Promise<EntityRow> {
  const head = await headOf(tx, stream);
  const rev = head.rev + 1;
  const wire = { ...entity, rev } as Entity;
  const row: EntityRow = { stream, type: entity.type, id: entity.id, rev, sort: options.sort ?? null, doc: wire, ...options.hidden };
  await tx.put(heads, { ...head, rev });
  await tx.put(entities, row);
  tx.emit({ stream, from: head.rev, rev, seq: head.seq, entities: [wire], ...(options.control ? { control: options.control } : {}) });
  return row;
}
