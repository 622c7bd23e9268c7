import type { Call, InputOf, ResponseOf } from '../protocol/call.ts';
import type { File } from '../protocol/entities.ts';
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

export interface UploadTask {
  /** Given by this device; the server gives the file an id of its own. */
  id: string;
  name: string;
  size: number;
  mime: string;
  channelId: string;
  /** Where an earlier try went to: what arrived there need not be sent again. */
  url: string | null;
}

export interface UploadObserver {
  /** Bytes that the server has, or that are on their way. */
  progress(sent: number): void;
  /** Where this upload can be gone on with, after a restart too. */
  url(url: string): void;
}

/** How an upload ended. `unreached`: cut or stopped, and to be gone on with. `lost`: the bytes are not on this device any more. */
export type UploadOutcome =
  | { kind: 'ok'; file: File }
  | { kind: 'problem'; problem: Problem; retryAfterMs: number | null }
  | { kind: 'unreached'; reason: string }
  | { kind: 'lost' };

/** Keeps the bytes of files until the server has them, and carries them there. The engine decides what is carried, and when. */
export interface UploadPort {
  /** Takes bytes in, readable at once. True once they survive a restart; false when there is no room and they last as long as this run. */
  keep(id: string, source: unknown): Promise<boolean>;
  /** Carries one file, going on from `url` where that is known. `done` never rejects; after `stop` it is `unreached`. */
  upload(task: UploadTask, observer: UploadObserver): { done: Promise<UploadOutcome>; stop(): void };
  /** Forgets bytes. */
  drop(ids: readonly string[]): Promise<void>;
  /** Forgets all bytes but these. */
  retain(ids: readonly string[]): Promise<void>;
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
