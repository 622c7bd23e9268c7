import type { Store } from '../storage/port.ts';
import { PARTITIONS } from '../log/port.ts';

/** One lease and the partitions that come with it. */
export interface LeaseGroup {
  name: string;
  partitions: readonly number[];
}

/** Leases of the Store: conditional updates by the store's clock. */
export interface Leases {
  /** The fencing token, or null while somebody else holds it. Renews when held already, under the same token. */
  take(name: string, ms: number): Promise<number | null>;
  /** Gives it back, so that another may take it at once. */
  release(name: string, token: number): Promise<void>;
}

export const LEASE_MS = 15_000;
export const LEASE_RENEW_MS = 5_000;

/** A single process holds all partitions under one lease. */
export const ALL_PARTITIONS: readonly LeaseGroup[] = [{ name: 'dispatcher', partitions: Array.from({ length: PARTITIONS }, (_, i) => i) }];

/**
 * Leases by the Store's commands. `alone`: this process is the only one on its store, so a predecessor's lease does not
 * keep it waiting after a kill.
 */
export class StoreLeases implements Leases {
  readonly #held = new Set<string>();

  constructor(private readonly store: Pick<Store, 'run'>, private readonly holder: string, private readonly alone: boolean) {}

  async take(name: string, ms: number): Promise<number | null> {
    const lease = await this.store.run('lease.acquire', { name, holder: this.holder, ms, force: this.alone && !this.#held.has(name) });
    if (lease) this.#held.add(name);
    return lease?.token ?? null;
  }

  async release(name: string, token: number): Promise<void> {
    this.#held.delete(name);
    await this.store.run('lease.release', { name, token });
  }
}
