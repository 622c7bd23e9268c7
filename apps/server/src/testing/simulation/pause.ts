import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { SimClock } from './sim-clock.ts';

/** One process's running: stopped and continued as by SIGSTOP and SIGCONT, or ended. What comes in meanwhile is taken later, in order. */
export class Pause {
  private stopped = false;
  private dead = false;
  private readonly waiting: (() => void)[] = [];

  get paused(): boolean { return this.stopped; }
  get alive(): boolean { return !this.dead; }

  stop(): void { this.stopped = true; }

  go(): void {
    this.stopped = false;
    while (!this.stopped && !this.dead && this.waiting.length > 0) {
      this.waiting[0]!();
      this.waiting.shift();
    }
  }

  end(): void {
    this.dead = true;
    this.waiting.length = 0;
  }

  /** Now, later, or never. */
  run(task: () => void): void {
    if (this.dead) return;
    // What comes while others are still being taken stands behind them.
    if (this.stopped || this.waiting.length > 0) this.waiting.push(task);
    else task();
  }

  /** Resolves while the process runs; never for a dead one. */
  async awake(): Promise<void> {
    if (this.dead || this.stopped) await new Promise<void>((resolve) => this.run(resolve));
  }
}

/** The clock of one process: its tasks wait while it is paused, and end with it. */
export class ProcessClock implements Clock {
  constructor(private readonly inner: SimClock, private readonly pause: Pause) {}
  now(): number { return this.inner.now(); }
  setTimer(ms: number, task: () => void): Timer {
    let cancelled = false;
    const timer = this.inner.setTimer(ms, () => this.pause.run(() => void (cancelled || task())));
    return { cancel: () => { cancelled = true; timer.cancel(); } };
  }
}
