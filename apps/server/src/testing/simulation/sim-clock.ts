import type { Clock, Timer } from '@parley/shared/domain/clock';

interface Planned { at: number; order: number; task: (() => void) | null }

/** Everything that is ready to run has run when this resolves: microtasks go before the next turn of the event loop. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Virtual time with thousands of timers: a heap by time, then by making. */
export class SimClock implements Clock {
  private readonly heap: Planned[] = [];
  private order = 0;
  /** Tasks run so far. */
  steps = 0;

  constructor(private at = 1_760_000_000_000) {}

  now(): number { return this.at; }

  setTimer(ms: number, task: () => void): Timer {
    const planned: Planned = { at: this.at + Math.max(0, ms), order: this.order++, task };
    this.push(planned);
    return { cancel: () => { planned.task = null; } };
  }

  sleep(ms: number): Promise<void> { return new Promise((resolve) => void this.setTimer(ms, resolve)); }

  /** Moves on by `ms`, running what falls due on the way; what runs settles before the next task. */
  async advance(ms: number): Promise<void> {
    const end = this.at + ms;
    await turn();
    for (;;) {
      const next = this.heap[0];
      if (!next || next.at > end) break;
      this.pop();
      if (!next.task) continue;
      this.at = Math.max(this.at, next.at);
      this.steps += 1;
      next.task();
      await turn();
    }
    this.at = end;
  }

  private before(a: Planned, b: Planned): boolean { return a.at < b.at || (a.at === b.at && a.order < b.order); }

  private push(planned: Planned): void {
    const { heap } = this;
    let i = heap.push(planned) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.before(planned, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = planned;
  }

  private pop(): void {
    const { heap } = this;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!this.before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

/** A clock that dies with its owner: after `kill` none of its tasks runs. */
export class MortalClock implements Clock {
  private alive = true;
  constructor(private readonly inner: SimClock) {}
  now(): number { return this.inner.now(); }
  setTimer(ms: number, task: () => void): Timer { return this.inner.setTimer(ms, () => void (this.alive && task())); }
  kill(): void { this.alive = false; }
}
