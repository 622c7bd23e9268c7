import { defineCommand } from './command.ts';
import { requireToken } from './leases.ts';
import { leases, meta, outbox } from './tables.ts';

/** A lease as its holder knows it. */
export interface Lease {
  name: string;
  /** Rises with every new holder; goes with every write that only the holder may do. */
  token: number;
  /** Store clock, microseconds. */
  until: number;
}

/** Commands of the store's own means: outbox and leases. All times are the store's clock, whatever the callers' say. */
export const storeCommands = {
  /**
   * A durable consumer has committed these outbox rows; a row goes when all of `consumers` are done. With `fence`, refused
   * for a dispatcher that another has taken for dead: whoever looks after the rows since then decides about them.
   */
  'outbox.consumed': defineCommand(async (tx, args: { ids: string[]; consumer: string; consumers: string[]; fence?: { name: string; token: number } }) => {
    if (args.fence) await requireToken(tx, args.fence.name, args.fence.token);
    const last = args.consumers.every((c) => c === args.consumer);
    if (last) {
      await Promise.all(args.ids.map((id) => tx.delete(outbox, [id])));
      return {};
    }
    for (const id of args.ids) {
      const row = await tx.get(outbox, [id]);
      if (!row) continue;
      const done = [...new Set([...row.done, args.consumer])];
      if (args.consumers.every((c) => done.includes(c))) await tx.delete(outbox, [id]);
      else await tx.put(outbox, { ...row, done });
    }
    return {};
  }),

  /**
   * Takes a lease that is free, ended, or one's own already (then it is prolonged under the same token); null while
   * another holds it. `holder` names one process start, so that a restarted one counts as another. With `force` another's
   * is taken too: for a process that knows it is the only one, whose predecessor was killed.
   */
  'lease.acquire': defineCommand(async (tx, args: { name: string; holder: string; ms: number; force?: boolean }): Promise<Lease | null> => {
    const now = tx.now();
    const row = await tx.get(leases, [args.name]);
    const alive = row !== undefined && row.until > now;
    const own = alive && row.holder === args.holder;
    if (alive && !own && !args.force) return null;
    const lease: Lease = { name: args.name, token: own ? row.token : (row?.token ?? 0) + 1, until: now + args.ms * 1000 };
    await tx.put(leases, { ...lease, holder: args.holder });
    return lease;
  }),

  /** Prolongs a lease that nobody has taken since, even if it has ended; null when it is lost. */
  'lease.renew': defineCommand(async (tx, args: { name: string; token: number; ms: number }): Promise<Lease | null> => {
    const row = await tx.get(leases, [args.name]);
    if (row?.token !== args.token || row.holder === '') return null;
    const until = tx.now() + args.ms * 1000;
    await tx.put(leases, { ...row, until });
    return { name: args.name, token: args.token, until };
  }),

  /** Gives a lease back before its end. The row stays, so that tokens go on rising. */
  'lease.release': defineCommand(async (tx, args: { name: string; token: number }): Promise<boolean> => {
    const row = await tx.get(leases, [args.name]);
    if (row?.token !== args.token || row.holder === '') return false;
    await tx.put(leases, { ...row, holder: '', until: 0 });
    return true;
  }),

  /** The store was put back to an earlier state by other means than ours: from its next opening on it is another, which clients see. */
  'store.restored': defineCommand(async (tx): Promise<{ incarnation: string }> => {
    const incarnation = tx.uuid();
    await tx.put(meta, { name: 'incarnation', value: incarnation });
    return { incarnation };
  }),
};
