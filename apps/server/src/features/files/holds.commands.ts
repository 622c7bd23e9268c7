import { ParleyError } from '@parley/shared/protocol/errors';
import { defineCommand } from '../../storage/command.ts';
import type { Tx } from '../../storage/port.ts';
import { fileHolds, type FileHoldRow } from '../../storage/tables.ts';

export interface Hold {
  name: string;
  id: string;
}

/** More keepers of the same bytes at once than this wait. */
const MOST_HOLDS = 1_000;

/**
 * Holds on bytes that several processes keep in one place (`files/shared-holds.ts`). One row a blob with both the holds and
 * the removal, so that each writes what the other reads: of a hold and a removal at the same moment one sees the other.
 */
export const holdsCommands = {
  /** A hold, unless the bytes are being removed. */
  'holds.take': defineCommand(async (tx, args: Hold & { ms: number }): Promise<{ taken: boolean }> => {
    const now = tx.now();
    const row = await tx.get(fileHolds, [args.name]);
    if (row?.going && row.going.until > now) return { taken: false };
    const others = (row?.holds ?? []).filter(({ id, until }) => until > now && id !== args.id);
    if (others.length >= MOST_HOLDS) throw new ParleyError('unavailable', 'too many keep the same bytes', { retry_after_ms: 1_000 });
    await write(tx, args.name, [...others, { id: args.id, until: now + args.ms * 1000 }], null);
    return { taken: true };
  }),

  'holds.release': defineCommand(async (tx, args: Hold): Promise<object> => {
    const row = await tx.get(fileHolds, [args.name]);
    if (row?.holds.some(({ id }) => id === args.id)) await write(tx, args.name, row.holds.filter(({ id }) => id !== args.id), row.going);
    return {};
  }),

  /** The mark of a removal, unless somebody holds the bytes or removes them. Holds whose time is over are gone from now on. */
  'holds.going': defineCommand(async (tx, args: Hold & { ms: number }): Promise<{ going: boolean }> => {
    const now = tx.now();
    const row = await tx.get(fileHolds, [args.name]);
    if (row?.holds.some(({ until }) => until > now)) return { going: false };
    if (row?.going && row.going.until > now && row.going.id !== args.id) return { going: false };
    await write(tx, args.name, [], { id: args.id, until: now + args.ms * 1000 });
    return { going: true };
  }),

  'holds.gone': defineCommand(async (tx, args: Hold): Promise<object> => {
    const row = await tx.get(fileHolds, [args.name]);
    if (row?.going?.id === args.id) await write(tx, args.name, row.holds, null);
    return {};
  }),

  /** Forgets what ended by its time. */
  'holds.expire': defineCommand(async (tx, args: { name: string }): Promise<object> => {
    const row = await tx.get(fileHolds, [args.name]);
    if (row && row.until <= tx.now()) await tx.delete(fileHolds, [args.name]);
    return {};
  }),
};

async function write(tx: Tx, name: string, holds: FileHoldRow['holds'], going: FileHoldRow['going']): Promise<void> {
  if (holds.length === 0 && !going) await tx.delete(fileHolds, [name]);
  else await tx.put(fileHolds, { name, holds, going, until: Math.max(...holds.map(({ until }) => until), going?.until ?? 0) });
}

/**
 * For a command that refers to bytes held so: the holds are still there, and end with it. A process that slept through its
 * hold is refused here, since the bytes may be gone. @throws ParleyError `unavailable`
 */
export async function settleHolds(tx: Tx, holds: readonly Hold[]): Promise<void> {
  for (const { name, id } of holds) {
    const row = await tx.get(fileHolds, [name]);
    if (!row?.holds.some((hold) => hold.id === id)) throw new ParleyError('unavailable', 'keeping the bytes took too long; send them again', { retry_after_ms: 1_000 });
    await write(tx, name, row.holds.filter((hold) => hold.id !== id), row.going);
  }
}
