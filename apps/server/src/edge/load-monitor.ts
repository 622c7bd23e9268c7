import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import { fraction, type Random } from '@parley/shared/domain/random';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';

/** Too little of either, and new work is turned away until there is enough again. */
export type Overload = 'event_loop' | 'memory';

export interface LoadSample {
  /** Mean delay of the event loop since the last sample, milliseconds. */
  delayMs: number;
  /** Used share of the largest heap that this process may have. */
  heap: number;
}

const SAMPLE_MS = 500;
/** So many samples in a row say it: one long pause is no overload. */
const SAMPLES = 3;
const HEAP_FULL = 0.92;
const HEAP_WELL = 0.85;
const RESOLUTION_MS = 20;

/** The event loop's delay and the heap of this process. */
export function processSampler(): { sample(): LoadSample; close(): void } {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  return {
    sample() {
      // Nothing was measured where the loop stood still all the time: then this very sample comes late, and the next one tells.
      const delayMs = delay.count === 0 ? 0 : Math.max(0, delay.mean / 1e6 - RESOLUTION_MS);
      delay.reset();
      const { used_heap_size, heap_size_limit } = getHeapStatistics();
      return { delayMs, heap: used_heap_size / heap_size_limit };
    },
    close: () => void delay.disable(),
  };
}

/**
 * Says whether this process has more to do than it can. Above the limit for a while it has, and below half of it no longer, so
 * that it does not flutter. Who is turned away is told when to come again, each another time.
 */
export class LoadMonitor {
  #overload: Overload | null = null;
  #above = 0;
  #timer: Timer | null = null;

  constructor(
    private readonly deps: { clock: Clock; random: Random; logger: Logger; metrics: Metrics },
    private readonly limitMs: number,
    private readonly sampler: { sample(): LoadSample; close(): void } = processSampler(),
  ) {
    this.#arm();
  }

  get overload(): Overload | null {
    return this.#overload;
  }

  /** Null: come in. Else counts one that is turned away, and says after how many seconds it may come again. */
  turnAway(what: 'call' | 'socket'): number | null {
    return this.#overload === null ? null : this.refuse(what, this.#overload);
  }

  /** Turned away for another reason. */
  refuse(what: 'call' | 'socket', reason: string): number {
    this.deps.metrics.count('parley_shed_total', 1, { what, reason });
    return 1 + Math.floor(fraction(this.deps.random) * 5);
  }

  close(): void {
    this.#timer?.cancel();
    this.sampler.close();
  }

  #arm(): void {
    this.#timer = this.deps.clock.setTimer(SAMPLE_MS, () => {
      this.#judge(this.sampler.sample());
      this.#arm();
    });
  }

  #judge({ delayMs, heap }: LoadSample): void {
    const was = this.#overload;
    this.#above = delayMs > this.limitMs ? this.#above + 1 : 0;
    if (heap > HEAP_FULL || (was === 'memory' && heap > HEAP_WELL)) this.#overload = 'memory';
    else if (this.#above >= SAMPLES || (was === 'event_loop' && delayMs > this.limitMs / 2)) this.#overload = 'event_loop';
    else this.#overload = null;
    if (was !== this.#overload) this.deps.logger.warn({ overload: this.#overload, delay_ms: Math.round(delayMs), heap: Math.round(heap * 100) / 100 }, this.#overload === null ? 'this process takes new work again' : 'this process turns new work away');
  }
}
