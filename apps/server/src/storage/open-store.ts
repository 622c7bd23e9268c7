import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { openMongoStore } from './mongodb/mongodb-store.ts';
import type { Store } from './port.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';

/** The store that the settings name. */
export function openStore(settings: Pick<Settings, 'dataDirectory' | 'mongodbUrl'>, metrics: Metrics, logger: Logger): Promise<Store> {
  if (settings.mongodbUrl !== null) return openMongoStore({ url: settings.mongodbUrl, metrics, logger });
  return openSqliteStore({ file: join(settings.dataDirectory, 'parley.db'), metrics });
}
