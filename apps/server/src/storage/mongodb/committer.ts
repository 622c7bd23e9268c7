import { MAX_BATCH } from '../sqlite/commit-loop.ts';
import type { StoredEvent } from '../port.ts';
import { CAREFUL, runBatch, type BatchOptions, type Command, type Outcome } from './batch.ts';
import { failureOf, storageError, unknownResult } from './errors.ts';
import { Telling } from './telling.ts';

export interface Waiting extends Command {
  since: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface CommitterEvents {
  /** After each commit, before its commands are answered; in commit order within a stream. */
  committed(events: StoredEvent[]): void;
  settled(batch: { size: number; seconds: number; problem: string | undefined }): void;
}

/** Conflicts in a row after which a batch is split; and for how long one command alone is tried. */
const TRIES = 3;
const LONGEST_MS = 10_000;
/** Transactions under way at a time, and how long and for how much company commands wait while there is one. */
const MOST_UNDER_WAY = 4;
const COMPANY = 16;
const COMPANY_MS = 2;
/** After a value that was taken for new was not, for how long values are looked up first: repeats come in crowds. */
const WARY_MS = 5_000;

/**
 * Commits what has come in together. While a transaction is under way the next ones begin, over other places: commands
 * of one place never meet in two of them. Those of other processes are met by trying again, then in smaller batches.
 */
export class Committer {
  private readonly queue: Waiting[] = [];
  private readonly busy = new Set<string>();
  private readonly telling: Telling;
  private readonly underWay = new Set<Promise<void>>();
  private planned = false;
  private waryUntil = 0;

  constructor(private readonly options: BatchOptions, private readonly events: CommitterEvents, private readonly maxBatch = MAX_BATCH) {
    this.telling = new Telling((told) => events.committed(told));
  }

  add(command: Waiting): void {
    this.queue.push(command);
    this.plan();
  }

  async idle(): Promise<void> {
    while (this.queue.length > 0 || this.underWay.size > 0) {
      if (this.underWay.size > 0) await Promise.race(this.underWay);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private plan(): void {
    if (this.planned) return;
    this.planned = true;
    // Let the callers of this turn in, so that they share a batch.
    setImmediate(() => {
      this.planned = false;
      this.begin();
    });
  }

  private begin(): void {
    while (this.underWay.size < MOST_UNDER_WAY && this.queue.length > 0) {
      const wait = this.underWay.size === 0 || this.queue.length >= Math.min(COMPANY, this.maxBatch) ? 0 : COMPANY_MS - (performance.now() - this.queue[0]!.since);
      if (wait > 0) {
        setTimeout(() => this.plan(), wait);
        return;
      }
      const batch = this.take();
      if (batch.length === 0) return;
      const places = new Set(batch.map(({ place }) => place));
      for (const place of places) this.busy.add(place);
      const work = this.settle(batch, performance.now() + LONGEST_MS).finally(() => {
        this.underWay.delete(work);
        for (const place of places) this.busy.delete(place);
        this.plan();
      });
      this.underWay.add(work);
    }
  }

  /** The first commands whose places are free, in the order they came. */
  private take(): Waiting[] {
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    for (const command of this.queue) (batch.length < this.maxBatch && !this.busy.has(command.place) ? batch : left).push(command);
    this.queue.splice(0, this.queue.length, ...left);
    return batch;
  }

  private async settle(batch: readonly Waiting[], deadline: number): Promise<void> {
    const started = performance.now();
    let careful = started < this.waryUntil;
    for (let tries = 1; ; tries++) {
      const turn = this.telling.turn();
      try {
        const done = await runBatch(this.options, batch, careful, (events) => turn.will(events));
        if (done === CAREFUL) {
          careful = true;
          continue;
        }
        await turn.told(done.events);
        return this.answer(batch, done.outcomes, started);
      } catch (error) {
        turn.none();
        const failure = failureOf(error);
        if (failure === 'unknown' || failure === 'away') return this.refuse(batch, failure === 'unknown' ? unknownResult() : storageError(error), started, error);
        const last = tries >= TRIES || failure === 'refused';
        if (last && batch.length > 1) {
          const half = Math.ceil(batch.length / 2);
          await this.settle(batch.slice(0, half), deadline);
          return this.settle(batch.slice(half), deadline);
        }
        if (failure === 'refused' || performance.now() > deadline) return this.refuse(batch, storageError(error), started, error);
        if (failure === 'duplicate') {
          careful = true;
          this.waryUntil = performance.now() + WARY_MS;
        }
      } finally {
        turn.none();
      }
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** tries)));
    }
  }

  private answer(batch: readonly Waiting[], outcomes: readonly Outcome[], started: number): void {
    batch.forEach((command, i) => {
      const outcome = outcomes[i]!;
      if (outcome.ok) command.resolve(outcome.result);
      else command.reject(outcome.error);
    });
    this.events.settled({ size: batch.length, seconds: (performance.now() - started) / 1000, problem: undefined });
  }

  private refuse(batch: readonly Waiting[], error: unknown, started: number, cause: unknown): void {
    for (const command of batch) command.reject(error);
    this.events.settled({ size: batch.length, seconds: (performance.now() - started) / 1000, problem: cause instanceof Error ? cause.name : 'failed' });
  }
}
