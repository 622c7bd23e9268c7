import { createWriteStream } from 'node:fs';
import { mkdir, open, opendir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { UUID_PATTERN } from '@parley/shared/domain/ids';
import type { Files, HeldBlob } from '../port.ts';
import type { Uploads } from '../uploads.ts';

const missing = (error: unknown): boolean => (error as NodeJS.ErrnoException | null)?.code === 'ENOENT';

/** One file an upload, in a directory that several processes may share. */
export class DiskUploads implements Uploads {
  constructor(private readonly directory: string) {}

  async begin(id: string): Promise<void> {
    await mkdir(this.directory, { recursive: true, mode: 0o700 });
    await (await open(this.#pathOf(id), 'a', 0o600)).close();
  }

  async size(id: string): Promise<number | null> {
    try {
      return (await stat(this.#pathOf(id))).size;
    } catch (error) {
      if (missing(error)) return null;
      throw error;
    }
  }

  async append(id: string, offset: number, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    let written = 0;
    await pipeline(bytes, async function* (source: AsyncIterable<Uint8Array>) {
      for await (const part of source) {
        written += part.length;
        yield part;
      }
    }, createWriteStream(this.#pathOf(id), { flags: 'r+', start: offset, flush: true }));
    return offset + written;
  }

  keep(id: string, limit: number, files: Files): Promise<HeldBlob> {
    return files.keepFile(this.#pathOf(id), limit);
  }

  async remove(id: string): Promise<void> {
    await rm(this.#pathOf(id), { force: true });
  }

  async *ids(): AsyncGenerator<string> {
    try {
      for await (const { name } of await opendir(this.directory)) if (UUID_PATTERN.test(name)) yield name;
    } catch (error) {
      if (!missing(error)) throw error;
    }
  }

  #pathOf(id: string): string {
    if (!UUID_PATTERN.test(id)) throw new Error('an upload is named by a UUID');
    return join(this.directory, id);
  }
}
