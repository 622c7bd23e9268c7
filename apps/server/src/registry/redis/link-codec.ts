import type { Entity } from '@parley/shared/protocol/entities';
import type { LinkBody, LinkEvent, LinkMessage } from '../port.ts';

/** What stands in the first line: everything but the frames, which follow a line each. */
interface Header extends Omit<LinkMessage, 'body'> {
  /** Null for beats. */
  partition: number | null;
  body: Exclude<LinkBody, { kind: 'events' }> | { kind: 'events'; partition: number; events: Omit<LinkEvent, 'frame' | 'entities'>[] };
}

/**
 * A link message as text: one line of JSON, then each event's frame as it goes to the sockets. So a frame is encoded once,
 * by the dispatcher, and its entities cross the link once.
 */
export function encodeLink(message: LinkMessage, partition: number | null): string {
  const { body, ...rest } = message;
  if (body.kind !== 'events') return JSON.stringify({ ...rest, partition, body } satisfies Header);
  const events = body.events.map(({ frame: _frame, entities: _entities, ...event }) => event);
  const header = JSON.stringify({ ...rest, partition, body: { kind: 'events', partition: body.partition, events } } satisfies Header);
  return [header, ...body.events.map((event) => event.frame)].join('\n');
}

export function decodeLink(text: string): { partition: number | null; message: LinkMessage } {
  const [first = '', ...frames] = text.split('\n');
  const { partition, body, ...rest } = JSON.parse(first) as Header;
  if (body.kind !== 'events') return { partition, message: { ...rest, body } };
  const events = body.events.map((event, i): LinkEvent => {
    const frame = frames[i] ?? '';
    return { ...event, frame, entities: frame === '' ? [] : (JSON.parse(frame) as { entities: Entity[] }).entities };
  });
  return { partition, message: { ...rest, body: { ...body, events } } };
}
