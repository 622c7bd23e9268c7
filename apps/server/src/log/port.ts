import type { StoredEvent } from '../storage/port.ts';

/** Number of partitions; a stream's partition is a hash of its name, so that its events stay in order. */
export const PARTITIONS = 64;

export interface LogEntry {
  /** Position in the partition, rising. */
  position: number;
  event: StoredEvent;
}

/**
 * The dispatch log: committed events, in order per partition, kept until acknowledged. It may forget everything (a new
 * incarnation); the sweeper then logs again what the outbox still holds.
 */
export interface DispatchLog {
  /** Renewed whenever entries may have been lost. Readers then begin anew at `acknowledged`, and acknowledge nothing that they read before. */
  incarnation(): string;
  /** Resolves when the entries would be seen by a reader. Appending an event again is allowed. Rejects when the log is full or away: some, all or none of them may then be there. */
  append(partition: number, events: readonly StoredEvent[]): Promise<void>;
  /** Entries after `position`, oldest first; waits until there are some, or `signal` aborts or entries were lost, which answers none. */
  read(partition: number, position: number, limit: number, signal: AbortSignal): Promise<LogEntry[]>;
  /** Entries up to and including `position` may be forgotten. */
  acknowledge(partition: number, position: number): Promise<void>;
  /** The last acknowledged position, where a successor begins. */
  acknowledged(partition: number): Promise<number>;
  close(): Promise<void>;
}
