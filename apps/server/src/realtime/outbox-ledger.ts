/** Rows in flight that are remembered at most; beyond, a row may be logged again early, which is harmless. */
const CAPACITY = 100_000;

/**
 * Which outbox rows of its own partitions a dispatcher knows to be on their way: logged by this process or read from the log,
 * under which incarnation of it, and not yet consumed. The sweeper need not log them again. Of the partitions of others it
 * keeps nothing: their dispatcher looks after them.
 */
export class OutboxLedger {
  readonly #logged = new Map<string, { partition: number; incarnation: string; at: number }>();
  readonly #own = new Set<number>();

  /** From here on this process looks after the partition. */
  adopt(partition: number): void {
    this.#own.add(partition);
  }

  /** Somebody else does. */
  forget(partition: number): void {
    if (!this.#own.delete(partition)) return;
    for (const [id, entry] of this.#logged) if (entry.partition === partition) this.#logged.delete(id);
  }

  owns(partition: number): boolean {
    return this.#own.has(partition);
  }

  logged(partition: number, id: string, incarnation: string, at: number): void {
    if (!this.#own.has(partition)) return;
    if (this.#logged.size >= CAPACITY) this.#logged.delete(this.#logged.keys().next().value!);
    this.#logged.set(id, { partition, incarnation, at });
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
