import type { Timer } from '@parley/shared/domain/clock';
import type { DispatchLog } from '../log/port.ts';
import type { Deps } from '../platform/deps.ts';
import type { StoredEvent } from '../storage/port.ts';
import type { ConsumerRunner } from './consumers.ts';
import type { Holding, Leases } from './leases.ts';
import type { OutboxLedger } from './outbox-ledger.ts';
import type { LogProgress } from './sweeper.ts';

const READ_ENTRIES = 256;
/** Entries forwarded but not consumed, per partition, before forwarding waits for the consumers. */
const BACKLOG = 2_000;
const RETRY_MS = 1_000;

interface Running {
  partition: number;
  token: number;
  stop: AbortController;
  /** Another has it: nothing of it is acknowledged any more. */
  lost: boolean;
  /** A read that found less than it asked for began then; while one waits, nothing is left to read. */
  readUpTo: number;
  waiting: boolean;
  loop: Promise<void>;
}

/** What becomes of what is read. */
export interface PartitionHost {
  /** Takes the partition under a fencing token. False: refused, since somebody has a newer one. */
  begin(partition: number, token: number): boolean;
  /** In the order of the log; at once. */
  forward(partition: number, events: readonly StoredEvent[]): void;
  /** It is somebody else's. */
  end(partition: number): void;
}

export interface PartitionParts {
  log: DispatchLog;
  leases: Leases;
  consumers: ConsumerRunner;
  ledger: OutboxLedger;
  /** Another dispatcher died: what it had only in its memory is lost. */
  tookOver?(): void;
}

/**
 * The partitions that this process has, and the reading of their log: forwarded first, then consumed, then acknowledged.
 * A partition that others should have is given up when what is under way is done, so that the successor begins behind it;
 * one that was taken is left at once. In both cases the successor replays from what was acknowledged.
 */
export class Partitions implements LogProgress {
  readonly #running = new Map<number, Running>();
  #released: number[] = [];
  #timer: Timer | null = null;
  #keeping: Promise<void> | null = null;
  #keptAt = Number.NEGATIVE_INFINITY;
  #ahead = 0;
  #queued = 0;
  #failing = false;
  #stopped = false;

  constructor(private readonly deps: Pick<Deps, 'clock' | 'logger' | 'metrics'>, private readonly parts: PartitionParts, private readonly host: PartitionHost) {}

  /** Resolves when the store has been asked for the first time. */
  async start(): Promise<void> {
    await this.#keep();
  }

  /** Finishes what was read, then gives all partitions back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#keeping;
    const running = [...this.#running.values()];
    for (const r of running) r.stop.abort();
    await Promise.all(running.map((r) => r.loop));
    await this.parts.consumers.stop();
    for (const { partition } of running) this.#drop(partition);
    await this.parts.leases.leave().catch((error: unknown) => this.deps.logger.warn({ error: String(error) }, 'the leases could not be released; they end by themselves'));
  }

  /** How many there are, and whether the leases are this process's as far as it knows. */
  state(): { count: number; kept: boolean } {
    return { count: this.#running.size, kept: this.#isKept() };
  }

  readUpTo(partition: number): number {
    const running = this.#running.get(partition);
    if (!running) return Number.NEGATIVE_INFINITY;
    return running.waiting ? this.deps.clock.now() : running.readUpTo;
  }

  storeAhead(): number {
    return this.#ahead;
  }

  /** Asks the store, one question at a time. A failed one leaves everything as it is: a successor's tokens fence us off. */
  #keep(): Promise<void> {
    return (this.#keeping ??= this.#ask().finally(() => {
      this.#keeping = null;
      this.#timer?.cancel();
      if (!this.#stopped) this.#timer = this.deps.clock.setTimer(this.#released.length > 0 ? 0 : this.parts.leases.everyMs, () => void this.#keep());
    }));
  }

  async #ask(): Promise<void> {
    const began = this.deps.clock.now();
    const released = this.#released;
    this.#released = [];
    let holding: Holding;
    try {
      holding = await this.parts.leases.keep(released);
    } catch (error) {
      this.#released.push(...released);
      if (!this.#stopped) this.deps.logger.warn({ error: String(error) }, 'the leases could not be taken or renewed');
      return;
    }
    this.#keptAt = began;
    if (this.#stopped) return;
    if (holding.storeNow !== null) this.#ahead = holding.storeNow - this.deps.clock.now();
    if (holding.tookOver) {
      this.deps.logger.warn({}, 'a dispatcher is gone; its partitions are taken over');
      this.parts.tookOver?.();
    }
    this.#settle(holding);
  }

  #settle({ held, surplus }: Holding): void {
    for (const running of [...this.#running.values()]) {
      if (held.get(running.partition) === running.token) continue;
      this.deps.logger.warn({ partition: running.partition }, 'a partition was taken by another dispatcher');
      running.lost = true;
      running.stop.abort();
      this.#drop(running.partition);
    }
    const others = new Set(surplus);
    for (const [partition, token] of held) if (!this.#running.has(partition) && !others.has(partition)) this.#begin(partition, token);
    if (surplus.length > 0) void this.#giveUp(surplus);
    this.deps.metrics.gauge('parley_dispatcher_partitions', this.#running.size);
  }

  #begin(partition: number, token: number): void {
    if (!this.host.begin(partition, token)) return;
    const running: Running = { partition, token, stop: new AbortController(), lost: false, readUpTo: Number.NEGATIVE_INFINITY, waiting: false, loop: Promise.resolve() };
    this.#running.set(partition, running);
    this.parts.ledger.adopt(partition);
    running.loop = this.#follow(running);
  }

  #drop(partition: number): void {
    this.#running.delete(partition);
    this.parts.ledger.forget(partition);
    this.host.end(partition);
  }

  /** Those that are being given up already are named again until they are. */
  async #giveUp(partitions: readonly number[]): Promise<void> {
    const leaving = partitions.filter((partition) => !this.#running.get(partition)?.stop.signal.aborted);
    if (leaving.length === 0) return;
    await Promise.all(leaving.map(async (partition) => {
      const running = this.#running.get(partition);
      if (!running) return;
      running.stop.abort();
      await running.loop;
      if (this.#running.get(partition) === running) this.#drop(partition);
    }));
    if (this.#stopped) return;
    this.#released.push(...leaving);
    await this.#keep();
  }

  #isKept(): boolean {
    return this.deps.clock.now() - this.#keptAt < this.parts.leases.lastsMs;
  }

  async #follow(running: Running): Promise<void> {
    const { partition, stop: { signal } } = running;
    const { log } = this.parts;
    let position: number | null = null;
    let incarnation = log.incarnation();
    let backlog = 0;
    let consuming: Promise<void> = Promise.resolve();
    while (!signal.aborted) {
      try {
        if (log.incarnation() !== incarnation) [incarnation, position] = [log.incarnation(), null];
        const readUnder = incarnation;
        position ??= await log.acknowledged(partition);
        const asked = this.deps.clock.now();
        running.waiting = true;
        const entries = await log.read(partition, position, READ_ENTRIES, signal).finally(() => (running.waiting = false));
        if (entries.length < READ_ENTRIES && !signal.aborted) running.readUpTo = asked;
        this.#works();
        // After a pause somebody else may have it by now: asked before anything is said.
        if (!signal.aborted && !this.#isKept()) await this.#keep();
        if (signal.aborted) break;
        if (entries.length === 0) {
          if (log.incarnation() === incarnation) await this.#pause();
          continue;
        }
        const events = entries.map((e) => e.event);
        for (const event of events) this.parts.ledger.logged(partition, event.outbox_id, readUnder, asked);
        this.#queue(events.length);
        this.host.forward(partition, events);
        position = entries.at(-1)!.position;
        const upTo = position;
        backlog += events.length;
        consuming = consuming
          .then(() => this.parts.consumers.run(events))
          .then(() => (running.lost || log.incarnation() !== readUnder ? undefined : log.acknowledge(partition, upTo)))
          .catch((error: unknown) => this.deps.logger.debug({ partition, error: String(error) }, 'log entries could not be acknowledged; they are read again'))
          .then(() => {
            backlog -= events.length;
            this.#queue(-events.length);
          });
        if (backlog >= BACKLOG) await consuming;
      } catch (error) {
        this.#fails(error);
        await this.#pause();
      }
    }
    await consuming;
  }

  #works(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.deps.logger.info({}, 'the dispatch log is read again');
  }

  #fails(error: unknown): void {
    if (!this.#failing && !this.#stopped) this.deps.logger.warn({ error: String(error) }, 'the dispatch log cannot be read; trying again');
    this.#failing = true;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.deps.clock.setTimer(RETRY_MS, resolve));
  }

  #queue(by: number): void {
    this.#queued += by;
    this.deps.metrics.gauge('parley_dispatch_queue', this.#queued);
  }
}
