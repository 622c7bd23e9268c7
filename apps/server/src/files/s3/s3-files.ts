import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { BlobHolds } from '../holds.ts';
import { type ByteRange, checkRange, type Files, type HeldBlob, isHash, type KeptBlob, NoSuchBlob, TooManyBytes } from '../port.ts';
import type { Body, S3Bucket } from './s3-bucket.ts';
import type { Spool } from './spool.ts';

/** An upload in parts that nobody has finished by then was sent by a process that died. */
const UNFINISHED_MS = 86_400_000;

/**
 * Files in a bucket, `COLLECTION/HASH` each.
 *
 * Bytes are taken whole on this machine first (`Spool`) and then sent under their hash, rather than sent under a name for now
 * and copied: so what is too large or breaks off never reaches the bucket, bytes that are there already are not sent again, a
 * failed part is tried again by itself, and a server without a cheap copy stores each file once. An object appears whole
 * or not at all, and for good before `keep` answers.
 */
export class S3Files implements Files {
  constructor(private readonly bucket: S3Bucket, private readonly collection: string, private readonly spool: Spool, private readonly holds: BlobHolds) {}

  async keep(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<HeldBlob> {
    const { blob, body, discard } = await this.spool.receive(bytes, limit);
    try {
      return await this.#place(blob, body);
    } finally {
      await discard();
    }
  }

  async keepFile(path: string, limit: number): Promise<HeldBlob> {
    const blob = await measure(path, limit);
    return this.#place(blob, { size: blob.size, open: () => createReadStream(path, { highWaterMark: 262_144 }) });
  }

  async size(hash: string): Promise<number | null> {
    return isHash(hash) ? this.bucket.size(this.#keyOf(hash)) : null;
  }

  async read(hash: string, range?: ByteRange): Promise<Readable> {
    if (!isHash(hash)) throw new NoSuchBlob(hash);
    checkRange(range, Infinity);
    const body = await this.bucket.get(this.#keyOf(hash), range);
    if (!body) throw new NoSuchBlob(hash);
    return body;
  }

  remove(hash: string, unused: () => Promise<boolean>): Promise<boolean> {
    return this.holds.remove(hash, unused, () => this.bucket.delete(this.#keyOf(hash)));
  }

  async *hashes(): AsyncGenerator<string> {
    for await (const { key } of this.bucket.list(`${this.collection}/`)) {
      const hash = key.slice(this.collection.length + 1);
      if (isHash(hash)) yield hash;
    }
  }

  async sweep(now: number): Promise<void> {
    await this.bucket.dropUnfinished(`${this.collection}/`, now - UNFINISHED_MS);
  }

  #place(blob: KeptBlob, body: Body): Promise<HeldBlob> {
    const key = this.#keyOf(blob.hash);
    return this.holds.keep(blob, async () => {
      if ((await this.bucket.size(key)) !== blob.size) await this.bucket.put(key, body);
    });
  }

  #keyOf(hash: string): string {
    return `${this.collection}/${hash}`;
  }
}

async function measure(path: string, limit: number): Promise<KeptBlob> {
  if ((await stat(path)).size > limit) throw new TooManyBytes(limit);
  const digest = createHash('sha256');
  let size = 0;
  for await (const part of createReadStream(path, { highWaterMark: 262_144 })) {
    size += (part as Buffer).byteLength;
    if (size > limit) throw new TooManyBytes(limit);
    digest.update(part as Buffer);
  }
  return { hash: digest.digest('hex'), size };
}
