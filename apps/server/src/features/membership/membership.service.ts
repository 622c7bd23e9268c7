import { parseStream } from '@parley/shared/domain/streams';
import type { Store, StoredEvent } from '../../storage/port.ts';
import type { MembershipRef } from '../channels/member-changes.ts';

/** Streams that one transaction touches at most. */
const BATCH = 100;

/** Projects memberships right after the commit that changed them, so that the caller reads its own write. */
export async function projectMemberships(store: Store, memberships: readonly MembershipRef[]): Promise<void> {
  for (let i = 0; i < memberships.length; i += BATCH) await store.run('membership.project', { memberships: memberships.slice(i, i + BATCH) });
}

/** The durable consumer: the same projection, should the process that committed the change have died before it. */
export function membershipConsumer(store: Store): { name: string; wants(event: StoredEvent): boolean; consume(event: StoredEvent): Promise<void> } {
  const touched = (event: StoredEvent): string[] => {
    const ids = (event.control ?? []).flatMap((c) => (c.kind === 'joined' || c.kind === 'left' ? [c.user_id] : []));
    const changed = event.facts?.['memberships'];
    return Array.isArray(changed) ? [...ids, ...(changed as string[])] : ids;
  };
  return {
    name: 'membership',
    wants: (event) => event.stream.startsWith('channel:') && touched(event).length > 0,
    async consume(event) {
      const channel_id = parseStream(event.stream)!.id;
      await projectMemberships(store, [...new Set(touched(event))].map((user_id) => ({ channel_id, user_id })));
    },
  };
}
