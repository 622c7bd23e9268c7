import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import { DataInUse, lockDataDirectory } from '../platform/data-lock.ts';
import { connectMongo } from '../storage/mongodb/connection.ts';
import { asTool, othersIn } from '../storage/mongodb/in-use.ts';
import { openMongoStore } from '../storage/mongodb/mongodb-store.ts';
import type { Store } from '../storage/port.ts';
import { openSqliteStore } from '../storage/sqlite/sqlite-store.ts';
import { UsageError } from './output.ts';

/** The stores that a server can have, by the names that people call them. */
export const KINDS = ['sqlite', 'mongodb'] as const;
export type Kind = (typeof KINDS)[number];

/** Opens the stores with nobody else at them, and closes them. Of SQLite's the first `mustExist` must be there already. */
export async function withStores<T>(settings: Settings, kinds: readonly Kind[], work: (stores: Store[]) => Promise<T>, mustExist = 1): Promise<T> {
  const lock = lockedData(settings);
  const open: Store[] = [];
  try {
    for (const [i, kind] of kinds.entries()) open.push(await (kind === 'sqlite' ? sqlite(settings, i < mustExist) : mongodb(settings)));
    return await work(open);
  } finally {
    for (const store of open) await store.close();
    lock.release();
  }
}

function lockedData(settings: Settings): { release(): void } {
  try {
    return lockDataDirectory(settings.dataDirectory);
  } catch (error) {
    if (error instanceof DataInUse) throw new UsageError('Parley is running on this data directory. Stop it and run this again.');
    throw error;
  }
}

async function sqlite(settings: Settings, mustExist: boolean): Promise<Store> {
  const file = join(settings.dataDirectory, 'parley.db');
  if (mustExist && !existsSync(file)) throw new UsageError(`${settings.dataDirectory} has no parley.db: name the data directory with --data`);
  return openSqliteStore({ file });
}

async function mongodb(settings: Settings): Promise<Store> {
  if (settings.mongodbUrl === null) throw new UsageError('PARLEY_MONGODB_URL must say where MongoDB is');
  const url = asTool(settings.mongodbUrl);
  const connected = await connectMongo(url);
  try {
    const others = await othersIn(connected);
    if (others.length > 0) throw new UsageError(`The database is in use: ${others.join('; ')}. Stop every Parley process on it and run this again.`);
  } finally {
    await connected.close();
  }
  return openMongoStore({ url });
}
