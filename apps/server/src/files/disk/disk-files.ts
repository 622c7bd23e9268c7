import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { type ByteRange, checkRange, type Files, isHash, type KeptBlob, NoSuchBlob, TooManyBytes } from '../port.ts';

const missing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function write(handle: FileHandle, bytes: AsyncIterable<Uint8Array>, limit: number): Promise<KeptBlob> {
  const digest = createHash('sha256');
  let size = 0;
  for await (const part of bytes) {
    size += part.byteLength;
    if (size > limit) throw new TooManyBytes(limit);
    digest.update(part);
    for (let at = 0; at < part.byteLength; ) at += (await handle.write(part, at)).bytesWritten;
  }
  await handle.sync();
  return { hash: digest.digest('hex'), size };
}

/** Files in a directory: `ab/abcd…` by hash, written in `incoming` and moved when they are whole and synced. */
export class DiskFiles implements Files {
  private constructor(private readonly directory: string) {}

  /** Opens the directory, made if need be; what an earlier process left half written goes. */
  static async open(directory: string): Promise<DiskFiles> {
    await rm(join(directory, 'incoming'), { recursive: true, force: true });
    await mkdir(join(directory, 'incoming'), { recursive: true, mode: 0o700 });
    await syncDirectory(dirname(directory));
    return new DiskFiles(directory);
  }

  async keep(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<KeptBlob> {
    const incoming = join(this.directory, 'incoming', randomUUID());
    try {
      const handle = await open(incoming, 'wx', 0o600);
      let kept: KeptBlob;
      try {
        kept = await write(handle, bytes, limit);
      } finally {
        await handle.close();
      }
      const place = this.place(kept.hash);
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
      await rename(incoming, place);
      await syncDirectory(dirname(place));
      await syncDirectory(this.directory);
      return kept;
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  async size(hash: string): Promise<number | null> {
    if (!isHash(hash)) return null;
    try {
      return (await stat(this.place(hash))).size;
    } catch (error) {
      if (missing(error)) return null;
      throw error;
    }
  }

  async read(hash: string, range?: ByteRange): Promise<Readable> {
    if (!isHash(hash)) throw new NoSuchBlob(hash);
    let handle: FileHandle;
    try {
      handle = await open(this.place(hash), 'r');
    } catch (error) {
      throw missing(error) ? new NoSuchBlob(hash) : error;
    }
    try {
      checkRange(range, (await handle.stat()).size);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return handle.createReadStream(range);
  }

  async remove(hash: string): Promise<void> {
    if (isHash(hash)) await rm(this.place(hash), { force: true });
  }

  private place(hash: string): string {
    return join(this.directory, hash.slice(0, 2), hash);
  }
}
