import { parseStream } from '@parley/shared/domain/streams';
import type { Store, StoredEvent } from '../../storage/port.ts';

/** Counts a thread anew for all who follow it. */
export async function recountThread(store: Store, channel_id: string, root_id: string): Promise<void> {
  for (let after: string | null = null; ; ) {
    const { next }: { next: string | null } = await store.run('threads.recount', { channel_id, root_id, after });
    if (next === null) return;
    after = next;
  }
}

/** The durable consumer that keeps followers' threads counted after each new, edited or deleted reply. */
export function threadsConsumer(store: Store): { name: string; wants(event: StoredEvent): boolean; consume(event: StoredEvent): Promise<void> } {
  return {
    name: 'threads',
    wants: (event) => Array.isArray(event.facts?.['threads']),
    async consume(event) {
      const channelId = parseStream(event.stream)!.id;
      for (const rootId of event.facts!['threads'] as string[]) await recountThread(store, channelId, rootId);
    },
  };
}
