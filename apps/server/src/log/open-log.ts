import type { Deps } from '../platform/deps.ts';
import type { RedisLink } from '../platform/redis/redis-link.ts';
import { EmbeddedLog } from './embedded/embedded-log.ts';
import type { DispatchLog } from './port.ts';
import { RedisLog } from './redis/redis-log.ts';

/** The dispatch log: in this process, or shared by all over Redis. */
export function openLog(deps: Pick<Deps, 'clock' | 'random' | 'logger' | 'metrics'>, redis: RedisLink | null): DispatchLog {
  return redis === null ? new EmbeddedLog(deps) : new RedisLog(redis, deps);
}
