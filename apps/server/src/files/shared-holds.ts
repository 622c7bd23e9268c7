import { randomUUID } from 'node:crypto';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Logger } from '../platform/logger.ts';
import type { Store } from '../storage/port.ts';
import { type BlobHolds, Holds } from './holds.ts';
import type { HeldBlob, HoldRef, KeptBlob } from './port.ts';

/** How long a hold lasts: longer than keeping takes, since the command that refers to the bytes demands it. */
export const HOLD_MS = 900_000;
/** How long a removal's mark lasts when its process dies: for so long nobody can keep those bytes. */
export const GOING_MS = 60_000;
/** A removal that has not come to the bytes by then is given up. */
const REMOVE_WITHIN_MS = 15_000;
/** How often who waits for another process's removal asks. */
const ASK_MS = 100;

/**
 * Holds among processes, as rows of the store with ends by the store's clock. A keep marks the bytes before it puts them in
 * place, a removal before it asks whether anything refers to them; both marks lie in one row, so that only one of them can be there.
 *
 * A process that stops for longer than its hold lasts finds its commit refused. One that stops within a removal, between its
 * last look at the clock and the request, for more than 45 s, is what this cannot see.
 */
export class SharedHolds implements BlobHolds {
  readonly #local = new Holds();
  readonly #releasing = new Map<string, Set<Promise<void>>>();

  constructor(private readonly store: Pick<Store, 'run'>, private readonly collection: string, private readonly logger: Logger) {}

  async keep(blob: KeptBlob, place: () => Promise<void>): Promise<HeldBlob> {
    let hold: HoldRef | undefined;
    const held = await this.#local.keep(blob, async () => {
      hold = await this.#take(blob.hash);
      await place();
    }).catch((error: unknown) => {
      if (hold) this.#release(blob.hash, hold);
      throw error;
    });
    const taken = hold!;
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      held.release();
      this.#release(blob.hash, taken);
    };
    return { hash: held.hash, size: held.size, hold: taken, release };
  }

  remove(hash: string, unused: () => Promise<boolean>, forget: () => Promise<void>): Promise<boolean> {
    const mark: HoldRef = { name: this.#nameOf(hash), id: randomUUID() };
    let marked = false;
    let began = 0;
    const stillUnused = async (): Promise<boolean> => {
      await Promise.all(this.#releasing.get(hash) ?? []);
      began = performance.now();
      marked = (await this.store.run('holds.going', { ...mark, ms: GOING_MS })).going;
      return marked && (await unused()) && performance.now() - began < REMOVE_WITHIN_MS;
    };
    const bounded = async (): Promise<void> => {
      if (performance.now() - began < REMOVE_WITHIN_MS) return forget();
      throw new ParleyError('unavailable', 'removing took too long');
    };
    return this.#local.remove(hash, async () => {
      try {
        const going = await stillUnused();
        if (!going && marked) await this.#gone(mark);
        return going;
      } catch (error) {
        if (marked) await this.#gone(mark);
        throw error;
      }
    }, async () => {
      try {
        await bounded();
      } finally {
        await this.#gone(mark);
      }
    });
  }

  /** Waits while another process removes the bytes. @throws ParleyError `unavailable` when that takes longer than its mark lasts */
  async #take(hash: string): Promise<HoldRef> {
    const hold: HoldRef = { name: this.#nameOf(hash), id: randomUUID() };
    for (const until = performance.now() + 2 * GOING_MS; ; ) {
      if ((await this.store.run('holds.take', { ...hold, ms: HOLD_MS })).taken) return hold;
      if (performance.now() > until) throw new ParleyError('unavailable', 'the same bytes are being removed', { retry_after_ms: 1_000 });
      await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    }
  }

  #release(hash: string, hold: HoldRef): void {
    // One that the store was not told of ends by itself.
    const work = this.store.run('holds.release', hold).then(() => undefined, (error: unknown) => this.logger.warn({ error: String(error) }, 'a hold on bytes ends by its time'));
    const all = this.#releasing.get(hash) ?? new Set();
    this.#releasing.set(hash, all.add(work));
    void work.then(() => {
      all.delete(work);
      if (all.size === 0 && this.#releasing.get(hash) === all) this.#releasing.delete(hash);
    });
  }

  async #gone(mark: HoldRef): Promise<void> {
    await this.store.run('holds.gone', mark).catch((error: unknown) => this.logger.warn({ error: String(error) }, 'a removal\'s mark ends by its time'));
  }

  #nameOf(hash: string): string {
    return `${this.collection}/${hash}`;
  }
}
