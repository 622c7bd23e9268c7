import { MAX_BATCH } from '../sqlite/commit-loop.ts';
import type { StoredEvent } from '../port.ts';
import { CAREFUL, runBatch, type BatchOptions, type Command, type Outcome } from './batch.ts';
import { failureOf, storageError, unknownResult } from './errors.ts';

export interface Waiting extends Command {
  since: number;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

export interface CommitterEvents {
  /** After each commit, before its commands are answered. */
  committed(events: StoredEvent[]): void;
  settled(batch: { size: number; seconds: number; problem: string | undefined }): void;
}

/** Conflicts in a row after which a batch is split; and for how long one command alone is tried. */
const TRIES = 3;
const LONGEST_MS = 10_000;

/**
 * Commits what has come in while the last commit was under way, together. One transaction at a time: within a process
 * commands never conflict, and those of other processes are met by trying again, then in smaller batches.
 */
export class Committer {
  private readonly queue: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(private readonly options: BatchOptions, private readonly events: CommitterEvents, private readonly maxBatch = MAX_BATCH) {}

  add(command: Waiting): void {
    this.queue.push(command);
    this.running ??= this.run();
  }

  get size(): number {
    return this.queue.length;
  }

  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // Let the callers of this turn in, so that they share a batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) await this.settle(this.queue.splice(0, this.maxBatch), performance.now() + LONGEST_MS);
    this.running = undefined;
  }

  private async settle(batch: readonly Waiting[], deadline: number): Promise<void> {
    const started = performance.now();
    let careful = false;
    for (let tries = 1; ; tries++) {
      let error: unknown;
      try {
        const done = await runBatch(this.options, batch, careful);
        if (done !== CAREFUL) return this.answer(batch, done.outcomes, done.events, started);
        careful = true;
        continue;
      } catch (thrown) {
        error = thrown;
      }
      const failure = failureOf(error);
      if (failure === 'unknown' || failure === 'away') return this.refuse(batch, failure === 'unknown' ? unknownResult() : storageError(error), started, error);
      const last = tries >= TRIES || failure === 'refused';
      if (last && batch.length > 1) {
        const half = Math.ceil(batch.length / 2);
        await this.settle(batch.slice(0, half), deadline);
        return this.settle(batch.slice(half), deadline);
      }
      if (failure === 'refused' || performance.now() > deadline) return this.refuse(batch, storageError(error), started, error);
      if (failure === 'duplicate') careful = true;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * Math.min(200, 5 * 2 ** tries)));
    }
  }

  private answer(batch: readonly Waiting[], outcomes: readonly Outcome[], events: StoredEvent[], started: number): void {
    try {
      if (events.length > 0) this.events.committed(events);
    } catch (error) {
      // A listener's defect is the process's, not the callers', whose commands are committed.
      queueMicrotask(() => {
        throw error;
      });
    }
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
