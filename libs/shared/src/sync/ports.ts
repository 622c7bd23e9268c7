import type { Call, InputOf, ResponseOf } from '../protocol/call.ts';
import type { Problem } from '../protocol/errors.ts';
import type { ClientFrame, ServerFrame } from '../protocol/frames.ts';

export type { Clock, Timer } from '../domain/clock.ts';
export type { Random } from '../domain/random.ts';

/** How a call ended. `unreached`: nobody knows whether the server has it. */
export type Outcome<T> =
  | { kind: 'ok'; status: number; value: T }
  | { kind: 'problem'; problem: Problem; retryAfterMs: number | null }
  | { kind: 'unreached'; reason: string };

/** The wire to one server for one account. */
export interface Transport {
  /** Sends one call. Answers are parsed by the call's schema; one that does not fit is `unreached`. Never rejects. */
  call<C extends Call>(call: C, input: InputOf<C>, options?: { idempotencyKey?: string }): Promise<Outcome<ResponseOf<C>>>;
  /** Opens the socket. Events come until `closed`, which comes once. */
  connect(events: SocketObserver): Socket;
}

export interface Socket {
  send(frame: ClientFrame): void;
  close(): void;
}

export interface SocketObserver {
  opened(): void;
  frame(frame: ServerFrame): void;
  closed(code: number, reason: string): void;
}

/**
 * A durable key-value store with ordered string keys in named collections: IndexedDB in browsers, memory in simulations.
 * Keys compare by code units. Values are structured-cloneable.
 */
export interface KeyValueStore {
  get(collection: string, key: string): Promise<unknown>;
  /** Entries with from ≤ key < to, in key order, at most `limit`; descending with `reverse`. */
  range(collection: string, from: string, to: string, options?: { limit?: number; reverse?: boolean }): Promise<{ key: string; value: unknown }[]>;
  /** All of it or nothing; durable when it resolves. @throws StorageRefused when full or refused. */
  write(changes: readonly KeyValueChange[]): Promise<void>;
  /** Removes everything. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

export type KeyValueChange =
  | { collection: string; key: string; value: unknown }
  | { collection: string; key: string; delete: true }
  | { collection: string; from: string; to: string; deleteRange: true };

export class StorageRefused extends Error {
  constructor(readonly reason: 'full' | 'unavailable') {
    super(`storage ${reason}`);
    this.name = 'StorageRefused';
  }
}
