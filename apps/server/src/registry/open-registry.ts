import type { Deps } from '../platform/deps.ts';
import type { RedisLink } from '../platform/redis/redis-link.ts';
import { EmbeddedRegistry } from './embedded/embedded-registry.ts';
import type { Registry } from './port.ts';
import { RedisRegistry } from './redis/redis-registry.ts';

/** The registry: in this process, or shared by all over Redis. */
export function openRegistry(deps: Pick<Deps, 'clock' | 'random' | 'logger' | 'metrics'>, redis: RedisLink | null): Registry {
  return redis === null ? new EmbeddedRegistry(deps) : new RedisRegistry(redis, deps);
}
