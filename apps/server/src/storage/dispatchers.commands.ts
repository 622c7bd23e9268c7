import { defineCommand } from './command.ts';
import type { Tx } from './port.ts';
import { leases, type LeaseRow } from './tables.ts';

/** The row that says that a dispatcher lives. Its token goes with each write that only a living dispatcher may do. */
export const dispatcherLease = (id: string): string => `dispatcher/${id}`;
const partitionLease = (partition: number): string => `partition/${String(partition).padStart(3, '0')}`;

/** More dispatchers than any installation has. */
const MOST = 1_000;
/** Rows of dispatchers that went stay so long. */
const FORGET_US = 3_600_000_000;

export interface KeepDispatcher {
  id: string;
  /** As the last call answered it; null for the first. */
  token: number | null;
  /** How long the dispatcher lives without another call, milliseconds. */
  ms: number;
  /** How many partitions there are. */
  partitions: number;
  /** Partitions that the caller has given up. */
  released: readonly number[];
}

export interface KeptDispatcher {
  token: number;
  /** The store's clock, microseconds. */
  now: number;
  /** Partitions that are the caller's, with their fencing tokens. */
  held: { partition: number; token: number }[];
  /** Of those, what is more than a fair share: to be given up when what is under way is done. */
  surplus: number[];
  /** A dispatcher was found dead. */
  tookOver: boolean;
}

/**
 * Partitions are shared by rows of two kinds in the Store: one a dispatcher, which it prolongs, and one a partition, which is
 * written only when the partition changes hands. So the living pay one small write each time, however many partitions they have.
 */
export const dispatchersCommands = {
  /**
   * Says that a dispatcher lives, and settles which partitions are its: it keeps what it has, takes what is free or belongs to
   * nobody who lives up to a fair share, and is told what it has beyond that. Whoever is found dead is marked so: that token is
   * refused from then on, and its holder begins anew.
   */
  'dispatchers.keep': defineCommand(async (tx, args: KeepDispatcher): Promise<KeptDispatcher> => {
    const now = tx.now();
    const own = await tx.get(leases, [dispatcherLease(args.id)]);
    const goesOn = own !== undefined && own.holder !== '' && own.token === args.token;
    // When one's own time was over as well, the store was away for all: the others are given the time to come back, too.
    const grace = goesOn && own.until <= now ? args.ms * 1_000 : 0;
    const others = (await allOf(tx, 'dispatcher/')).filter((row) => row.name !== dispatcherLease(args.id));
    const living = new Set([args.id]);
    let tookOver = false;
    for (const row of others) {
      if (row.holder === '') {
        if (row.until < now - FORGET_US) await tx.delete(leases, [row.name]);
      } else if (row.until + grace > now) living.add(row.holder);
      else {
        await tx.put(leases, { ...row, holder: '', token: row.token + 1 });
        tookOver = true;
      }
    }
    const token = goesOn ? own.token : (own?.token ?? 0) + 1;
    await tx.put(leases, { name: dispatcherLease(args.id), holder: args.id, token, until: now + args.ms * 1_000 });

    const rows = new Map((await allOf(tx, 'partition/')).map((row) => [row.name, row]));
    const share = Math.ceil(args.partitions / living.size);
    const held: KeptDispatcher['held'] = [];
    const free: number[] = [];
    for (let partition = 0; partition < args.partitions; partition++) {
      const row = rows.get(partitionLease(partition));
      const mine = row?.holder === args.id && goesOn;
      if (mine && args.released.includes(partition)) await tx.put(leases, { ...row, holder: '' });
      else if (mine) held.push({ partition, token: row.token });
      else if (!row || row.holder === args.id || !living.has(row.holder)) free.push(partition);
    }
    // Everybody begins somewhere else, so that two who come at once seldom want the same ones.
    const start = free.length === 0 ? 0 : Number.parseInt(args.id.replace(/[^0-9a-f]/gi, '').slice(-6), 16) % free.length || 0;
    for (let i = 0; i < free.length && held.length < share; i++) {
      const partition = free[(start + i) % free.length]!;
      const name = partitionLease(partition);
      const next = (rows.get(name)?.token ?? 0) + 1;
      await tx.put(leases, { name, holder: args.id, token: next, until: 0 });
      held.push({ partition, token: next });
    }
    return { token, now, held, surplus: held.slice(share).map(({ partition }) => partition), tookOver };
  }),

  /** A dispatcher goes: its partitions are free at once. False when it was taken for dead before. */
  'dispatchers.leave': defineCommand(async (tx, args: { id: string; token: number }): Promise<boolean> => {
    const own = await tx.get(leases, [dispatcherLease(args.id)]);
    if (own?.token !== args.token || own.holder === '') return false;
    await tx.put(leases, { ...own, holder: '', token: own.token + 1, until: tx.now() });
    for (const row of await allOf(tx, 'partition/')) if (row.holder === args.id) await tx.put(leases, { ...row, holder: '' });
    return true;
  }),
};

const allOf = (tx: Tx, prefix: string): Promise<LeaseRow[]> => tx.find(leases, { gte: prefix, lt: `${prefix}\uffff`, limit: MOST });
