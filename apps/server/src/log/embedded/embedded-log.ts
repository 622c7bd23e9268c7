import { uuidv7 } from '@parley/shared/domain/ids';
import type { Clock } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import type { StoredEvent } from '../../storage/port.ts';
import { PARTITIONS, type DispatchLog, type LogEntry } from '../port.ts';

interface Partition {
  entries: LogEntry[];
  next: number;
  acknowledged: number;
  waiting: Set<() => void>;
}

/** How many unacknowledged entries are held before the log forgets them all and renews its incarnation. */
const CAPACITY = 200_000;

/**
 * The dispatch log of a single process. It lives in memory, since the outbox is the durable record: after a restart, or
 * when nobody acknowledges and it outgrows its capacity, it comes back empty under a new incarnation and is filled again
 * by the sweeper.
 */
export class EmbeddedLog implements DispatchLog {
  #incarnation: string;
  #partitions: Partition[] = Array.from({ length: PARTITIONS }, () => ({ entries: [], next: 1, acknowledged: 0, waiting: new Set() }));
  #held = 0;
  #closed = false;

  constructor(
    private readonly source: { clock: Pick<Clock, 'now'>; random: Random },
    private readonly capacity = CAPACITY,
  ) {
    this.#incarnation = uuidv7(source.clock, source.random);
  }

  incarnation(): string {
    return this.#incarnation;
  }

  /** Entries held and not acknowledged, over all partitions. */
  depth(): number {
    return this.#held;
  }

  async append(partition: number, events: readonly StoredEvent[]): Promise<void> {
    if (this.#closed) throw new Error('the dispatch log is closed');
    if (this.#held + events.length > this.capacity) this.forget();
    const p = this.#partition(partition);
    for (const event of events) p.entries.push({ position: p.next++, event });
    this.#held += events.length;
    wake(p);
  }

  async read(partition: number, position: number, limit: number, signal: AbortSignal): Promise<LogEntry[]> {
    const p = this.#partition(partition);
    for (;;) {
      if (signal.aborted || this.#closed) return [];
      const start = firstAfter(p.entries, position);
      if (start < p.entries.length) return p.entries.slice(start, start + limit);
      await new Promise<void>((resolve) => {
        const done = () => {
          p.waiting.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        p.waiting.add(done);
        signal.addEventListener('abort', done);
      });
    }
  }

  async acknowledge(partition: number, position: number): Promise<void> {
    const p = this.#partition(partition);
    if (position <= p.acknowledged) return;
    p.acknowledged = position;
    const gone = firstAfter(p.entries, position);
    if (gone > 0) p.entries.splice(0, gone);
    this.#held -= gone;
  }

  async acknowledged(partition: number): Promise<number> {
    return this.#partition(partition).acknowledged;
  }

  /** Loses every entry. Positions go on, so that readers need not start over. */
  forget(): void {
    for (const p of this.#partitions) p.entries = [];
    this.#held = 0;
    this.#incarnation = uuidv7(this.source.clock, this.source.random);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const p of this.#partitions) wake(p);
  }

  #partition(index: number): Partition {
    const p = this.#partitions[index];
    if (!p) throw new RangeError(`no partition ${index}`);
    return p;
  }
}

function wake(p: Partition): void {
  for (const resolve of [...p.waiting]) resolve();
}

/** Index of the first entry with a higher position; positions are consecutive within the array. */
function firstAfter(entries: readonly LogEntry[], position: number): number {
  const first = entries[0];
  if (!first) return 0;
  return Math.min(entries.length, Math.max(0, position - first.position + 1));
}
