import * as z from 'zod/mini';
import type { ReadTx } from '../port.ts';
import { meta } from '../tables.ts';

/** The row of `meta` that tells of a move of the whole server from one store to another. */
export const MARK = 'move';

/**
 * - `source`: `moving` from the first batch on, `moved` once the target is whole. In both nothing may be written here.
 * - `target`: `clearing` and `loading` until it is whole, `done` from then on: a server works on it as on any other.
 */
export const MoveMark = z.discriminatedUnion('role', [
  z.object({ role: z.literal('source'), id: z.string(), state: z.enum(['moving', 'moved']), other: z.string(), at: z.number() }),
  z.object({ role: z.literal('target'), id: z.string(), state: z.enum(['clearing', 'loading', 'done']), other: z.string(), at: z.number() }),
]);
export type MoveMark = z.infer<typeof MoveMark>;

export async function readMark(tx: ReadTx): Promise<MoveMark | undefined> {
  const row = await tx.get(meta, [MARK]);
  return row && MoveMark.parse(row.value);
}

/** The store is being moved, or was: to write to it would be lost, or would fork the history that clients have. */
export class StoreMovedError extends Error {
  constructor(readonly mark: MoveMark) {
    super(whyNot(mark));
    this.name = 'StoreMovedError';
  }
}

/** For whoever means to write. @throws StoreMovedError */
export async function refuseMoved(store: { read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T> }): Promise<void> {
  const mark = await store.read(readMark);
  if (mark && mark.state !== 'done') throw new StoreMovedError(mark);
}

function whyNot({ role, state, other, at }: MoveMark): string {
  const when = new Date(at / 1000).toISOString();
  if (role === 'target') return `this store is being filled from ${other} (begun ${when}) and is not whole. Run \`parley migrate-store\` again: it goes on where it was. To give the move up, empty this store and run \`parley migrate-store --reopen ${other}\`.`;
  if (state === 'moving') return `this store is being moved to ${other} (begun ${when}). Run \`parley migrate-store\` again: it goes on where it was. To give the move up, run it with --reopen.`;
  return `this store was moved to ${other} on ${when}: set the server up to use that. To go on with this older copy all the same, run \`parley migrate-store --reopen\`: what was written since is not in it.`;
}
