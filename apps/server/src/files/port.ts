import type { Readable } from 'node:stream';

/** What was kept: the SHA-256 of the bytes in hexadecimal, under which they are found again, and their number. */
export interface KeptBlob {
  readonly hash: string;
  readonly size: number;
}

/** Bytes `start` to `end`, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The bytes of files, found by their content. Who may read them is not its matter. */
export interface Files {
  /**
   * Keeps the bytes; when it answers they outlast a power cut. The same bytes are kept once. After an error or more
   * than `limit` bytes nothing is left behind. @throws TooManyBytes
   */
  keep(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<HeldBlob>;
  /** Keeps those of a file on this machine that nobody writes to any more; it stays where it is. @throws TooManyBytes */
  keepFile(path: string, limit: number): Promise<HeldBlob>;
  /** The number of bytes kept under `hash`, or null. */
  size(hash: string): Promise<number | null>;
  /** @throws NoSuchBlob before the first byte, RangeError for a range that does not lie within the bytes. */
  read(hash: string, range?: ByteRange): Promise<Readable>;
  /**
   * Forgets the bytes if `unused` still finds, once nobody can keep them meanwhile, that nothing refers to them. Bytes
   * that somebody holds stay. False when they stay; nothing happens where there are none. A reader that has begun reads
   * to the end.
   */
  remove(hash: string, unused: () => Promise<boolean>): Promise<boolean>;
  /** All that is kept, in no order; what comes and goes meanwhile may be missing. */
  hashes(): AsyncIterable<string>;
  /** Drops what processes that died left half kept; `now` in milliseconds. The collection calls it. */
  sweep?(now: number): Promise<void>;
}

/** A hold that several processes know of, as a row of the store. */
export interface HoldRef {
  readonly name: string;
  readonly id: string;
}

/** Until `release` is called, the bytes are not removed: time to note that they are referred to. */
export interface HeldBlob extends KeptBlob {
  /**
   * Where several processes keep bytes in one place: the hold ends by itself in the end, so the command that refers to the
   * bytes demands it (`settleHolds`).
   */
  readonly hold?: HoldRef;
  release(): void;
}

export class TooManyBytes extends Error {
  constructor(readonly limit: number) {
    super(`more than ${limit} bytes`);
    this.name = 'TooManyBytes';
  }
}

export class NoSuchBlob extends Error {
  constructor(readonly hash: string) {
    super(`nothing is kept under ${hash}`);
    this.name = 'NoSuchBlob';
  }
}

const HASH = /^[0-9a-f]{64}$/;

/** Whether `hash` can name a blob; nothing else ever becomes part of a path. */
export const isHash = (hash: string): boolean => HASH.test(hash);

/** @throws RangeError unless the range lies within `size` bytes */
export function checkRange(range: ByteRange | undefined, size: number): void {
  if (range && !(Number.isSafeInteger(range.start) && Number.isSafeInteger(range.end) && range.start >= 0 && range.start <= range.end && range.end < size)) throw new RangeError(`bytes ${range.start} to ${range.end} of ${size}`);
}
