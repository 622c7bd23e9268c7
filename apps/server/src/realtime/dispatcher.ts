import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../log/partition.ts';
import type { Deps } from '../platform/deps.ts';
import type { DispatcherPort, LinkEvent, Registry } from '../registry/port.ts';
import type { StoredEvent } from '../storage/port.ts';
import { headOf } from '../storage/streams.ts';
import { changesSince } from './changes.ts';
import { Partitions, type PartitionParts } from './partitions.ts';
import { absorb, HOLD_EVENTS, HOLD_MS, judge, newTrack, type StreamTrack } from './stream-track.ts';

/** More changes than this are told by a `head`. */
const MAX_CHANGES = 500;
const RETRY_MS = 1_000;

/**
 * Carries log entries to the gateways that follow their streams, in order and without holes, and to the durable
 * consumers. It forwards first: live frames never wait for projections.
 */
export class Dispatcher {
  readonly #tracks = new Map<StreamName, StreamTrack>();
  /** Which partitions are this dispatcher's, and how far they were read. */
  readonly partitions: Partitions;
  #port: DispatcherPort | null = null;
  #stopped = false;

  constructor(private readonly id: string, private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>, private readonly parts: PartitionParts & { registry: Registry }) {
    this.partitions = new Partitions(deps, parts, {
      begin: (partition, token) => this.#port!.own(partition, token),
      forward: (partition, events) => this.#forward(partition, events),
      end: (partition) => this.#end(partition),
    });
  }

  async start(): Promise<void> {
    this.#port = this.parts.registry.attachDispatcher(this.id, {
      subscribe: (gateway, stream) => this.#subscribe(gateway, stream),
      unsubscribe: (gateway, stream) => this.#unsubscribe(gateway, stream),
    });
    await this.partitions.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.partitions.stop();
    this.#port?.detach();
    for (const track of this.#tracks.values()) track.timer?.cancel();
    this.#tracks.clear();
  }

  #end(partition: number): void {
    this.#port!.disown(partition);
    for (const [stream, track] of this.#tracks) {
      if (partitionOf(stream) !== partition) continue;
      track.timer?.cancel();
      this.#tracks.delete(stream);
    }
  }

  /** One link message per gateway for the whole batch. */
  #forward(partition: number, events: readonly StoredEvent[]): void {
    const out = new Map<string, LinkEvent[]>();
    for (const event of events) {
      const track = this.#tracks.get(event.stream);
      if (track) this.#take(track, event, out);
    }
    this.#send(partition, out);
  }

  #take(track: StreamTrack, event: StoredEvent, out: Map<string, LinkEvent[]>): void {
    const verdict = judge(track, event);
    switch (verdict.kind) {
      case 'drop':
        return;
      case 'verify':
        return this.#put(track, verdict.event, out);
      case 'forward':
        this.#put(track, verdict.event, out);
        return this.#release(track, out);
      case 'hold':
        track.held.push(event);
        if (track.held.length > HOLD_EVENTS) {
          track.held = [];
          track.again = true;
          this.#read(track);
        } else if (track.done >= 0 && !track.reading) {
          track.timer ??= this.deps.clock.setTimer(HOLD_MS, () => {
            track.timer = null;
            if (track.held.length > 0) this.#read(track);
          });
        }
        return;
      case 'read':
        track.held.push(event);
        return this.#read(track);
    }
  }

  /** Takes again what was held, lowest rev first, after `done` moved. */
  #release(track: StreamTrack, out: Map<string, LinkEvent[]>): void {
    if (track.held.length === 0) return;
    const held = track.held.sort((a, b) => a.rev - b.rev);
    track.held = [];
    for (const event of held) this.#take(track, event, out);
    if (track.held.length === 0) {
      track.timer?.cancel();
      track.timer = null;
    }
  }

  /** Reads (done, head] from the store, or just the head the first time, and goes on from there. */
  #read(track: StreamTrack): void {
    if (track.reading) return;
    track.reading = true;
    track.again = false;
    track.timer?.cancel();
    track.timer = null;
    const first = track.done < 0;
    this.deps.store
      .read(async (tx) => {
        if (!first) return changesSince(tx, track.stream, track.done, MAX_CHANGES);
        const head = await headOf(tx, track.stream);
        return { rev: head.rev, seq: head.seq, entities: [] };
      })
      .then((changes) => {
        track.reading = false;
        if (this.#tracks.get(track.stream) !== track) return;
        const out = new Map<string, LinkEvent[]>();
        if (first) {
          track.done = changes.rev;
          track.seq = changes.seq;
          for (const gateway of track.gateways) this.#answer(gateway, track);
        } else {
          const event = absorb(track, changes);
          if (event) this.#put(track, event, out);
        }
        this.#release(track, out);
        this.#send(partitionOf(track.stream), out);
        if (track.again) this.#read(track);
      })
      .catch((error: unknown) => {
        track.reading = false;
        if (this.#stopped || this.#tracks.get(track.stream) !== track) return;
        this.deps.logger.warn({ stream: track.stream, error: String(error) }, 'a stream could not be read; trying again');
        track.timer = this.deps.clock.setTimer(RETRY_MS, () => {
          track.timer = null;
          this.#read(track);
        });
      });
  }

  #subscribe(gateway: string, stream: StreamName): void {
    let track = this.#tracks.get(stream);
    if (!track) this.#tracks.set(stream, (track = newTrack(stream)));
    track.gateways.add(gateway);
    if (track.done >= 0) this.#answer(gateway, track);
    else this.#read(track);
  }

  #unsubscribe(gateway: string, stream: StreamName): void {
    const track = this.#tracks.get(stream);
    if (!track) return;
    track.gateways.delete(gateway);
    if (track.gateways.size > 0) return;
    track.timer?.cancel();
    this.#tracks.delete(stream);
  }

  #answer(gateway: string, track: StreamTrack): void {
    this.#port!.send(gateway, partitionOf(track.stream), { kind: 'subscribed', stream: track.stream, rev: track.done, seq: track.seq });
  }

  #put(track: StreamTrack, event: LinkEvent, out: Map<string, LinkEvent[]>): void {
    for (const gateway of track.gateways) {
      const list = out.get(gateway);
      if (list) list.push(event);
      else out.set(gateway, [event]);
    }
  }

  #send(partition: number, out: Map<string, LinkEvent[]>): void {
    for (const [gateway, events] of out) this.#port!.send(gateway, partition, { kind: 'events', partition, events });
  }
}
