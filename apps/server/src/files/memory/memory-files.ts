import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ByteRange, checkRange, type Files, type KeptBlob, NoSuchBlob, TooManyBytes } from '../port.ts';

/** Files in memory, for tests. */
export class MemoryFiles implements Files {
  private readonly blobs = new Map<string, Buffer>();

  async keep(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<KeptBlob> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of bytes) {
      size += part.byteLength;
      if (size > limit) throw new TooManyBytes(limit);
      parts.push(Buffer.from(part));
    }
    const whole = Buffer.concat(parts);
    const hash = createHash('sha256').update(whole).digest('hex');
    this.blobs.set(hash, whole);
    return { hash, size };
  }

  async size(hash: string): Promise<number | null> {
    return this.blobs.get(hash)?.byteLength ?? null;
  }

  async read(hash: string, range?: ByteRange): Promise<Readable> {
    const whole = this.blobs.get(hash);
    if (!whole) throw new NoSuchBlob(hash);
    checkRange(range, whole.byteLength);
    return Readable.from([range ? whole.subarray(range.start, range.end + 1) : whole], { objectMode: false });
  }

  async remove(hash: string): Promise<void> {
    this.blobs.delete(hash);
  }
}
