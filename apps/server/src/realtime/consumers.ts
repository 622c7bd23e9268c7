import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Deps } from '../platform/deps.ts';
import type { StoredEvent } from '../storage/port.ts';
import type { OutboxLedger } from './outbox-ledger.ts';

/**
 * Work that must follow every committed event, whatever fails: projections, inbox, push, search. An event may come more
 * than once, beside others, and without its entities, so a consumer reads what it needs from the store and is idempotent.
 */
export interface Consumer {
  readonly name: string;
  /** False for events that it has nothing to do with. Cheap. */
  wants(event: StoredEvent): boolean;
  /** Resolves when its effect is durable; rejects to be asked again. */
  consume(event: StoredEvent): Promise<void>;
}

const RETRY_MS = [50, 500, 2_000] as const;
/** Under load rows leave as soon as there are enough for a command of their own, which shares a commit with sends; few wait this long. */
const FLUSH_MS = 250;
/** Small enough that the sends in the same commit do not notice. */
const FLUSH_ROWS = 32;

/** Runs the durable consumers over events and lets the outbox rows go whose consumers are all done. */
export class ConsumerRunner {
  #finished: string[] = [];
  #timer: Timer | null = null;
  #flushing: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger'>, private readonly consumers: readonly Consumer[], private readonly ledger: OutboxLedger, private readonly fence: () => { name: string; token: number } | null = () => null) {}

  /** Resolves when every event was consumed, or was given up for the sweeper to bring again. */
  async run(events: readonly StoredEvent[]): Promise<void> {
    const wanted: Promise<void>[] = [];
    for (const event of events) {
      const consumers = this.consumers.filter((c) => c.wants(event));
      if (consumers.length === 0) this.#finish(event.outbox_id);
      else wanted.push(this.#consume(event, consumers));
    }
    await Promise.all(wanted);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#flush();
    await this.#flushing;
  }

  async #consume(event: StoredEvent, consumers: readonly Consumer[]): Promise<void> {
    const results = await Promise.all(consumers.map((c) => this.#attempt(event, c)));
    if (results.every(Boolean)) return this.#finish(event.outbox_id);
    const done = consumers.filter((_, i) => results[i]);
    const names = consumers.map((c) => c.name);
    for (const consumer of done) await this.#complete([event.outbox_id], consumer.name, names);
    this.ledger.consumed([event.outbox_id]);
  }

  async #attempt(event: StoredEvent, consumer: Consumer): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      try {
        await consumer.consume(event);
        return true;
      } catch (error) {
        const wait = RETRY_MS[attempt];
        this.deps.logger.warn({ consumer: consumer.name, stream: event.stream, rev: event.rev, attempt, error: String(error) }, wait === undefined ? 'a consumer failed; the sweeper brings the event again' : 'a consumer failed; trying again');
        if (wait === undefined || this.#stopped) return false;
        await pause(this.deps.clock, wait);
      }
    }
  }

  #finish(id: string): void {
    this.#finished.push(id);
    if (this.#finished.length >= FLUSH_ROWS) this.#flush();
    else if (!this.#stopped) this.#timer ??= this.deps.clock.setTimer(FLUSH_MS, () => this.#flush());
  }

  #flush(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const ids = this.#finished;
    if (ids.length === 0) return;
    this.#finished = [];
    // All consumers of these rows are done, so one name stands for them.
    this.#flushing = this.#flushing.then(() => this.#complete(ids, 'all', ['all'])).then(() => this.ledger.consumed(ids));
  }

  async #complete(ids: string[], consumer: string, consumers: string[]): Promise<void> {
    try {
      const fence = this.fence();
      await this.deps.store.run('outbox.consumed', { ids, consumer, consumers, ...(fence && { fence }) });
    } catch (error) {
      if (!this.#stopped) this.deps.logger.warn({ rows: ids.length, error: String(error) }, 'outbox rows could not be completed; they are consumed again');
    }
  }
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(ms, resolve));
}
