import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { uuidv7 } from '@parley/shared/domain/ids';
import { NoSuchBlob, type Files } from '../files/port.ts';
import { systemClock, systemRandom } from '../platform/system.ts';
import { PRODUCT_VERSION } from '../platform/version.ts';
import { rowsOf } from '../storage/move/pages.ts';
import { TableSum } from '../storage/move/table-sum.ts';
import type { ReadTx, Store, Table } from '../storage/port.ts';
import { blobs, meta, TABLES } from '../storage/tables.ts';
import { blobEntry, FORMAT, MANIFEST, SECRET, SUMS, tableEntry, type Collection, type Manifest, type Sums } from './archive.ts';

export interface BackupSource {
  /** In its own words, for the manifest. */
  name: string;
  store: Pick<Store, 'read'>;
  files: Record<Collection, Files>;
  /** Null: there is none in this data directory. */
  secret: Uint8Array | null;
}
export interface BackupProgress { part: string; done: number }
export interface Backup { manifest: Manifest; sums: Sums }

/**
 * Writes everything that the server knows to `file`, while it may be running: all tables as they are at one moment, then
 * the bytes that they refer to. The file is there whole or not at all.
 * @throws what the store, the files or the disk fail with
 */
export async function makeBackup(file: string, source: BackupSource, onProgress: (progress: BackupProgress) => void = () => undefined): Promise<Backup> {
  const draft = `${file}.part`;
  const zip = new ZipFile();
  zip.on('error', (error: Error) => (zip.outputStream as Readable).destroy(error));
  const written = pipeline(zip.outputStream as Readable, createWriteStream(draft, { mode: 0o600, flush: true }));
  // Looked at when everything was added; a full disk must not be an unhandled rejection meanwhile.
  written.catch(() => undefined);
  const add = (name: string, stream: Readable, compress: boolean): Promise<void> => Promise.race([added(zip, name, stream, compress), written]);
  try {
    const sums: Sums = { tables: [], blobs: { files: { count: 0, bytes: 0, missing: [] }, 'card-pictures': { count: 0, bytes: 0, missing: [] } } };
    const { manifest, hashes } = await source.store.read(async (tx) => {
      const made = await describe(tx, source.name);
      await add(MANIFEST, Readable.from([JSON.stringify(made)]), true);
      for (const table of TABLES) {
        const sum = new TableSum();
        await add(tableEntry(table.name), Readable.from(linesOf(tx, table, sum, (rows) => onProgress({ part: table.name, done: rows }))), true);
        sums.tables.push({ table: table.name, rows: sum.rows, checksum: sum.checksum });
      }
      return { manifest: made, hashes: await hashesOf(tx) };
    });
    if (source.secret) await add(SECRET, Readable.from([source.secret]), false);
    await addBlobs('files', hashes);
    await addBlobs('card-pictures', source.files['card-pictures'].hashes());
    await add(SUMS, Readable.from([JSON.stringify(sums)]), true);
    zip.end();
    await written;
    await rename(draft, file);
    await syncDirectory(dirname(file));
    return { manifest, sums };

    async function addBlobs(collection: Collection, all: Iterable<string> | AsyncIterable<string>): Promise<void> {
      const sum = sums.blobs[collection];
      for await (const hash of all) {
        const bytes = await source.files[collection].read(hash).catch((error: unknown) => {
          if (error instanceof NoSuchBlob) return null;
          throw error;
        });
        if (!bytes) {
          sum.missing.push(hash);
          continue;
        }
        sum.count++;
        sum.bytes += (await source.files[collection].size(hash)) ?? 0;
        await add(blobEntry(collection, hash), bytes, false);
        onProgress({ part: collection, done: sum.count });
      }
    }
  } catch (error) {
    (zip.outputStream as Readable).destroy();
    await written.catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}

async function describe(tx: ReadTx, store: string): Promise<Manifest> {
  const incarnation = (await tx.get(meta, ['incarnation']))?.value;
  return { format: FORMAT, id: uuidv7(systemClock, systemRandom), made_at: new Date().toISOString(), version: PRODUCT_VERSION, store, incarnation: typeof incarnation === 'string' ? incarnation : '' };
}

async function* linesOf(tx: ReadTx, table: Table, sum: TableSum, onRows: (rows: number) => void): AsyncGenerator<string> {
  for await (const page of rowsOf(tx, table)) {
    for (const row of page) sum.add(row);
    yield page.map((row) => `${JSON.stringify(row)}\n`).join('');
    onRows(sum.rows);
  }
}

async function hashesOf(tx: ReadTx): Promise<string[]> {
  const hashes: string[] = [];
  for await (const page of rowsOf(tx, blobs)) for (const row of page) hashes.push(row.hash);
  return hashes;
}

/** Entries go in one after the other: each is read only when the one before is written. */
async function added(zip: ZipFile, name: string, stream: Readable, compress: boolean): Promise<void> {
  zip.addReadStream(stream, name, { compress, mtime: new Date(0), mode: 0o100600 });
  await once(stream, 'end');
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
