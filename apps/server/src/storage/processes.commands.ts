import { defineCommand } from './command.ts';
import { leases, meta, processes, type ProcessRow } from './tables.ts';

export interface KeepProcess {
  /** Names one process start. */
  id: string;
  /** Machine and data directory, where only one process can be; null: several may share it. */
  place: string | null;
  /** Log and registry live in this process: no other may serve the same store. */
  alone: boolean;
  /** Files lie where only this process sees them. */
  local_files: boolean;
  roles: string[];
  /** For people who look. */
  name: string;
  ms: number;
}
export type ProcessRefusal = 'alone' | 'files';
export interface KeptProcess {
  /** Why this process must not serve; null: it may. */
  refused: ProcessRefusal | null;
  /** Of whom that is said. */
  other: { name: string; until: number } | null;
}

/** Processes that were not heard of for so long are forgotten. */
const FORGET_US = 86_400_000_000;
const usesFiles = ({ roles }: Pick<ProcessRow, 'roles'>): boolean => roles.includes('api') || roles.includes('worker');

/** Which processes serve one store, and what all of them have to agree on. Times are the store's. */
export const processesCommands = {
  /** Says that a process serves, or that it goes on to; refuses one that does not go with those that do already. */
  'processes.keep': defineCommand(async (tx, args: KeepProcess): Promise<KeptProcess> => {
    const now = tx.now();
    const rows = await tx.find(processes, { limit: 1_000 });
    const own = rows.find((row) => row.id === args.id);
    const { ms, ...said } = args;
    if (!own || own.until <= now) {
      for (const row of rows) {
        if (row.id === args.id) continue;
        // Who has the place now has it alone, so whoever had it before is gone.
        if (row.until < now - FORGET_US || (row.place !== null && row.place === args.place)) {
          await tx.delete(processes, [row.id]);
          continue;
        }
        if (row.until <= now) continue;
        const other = { name: row.name, until: row.until };
        if (row.alone === 1 || args.alone) return { refused: 'alone', other };
        if ((row.local_files === 1 || args.local_files) && usesFiles(row) && usesFiles(args)) return { refused: 'files', other };
      }
      // Two that come at once meet here: one of them is asked again, and sees the other.
      await tx.put(leases, { name: 'processes', holder: args.id, token: 0, until: now });
    }
    await tx.put(processes, { ...said, alone: args.alone ? 1 : 0, local_files: args.local_files ? 1 : 0, started_at: own?.started_at ?? now, until: now + ms * 1_000 });
    return { refused: null, other: null };
  }),

  'processes.leave': defineCommand(async (tx, args: { id: string }) => ({ left: await tx.delete(processes, [args.id]) })),

  /** The code that whoever sets the server up must know; the first process that starts decides it for all. */
  'server.set_up_code': defineCommand(async (tx, args: { code: string }): Promise<{ code: string }> => {
    const known = (await tx.get(meta, ['set_up_code']))?.value as string | undefined;
    if (known === undefined) await tx.put(meta, { name: 'set_up_code', value: args.code });
    return { code: known ?? args.code };
  }),
};
