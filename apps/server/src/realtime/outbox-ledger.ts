/** Rows in flight that are remembered at most; beyond, a row may be logged again early, which is harmless. */
const CAPACITY = 100_000;

/**
 * Which outbox rows this process has logged and not yet seen consumed, and under which incarnation of the log: what the
 * sweeper need not log again.
 */
export class OutboxLedger {
  readonly #logged = new Map<string, { incarnation: string; at: number }>();

  logged(id: string, incarnation: string, at: number): void {
    if (this.#logged.size >= CAPACITY) this.#logged.delete(this.#logged.keys().next().value!);
    this.#logged.set(id, { incarnation, at });
  }

  consumed(ids: Iterable<string>): void {
    for (const id of ids) this.#logged.delete(id);
  }

  /** True when the row lies in the present log and its consumers have had less than `patience` milliseconds for it. */
  inFlight(id: string, incarnation: string, now: number, patience: number): boolean {
    const entry = this.#logged.get(id);
    return entry !== undefined && entry.incarnation === incarnation && now - entry.at < patience;
  }
}
