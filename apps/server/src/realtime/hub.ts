import type { StreamKind, StreamName } from '@parley/shared/domain/streams';
import { parseStream } from '@parley/shared/domain/streams';
import type { Timer } from '@parley/shared/domain/clock';
import type { Channel, Entity } from '@parley/shared/protocol/entities';
import type { LinkEvent } from '../registry/port.ts';
import { partitionOf } from '../log/partition.ts';
import type { Connection } from './connection.ts';
import { Pace } from './pace.ts';
import type { Remembered } from './warm-openings.ts';

/** One connection's view of one stream it follows. */
export interface Follow {
  readonly hub: StreamHub;
  readonly connection: Connection;
  /** False for those who look at a public channel without being in it. */
  member: boolean;
  looking: boolean;
  stayId: string | null;
  /** Messages below it do not exist for this person. */
  visibleFrom: number;
  /** Newest rev that the client was told of, by any frame. */
  told: number;
  /** The device's cursor; the head at the beginning while `cursorKnown` is false. */
  acked: number;
  cursorKnown: boolean;
  /** Present while deltas are on their way: live frames wait in it. */
  catching: CatchBuffer | null;
  /** When an unacknowledged head is told again; 0: not scheduled. */
  dueAt: number;
  backOff: number;
}

export interface CatchBuffer {
  frames: { frame: string; bytes: number; rev: number }[];
  bytes: number;
  /** The delta must reach this rev before what is buffered may follow. */
  needed: number;
}

/** What a gateway knows of a stream that some of its connections follow. */
export class StreamHub {
  readonly kind: StreamKind;
  readonly id: string;
  readonly followers = new Set<Follow>();
  lookers = 0;
  rev = -1;
  seq = 0;
  /** Answered by the dispatcher and described. */
  ready = false;
  /** The gateway's step of the last change that a permission read before it would not show. */
  changedAt = 0;
  /** Reads and openings that need it kept. */
  pins = 0;
  idleSince = 0;
  /** Of channels. */
  large = false;
  channelKind: Channel['kind'] | null = null;
  workspaceId: string | null = null;
  /** Events wait here while followers are checked against the store, and before the hub is ready. */
  pending: LinkEvent[] | null = [];
  headTimer: Timer | null = null;
  readonly pace = new Pace();
  /** What waits to leave in one frame with what comes behind it. */
  batch: { events: LinkEvent[]; timer: Timer } | null = null;
  /** When events last left, while they may be gathered. */
  leftAt = 0;
  waiters: (() => void)[] = [];
  /** Of user streams: what the person's last connection followed. */
  remembered: Remembered | null = null;

  /** Of the dispatch log. */
  readonly partition: number;

  constructor(readonly stream: StreamName) {
    this.partition = partitionOf(stream);
    const name = parseStream(stream)!;
    this.kind = name.kind;
    this.id = name.id;
  }

  whenReady(): Promise<void> {
    return this.ready ? Promise.resolve() : new Promise((resolve) => this.waiters.push(resolve));
  }
}

export const encodeHead = (hub: StreamHub): string => JSON.stringify(hub.kind === 'channel' ? { type: 'head', stream: hub.stream, head_rev: hub.rev, head_seq: hub.seq } : { type: 'head', stream: hub.stream, head_rev: hub.rev });

/** The event's frame without messages that lie before `visibleFrom`. */
export function visibleFrame(event: LinkEvent, visibleFrom: number): string {
  return JSON.stringify({ type: 'live', stream: event.stream, from: event.from, rev: event.rev, entities: event.entities.filter((e) => !isMessageBelow(e, visibleFrom)) });
}

export function lowestSeq(event: LinkEvent): number {
  let lowest = Number.POSITIVE_INFINITY;
  for (const entity of event.entities) if (entity.type === 'message') lowest = Math.min(lowest, seqOf(entity));
  return lowest;
}

const isMessageBelow = (entity: Entity, visibleFrom: number): boolean => entity.type === 'message' && seqOf(entity) < visibleFrom;
const seqOf = (entity: Entity): number => (entity as { seq?: number }).seq ?? 0;
