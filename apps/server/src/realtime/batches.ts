import type { LinkEvent } from '../registry/port.ts';
import { encodeLive } from './stream-track.ts';
import type { StreamHub } from './hub.ts';

/** Changes of a large or hot channel that come within this long of each other leave in one frame. */
export const BATCH_MS = 50;
/** More than these leave at once. */
export const BATCH_EVENTS = 200;

/** Whether an event may wait for those behind it: only one that carries nothing but entities. */
export const mayWait = (event: LinkEvent): boolean => !event.control?.length && event.headOnly !== true && event.verify !== true;

/** Whether the stream's events are gathered now: the first after a pause never is. */
export const gathers = (hub: StreamHub, now: number): boolean => hub.kind === 'channel' && (hub.large || hub.pace.hot(now)) && now - hub.leftAt < BATCH_MS;

/** One event for several that follow each other without a hole: each entity as it was last, in the order of revs. */
export function merged(events: readonly LinkEvent[]): LinkEvent {
  const first = events[0]!;
  if (events.length === 1) return first;
  const byId = new Map<string, LinkEvent['entities'][number]>();
  for (const event of events) {
    for (const entity of event.entities) {
      const id = `${entity.type} ${entity.id}`;
      byId.delete(id);
      byId.set(id, entity);
    }
  }
  const entities = [...byId.values()];
  const { rev } = events.at(-1)!;
  return {
    stream: first.stream, from: first.from, rev, seq: Math.max(...events.map((event) => event.seq)), entities,
    frame: encodeLive(first.stream, first.from, rev, entities), ...(first.committed_at !== undefined && { committed_at: first.committed_at }),
  };
}
