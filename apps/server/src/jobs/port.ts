/** Work that must happen though the process ends: run at least once, by one worker at a time. */
export interface NewJob {
  /** Names the job over repeats of this call; absent: a new one. */
  id?: string;
  kind: string;
  /** JSON. */
  payload: unknown;
  /** Milliseconds from now until it may run. */
  delayMs?: number;
  /** While a job with the same value waits, runs or is parked, no second is added; a parked one becomes ready again. */
  dedupe?: string;
}

export interface LeasedJob {
  id: string;
  kind: string;
  payload: unknown;
  /** Counts from 1. */
  attempt: number;
  /** Proves that the job is still this worker's. */
  token: string;
}

/** Kinds that wait for strangers. */
export interface SlowKinds {
  kinds: readonly string[];
  most: number;
}

export interface JobCounts {
  ready: number;
  leased: number;
  parked: number;
}

/**
 * - A job that was enqueued runs though every process ends in between.
 * - A leased job is nobody else's until its lease ends; then it is ready again, and answers of the earlier worker count for nothing.
 * - Jobs are leased in the order of their time.
 * - A job that has failed `MAX_ATTEMPTS` times is parked: kept with its error, run no more.
 */
export interface JobQueue {
  /** The job's id, that of the one already there included. */
  enqueue(job: NewJob): Promise<string>;
  /** `slow` holds back jobs of some kinds: at most `most` of them are leased, and those behind them come first. Of each `single` kind one is leased at a time, whoever asks. */
  lease(limit: number, leaseMs: number, slow?: SlowKinds, single?: readonly string[]): Promise<LeasedJob[]>;
  /** False when the job is no longer this worker's; then stop working on it. */
  extend(job: LeasedJob, leaseMs: number): Promise<boolean>;
  complete(job: LeasedJob): Promise<boolean>;
  /** Back to the queue after a growing delay, or parked. */
  fail(job: LeasedJob, error: string): Promise<'ready' | 'parked' | 'lost'>;
  /** How many there are of each state, those of a later time among the ready ones. */
  counts(): Promise<JobCounts>;
}

export const MAX_ATTEMPTS = 10;
export const FIRST_DELAY_MS = 1_000;
export const LONGEST_DELAY_MS = 3_600_000;

/** How long a job rests after its n-th failure: doubling, up to an hour. */
export const delayAfter = (attempt: number): number => Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1));
