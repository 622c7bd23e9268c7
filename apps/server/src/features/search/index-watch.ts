import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Logger } from '../../platform/logger.ts';
import type { Store } from '../../storage/port.ts';
import type { SearchIndexer } from './search-indexer.ts';

const LEASE = 'search-comparison';
const LEASE_MS = 15_000;
const RENEW_MS = 5_000;
const AGAIN_MS = 10_000;

/**
 * Has the index compared with the store where several processes feed it: at the start, and when a dispatcher died with news
 * that only its memory had. One process compares at a time; who does not get the lease asks again, since the one that has it
 * may die as well.
 */
export class IndexWatch {
  #wanted = false;
  #running: Promise<void> | null = null;
  #wait: (() => void) | null = null;
  #stopped = false;

  constructor(private readonly deps: { store: Pick<Store, 'run'>; clock: Clock; logger: Logger }, private readonly indexer: Pick<SearchIndexer, 'compareAnew'>, private readonly id: string) {}

  /** A comparison is wanted that begins after now. */
  compare(): void {
    this.#wanted = true;
    if (!this.#stopped) this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wait?.();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      try {
        const lease = await this.deps.store.run('lease.acquire', { name: LEASE, holder: this.id, ms: LEASE_MS });
        if (lease) await this.#hold(lease.token);
        else await this.#pause();
      } catch (error) {
        if (!this.#stopped) this.deps.logger.warn({ error: String(error) }, 'the index could not be compared with the store; it is tried again');
        await this.#pause();
      }
    }
  }

  async #hold(token: number): Promise<void> {
    let timer: Timer;
    const renew = (): void => {
      timer = this.deps.clock.setTimer(RENEW_MS, () => {
        this.deps.store.run('lease.renew', { name: LEASE, token, ms: LEASE_MS }).then(renew, renew);
      });
    };
    renew();
    try {
      this.#wanted = false;
      await this.indexer.compareAnew();
    } catch (error) {
      this.#wanted = true;
      throw error;
    } finally {
      timer!.cancel();
      await this.deps.store.run('lease.release', { name: LEASE, token });
    }
  }

  #pause(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.deps.clock.setTimer(AGAIN_MS, resolve);
      this.#wait = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
