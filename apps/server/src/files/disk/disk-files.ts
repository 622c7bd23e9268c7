import { createHash, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { type BlobHolds, Holds } from '../holds.ts';
import { type ByteRange, checkRange, type Files, type HeldBlob, isHash, type KeptBlob, NoSuchBlob, TooManyBytes } from '../port.ts';

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

/** The sum and size of what a file holds, once it is on the disk for good. */
async function measure(handle: FileHandle, limit: number): Promise<KeptBlob> {
  const digest = createHash('sha256');
  let size = 0;
  for await (const part of handle.createReadStream({ autoClose: false, start: 0, highWaterMark: 262_144 })) {
    size += (part as Buffer).byteLength;
    if (size > limit) throw new TooManyBytes(limit);
    digest.update(part as Buffer);
  }
  await handle.sync();
  return { hash: digest.digest('hex'), size };
}

/** What nobody has written to for so long was left by a process that died. */
const LEFT_MS = 86_400_000;

/** Files in a directory: `ab/abcd…` by hash, written in `incoming` and moved when they are whole and synced. */
export class DiskFiles implements Files {
  private constructor(private readonly directory: string, private readonly holds: BlobHolds, private readonly shared: boolean) {}

  /**
   * Opens the directory, made if need be; what an earlier process left half written goes. With `shared`, the holds of
   * several processes on this directory, each leaves alone what the others write: only `sweep` takes what is old.
   */
  static async open(directory: string, shared?: BlobHolds): Promise<DiskFiles> {
    if (!shared) await rm(join(directory, 'incoming'), { recursive: true, force: true });
    await mkdir(join(directory, 'incoming'), { recursive: true, mode: 0o700 });
    await syncDirectory(dirname(directory));
    return new DiskFiles(directory, shared ?? new Holds(), shared !== undefined);
  }

  async keep(bytes: AsyncIterable<Uint8Array>, limit: number): Promise<HeldBlob> {
    const incoming = this.incoming();
    try {
      const handle = await open(incoming, 'wx', 0o600);
      let kept: KeptBlob;
      try {
        kept = await write(handle, bytes, limit);
      } finally {
        await handle.close();
      }
      return await this.place(incoming, kept);
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  async keepFile(path: string, limit: number): Promise<HeldBlob> {
    const incoming = this.incoming();
    try {
      // A second name for the same bytes costs nothing; where there are none, a copy does as well. Where another process may
      // still write to the upload, only a copy is sure to stay as it is.
      await (this.shared ? copyFile(path, incoming, constants.COPYFILE_EXCL) : link(path, incoming)).catch((error: unknown) => {
        if (missing(error)) throw error;
        return copyFile(path, incoming, constants.COPYFILE_EXCL);
      });
      const handle = await open(incoming, 'r+');
      let kept: KeptBlob;
      try {
        kept = await measure(handle, limit);
      } finally {
        await handle.close();
      }
      return await this.place(incoming, kept);
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  async size(hash: string): Promise<number | null> {
    if (!isHash(hash)) return null;
    try {
      return (await stat(this.pathOf(hash))).size;
    } catch (error) {
      if (missing(error)) return null;
      throw error;
    }
  }

  async read(hash: string, range?: ByteRange): Promise<Readable> {
    if (!isHash(hash)) throw new NoSuchBlob(hash);
    let handle: FileHandle;
    try {
      handle = await open(this.pathOf(hash), 'r');
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

  remove(hash: string, unused: () => Promise<boolean>): Promise<boolean> {
    return this.holds.remove(hash, unused, () => rm(this.pathOf(hash), { force: true }));
  }

  async *hashes(): AsyncGenerator<string> {
    for await (const shelf of await opendir(this.directory)) {
      if (!/^[0-9a-f]{2}$/.test(shelf.name)) continue;
      for await (const { name } of await opendir(join(this.directory, shelf.name))) if (isHash(name)) yield name;
    }
  }

  async sweep(now: number): Promise<void> {
    for await (const { name } of await opendir(join(this.directory, 'incoming'))) {
      const path = join(this.directory, 'incoming', name);
      const age = await stat(path).then(({ mtimeMs }) => now - mtimeMs, () => 0);
      if (age > LEFT_MS) await rm(path, { force: true });
    }
  }

  private incoming(): string {
    return join(this.directory, 'incoming', randomUUID());
  }

  private place(incoming: string, kept: KeptBlob): Promise<HeldBlob> {
    const path = this.pathOf(kept.hash);
    return this.holds.keep(kept, async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await rename(incoming, path);
      // Renaming a name of the same bytes onto another one leaves both.
      await rm(incoming, { force: true });
      await syncDirectory(dirname(path));
      await syncDirectory(this.directory);
    });
  }

  private pathOf(hash: string): string {
    return join(this.directory, hash.slice(0, 2), hash);
  }
}
