import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { JobQueue, LeasedJob } from './port.ts';

/** Does one job. Resolves when it is done for good; rejects to have it tried again. Stops soon after `signal` aborts. */
export type JobHandler = (job: LeasedJob, signal: AbortSignal) => Promise<void>;

const POLL_MS = 1_000;
/** Word of new work brings a look at the queue, this often at most. */
const WOKEN_MS = 100;
const LEASE_MS = 15_000;
const EXTEND_MS = 5_000;
const AT_ONCE = 4;
/** Of the slow kinds: they never take the last places. */
const SLOW_AT_ONCE = 2;

/** Takes jobs from the queue and runs them, a few at once, while keeping their leases. */
export class JobWorker {
  readonly #running = new Map<string, { kind: string; done: Promise<void>; abort: AbortController }>();
  #timer: Timer | null = null;
  #polling: Promise<void> = Promise.resolve();
  #stopped = true;
  #woken = false;
  #polledAt = 0;

  constructor(private readonly deps: { clock: Clock; logger: Logger; metrics: Metrics }, private readonly queue: JobQueue, private readonly handlers: Readonly<Record<string, JobHandler>>, /** Kinds that wait for strangers: others do not wait behind them. */ private readonly slow: readonly string[] = [], /** Kinds of which one job runs at a time, over all workers. */ private readonly single: readonly string[] = []) {}

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.#poll();
  }

  /** There may be work: looked for sooner than it would be. */
  wake(): void {
    if (this.#stopped || this.#woken) return;
    this.#woken = true;
    // A look that is under way may have been too early.
    void this.#polling.then(() => {
      if (this.#stopped) return;
      this.#timer?.cancel();
      this.#timer = this.deps.clock.setTimer(Math.max(0, WOKEN_MS - (this.deps.clock.now() - this.#polledAt)), () => this.#poll());
    });
  }

  /** Tells running jobs to stop and waits for them; what is not finished is somebody's again when its lease has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#polling;
    for (const { abort } of this.#running.values()) abort.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #poll(): void {
    this.#woken = false;
    this.#polledAt = this.deps.clock.now();
    this.#polling = this.#take()
      .catch((error: unknown) => this.deps.logger.warn({ error: String(error) }, 'jobs could not be looked for; trying again'))
      .then(() => {
        if (!this.#stopped) this.#timer = this.deps.clock.setTimer(POLL_MS, () => this.#poll());
      });
  }

  async #measure(): Promise<void> {
    const { ready, leased, parked } = await this.queue.counts();
    this.deps.metrics.gauge('parley_jobs_ready', ready);
    this.deps.metrics.gauge('parley_jobs_leased', leased);
    this.deps.metrics.gauge('parley_jobs_parked', parked);
  }

  async #take(): Promise<void> {
    await this.#measure();
    const free = AT_ONCE - this.#running.size;
    if (this.#stopped || free <= 0) return;
    const slow = [...this.#running.values()].filter(({ kind }) => this.slow.includes(kind)).length;
    for (const job of await this.queue.lease(free, LEASE_MS, { kinds: this.slow, most: Math.max(0, SLOW_AT_ONCE - slow) }, this.single)) {
      const abort = new AbortController();
      this.#running.set(job.id, { kind: job.kind, abort, done: this.#run(job, abort).finally(() => this.#running.delete(job.id)) });
    }
  }

  async #run(job: LeasedJob, abort: AbortController): Promise<void> {
    let timer: Timer;
    const extend = (): void => {
      timer = this.deps.clock.setTimer(EXTEND_MS, () => {
        this.queue.extend(job, LEASE_MS).then(
          (held) => (held ? extend() : abort.abort()),
          () => extend(),
        );
      });
    };
    extend();
    try {
      const handler = this.handlers[job.kind];
      if (!handler) throw new Error(`no handler for jobs of kind ${job.kind}`);
      await handler(job, abort.signal);
      await this.queue.complete(job);
    } catch (error) {
      this.deps.logger.warn({ job: job.id, kind: job.kind, attempt: job.attempt, error: String(error) }, abort.signal.aborted ? 'a job was interrupted; it goes on later' : 'a job failed');
      await this.queue.fail(job, String(error)).catch((failed: unknown) => this.deps.logger.warn({ job: job.id, error: String(failed) }, 'a failed job could not be given back; its lease ends by itself'));
    } finally {
      timer!.cancel();
    }
  }
}
