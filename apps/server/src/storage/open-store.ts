import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Store } from './port.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';

/** The store that the settings name. */
export function openStore(settings: Pick<Settings, 'dataDirectory' | 'mongodbUrl'>, metrics: Metrics): Promise<Store> {
  if (settings.mongodbUrl !== null) throw new Error('PARLEY_MONGODB_URL: this version has the embedded store only; leave it unset');
  return openSqliteStore({ file: join(settings.dataDirectory, 'parley.db'), metrics });
}
