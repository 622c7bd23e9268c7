import { userStream, type StreamName } from '@parley/shared/domain/streams';
import type { Caller } from '../edge/route.ts';
import type { Connection } from './connection.ts';
import type { Hubs } from './hubs.ts';
import type { Opening, OpeningQuestion } from './opening.ts';
import type { Sight } from './sight.ts';

/** What a connection followed when it closed, as of a step of the hubs and a rev of the person's own stream. */
export interface Remembered {
  step: number;
  rev: number;
  streams: Map<StreamName, Sight>;
}

/**
 * Lets somebody who comes back within seconds follow what was followed before, without reading it again. That holds as
 * long as nothing happened in the person's own stream and no right changed on any of the streams: both would have been
 * heard, since their hubs were kept. Forgotten with the hub of the person's stream.
 */
export class WarmOpenings {
  constructor(private readonly hubs: Hubs) {}

  /** Call before the connection's follows are removed. */
  remember(connection: Connection): void {
    const hub = connection.userId === null ? undefined : this.hubs.peek(userStream(connection.userId));
    // A change under way means that what is followed is not yet what it should be.
    if (!hub?.ready || hub.pending || connection.changes || !connection.follows.has(hub.stream)) return;
    const streams = new Map<StreamName, Sight>();
    for (const { hub: followed, member, stayId, visibleFrom } of connection.follows.values()) if (member) streams.set(followed.stream, { member, stayId, visibleFrom });
    hub.remembered = { step: this.hubs.step, rev: hub.rev, streams };
  }

  /** An opening that needs no reading; undefined: read it. The caller attaches before it yields. */
  find(caller: Caller, asked: OpeningQuestion): Opening | undefined {
    const own = this.hubs.peek(userStream(caller.user_id));
    const last = own?.remembered;
    if (!own?.ready || !last || own.rev !== last.rev) return undefined;
    for (const stream of last.streams.keys()) {
      const hub = this.hubs.peek(stream);
      if (!hub?.ready || hub.pending || hub.changedAt > last.step) return undefined;
    }
    const opening: Opening = { valid: true, presence: null, streams: last.streams, deltas: new Map() };
    for (const stream of asked.looking) if (!last.streams.has(stream)) return undefined;
    for (const stream of new Set([...[...last.streams.keys()].filter((s) => !s.startsWith('channel:')), ...asked.looking])) {
      const cursor = asked.cursors[stream];
      if (cursor === undefined) continue;
      const known = asked.known(stream, cursor, last.streams.get(stream)!.visibleFrom);
      if (!known) return undefined;
      if (known !== 'none') opening.deltas.set(stream, known);
    }
    own.remembered = null;
    return opening;
  }
}
