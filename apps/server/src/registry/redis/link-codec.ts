import type { Entity } from '@parley/shared/protocol/entities';
import type { LinkBody, LinkEvent, LinkMessage } from '../port.ts';

/** A partition that a dispatcher owns, and its fencing token. */
export type Owned = readonly [partition: number, token: number];

/** What crosses the link: the message, the partition that its token is of (null for beats), and what the sender of a beat owns. */
export interface Packet {
  message: LinkMessage;
  partition: number | null;
  owned?: readonly Owned[];
}

/** What stands in a packet's first line: everything but the frames, which follow a line each. */
interface Header extends Omit<LinkMessage, 'body'>, Omit<Packet, 'message'> {
  body: Exclude<LinkBody, { kind: 'events' }> | { kind: 'events'; partition: number; events: Omit<LinkEvent, 'frame' | 'entities'>[] };
}

/**
 * A packet as text: one line of JSON, then each event's frame as it goes to the sockets. So a frame is encoded once, by the
 * dispatcher, and its entities cross the link once. Several packets are one after the other, a line between.
 */
export function encodePacket({ message, partition, owned }: Packet): string {
  const { body, ...rest } = message;
  if (body.kind !== 'events') return JSON.stringify({ ...rest, partition, owned, body } satisfies Header);
  const events = body.events.map(({ frame: _frame, entities: _entities, ...event }) => event);
  const header = JSON.stringify({ ...rest, partition, body: { kind: 'events', partition: body.partition, events } } satisfies Header);
  return body.events.length === 0 ? header : `${header}\n${body.events.map((event) => event.frame).join('\n')}`;
}

/** @throws SyntaxError for anything else. */
export function decodePackets(text: string): Packet[] {
  const lines = text.split('\n');
  const packets: Packet[] = [];
  for (let at = 0; at < lines.length; ) {
    const { partition, owned, body, ...rest } = JSON.parse(lines[at++]!) as Header;
    if (body.kind !== 'events') {
      packets.push({ partition, message: { ...rest, body }, ...(owned && { owned }) });
      continue;
    }
    const events = body.events.map((event): LinkEvent => {
      const frame = lines[at++];
      if (frame === undefined) throw new SyntaxError('a frame is missing');
      return { ...event, frame, entities: frame === '' ? [] : (JSON.parse(frame) as { entities: Entity[] }).entities };
    });
    packets.push({ partition, message: { ...rest, body: { ...body, events } } });
  }
  return packets;
}
