import type { Timer } from '@parley/shared/domain/clock';
import type { StreamName } from '@parley/shared/domain/streams';
import type { DispatchLog } from '../log/port.ts';
import { partitionOf } from '../log/partition.ts';
import type { Deps } from '../platform/deps.ts';
import type { DispatcherPort, LinkEvent, Registry } from '../registry/port.ts';
import type { StoredEvent } from '../storage/port.ts';
import { headOf } from '../storage/streams.ts';
import { changesSince } from './changes.ts';
import type { ConsumerRunner } from './consumers.ts';
import { LEASE_MS, LEASE_RENEW_MS, type LeaseGroup, type Leases } from './leases.ts';
import { absorb, HOLD_EVENTS, HOLD_MS, judge, newTrack, type StreamTrack } from './stream-track.ts';

const READ_ENTRIES = 256;
/** Entries forwarded but not consumed, per partition, before forwarding waits for the consumers. */
const BACKLOG = 2_000;
/** More changes than this are told by a `head`. */
const MAX_CHANGES = 500;
const RETRY_MS = 1_000;

interface Running { group: LeaseGroup; aborts: AbortController[]; token: number; loops: Promise<void>[] }

/**
 * Carries log entries to the gateways that follow their streams, in order and without holes, and to the durable
 * consumers. It forwards first: live frames never wait for projections.
 */
export class Dispatcher {
  readonly #tracks = new Map<StreamName, StreamTrack>();
  readonly #running = new Map<string, Running>();
  #port: DispatcherPort | null = null;
  #renewal: Timer | null = null;
  #queued = 0;
  #stopped = false;

  constructor(
    private readonly id: string,
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>,
    private readonly parts: { log: DispatchLog; registry: Registry; leases: Leases; groups: readonly LeaseGroup[]; consumers: ConsumerRunner },
  ) {}

  async start(): Promise<void> {
    this.#port = this.parts.registry.attachDispatcher(this.id, {
      subscribe: (gateway, stream) => this.#subscribe(gateway, stream),
      unsubscribe: (gateway, stream) => this.#unsubscribe(gateway, stream),
    });
    await this.#keepLeases();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#renewal?.cancel();
    const running = [...this.#running.values()];
    for (const r of running) this.#end(r);
    await Promise.all(running.flatMap((r) => r.loops));
    await this.parts.consumers.stop();
    await Promise.all(running.map((r) => this.parts.leases.release(r.group.name, r.token).catch((error: unknown) => this.deps.logger.warn({ error: String(error) }, 'a lease could not be released; it ends by itself'))));
    this.#port?.detach();
    for (const track of this.#tracks.values()) track.timer?.cancel();
    this.#tracks.clear();
  }

  async #keepLeases(): Promise<void> {
    for (const group of this.parts.groups) {
      const token = await this.parts.leases.take(group.name, LEASE_MS).catch((error: unknown) => {
        this.deps.logger.warn({ lease: group.name, error: String(error) }, 'a lease could not be taken or renewed');
        return undefined;
      });
      if (this.#stopped) return;
      const present = this.#running.get(group.name);
      // A failed renewal leaves the lease as it is: it is ours until it ends, and a successor's token fences us off.
      if (token === undefined || present?.token === token) continue;
      if (present) this.#end(present);
      if (token !== null) this.#begin(group, token);
    }
    this.#renewal = this.deps.clock.setTimer(LEASE_RENEW_MS, () => void this.#keepLeases());
  }

  #begin(group: LeaseGroup, token: number): void {
    const running: Running = { group, token, aborts: [], loops: [] };
    this.#running.set(group.name, running);
    for (const partition of group.partitions) {
      if (!this.#port!.own(partition, token)) continue;
      const abort = new AbortController();
      running.aborts.push(abort);
      running.loops.push(this.#follow(partition, abort.signal));
    }
  }

  #end(running: Running): void {
    for (const abort of running.aborts) abort.abort();
    this.#running.delete(running.group.name);
    for (const partition of running.group.partitions) this.#port!.disown(partition);
    const lost = new Set(running.group.partitions);
    for (const [stream, track] of this.#tracks) {
      if (!lost.has(partitionOf(stream))) continue;
      track.timer?.cancel();
      this.#tracks.delete(stream);
    }
  }

  async #follow(partition: number, signal: AbortSignal): Promise<void> {
    let position: number | null = null;
    let incarnation = this.parts.log.incarnation();
    let backlog = 0;
    let consuming: Promise<void> = Promise.resolve();
    while (!signal.aborted) {
      try {
        if (this.parts.log.incarnation() !== incarnation) [incarnation, position] = [this.parts.log.incarnation(), null];
        const readUnder = incarnation;
        position ??= await this.parts.log.acknowledged(partition);
        const entries = await this.parts.log.read(partition, position, READ_ENTRIES, signal);
        if (signal.aborted) break;
        if (entries.length === 0) {
          if (this.parts.log.incarnation() === incarnation) await this.#pause();
          continue;
        }
        const events = entries.map((e) => e.event);
        this.#queue(events.length);
        this.#forward(partition, events);
        position = entries.at(-1)!.position;
        const upTo = position;
        backlog += events.length;
        consuming = consuming
          .then(() => this.parts.consumers.run(events))
          .then(() => (signal.aborted || this.parts.log.incarnation() !== readUnder ? undefined : this.parts.log.acknowledge(partition, upTo)))
          .catch((error: unknown) => this.deps.logger.warn({ partition, error: String(error) }, 'log entries could not be acknowledged; they are read again'))
          .then(() => {
            backlog -= events.length;
            this.#queue(-events.length);
          });
        if (backlog >= BACKLOG) await consuming;
      } catch (error) {
        this.deps.logger.error({ partition, error: String(error) }, 'reading the dispatch log failed; trying again');
        await this.#pause();
      }
    }
    await consuming;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => void this.deps.clock.setTimer(RETRY_MS, resolve));
  }

  #queue(by: number): void {
    this.#queued += by;
    this.deps.metrics.gauge('parley_dispatch_queue', this.#queued);
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
