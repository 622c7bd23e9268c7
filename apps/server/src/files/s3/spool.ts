import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ParleyError } from '@parley/shared/protocol/errors';
import { type KeptBlob, TooManyBytes } from '../port.ts';
import type { Body } from './s3-bucket.ts';

/** Up to here bytes wait in memory: pictures never touch the disk. */
const IN_MEMORY = 1_048_576;
/** So many wait on the disk at once; each is at most as large as a file may be. */
const MOST_ON_DISK = 256;

/** Bytes that came whole, with their sum; they are gone after `discard`, or when the process ends. */
export interface Spooled {
  readonly blob: KeptBlob;
  readonly body: Body;
  discard(): Promise<void>;
}

/**
 * Takes a stream whose sum nobody knows before its end. The file on the disk has no name from its first byte on, so it
 * goes with the process however that dies, and no other process can mistake it for its own.
 */
export class Spool {
  #onDisk = 0;

  private constructor(private readonly directory: string) {}

  static async open(directory: string): Promise<Spool> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new Spool(directory);
  }

  /** @throws TooManyBytes, ParleyError `unavailable` while too many others wait, and what `bytes` throws; then nothing is left */
  async receive(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<Spooled> {
    const digest = createHash('sha256');
    const parts: Buffer[] = [];
    let handle: FileHandle | undefined;
    let size = 0;
    const discard = async (): Promise<void> => {
      if (!handle) return;
      const open = handle;
      handle = undefined;
      this.#onDisk--;
      await open.close();
    };
    try {
      for await (const part of bytes) {
        size += part.byteLength;
        if (size > limit) throw new TooManyBytes(limit);
        digest.update(part);
        if (!handle && size <= IN_MEMORY) {
          parts.push(Buffer.from(part));
          continue;
        }
        if (!handle) {
          handle = await this.#file();
          for (const early of parts.splice(0)) await writeAll(handle, early);
        }
        await writeAll(handle, part);
      }
    } catch (error) {
      await discard();
      throw error;
    }
    const file = handle;
    const open = (): ReturnType<Body['open']> => (file ? file.createReadStream({ autoClose: false, start: 0, highWaterMark: 262_144 }) : Buffer.concat(parts));
    return { blob: { hash: digest.digest('hex'), size }, body: { size, open }, discard };
  }

  async #file(): Promise<FileHandle> {
    if (this.#onDisk >= MOST_ON_DISK) throw new ParleyError('unavailable', 'too many files are on their way', { retry_after_ms: 1_000 });
    this.#onDisk++;
    const path = join(this.directory, randomUUID());
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, 'wx+', 0o600);
      await rm(path);
      return handle;
    } catch (error) {
      this.#onDisk--;
      await handle?.close();
      throw error;
    }
  }
}

async function writeAll(handle: FileHandle, part: Uint8Array): Promise<void> {
  for (let at = 0; at < part.byteLength; ) at += (await handle.write(part, at)).bytesWritten;
}
