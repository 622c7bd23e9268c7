import type { Store } from '../storage/port.ts';
import { dispatcherLease } from '../storage/dispatchers.commands.ts';
import { PARTITIONS } from '../log/port.ts';

/** What this process has of the partitions, as of one answer of the store. */
export interface Holding {
  /** Fencing tokens by partition. */
  held: ReadonlyMap<number, number>;
  /** Of those, what others should have. */
  surplus: readonly number[];
  /** The store's clock, milliseconds; null: this process's own. */
  storeNow: number | null;
  /** Another dispatcher was found dead: what it had in its memory is lost. */
  tookOver: boolean;
}

/** Which partitions are this process's, by leases of the Store and the Store's clock. */
export interface Leases {
  /** How long a lease holds without `keep`, and how often to call it; milliseconds. */
  readonly lastsMs: number;
  readonly everyMs: number;
  /** Takes, keeps and gives up. Rejects when the store does not answer; then nothing has changed as far as is known. */
  keep(released: readonly number[]): Promise<Holding>;
  /** Gives everything back, so that others may take it at once. */
  leave(): Promise<void>;
  /** What a durable write of this dispatcher is conditional on; null where nobody else can have taken over. */
  fence(): { name: string; token: number } | null;
}

export const LEASE_MS = 15_000;
export const LEASE_RENEW_MS = 5_000;
/** Among several a dead one is found after this long at most, plus the time to the next renewal. */
export const SHARED_LEASE_MS = 2_000;
export const SHARED_RENEW_MS = 500;

const SOLE = 'dispatcher';

/**
 * The only process on its store holds all partitions under one lease. A predecessor's does not keep it waiting after a kill:
 * the first time the lease is taken whoever holds it.
 */
export class SoleLeases implements Leases {
  readonly lastsMs = LEASE_MS;
  readonly everyMs = LEASE_RENEW_MS;
  #token: number | null = null;

  constructor(private readonly store: Pick<Store, 'run'>, private readonly holder: string) {}

  async keep(): Promise<Holding> {
    const lease = await this.store.run('lease.acquire', { name: SOLE, holder: this.holder, ms: LEASE_MS, force: this.#token === null });
    const held = new Map<number, number>();
    if (lease) for (let partition = 0; partition < PARTITIONS; partition++) held.set(partition, lease.token);
    this.#token = lease?.token ?? this.#token;
    return { held, surplus: [], storeNow: null, tookOver: false };
  }

  async leave(): Promise<void> {
    if (this.#token !== null) await this.store.run('lease.release', { name: SOLE, token: this.#token });
  }

  fence(): null {
    return null;
  }
}

/** Dispatchers of several processes share the partitions evenly. */
export class SharedLeases implements Leases {
  readonly lastsMs = SHARED_LEASE_MS;
  readonly everyMs = SHARED_RENEW_MS;
  #token: number | null = null;

  constructor(private readonly store: Pick<Store, 'run'>, private readonly id: string) {}

  async keep(released: readonly number[]): Promise<Holding> {
    const { token, held, surplus, now, tookOver } = await this.store.run('dispatchers.keep', { id: this.id, token: this.#token, ms: SHARED_LEASE_MS, partitions: PARTITIONS, released });
    this.#token = token;
    return { held: new Map(held.map(({ partition, token: fencing }) => [partition, fencing])), surplus, storeNow: now / 1_000, tookOver };
  }

  async leave(): Promise<void> {
    if (this.#token !== null) await this.store.run('dispatchers.leave', { id: this.id, token: this.#token });
  }

  fence(): { name: string; token: number } | null {
    return this.#token === null ? null : { name: dispatcherLease(this.id), token: this.#token };
  }
}
