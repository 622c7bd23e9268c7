import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { isHash, type Files } from '../files/port.ts';
import { batchesOf, PAGE_ROWS } from '../storage/move/pages.ts';
import { MARK } from '../storage/move/move-mark.ts';
import { clearTarget, retrying, verify, type Again, type MoveProgress } from '../storage/move/move-store.ts';
import type { Row, Store } from '../storage/port.ts';
import { meta, TABLES, type MetaRow } from '../storage/tables.ts';
import { BadBackup, COLLECTIONS, FORMAT, MANIFEST, Manifest, SECRET, SUMS, Sums, tableEntry, type Collection } from './archive.ts';

export interface RestoreTarget {
  name: string;
  store: Store;
  files: Record<Collection, Files>;
  /** Puts the secret of the backup in its place. */
  putSecret(key: Buffer): Promise<void>;
}
export interface Restored {
  manifest: Manifest;
  rows: number;
  blobs: number;
  /** Known by the tables, but in no backup. */
  missing: string[];
  incarnation: string;
}

/**
 * Fills an empty server from a backup, reads it back and compares. Nothing else may use the store meanwhile, and no server
 * opens it before it is whole. It may be cut short anywhere and run again.
 *
 * The store gets a new incarnation: what clients know beyond the backup is forgotten by them, and their outboxes go out
 * again (invariant 11).
 * @throws BadBackup; MoveMismatch; ParleyError `conflict` when the target is not empty
 */
export async function restoreBackup(file: string, target: RestoreTarget, onProgress?: (progress: MoveProgress) => void): Promise<Restored> {
  const archive = await Archive.open(file);
  try {
    const manifest = await archive.json(MANIFEST, Manifest);
    if (manifest.format > FORMAT) throw new BadBackup(`it was made by Parley ${manifest.version}, which is newer than this one`);
    const sums = await archive.json(SUMS, Sums);
    const unknown = sums.tables.filter(({ table }) => !TABLES.some(({ name }) => name === table));
    if (unknown.length > 0) throw new BadBackup(`it was made by Parley ${manifest.version} and has tables that this one does not know: ${unknown.map((t) => t.table).join(', ')}`);

    const again = retrying((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    const options = { target, ...(onProgress ? { onProgress } : {}) };
    const { id } = manifest;
    const { state } = await again(() => target.store.run('move.begin', { id, from: `the backup of ${manifest.made_at}`, replace: false }));
    if (state === 'clearing') await clearTarget(options, again, id);
    let blobs = 0;
    if (state !== 'done') {
      for (const [i, { table }] of sums.tables.entries()) if (table !== meta.name) await load(archive, target.store, again, id, table, (rows) => onProgress?.({ phase: 'loading', table, rows, tables: i, of: sums.tables.length }));
      await verify(options, again, id, sums.tables.filter(({ table }) => table !== meta.name));
      if (archive.has(SECRET)) await target.putSecret(await archive.bytes(SECRET));
      blobs = await loadBlobs(archive, target);
    }
    const incarnation = target.store.incarnation();
    const facts = await metaRows(archive, incarnation);
    await again(() => target.store.run('move.finish', { id, rows: facts }));
    return { manifest, rows: sums.tables.reduce((n, t) => n + t.rows, 0), blobs, missing: COLLECTIONS.flatMap((c) => sums.blobs[c].missing), incarnation };
  } finally {
    archive.close();
  }
}

async function load(archive: Archive, store: Store, again: Again, id: string, table: string, onRows: (rows: number) => void): Promise<void> {
  let page: Row[] = [];
  let rows = 0;
  const flush = async (): Promise<void> => {
    if (page.length > 0) for (const batch of batchesOf(page)) await again(() => store.run('move.load', { id, table, rows: batch }));
    rows += page.length;
    page = [];
    onRows(rows);
  };
  for await (const row of archive.rows(tableEntry(table))) if (page.push(row) >= PAGE_ROWS) await flush();
  await flush();
}

/** The backup's facts but for the incarnation: the target's own is as new as the store. */
async function metaRows(archive: Archive, incarnation: string): Promise<MetaRow[]> {
  const rows: MetaRow[] = [];
  for await (const row of archive.rows(tableEntry(meta.name))) if (row['name'] !== 'incarnation' && row['name'] !== MARK) rows.push(row as MetaRow);
  return [...rows, { name: 'incarnation', value: incarnation }];
}

async function loadBlobs(archive: Archive, target: RestoreTarget): Promise<number> {
  let count = 0;
  for (const collection of COLLECTIONS) {
    for (const name of archive.names(`${collection}/`)) {
      const hash = name.slice(collection.length + 1);
      if (!isHash(hash)) throw new BadBackup(`${name} is no name of a file`);
      if ((await target.files[collection].size(hash)) !== null) continue;
      const kept = await target.files[collection].keep(await archive.stream(name), Number.MAX_SAFE_INTEGER);
      kept.release();
      if (kept.hash !== hash) throw new BadBackup(`${name} is damaged`);
      count++;
    }
  }
  return count;
}

/** A zip by the names of its entries. */
class Archive {
  private constructor(private readonly zip: ZipFile, private readonly entries: ReadonlyMap<string, Entry>) {}

  static async open(file: string): Promise<Archive> {
    try {
      const zip = await openPromise(file, { lazyEntries: true, autoClose: false });
      const entries = new Map<string, Entry>();
      for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
      return new Archive(zip, entries);
    } catch (error) {
      if (error instanceof Error && 'code' in error) throw error;
      throw new BadBackup(`${file} is no whole backup (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  names(prefix: string): string[] {
    return [...this.entries.keys()].filter((name) => name.startsWith(prefix));
  }

  stream(name: string): Promise<Readable> {
    const entry = this.entries.get(name);
    if (!entry) throw new BadBackup(`${name} is missing in it`);
    return this.zip.openReadStreamPromise(entry);
  }

  async bytes(name: string): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of await this.stream(name)) parts.push(part as Buffer);
    return Buffer.concat(parts);
  }

  async json<T>(name: string, schema: { parse(value: unknown): T }): Promise<T> {
    try {
      return schema.parse(JSON.parse(await text(await this.stream(name))));
    } catch (error) {
      if (error instanceof BadBackup) throw error;
      throw new BadBackup(`${name} in it cannot be read`);
    }
  }

  async *rows(name: string): AsyncGenerator<Row> {
    const stream = await this.stream(name);
    // The line reader does not pass errors on.
    let failure: Error | undefined;
    stream.once('error', (error: Error) => (failure = error));
    for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) if (line !== '') yield JSON.parse(line) as Row;
    if (failure) throw new BadBackup(`${name} in it is damaged (${failure.message})`);
  }

  close(): void {
    this.zip.close();
  }
}
