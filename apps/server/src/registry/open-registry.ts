import type { Settings } from '../config/load-config.ts';
import type { Deps } from '../platform/deps.ts';
import { EmbeddedRegistry } from './embedded/embedded-registry.ts';
import type { Registry } from './port.ts';

/** The registry of the settings: in this process, or shared by all. */
export async function openRegistry(settings: Pick<Settings, 'redisUrl'>, deps: Pick<Deps, 'clock' | 'random' | 'logger'>): Promise<Registry> {
  if (settings.redisUrl !== null) throw new Error('PARLEY_REDIS_URL: this version runs as one process; leave it unset');
  return new EmbeddedRegistry(deps);
}
