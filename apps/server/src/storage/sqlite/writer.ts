import type { StoredEvent } from '../port.ts';
import type { Command, Outcome } from './batch-writer.ts';
import type { Settings } from './connection.ts';

/** One commit, as the store hears of it. */
export interface Committed {
  outcomes: { id: number; outcome: Outcome }[];
  events: StoredEvent[];
  /** Rows of recalled tables that were written, by `recallKey`. */
  changed: string[];
  seconds: number;
  problem?: string;
}

/** Where commands are run: in a thread of their own, or in this one for tests. */
export interface Writer {
  /** Settles when the database is open. */
  readonly ready: Promise<Settings>;
  /** Each command is answered by exactly one outcome under its id. */
  submit(commands: readonly (Command & { id: number })[]): void;
  /** Answers what was submitted, then closes the database. */
  close(): Promise<void>;
}

export interface WriterEvents {
  committed(commit: Committed): void;
  /** The writer is gone with all that was submitted and not answered; the next submission starts another. */
  lost(reason: Error): void;
}
