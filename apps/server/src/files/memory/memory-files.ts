import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { Holds } from '../holds.ts';
import { type ByteRange, checkRange, type Files, type HeldBlob, NoSuchBlob, TooManyBytes } from '../port.ts';

/** Files in memory, for tests. */
export class MemoryFiles implements Files {
  private readonly blobs = new Map<string, Buffer>();
  private readonly holds = new Holds();

  async keep(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<HeldBlob> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of bytes) {
      size += part.byteLength;
      if (size > limit) throw new TooManyBytes(limit);
      parts.push(Buffer.from(part));
    }
    const whole = Buffer.concat(parts);
    const hash = createHash('sha256').update(whole).digest('hex');
    return this.holds.keep({ hash, size }, async () => void this.blobs.set(hash, whole));
  }

  async keepFile(path: string, limit: number): Promise<HeldBlob> {
    return this.keep(Readable.from([await readFile(path)]), limit);
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

  remove(hash: string, unused: () => Promise<boolean>): Promise<boolean> {
    return this.holds.remove(hash, unused, async () => void this.blobs.delete(hash));
  }

  async *hashes(): AsyncGenerator<string> {
    yield* [...this.blobs.keys()];
  }
}
