import type { Clock, Timer } from '../domain/clock.ts';

interface Planned {
  at: number;
  order: number;
  task: () => void;
}

/** Lets what is already resolved run, without moving time. */
export async function settle(turns = 64): Promise<void> {
  for (let i = 0; i < turns; i++) await Promise.resolve();
}

/** A clock that moves only when told to; due tasks run in the order of their times, then of their making. */
export class FakeClock implements Clock {
  #now: number;
  #planned: Planned[] = [];
  #order = 0;

  /** `quiesce` is awaited between due tasks; with real workers behind, give one that waits for them. */
  constructor(now = 1_760_000_000_000, private readonly quiesce: () => Promise<void> = settle) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, task: () => void): Timer {
    const planned: Planned = { at: this.#now + Math.max(0, ms), order: this.#order++, task };
    this.#planned.push(planned);
    return { cancel: () => void (this.#planned = this.#planned.filter((p) => p !== planned)) };
  }

  /** When the next task falls due, or null. */
  nextAt(): number | null {
    return this.#next()?.at ?? null;
  }

  /** Moves on by `ms`, running what falls due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.quiesce();
    for (let due = this.#next(); due && due.at <= end; due = this.#next()) {
      this.#now = Math.max(this.#now, due.at);
      this.#planned = this.#planned.filter((p) => p !== due);
      due.task();
      await this.quiesce();
    }
    this.#now = Math.max(this.#now, end);
  }

  /** Sets the wall clock, backwards too, as a person may; planned tasks keep their distance. */
  jump(to: number): void {
    const by = to - this.#now;
    this.#now = to;
    for (const planned of this.#planned) planned.at += by;
  }

  #next(): Planned | undefined {
    let next: Planned | undefined;
    for (const p of this.#planned) if (!next || p.at < next.at || (p.at === next.at && p.order < next.order)) next = p;
    return next;
  }
}
