import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeBackup, type BackupSource } from '../backup/make-backup.ts';
import { SECRET } from '../backup/archive.ts';
import { loadConfig, type Settings } from '../config/load-config.ts';
import { openFiles, type FilePlaces } from '../files/open-files.ts';
import { pinoLogger } from '../platform/pino-logger.ts';
import { asTool } from '../storage/mongodb/in-use.ts';
import { openMongoStore } from '../storage/mongodb/mongodb-store.ts';
import type { Store } from '../storage/port.ts';
import { ReadPool } from '../storage/sqlite/read-pool.ts';
import { progressLine } from './import-progress-line.ts';
import { UsageError, type Output } from './output.ts';

export interface BackupOptions {
  data?: string;
  json?: boolean;
  env?: Readonly<Record<string, string | undefined>>;
}

/** `parley backup OUT`: everything into one file, beside a server that runs. */
export async function backup(out: Output, file: string, options: BackupOptions): Promise<void> {
  const settings = loadConfig(options.env ?? process.env, { data: options.data });
  const path = resolve(file);
  if (existsSync(path)) throw new UsageError(`${path} is there already`);
  const reader = await openReading(settings);
  const line = progressLine(options.json === true);
  let bytes: FilePlaces | undefined;
  try {
    bytes = await openBytes(settings, reader);
    const began = Date.now();
    const { manifest, sums } = await makeBackup(path, sourceOf(settings, reader, bytes), ({ part, done }) => line.show(0, `${part} (${done.toLocaleString('en')})`));
    line.clear();
    const rows = sums.tables.reduce((n, t) => n + t.rows, 0);
    const files = sums.blobs.files.count;
    const seconds = (Date.now() - began) / 1_000;
    out.say(`Backed up ${rows.toLocaleString('en')} rows and ${files.toLocaleString('en')} files, as they were at ${manifest.made_at}, to ${path} in ${seconds.toFixed(1)} s.`, 'It holds messages, password hashes and the secret of this server: keep it as safe as the server.');
    out.result({ file: path, ...manifest, rows, files, missing: sums.blobs.files.missing.length, seconds });
  } finally {
    line.clear();
    bytes?.close();
    await reader.close();
  }
}

/** Only for reading: a server may be at work. */
async function openReading(settings: Settings): Promise<Pick<Store, 'read' | 'run'> & { close(): Promise<void> }> {
  if (settings.mongodbUrl !== null) return openMongoStore({ url: asTool(settings.mongodbUrl) });
  const file = join(settings.dataDirectory, 'parley.db');
  if (!existsSync(file)) throw new UsageError(`${settings.dataDirectory} has no parley.db: name the data directory with --data`);
  const pool = new ReadPool(file, 1);
  return {
    read: (work) => pool.read(work),
    run: () => Promise.reject(new UsageError('a backup writes nothing')),
    close: async () => pool.close(),
  };
}

/** The files are opened as by one of several processes: what the server is writing is left alone. */
function openBytes(settings: Settings, store: Pick<Store, 'run'>): Promise<FilePlaces> {
  const filesPlace = settings.filesPlace.kind === 'disk' ? { kind: 'disk' as const, shared: true } : settings.filesPlace;
  return openFiles({ ...settings, filesPlace }, { store, logger: pinoLogger('warn') });
}

function sourceOf(settings: Settings, store: Pick<Store, 'read'>, bytes: FilePlaces): BackupSource {
  const key = join(settings.dataDirectory, SECRET);
  return {
    name: settings.mongodbUrl === null ? 'sqlite' : 'mongodb', store, secret: existsSync(key) ? readFileSync(key) : null,
    files: { files: bytes.files, 'card-pictures': bytes.cardPictures },
  };
}
