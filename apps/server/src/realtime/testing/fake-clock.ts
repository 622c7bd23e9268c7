import type { Clock, Timer } from '@parley/shared/domain/clock';

/** A clock that moves when told to; due tasks run in the order of their times. */
export class FakeClock implements Clock {
  #now: number;
  #timers: { at: number; order: number; task: () => void }[] = [];
  #order = 0;

  constructor(now = 1_760_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, task: () => void): Timer {
    const timer = { at: this.#now + ms, order: this.#order++, task };
    this.#timers.push(timer);
    return { cancel: () => void (this.#timers = this.#timers.filter((t) => t !== timer)) };
  }

  /** Lets promises settle without moving time. */
  async settle(): Promise<void> {
    for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** Moves on by `ms`, running what falls due and letting promises settle between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await this.settle();
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (!due) break;
      this.#now = Math.max(this.#now, due.at);
      this.#timers = this.#timers.filter((t) => t !== due);
      due.task();
      await this.settle();
    }
    this.#now = end;
  }
}

/** Deterministic bytes. */
export function countingRandom(): { bytes(length: number): Uint8Array } {
  let n = 0;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      new DataView(bytes.buffer).setUint32(Math.max(0, length - 4), ++n);
      return bytes;
    },
  };
}
