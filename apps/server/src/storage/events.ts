import type { StoredEvent, StreamEvent } from './port.ts';
import type { OutboxRow } from './tables.ts';

/**
 * What one command emitted. Events of one stream that follow each other become one, so that a command costs one outbox
 * row a stream. Entries for gateways keep their place: an event that carries some is never drawn into an earlier one.
 */
export class EventCollector {
  private readonly events: StreamEvent[] = [];
  private readonly last = new Map<string, StreamEvent>();

  add(event: StreamEvent): void {
    const copy = { ...event };
    const before = this.last.get(copy.stream);
    if (before && follows(before, copy)) {
      before.rev = copy.rev;
      before.seq = copy.seq;
      if (copy.facts) before.facts = copy.facts;
      if (copy.entities) before.entities = latest([...(before.entities ?? []), ...copy.entities]);
      return;
    }
    this.events.push(copy);
    this.last.set(copy.stream, copy);
  }

  get size(): number {
    return this.events.length;
  }

  /** The outbox rows to write and the events to tell, under ids from `nextId`. */
  finish(at: number, nextId: () => string): { rows: OutboxRow[]; events: StoredEvent[] } {
    const rows: OutboxRow[] = [];
    const events: StoredEvent[] = [];
    for (const event of this.events) {
      const id = nextId();
      rows.push({ id, stream: event.stream, from: event.from, rev: event.rev, seq: event.seq, control: event.control ?? null, facts: event.facts ?? null, at, done: [] });
      events.push({ ...event, outbox_id: id });
    }
    return { rows, events };
  }
}

function follows(before: StreamEvent, next: StreamEvent): boolean {
  if (next.from !== before.rev || next.control?.length) return false;
  if (next.facts && before.facts) return false;
  // An event without entities says "read them from the store"; that must not be lost in one that has some.
  return (before.entities === undefined) === (next.entities === undefined);
}

function latest(entities: NonNullable<StreamEvent['entities']>): NonNullable<StreamEvent['entities']> {
  const byId = new Map<string, (typeof entities)[number]>();
  for (const entity of entities) {
    const id = `${entity.type} ${entity.id}`;
    byId.delete(id);
    byId.set(id, entity);
  }
  return [...byId.values()];
}
