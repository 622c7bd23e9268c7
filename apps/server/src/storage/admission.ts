import { ParleyError } from '@parley/shared/protocol/errors';
import { MAX_BATCH } from './sqlite/commit-loop.ts';

export interface AdmissionLimits {
  /** Most commands that may wait. */
  waiting: number;
  /** Longest time, in milliseconds, that a command may be expected to wait. */
  waitMs: number;
}
export const DEFAULT_LIMITS: AdmissionLimits = { waiting: 4096, waitMs: 10_000 };

/** Refuses commands early when the disk cannot keep up, rather than let everybody wait longer and longer. */
export class Admission {
  private seconds = 0;

  constructor(private readonly limits: AdmissionLimits) {}

  committed(seconds: number): void {
    this.seconds = this.seconds === 0 ? seconds : this.seconds * 0.7 + seconds * 0.3;
  }

  /** `oldestMs` is how long the longest waiting command has waited. */
  admit(waiting: number, oldestMs: number): void {
    // A commit that has not come back yet tells of a slow disk before any that has.
    const commitMs = Math.max(this.seconds * 1000, waiting <= MAX_BATCH ? oldestMs : 0, oldestMs / Math.max(1, Math.ceil(waiting / MAX_BATCH)));
    const expected = commitMs * Math.ceil((waiting + 1) / MAX_BATCH);
    if (waiting < this.limits.waiting && (expected <= this.limits.waitMs || waiting < MAX_BATCH)) return;
    throw new ParleyError('unavailable', 'the store is overloaded', { retry_after_ms: Math.round(Math.min(30_000, Math.max(250, expected))) });
  }
}
