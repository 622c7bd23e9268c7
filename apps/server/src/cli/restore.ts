import { existsSync, readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SECRET } from '../backup/archive.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { loadConfig } from '../config/load-config.ts';
import { openFiles } from '../files/open-files.ts';
import { pinoLogger } from '../platform/pino-logger.ts';
import { MoveMismatch } from '../storage/move/move-store.ts';
import { progressLine } from './import-progress-line.ts';
import { UsageError, type Output } from './output.ts';
import { withStores } from './tool-stores.ts';

export interface RestoreOptions {
  data?: string;
  json?: boolean;
  env?: Readonly<Record<string, string | undefined>>;
}

/** `parley restore FILE`: fills an empty server from a backup, of whichever store it was made. @returns whether all went well */
export async function restore(out: Output, file: string, options: RestoreOptions): Promise<boolean> {
  const settings = loadConfig(options.env ?? process.env, { data: options.data });
  const path = resolve(file);
  if (!existsSync(path)) throw new UsageError(`${path} is not there`);
  await mkdir(settings.dataDirectory, { recursive: true, mode: 0o700 });
  const kind = settings.mongodbUrl === null ? 'sqlite' : 'mongodb';
  const line = progressLine(options.json === true);
  try {
    const restored = await withStores(settings, [kind], async ([store]) => {
      const bytes = await openFiles(settings, { store: store!, logger: pinoLogger('warn') });
      return restoreBackup(path, {
        name: kind, store: store!, putSecret: (key) => putSecret(settings.dataDirectory, key), files: { files: bytes.files, 'card-pictures': bytes.cardPictures },
      }, ({ phase, table, rows, tables, of }) => line.show(tables / of, `${phase} ${table} (${rows.toLocaleString('en')} rows)`)).finally(() => bytes.close());
    }, 0);
    line.clear();
    out.say(`Restored ${restored.rows.toLocaleString('en')} rows and ${restored.blobs.toLocaleString('en')} files of the backup of ${restored.manifest.made_at}; counts and checksums of every table agree.`,
      ...(restored.missing.length > 0 ? [`${restored.missing.length} files had gone while the backup was made and are not in it.`] : []), 'Start the server: clients fetch everything anew and send what they had not sent.');
    out.result({ ok: true, rows: restored.rows, files: restored.blobs, missing: restored.missing, made_at: restored.manifest.made_at, incarnation: restored.incarnation });
    return true;
  } catch (error) {
    if (!(error instanceof MoveMismatch)) throw error;
    out.say(`Not restored. ${error.message}`);
    out.result({ ok: false, error: error.message, table: error.table });
    return false;
  } finally {
    line.clear();
  }
}

/** `parley restored`: the database was restored by its own tools (`mongorestore`, a snapshot of disks), which know nothing of clients. */
export async function restored(out: Output, options: RestoreOptions): Promise<void> {
  const settings = loadConfig(options.env ?? process.env, { data: options.data });
  const { incarnation } = await withStores(settings, [settings.mongodbUrl === null ? 'sqlite' : 'mongodb'], ([store]) => store!.run('store.restored', {}));
  out.say('The store has a new incarnation. Start the server: clients fetch everything anew and send what they had not sent.');
  out.result({ ok: true, incarnation });
}

/** In its place, whole; another one that is there is kept beside it. */
async function putSecret(directory: string, key: Buffer): Promise<void> {
  const place = join(directory, SECRET);
  if (existsSync(place)) {
    if (readFileSync(place).equals(key)) return;
    await rename(place, `${place}.before-restore`);
  }
  const draft = `${place}.${process.pid}`;
  const handle = await open(draft, 'w', 0o600);
  try {
    await handle.writeFile(key);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, place);
}
