import type { Timer } from '@parley/shared/domain/clock';
import type { StreamName } from '@parley/shared/domain/streams';
import type { DispatchLog } from '../log/port.ts';
import type { Deps } from '../platform/deps.ts';
import type { StoredEvent } from '../storage/port.ts';
import { outbox, type OutboxRow } from '../storage/tables.ts';
import type { OutboxLedger } from './outbox-ledger.ts';
import type { Relay } from './relay.ts';

export const SWEEP_EVERY_MS = 1_000;
/** A row is left to the relay for this long. */
export const SWEEP_AFTER_MS = 2_000;
/** A logged row whose consumers have not finished by then is logged again. */
export const SWEEP_PATIENCE_MS = 60_000;
const BATCH = 500;

/**
 * Logs outbox rows again that were not logged, were logged under an earlier incarnation of the log, or were not consumed
 * in time. At boot everything that an earlier process left is logged at once. Events from here carry no entities: who
 * needs them reads the store.
 */
export class Sweeper {
  #timer: Timer | null = null;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>,
    private readonly log: DispatchLog,
    private readonly relay: Relay,
    private readonly ledger: OutboxLedger,
  ) {}

  /** Resolves after the first sweep, which takes everything. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.sweep(0);
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
      const now = this.deps.clock.now();
      const incarnation = this.log.incarnation();
      const before = (now - age) * 1_000;
      let after: OutboxRow | undefined;
      let oldest: number | null = null;
      let total = 0;
      do {
        const rows: OutboxRow[] = await this.deps.store.read((tx) => tx.find(outbox, after ? { gt: after.id, limit: BATCH } : { limit: BATCH }));
        oldest ??= rows[0]?.at ?? null;
        total += rows.length;
        const again = rows.filter((row) => row.at <= before && !this.ledger.inFlight(row.id, incarnation, now, SWEEP_PATIENCE_MS));
        if (again.length > 0) {
          this.deps.metrics.count('parley_sweeps_total', again.length);
          this.relay.take(again.map(eventOf));
        }
        after = rows.length === BATCH ? rows.at(-1) : undefined;
      } while (after && after.at <= before && !this.#stopped);
      this.deps.metrics.gauge('parley_outbox_rows', total);
      this.deps.metrics.gauge('parley_outbox_lag_seconds', oldest === null ? 0 : Math.max(0, now / 1_000 - oldest / 1_000_000));
    } catch (error) {
      if (!this.#stopped) this.deps.logger.warn({ error: String(error) }, 'sweeping the outbox failed; it is tried again');
    }
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
