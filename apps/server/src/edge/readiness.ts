import type { Role } from '../config/config.ts';
import type { Store } from '../storage/port.ts';

export interface Readiness {
  /** Whether a balancer should send people here. */
  ready: boolean;
  /** Why not. */
  reasons: string[];
  /** What is amiss and does not keep this process from serving: with it all processes would be left out at once. */
  degraded: string[];
  roles: Role[];
  store: Awaited<ReturnType<Store['health']>>;
  /** Partitions of the log that this process has; null without the role. */
  partitions: number | null;
}

export interface ReadinessParts {
  store: Pick<Store, 'health'>;
  roles: ReadonlySet<Role>;
  draining(): boolean;
  /** Null: there is none to be had. */
  redisUp(): boolean | null;
  overload(): string | null;
  partitions(): { count: number; kept: boolean } | null;
}

/** What `/readyz` answers, by the roles of this process. */
export async function readReadiness(parts: ReadinessParts): Promise<Readiness> {
  const store = await parts.store.health();
  const partitions = parts.partitions();
  const reasons = [...(parts.draining() ? ['shutting down'] : []), ...store.problems];
  const overload = parts.overload();
  const degraded = [
    ...(parts.redisUp() === false ? ['Redis is away: messages are taken, and shown some seconds later'] : []),
    ...(partitions?.kept === false ? ['the dispatcher cannot renew its leases'] : []),
    ...(overload === null ? [] : [`too much to do (${overload}): new calls and sockets are turned away`]),
  ];
  return { ready: reasons.length === 0, reasons, degraded, roles: [...parts.roles].sort(), store, partitions: partitions?.count ?? null };
}
