import { Readable } from 'node:stream';
import { UUID_PATTERN } from '@parley/shared/domain/ids';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Files, HeldBlob } from '../port.ts';
import type { Uploads } from '../uploads.ts';
import type { S3Bucket } from './s3-bucket.ts';
import type { Spool } from './spool.ts';

const PREFIX = 'uploads/';
/** More of one request becomes several pieces. */
const PIECE_BYTES = 8 * 1_048_576;
/** An upload has at most so many pieces and one for each of its megabytes, or listing them would be work that strangers order. */
const SPARE_PIECES = 4_000;
const MEGABYTE = 1_048_576;
const DIGITS = 16;
const REMOVED_AT_ONCE = 8;

interface Piece {
  key: string;
  offset: number;
  size: number;
}

/**
 * Pieces of uploads as objects `uploads/ID/OFFSET-SIZE` that are never written twice: whichever process is sent the next
 * part finds what the others have, and a request that outlived its client takes nothing back that another was answered.
 * An upload in parts of S3 itself would want parts of 5 MB at least and keep its state beside ours.
 */
export class S3Uploads implements Uploads {
  constructor(private readonly bucket: S3Bucket, private readonly spool: Spool) {}

  async begin(): Promise<void> {}

  async size(id: string): Promise<number> {
    return endOf(await this.#chain(id));
  }

  async append(id: string, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    let broken: unknown;
    let more = true;
    const source = bytes[Symbol.asyncIterator]();
    let rest: Uint8Array | undefined;
    /** The next piece; what comes behind its end waits in `rest`. */
    async function* piece(): AsyncGenerator<Uint8Array> {
      for (let room = PIECE_BYTES; room > 0; ) {
        let part = rest;
        rest = undefined;
        if (!part) {
          try {
            const next = await source.next();
            if (next.done) return void (more = false);
            part = next.value;
          } catch (error) {
            broken = error ?? new Error('the bytes broke off');
            return void (more = false);
          }
        }
        if (part.byteLength > room) rest = part.subarray(room);
        room -= Math.min(room, part.byteLength);
        yield rest ? part.subarray(0, part.byteLength - rest.byteLength) : part;
      }
    }
    let at = offset;
    try {
      await this.#demandFewPieces(id, offset);
      while (more) {
        const { blob, body, discard } = await this.spool.receive(piece(), PIECE_BYTES);
        try {
          if (blob.size > 0) await this.bucket.put(keyOf(id, at, blob.size), body);
          at += blob.size;
        } finally {
          await discard();
        }
      }
    } catch (error) {
      // Who sends hears of it at once.
      if (bytes instanceof Readable) bytes.destroy(error as Error);
      throw error;
    }
    if (broken !== undefined) throw broken;
    return at;
  }

  async keep(id: string, limit: number, files: Files): Promise<HeldBlob> {
    return files.keep(this.#read(await this.#chain(id)), limit);
  }

  async remove(id: string): Promise<void> {
    const keys: string[] = [];
    for await (const { key } of this.bucket.list(prefixOf(id))) keys.push(key);
    while (keys.length > 0) await Promise.all(keys.splice(0, REMOVED_AT_ONCE).map((key) => this.bucket.delete(key)));
  }

  async *ids(): AsyncGenerator<string> {
    let last = '';
    for await (const { key } of this.bucket.list(PREFIX)) {
      const id = key.slice(PREFIX.length).split('/')[0]!;
      if (id !== last && UUID_PATTERN.test(id)) yield id;
      last = id;
    }
  }

  async *#read(chain: readonly Piece[]): AsyncGenerator<Uint8Array> {
    let at = 0;
    for (const { key, offset, size } of chain) {
      const body: Readable | null = await this.bucket.get(key, at > offset ? { start: at - offset, end: size - 1 } : undefined);
      if (!body) throw new ParleyError('unavailable', 'a part of the upload is gone', { retry_after_ms: 1_000 });
      for await (const part of body) yield part as Buffer;
      at = offset + size;
    }
  }

  /** Pieces that make up the beginning without a hole, in order; each begins at or before the end of those before it. */
  async #chain(id: string): Promise<Piece[]> {
    const chain: Piece[] = [];
    for (const piece of await this.#pieces(id)) {
      const end = endOf(chain);
      if (piece.offset > end) break;
      if (piece.offset + piece.size > end) chain.push(piece);
    }
    return chain;
  }

  async #pieces(id: string): Promise<Piece[]> {
    const pieces: Piece[] = [];
    for await (const { key, size: stored } of this.bucket.list(prefixOf(id))) {
      const match = /\/(\d{16})-(\d{16})$/.exec(key);
      const [offset, size] = [Number(match?.[1]), Number(match?.[2])];
      if (match && size === stored) pieces.push({ key, offset, size });
    }
    return pieces;
  }

  async #demandFewPieces(id: string, offset: number): Promise<void> {
    if ((await this.#pieces(id)).length > SPARE_PIECES + offset / MEGABYTE) throw new ParleyError('invalid_request', 'the upload came in too many parts; begin it again with larger ones');
  }
}

const endOf = (chain: readonly Piece[]): number => {
  const last = chain[chain.length - 1];
  return last ? last.offset + last.size : 0;
};

const padded = (n: number): string => String(n).padStart(DIGITS, '0');
const keyOf = (id: string, offset: number, size: number): string => `${prefixOf(id)}${padded(offset)}-${padded(size)}`;

function prefixOf(id: string): string {
  if (!UUID_PATTERN.test(id)) throw new Error('an upload is named by a UUID');
  return `${PREFIX}${id}/`;
}
