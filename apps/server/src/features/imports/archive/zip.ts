import type { Readable } from 'node:stream';
import yauzl from 'yauzl';
import { ArchiveError } from './archive-error.ts';

/** Bounds of an archive. Memory does not grow with any of them but `entries`. */
export interface ZipLimits {
  entries: number;
  /** Bytes of one unpacked file. */
  fileBytes: number;
  /** Bytes of all unpacked files. */
  totalBytes: number;
  /** Unpacked to packed bytes of one file, over which it is taken for a bomb; small files are let through. */
  ratio: number;
}
export const ZIP_LIMITS: ZipLimits = { entries: 1_000_000, fileBytes: 4 * 2 ** 30, totalBytes: 256 * 2 ** 30, ratio: 500 };
const SMALL_FILE = 1_048_576;

export interface ZipFile {
  readonly files: ReadonlyMap<string, { readonly size: number }>;
  /** The unpacked bytes, checked against size and checksum. @throws ArchiveError while iterating. */
  open(name: string): AsyncIterable<Buffer>;
  close(): void;
}

/**
 * Opens a zip by its directory; contents are read only on `open`. Refuses what is no zip, is cut short, encrypted, packed in an
 * unknown way, holds names that lead outside, the same name twice, or is larger than the limits.
 */
export async function openZip(path: string, limits: ZipLimits = ZIP_LIMITS): Promise<ZipFile> {
  const zip = await new Promise<yauzl.ZipFile>((resolve, reject) => {
    yauzl.open(path, { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true }, (error, opened) => {
      if (error) reject((error as NodeJS.ErrnoException).code ? error : new ArchiveError(`is not a whole zip archive (${error.message})`));
      else resolve(opened);
    });
  });
  try {
    const entries = await directory(zip, limits);
    return {
      files: new Map([...entries].map(([name, entry]) => [name, { size: entry.uncompressedSize }])),
      open: (name) => contents(zip, entries.get(name), name),
      close: () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function directory(zip: yauzl.ZipFile, limits: ZipLimits): Promise<Map<string, yauzl.Entry>> {
  return new Promise((resolve, reject) => {
    const entries = new Map<string, yauzl.Entry>();
    let total = 0;
    if (zip.entryCount > limits.entries) return reject(new ArchiveError(`has ${zip.entryCount} files; at most ${limits.entries} are taken`));
    zip.on('error', (error: Error) => reject(new ArchiveError(`has a damaged directory (${error.message})`)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: yauzl.Entry) => {
      const problem = problemOf(entry, limits);
      if (problem !== undefined) return reject(new ArchiveError(problem, entry.fileName));
      total += entry.uncompressedSize;
      if (total > limits.totalBytes) return reject(new ArchiveError(`unpacks to more than ${limits.totalBytes} bytes`));
      if (!entry.fileName.endsWith('/')) {
        if (entries.has(entry.fileName)) return reject(new ArchiveError('is in the archive twice', entry.fileName));
        entries.set(entry.fileName, entry);
      }
      zip.readEntry();
    });
    zip.readEntry();
  });
}

function problemOf(entry: yauzl.Entry, limits: ZipLimits): string | undefined {
  if (entry.isEncrypted()) return 'is encrypted; unpack it and pack it again without a password';
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) return `is packed by method ${entry.compressionMethod}, which is not supported`;
  if (entry.uncompressedSize > limits.fileBytes) return `unpacks to ${entry.uncompressedSize} bytes; at most ${limits.fileBytes} are taken`;
  if (entry.uncompressedSize > SMALL_FILE && entry.uncompressedSize > entry.compressedSize * limits.ratio) return 'unpacks to suspiciously much for its size';
  return undefined;
}

async function* contents(zip: yauzl.ZipFile, entry: yauzl.Entry | undefined, name: string): AsyncGenerator<Buffer> {
  if (!entry) throw new ArchiveError('is missing', name);
  let stream: Readable | undefined;
  let crc = 0;
  try {
    stream = await new Promise<Readable>((resolve, reject) => zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened))));
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      crc = crc32(chunk, crc);
      yield chunk;
    }
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    throw new ArchiveError(`cannot be unpacked (${error instanceof Error ? error.message : String(error)})`, name);
  } finally {
    stream?.destroy();
  }
  if (crc !== entry.crc32) throw new ArchiveError('is damaged: its checksum is wrong', name);
}

const TABLE = Int32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
  return c;
});

/** CRC-32 of a chunk, going on from that of the chunks before it. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let c = ~before;
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}
