import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import { results, type RedisLink } from '../../platform/redis/redis-link.ts';
import type { PartitionKeys } from './loss-watch.ts';
import { loggedAt, positionOf } from './position.ts';

const MEASURE_MS = 5_000;

/** Measures how far the readers of this process are behind, for each partition that it reads. */
export class LogGauges {
  readonly #followed = new Map<number, AbortSignal>();
  #timer: Timer | null = null;
  #closed = false;

  constructor(private readonly link: RedisLink, private readonly deps: { clock: Clock; logger: Logger; metrics: Metrics }, private readonly keys: readonly PartitionKeys[]) {}

  /** Until `signal` aborts. */
  follow(partition: number, signal: AbortSignal): void {
    if (this.#followed.get(partition) === signal) return;
    this.#followed.set(partition, signal);
    if (this.#timer === null) this.#arm();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    this.#timer = this.deps.clock.setTimer(MEASURE_MS, () => {
      void this.#measure().then(() => {
        if (!this.#closed) this.#arm();
      });
    });
  }

  async #measure(): Promise<void> {
    const partitions: number[] = [];
    for (const [partition, signal] of this.#followed) {
      if (!signal.aborted) partitions.push(partition);
      else {
        this.#followed.delete(partition);
        this.#show(partition, 0, 0);
      }
    }
    if (partitions.length === 0 || !this.link.isUp()) return;
    try {
      const pipeline = this.link.client.pipeline().time();
      // Acknowledged entries are trimmed, so what is there waits.
      for (const p of partitions) pipeline.xlen(this.keys[p]!.entries).xrange(this.keys[p]!.entries, '-', '+', 'COUNT', 1);
      const [time, ...rest] = results(await pipeline.exec()) as [[string, string], ...unknown[]];
      const now = Number(time[0]) * 1_000 + Number(time[1]) / 1_000;
      partitions.forEach((partition, i) => {
        const oldest = (rest[2 * i + 1] as [string, string[]][])[0];
        this.#show(partition, rest[2 * i] as number, oldest ? Math.max(0, now - loggedAt(positionOf(oldest[0]))) / 1_000 : 0);
      });
    } catch (error) {
      if (!this.#closed) this.deps.logger.debug({ error: String(error) }, 'the dispatch log could not be measured');
    }
  }

  #show(partition: number, entries: number, seconds: number): void {
    const labels = { partition: String(partition) };
    this.deps.metrics.gauge('parley_log_entries', entries, labels);
    this.deps.metrics.gauge('parley_log_lag_seconds', seconds, labels);
  }
}
