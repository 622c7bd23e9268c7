import type { Settings } from '../config/load-config.ts';
import type { Deps } from '../platform/deps.ts';
import { EmbeddedLog } from './embedded/embedded-log.ts';
import type { DispatchLog } from './port.ts';

/** The dispatch log of the settings: in this process, or shared by all. */
export async function openLog(settings: Pick<Settings, 'redisUrl'>, deps: Pick<Deps, 'clock' | 'random' | 'logger'>): Promise<DispatchLog> {
  if (settings.redisUrl !== null) throw new Error('PARLEY_REDIS_URL: this version runs as one process; leave it unset');
  return new EmbeddedLog(deps);
}
