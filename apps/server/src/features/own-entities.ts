import { userStream } from '@parley/shared/domain/streams';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { ReadTx, Tx } from '../storage/port.ts';
import { putEntity } from '../storage/streams.ts';
import { entities, type EntityRow } from '../storage/tables.ts';

/**
 * Entities of a person's own stream that the person alone makes and drops. Those that live are listed by `sort`; dropping
 * one leaves a tombstone, so that every device drops it too.
 */
type Doc = Record<string, unknown> & { deleted?: boolean };

/** As stored, a tombstone included. */
export async function ownRow<D>(tx: ReadTx, userId: string, type: string, id: string): Promise<EntityRow<D & { deleted?: boolean }> | undefined> {
  return (await tx.get(entities, [userStream(userId), type, id])) as EntityRow<D & { deleted?: boolean }> | undefined;
}

/** The one that lives; undefined for none and for a tombstone. */
export async function own<D>(tx: ReadTx, userId: string, type: string, id: string): Promise<D | undefined> {
  const row = await ownRow<D>(tx, userId, type, id);
  return row && !row.doc.deleted ? row.doc : undefined;
}

export async function allOwn<D>(tx: ReadTx, userId: string, type: string, limit: number): Promise<D[]> {
  return (await tx.find(entities, { index: 'by_sort', prefix: [userStream(userId), type], limit })).map((row) => row.doc as D);
}

/** Stores it under the next rev. @throws ParleyError `invalid_request` when it would be one too many. */
export async function putOwn<D extends object>(tx: Tx, userId: string, type: string, id: string, doc: D, options: { most: number; sort?: string }): Promise<D> {
  const stream = userStream(userId);
  const living = await own(tx, userId, type, id);
  if (living === undefined && (await tx.count(entities, { index: 'by_sort', prefix: [stream, type] })) >= options.most) {
    throw new ParleyError('invalid_request', undefined, { errors: [{ path: 'id', message: `at most ${options.most}` }] });
  }
  return (await putEntity(tx, stream, { ...doc, type, id }, { sort: options.sort ?? id })).doc as D;
}

/** Leaves a tombstone; of what is not there it does nothing. */
export async function dropOwn(tx: Tx, userId: string, type: string, id: string): Promise<boolean> {
  if ((await own<Doc>(tx, userId, type, id)) === undefined) return false;
  await putEntity(tx, userStream(userId), { type, id, deleted: true });
  return true;
}
