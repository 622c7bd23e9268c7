import type { CoreRequest } from '../../core.ts';
import type { StoredEvent } from '../../storage/port.ts';

interface Position { channel_id: string; thread_root_id?: string; read_epoch: number; seq?: number }
interface Seen { type: string; id: string; deleted?: boolean; read_epoch: number; read_seq: number }

/**
 * Read positions as the design wants them, followed from outside: an epoch never falls, and within an epoch a position
 * lies no further than where the epoch began or an ack that named this very epoch went.
 */
export class ReadOracle {
  readonly problems: string[] = [];
  /** By user and channel: the newest epoch, where it began, and how far its own acks went. */
  private readonly places = new Map<string, { epoch: number; start: number; acked: Map<number, number> }>();

  private place(key: string): { epoch: number; start: number; acked: Map<number, number> } {
    const held = this.places.get(key) ?? { epoch: -1, start: 0, acked: new Map<number, number>() };
    this.places.set(key, held);
    return held;
  }

  /** A call on its way in. */
  asked(userId: string, request: CoreRequest): void {
    if (request.path !== 'ack_many') return;
    for (const p of (request.body as { positions: Position[] }).positions) {
      if (p.thread_root_id !== undefined) continue;
      const { acked } = this.place(`${userId}/${p.channel_id}`);
      acked.set(p.read_epoch, Math.max(p.seq ?? 0, acked.get(p.read_epoch) ?? 0));
    }
  }

  /** What the store committed. */
  committed(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (!event.stream.startsWith('user:')) continue;
      for (const entity of (event.entities ?? []) as unknown as Seen[]) {
        if (entity.type !== 'membership' || entity.deleted) continue;
        const key = `${event.stream.slice(5)}/${entity.id}`;
        const place = this.place(key);
        if (entity.read_epoch < place.epoch) this.problems.push(`read epoch of ${key} fell from ${place.epoch} to ${entity.read_epoch}`);
        if (entity.read_epoch > place.epoch) Object.assign(place, { epoch: entity.read_epoch, start: entity.read_seq });
        const most = Math.max(place.start, place.acked.get(entity.read_epoch) ?? 0);
        if (entity.read_seq > most) this.problems.push(`${key} stands at ${entity.read_epoch}:${entity.read_seq}, though its epoch began at ${place.start} and its acks went to ${place.acked.get(entity.read_epoch) ?? 'nothing'}`);
      }
    }
  }
}
