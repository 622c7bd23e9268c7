import type { Entity } from '@parley/shared/protocol/entities';
import type { StreamName } from '@parley/shared/domain/streams';
import type { CommandName, CommandArgs, CommandResult } from './commands.ts';

/** A stored row: JSON values only. Fields that are columns are strings, whole numbers, null or absent; absent ones are read back as null. */
export type Row = Record<string, unknown>;
export type KeyPart = string | number;

/**
 * A table as every adapter builds it.
 * - `key`: the primary key's fields, in order; always present in a row, never null.
 * - `indexes`: ordered by their fields, then by the key. A row in which any field of the index is null or absent is not in that index.
 * - `shard`: the field that MongoDB shards the collection by; the first field of `key` and of each unique index.
 */
export interface Table<R extends Row = Row> {
  readonly name: string;
  readonly key: readonly string[];
  readonly shard: string | null;
  readonly columns: Readonly<Record<string, 'text' | 'integer'>>;
  readonly indexes: Readonly<Record<string, { readonly fields: readonly string[]; readonly unique?: boolean }>>;
  /** Read by nearly every call and rarely changed: `Store.recall` may answer from memory. */
  readonly recalled?: boolean;
  /** Read by nearly every command that writes: an adapter's writer may keep rows in memory. */
  readonly warm?: boolean;
  /** Its rows come in one by one, spread over many shards: an adapter may gather new ones before it files them under all indexes. */
  readonly hot?: boolean;
  /** By JSON field: names that, where the value is an object, say in it what the column of the same name says. An adapter may keep them once. */
  readonly repeated?: Readonly<Record<string, readonly string[]>>;
  /** Carries the row's type; never read. */
  readonly row?: R;
}

/**
 * An interval of a table's key or of one of its indexes: rows whose first fields equal `prefix` and whose next field lies
 * within the bounds.
 */
export interface Range {
  /** The name of an index; absent: the primary key. */
  index?: string;
  prefix?: readonly KeyPart[];
  gt?: KeyPart;
  gte?: KeyPart;
  lt?: KeyPart;
  lte?: KeyPart;
  /** The last row of the page before: go on strictly behind it, in the order of this question. */
  after?: Row;
}

/** Reads in one snapshot: everything seen through one `ReadTx` is the state after some whole number of committed commands. */
export interface ReadTx {
  get<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined>;
  /** Rows in order of the key or index, descending with `reverse`, at most `limit`. Strings compare by UTF-8 bytes. */
  find<R extends Row>(table: Table<R>, range: Range & { reverse?: boolean; limit: number }): Promise<R[]>;
  count<R extends Row>(table: Table<R>, range: Range): Promise<number>;
}

/** A command's view of its transaction: its own writes are visible to its reads, nobody else's are until it ends. */
export interface Tx extends ReadTx {
  /** @throws UniqueViolation when the key or a unique index has the value already. */
  insert<R extends Row>(table: Table<R>, row: R): Promise<void>;
  /** Inserts, or replaces the row of this key whole. @throws UniqueViolation of a unique index. */
  put<R extends Row>(table: Table<R>, row: R): Promise<void>;
  /** False when there was no such row. */
  delete<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<boolean>;
  /** The store's clock, microseconds since the epoch; the same within one command. */
  now(): number;
  /** A new UUIDv7. */
  uuid(): string;
  /**
   * Collects what the command changed in a stream; the outbox row is written with the command, and the event is told after
   * the commit. The event is given away: the command changes neither it nor what it holds.
   */
  emit(event: StreamEvent): void;
}

/** A committed change of one stream: the log's payload and the origin of every live frame. */
export interface StreamEvent {
  stream: StreamName;
  /** All that changed in (from, rev]. */
  from: number;
  rev: number;
  /** The head's seq after it; 0 for streams without. */
  seq: number;
  /** As they cross the wire; absent when the log was filled again from the outbox: then they are read from the store. */
  entities?: Entity[];
  /** Entries of the channel's own log: a gateway obeys them in order, before what follows. */
  control?: StreamControl[];
  /** Facts that durable consumers need and that the entities do not carry. */
  facts?: Record<string, unknown>;
}

export type StreamControl =
  | { kind: 'joined'; user_id: string; stay_id: string; visible_from_seq: number }
  | { kind: 'left'; user_id: string }
  | { kind: 'revoked'; device_ids: string[] }
  | { kind: 'workspace_joined'; workspace_id: string }
  | { kind: 'workspace_left'; workspace_id: string };

export interface StoredEvent extends StreamEvent {
  /** The outbox row's id; ascending in commit order within one stream. */
  outbox_id: string;
}

/**
 * The store of one installation.
 *
 * - **Atomic.** A command's writes, its outbox rows included, all happen or none.
 * - **Durable before resolved.** `run` resolves only after the commit would survive a power cut.
 * - **Isolated.** Commands are serialisable in what they ask of one owner (a channel, a person, a workspace); with one
 *   process on the store, in everything. Those on one stream take revs one after the other, without holes, so that a reader
 *   who sees rev N sees every rev below it.
 * - **Grouped.** Waiting commands are committed together. One that throws takes back its own writes alone.
 * - **Unknown results.** When it cannot be told whether a commit happened, `run` rejects with `unavailable`; the caller
 *   repeats with the same ids.
 * - Errors: `ParleyError` thrown by the command passes through; `storage_full` when the disk is full, `unavailable` when
 *   the store is read-only, overloaded (with `retry_after_ms`) or closed.
 */
export interface Store {
  read<T>(work: (tx: ReadTx) => Promise<T>): Promise<T>;
  /**
   * One row of a `recalled` table, for who asks before every call. It is no older than what this store had acknowledged to
   * anybody when it was asked, and belongs to no snapshot. An adapter may keep it in memory; callers leave it as it is.
   */
  recall<R extends Row>(table: Table<R>, key: readonly KeyPart[]): Promise<R | undefined>;
  run<N extends CommandName>(name: N, args: CommandArgs<N>): Promise<CommandResult<N>>;
  /** Called after each commit with its events, in commit order within a stream, before `run` resolves. Returns the unsubscribing function. */
  onCommitted(listener: (events: StoredEvent[]) => void): () => void;
  /** A UUID renewed when the store is restored from a backup. */
  incarnation(): string;
  /** For `/readyz`: adapter, settings read back from the database, and problems if any. */
  health(): Promise<{ adapter: string; settings: Record<string, string | number>; problems: string[] }>;
  /** Commits what waits, then closes. */
  close(): Promise<void>;
}

export class UniqueViolation extends Error {
  constructor(readonly table: string, readonly index: string) {
    super(`unique ${table}.${index}`);
    this.name = 'UniqueViolation';
  }
}
