import { uuidv7 } from '@parley/shared/domain/ids';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { Random } from '@parley/shared/domain/random';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../../log/partition.ts';
import { PARTITIONS } from '../../log/port.ts';
import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import { BEAT_MS, type DispatcherInbox, type DispatcherPort, type GatewayInbox, type GatewayPort, type LinkBody, type ManualPresence, type Presence, type Registry, type TypingNotice, type Usage } from '../port.ts';
import { PresenceBook } from '../presence-book.ts';

interface GatewayEntry {
  id: string;
  inbox: GatewayInbox;
  streams: Set<StreamName>;
  watching: Set<string>;
  devices: Map<string, string>;
}
interface DispatcherEntry {
  id: string;
  inbox: DispatcherInbox;
  /** Last number given, by gateway. */
  numbers: Map<string, number>;
  owned: Set<number>;
}
interface Ownership { dispatcher: DispatcherEntry; token: number }

/** The registry of a single process: everything is a function call, in order. */
export class EmbeddedRegistry implements Registry {
  readonly #incarnation: string;
  readonly #gateways = new Map<string, GatewayEntry>();
  readonly #dispatchers = new Map<string, DispatcherEntry>();
  readonly #owners: (Ownership | null)[] = Array.from({ length: PARTITIONS }, () => null);
  readonly #highest: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #watchers = new Map<string, Set<GatewayEntry>>();
  readonly #presence: PresenceBook;
  #beat: Timer | null = null;
  #closed = false;

  constructor(private readonly source: { clock: Clock; random: Random }) {
    this.#incarnation = uuidv7(source.clock, source.random);
    this.#presence = new PresenceBook(source.clock, (userId, state) => {
      for (const gateway of this.#watchers.get(userId) ?? []) gateway.inbox.presence(userId, state);
    });
  }

  incarnation(): string {
    return this.#incarnation;
  }

  attachGateway(id: string, inbox: GatewayInbox): GatewayPort {
    const entry: GatewayEntry = { id, inbox, streams: new Set(), watching: new Set(), devices: new Map() };
    this.#gateways.set(id, entry);
    this.#startBeats();
    return {
      subscribe: (stream) => {
        entry.streams.add(stream);
        this.#owners[partitionOf(stream)]?.dispatcher.inbox.subscribe(id, stream);
      },
      unsubscribe: (stream) => {
        if (entry.streams.delete(stream)) this.#owners[partitionOf(stream)]?.dispatcher.inbox.unsubscribe(id, stream);
      },
      typing: (notice: TypingNotice) => {
        for (const gateway of this.#gateways.values()) gateway.inbox.typing(notice);
      },
      setDevice: (userId, deviceId, state) => {
        if (state === null) entry.devices.delete(deviceId);
        else entry.devices.set(deviceId, userId);
        this.#presence.setDevice(userId, deviceId, state);
      },
      watch: (userId) => {
        entry.watching.add(userId);
        let watchers = this.#watchers.get(userId);
        if (!watchers) this.#watchers.set(userId, (watchers = new Set()));
        watchers.add(entry);
      },
      unwatch: (userId) => this.#unwatch(entry, userId),
      detach: () => this.#detachGateway(entry),
    };
  }

  attachDispatcher(id: string, inbox: DispatcherInbox): DispatcherPort {
    const entry: DispatcherEntry = { id, inbox, numbers: new Map(), owned: new Set() };
    this.#dispatchers.set(id, entry);
    this.#startBeats();
    return {
      own: (partition, token) => {
        if (token < this.#highest[partition]!) return false;
        this.#highest[partition] = token;
        this.#owners[partition]?.dispatcher.owned.delete(partition);
        this.#owners[partition] = { dispatcher: entry, token };
        entry.owned.add(partition);
        for (const gateway of this.#gateways.values()) {
          for (const stream of gateway.streams) if (partitionOf(stream) === partition) inbox.subscribe(gateway.id, stream);
        }
        return true;
      },
      disown: (partition) => this.#disown(entry, partition),
      send: (gateway, partition, body) => this.#send(entry, gateway, partition, body),
      detach: () => {
        for (const partition of [...entry.owned]) this.#disown(entry, partition);
        this.#dispatchers.delete(id);
      },
    };
  }

  async statesOf(userIds: readonly string[]): Promise<Map<string, Presence>> {
    const states = new Map<string, Presence>();
    for (const id of userIds) {
      const state = this.#presence.stateOf(id);
      if (state !== 'offline') states.set(id, state);
    }
    return states;
  }

  usageOf(userId: string): Promise<Usage> {
    return Promise.resolve(this.#presence.usageOf(userId));
  }

  choose(userId: string, presence: ManualPresence, until: number | null): void {
    this.#presence.choose(userId, presence, until);
  }

  quiet(userId: string, schedule: readonly QuietHours[]): void {
    this.#presence.quiet(userId, schedule);
  }

  profileChanged(userId: string): void {
    for (const gateway of this.#watchers.get(userId) ?? []) gateway.inbox.profileChanged(userId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#beat?.cancel();
    this.#presence.close();
  }

  #send(dispatcher: DispatcherEntry, gatewayId: string, partition: number, body: LinkBody): void {
    const owner = this.#owners[partition];
    const gateway = this.#gateways.get(gatewayId);
    if (!gateway || !owner || owner.dispatcher !== dispatcher) return;
    const number = (dispatcher.numbers.get(gatewayId) ?? 0) + 1;
    dispatcher.numbers.set(gatewayId, number);
    gateway.inbox.deliver({ dispatcher: dispatcher.id, number, token: owner.token, body });
  }

  #disown(entry: DispatcherEntry, partition: number): void {
    if (entry.owned.delete(partition) && this.#owners[partition]?.dispatcher === entry) this.#owners[partition] = null;
  }

  #unwatch(entry: GatewayEntry, userId: string): void {
    entry.watching.delete(userId);
    const watchers = this.#watchers.get(userId);
    watchers?.delete(entry);
    if (watchers?.size === 0) this.#watchers.delete(userId);
  }

  #detachGateway(entry: GatewayEntry): void {
    this.#gateways.delete(entry.id);
    for (const stream of entry.streams) this.#owners[partitionOf(stream)]?.dispatcher.inbox.unsubscribe(entry.id, stream);
    for (const userId of [...entry.watching]) this.#unwatch(entry, userId);
    for (const [device, userId] of entry.devices) this.#presence.setDevice(userId, device, null);
    for (const dispatcher of this.#dispatchers.values()) dispatcher.numbers.delete(entry.id);
  }

  #startBeats(): void {
    if (this.#beat || this.#closed) return;
    this.#beat = this.source.clock.setTimer(BEAT_MS, () => {
      this.#beat = null;
      for (const dispatcher of this.#dispatchers.values()) {
        if (dispatcher.owned.size === 0) continue;
        const partitions = [...dispatcher.owned];
        for (const gateway of this.#gateways.values()) gateway.inbox.deliver({ dispatcher: dispatcher.id, number: dispatcher.numbers.get(gateway.id) ?? 0, token: 0, body: { kind: 'beat', partitions } });
      }
      if (this.#gateways.size + this.#dispatchers.size > 0) this.#startBeats();
    });
  }
}
