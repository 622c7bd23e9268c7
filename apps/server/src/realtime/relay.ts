import type { DispatchLog } from '../log/port.ts';
import { partitionOf } from '../log/partition.ts';
import type { Deps } from '../platform/deps.ts';
import type { StoredEvent } from '../storage/port.ts';
import type { OutboxLedger } from './outbox-ledger.ts';

/** Events waiting for a slow log at most; what does not fit is left to the sweeper. */
const WAITING = 20_000;

/**
 * Carries committed events to the dispatch log, in commit order within a partition. While an append to a partition is
 * under way, what comes next is collected and appended in one go. A refused append is not retried here: the outbox has
 * the rows, and the sweeper logs them again.
 */
export class Relay {
  readonly #waiting = new Map<number, StoredEvent[]>();
  readonly #draining = new Map<number, Promise<void>>();
  #count = 0;
  #failing = false;
  #stop: (() => void) | null = null;

  constructor(private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger'>, private readonly log: DispatchLog, private readonly ledger: OutboxLedger) {}

  start(): void {
    this.#stop ??= this.deps.store.onCommitted((events) => this.take(events));
  }

  /** Resolves when what it took lies in the log, or is left to the sweeper. */
  async stop(): Promise<void> {
    this.#stop?.();
    this.#stop = null;
    await Promise.all(this.#draining.values());
  }

  /** Also the sweeper's way in. */
  take(events: readonly StoredEvent[]): void {
    const touched = new Set<number>();
    for (const event of events) {
      if (this.#count >= WAITING) break;
      const partition = partitionOf(event.stream);
      const list = this.#waiting.get(partition);
      if (list) list.push(event);
      else this.#waiting.set(partition, [event]);
      this.#count++;
      touched.add(partition);
    }
    for (const partition of touched) if (!this.#draining.has(partition)) this.#draining.set(partition, this.#drain(partition));
  }

  /** The last append was refused. */
  get failing(): boolean {
    return this.#failing;
  }

  #works(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.deps.logger.info({}, 'the dispatch log takes entries again');
  }

  #fails(error: unknown): void {
    if (!this.#failing) this.deps.logger.warn({ error: String(error) }, 'the dispatch log takes no entries; the sweeper repeats them');
    this.#failing = true;
  }

  async #drain(partition: number): Promise<void> {
    try {
      for (;;) {
        const events = this.#waiting.get(partition);
        if (!events) return;
        this.#waiting.delete(partition);
        this.#count -= events.length;
        const [incarnation, now] = [this.log.incarnation(), this.deps.clock.now()];
        for (const event of events) this.ledger.logged(partition, event.outbox_id, incarnation, now);
        await this.log.append(partition, events).then(() => this.#works(), (error: unknown) => {
          this.ledger.consumed(events.map((e) => e.outbox_id));
          this.#fails(error);
        });
      }
    } finally {
      this.#draining.delete(partition);
    }
  }
}
