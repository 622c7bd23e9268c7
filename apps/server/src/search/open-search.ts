import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import { connectMongo } from '../storage/mongodb/connection.ts';
import { MongodbSearchIndex } from './mongodb/mongodb-index.ts';
import type { SearchIndex } from './port.ts';
import { SqliteSearchIndex } from './sqlite/sqlite-index.ts';

/** The search index that goes with the store of the settings. */
export async function openSearch(settings: Pick<Settings, 'dataDirectory' | 'mongodbUrl'>): Promise<SearchIndex> {
  if (settings.mongodbUrl === null) return new SqliteSearchIndex({ file: join(settings.dataDirectory, 'search.db') });
  const { db, close } = await connectMongo(settings.mongodbUrl);
  return new MongodbSearchIndex(db, close);
}
