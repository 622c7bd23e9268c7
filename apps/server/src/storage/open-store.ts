import { join } from 'node:path';
import type { Settings } from '../config/load-config.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { openMongoStore } from './mongodb/mongodb-store.ts';
import { refuseMoved } from './move/move-mark.ts';
import type { Store } from './port.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';

/** The store that the settings name. @throws StoreMovedError when it is being moved, or was. */
export async function openStore(settings: Pick<Settings, 'dataDirectory' | 'mongodbUrl'>, metrics: Metrics, logger: Logger): Promise<Store> {
  const store = await (settings.mongodbUrl !== null ? openMongoStore({ url: settings.mongodbUrl, metrics, logger }) : openSqliteStore({ file: join(settings.dataDirectory, 'parley.db'), metrics }));
  try {
    await refuseMoved(store);
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}
