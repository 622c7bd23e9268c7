import type { Timer } from '@parley/shared/domain/clock';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../log/partition.ts';
import type { DispatchLog } from '../log/port.ts';
import type { Deps } from '../platform/deps.ts';
import type { StoredEvent } from '../storage/port.ts';
import { outboxIdAt } from '../storage/store-clock.ts';
import { outbox, type OutboxRow } from '../storage/tables.ts';
import type { OutboxLedger } from './outbox-ledger.ts';
import type { Relay } from './relay.ts';

export const SWEEP_EVERY_MS = 1_000;
/** A row is left to whoever committed it for this long. */
export const SWEEP_AFTER_MS = 2_000;
/** A logged row whose consumers have not finished by then is logged again. */
export const SWEEP_PATIENCE_MS = 60_000;
const BATCH = 500;
/** Pages in one sweep at most; what lies beyond has its turn when those before are consumed. */
const PAGES = 40;
/** How often all rows are counted, where that costs a question to a database of many. */
const COUNT_EVERY = 10;

/** How far a dispatcher has come with the log. */
export interface LogProgress {
  /** Everything that was appended to the partition before this time was read, milliseconds of this process's clock. */
  readUpTo(partition: number): number;
  /** How far the store's clock is ahead of this process's, milliseconds. */
  storeAhead(): number;
}

/**
 * Logs outbox rows again that were not logged, were lost with an incarnation of the log, or were not consumed in time. Each
 * dispatcher sweeps the rows of its own partitions: it alone knows what it has read, so nobody logs again what only waits its
 * turn. `alone`, everything that an earlier process left is logged at once at the start. Events from here carry no entities:
 * who needs them reads the store.
 */
export class Sweeper {
  #timer: Timer | null = null;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #sweeps = 0;

  constructor(
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>,
    private readonly parts: { log: DispatchLog; relay: Relay; ledger: OutboxLedger; progress: LogProgress; alone: boolean },
  ) {}

  /** Resolves after the first sweep, which takes everything where nobody else can have logged it. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.sweep(this.parts.alone ? 0 : SWEEP_AFTER_MS);
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Logs again what is older than `age` milliseconds and not in flight. */
  sweep(age = SWEEP_AFTER_MS): Promise<void> {
    return (this.#running = this.#running.then(() => this.#sweep(age)));
  }

  async #sweep(age: number): Promise<void> {
    try {
      const storeNow = this.deps.clock.now() + this.parts.progress.storeAhead();
      const upTo = age === 0 ? {} : { lt: outboxIdAt((storeNow - age) * 1_000 + 1) };
      let after: OutboxRow | undefined;
      for (let page = 0; page < PAGES && !this.#stopped; page++) {
        const rows: OutboxRow[] = await this.deps.store.read((tx) => tx.find(outbox, { ...upTo, ...(after && { gt: after.id }), limit: BATCH }));
        const again = rows.filter((row) => this.#isLost(row, age));
        if (again.length > 0) {
          this.deps.metrics.count('parley_sweeps_total', again.length);
          this.parts.relay.take(again.map(eventOf));
        }
        after = rows.at(-1);
        // A log that takes nothing is tried with one page.
        if (rows.length < BATCH || this.parts.relay.failing) break;
      }
      await this.#measure(storeNow);
    } catch (error) {
      if (!this.#stopped) this.deps.logger.warn({ error: String(error) }, 'sweeping the outbox failed; it is tried again');
    }
  }

  #isLost(row: OutboxRow, age: number): boolean {
    const { ledger, log, progress } = this.parts;
    const partition = partitionOf(row.stream as StreamName);
    const now = this.deps.clock.now();
    if (!ledger.owns(partition) || ledger.inFlight(row.id, log.incarnation(), now, SWEEP_PATIENCE_MS)) return false;
    // What was logged in time would have been read by now.
    return age === 0 || row.at / 1_000 + age - progress.storeAhead() <= progress.readUpTo(partition);
  }

  async #measure(storeNow: number): Promise<void> {
    const [oldest] = await this.deps.store.read((tx) => tx.find(outbox, { limit: 1 }));
    this.deps.metrics.gauge('parley_outbox_lag_seconds', oldest === undefined ? 0 : Math.max(0, storeNow / 1_000 - oldest.at / 1_000_000));
    if (oldest === undefined) this.deps.metrics.gauge('parley_outbox_rows', 0);
    else if (this.parts.alone || this.#sweeps++ % COUNT_EVERY === 0) this.deps.metrics.gauge('parley_outbox_rows', await this.deps.store.read((tx) => tx.count(outbox, {})));
  }

  #arm(): void {
    if (this.#stopped) return;
    this.#timer = this.deps.clock.setTimer(SWEEP_EVERY_MS, () => void this.sweep().then(() => this.#arm()));
  }
}

function eventOf(row: OutboxRow): StoredEvent {
  const event: StoredEvent = { outbox_id: row.id, stream: row.stream as StreamName, from: row.from, rev: row.rev, seq: row.seq };
  if (row.control) event.control = row.control;
  if (row.facts) event.facts = row.facts;
  return event;
}
