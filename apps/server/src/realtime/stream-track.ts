import type { Timer } from '@parley/shared/domain/clock';
import type { StreamName } from '@parley/shared/domain/streams';
import type { LinkEvent } from '../registry/port.ts';
import type { StoredEvent } from '../storage/port.ts';
import type { Changes } from './changes.ts';

/** How long an event that came too early waits for the one before it. */
export const HOLD_MS = 50;
/** Events held for one stream at most; beyond, the store is read instead. */
export const HOLD_EVENTS = 1_000;

/** What a dispatcher knows of a stream that some gateway follows. */
export interface StreamTrack {
  readonly stream: StreamName;
  readonly gateways: Set<string>;
  /** Everything up to this rev was forwarded, or is answered by it. -1 until the head was read. */
  done: number;
  seq: number;
  /** Events not forwarded yet: too early, or come while the store is read. */
  held: StoredEvent[];
  timer: Timer | null;
  reading: boolean;
  /** Held events were let go while the store was read: it is read once more. */
  again: boolean;
}

export const newTrack = (stream: StreamName): StreamTrack => ({ stream, gateways: new Set(), done: -1, seq: 0, held: [], timer: null, reading: false, again: false });

/** What is to be done with an event: `forward` moves `done`, `hold` waits for the one before, `read` asks the store. */
export type Verdict = { kind: 'forward'; event: LinkEvent } | { kind: 'verify'; event: LinkEvent } | { kind: 'drop' } | { kind: 'hold' } | { kind: 'read' };

/** The dispatcher's rule for one event; pure, but for moving `done`. */
export function judge(track: StreamTrack, event: StoredEvent): Verdict {
  if (track.done < 0 || track.reading) return { kind: 'hold' };
  if (event.rev <= track.done) {
    // Its entries for gateways may not have gone out with what was forwarded.
    return event.control && event.entities === undefined ? { kind: 'verify', event: verifyEvent(track) } : { kind: 'drop' };
  }
  if (event.from > track.done) return { kind: 'hold' };
  if (event.entities === undefined) return { kind: 'read' };
  track.done = event.rev;
  track.seq = Math.max(track.seq, event.seq);
  const committed = Number.parseInt(event.outbox_id, 16) / 1_000;
  return {
    kind: 'forward',
    event: {
      stream: event.stream, from: event.from, rev: event.rev, seq: event.seq, entities: event.entities,
      frame: encodeLive(event.stream, event.from, event.rev, event.entities),
      ...(event.control && { control: event.control }),
      ...(Number.isFinite(committed) && { committed_at: committed }),
    },
  };
}

/** Takes over what the store said about (done, head]. Null when nothing was new. */
export function absorb(track: StreamTrack, changes: Changes): LinkEvent | null {
  const from = track.done;
  if (changes.rev <= from) return null;
  track.done = changes.rev;
  track.seq = Math.max(track.seq, changes.seq);
  const entities = changes.entities ?? [];
  return {
    stream: track.stream, from, rev: changes.rev, seq: changes.seq, entities, verify: true,
    frame: encodeLive(track.stream, from, changes.rev, entities),
    ...(changes.entities === null && { headOnly: true }),
  };
}

function verifyEvent(track: StreamTrack): LinkEvent {
  return { stream: track.stream, from: track.done, rev: track.done, seq: track.seq, entities: [], frame: '', verify: true };
}

export const encodeLive = (stream: StreamName, from: number, rev: number, entities: readonly unknown[]): string => JSON.stringify({ type: 'live', stream, from, rev, entities });
