import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import type { SearchIndex } from './port.ts';
import { SqliteSearchIndex } from './sqlite/sqlite-index.ts';

/** The search index that goes with the store of the settings. */
export async function openSearch(settings: Pick<Settings, 'dataDirectory' | 'mongodbUrl'>): Promise<SearchIndex> {
  return new SqliteSearchIndex({ file: join(settings.dataDirectory, 'search.db') });
}
