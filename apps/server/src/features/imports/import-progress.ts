import { ParleyError } from '@parley/shared/protocol/errors';
import type { Tx } from '../../storage/port.ts';
import { imports, importSkips, type ImportRow } from '../../storage/tables.ts';

export interface Skip {
  where: string;
  reason: string;
}

/** Where an import goes on after it was interrupted: all before it is committed. */
export interface ImportCursor {
  phase: 'users' | 'channels' | 'messages' | 'default' | 'end';
  /** Users or channels of the archive that are done. */
  done: number;
  /** Of the channel at `done`: messages up to this time, in microseconds. */
  us: number;
}

/** `notices` and `known` are beside what the protocol names: lines about joining and the like, and messages that were here already. */
export type Counts = Record<'users' | 'channels' | 'messages' | 'replies' | 'reactions' | 'files' | 'notices' | 'known', number>;

/** What an import's row keeps of its progress. */
export interface ImportProgress {
  counts: Counts;
  skipped_total: number;
  progress: number;
  stage: string;
  error?: string;
  cursor: ImportCursor;
  /** Of the last command that was applied; a repeat of it changes nothing. */
  step: number;
  /** Whoever runs it now: an earlier one, that was thought dead, changes nothing more. */
  runner: string;
  /** Of the archive's bytes, so that the same archive given again goes on. */
  fingerprint: string;
}

export const noCounts = (): Counts => ({ users: 0, channels: 0, messages: 0, replies: 0, reactions: 0, files: 0, notices: 0, known: 0 });
export const freshProgress = (fingerprint: string): ImportProgress => ({
  counts: noCounts(), skipped_total: 0, progress: 0, stage: '', cursor: { phase: 'users', done: 0, us: 0 }, step: 0, runner: '', fingerprint,
});

/** What every command of a running import is given. */
export interface Step {
  import_id: string;
  runner: string;
  /** One more than the last: a command that is repeated because its result got lost is known by it. */
  step: number;
  cursor: ImportCursor;
  progress: number;
  stage: string;
  skips: Skip[];
}

/** Skips that an import keeps the text of; the rest is counted. */
export const KEPT_SKIPS = 1_000;

export const progressOf = (row: ImportRow): ImportProgress => row.status as ImportProgress;

/** A running import inside one of its commands. */
export class RunningImport {
  /** The command was applied before: it only answers again, and counts nothing. */
  readonly repeated: boolean;

  private constructor(private readonly tx: Tx, readonly row: ImportRow, private readonly status: ImportProgress, private readonly given: Step) {
    this.repeated = given.step <= status.step;
  }

  /** @throws ParleyError `conflict` when the import does not run. */
  static async begin(tx: Tx, step: Step): Promise<RunningImport> {
    const row = await tx.get(imports, [step.import_id]);
    if (!row || row.state !== 'running') throw new ParleyError('conflict', 'this import is not running');
    const status = progressOf(row);
    if (status.runner !== step.runner) throw new ParleyError('conflict', 'another process goes on with this import');
    return new RunningImport(tx, row, { ...status, counts: { ...status.counts } }, step);
  }

  get scope(): string {
    return `${this.row.workspace_id}/${this.row.kind}`;
  }

  count(what: keyof Counts, by = 1): void {
    this.status.counts[what] += by;
  }

  async skip(where: string, reason: string): Promise<void> {
    if (this.repeated) return;
    if (this.status.skipped_total < KEPT_SKIPS) await this.tx.put(importSkips, { import_id: this.row.id, n: this.status.skipped_total, where, reason });
    this.status.skipped_total++;
  }

  async end(): Promise<void> {
    if (this.repeated) return;
    for (const { where, reason } of this.given.skips) await this.skip(where, reason);
    const { cursor, progress, stage, step } = this.given;
    await this.tx.put(imports, { ...this.row, status: { ...this.status, cursor, progress: Math.max(this.status.progress, progress), stage, step } });
  }
}
