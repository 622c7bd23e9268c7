import { uuidv7 } from '@parley/shared/domain/ids';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Random } from '@parley/shared/domain/random';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../../log/partition.ts';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';
import { BEAT_MS, type DispatcherInbox, type DispatcherPort, type GatewayInbox, type GatewayPort, type LinkBody, type ManualPresence, type Presence, type Registry, type TypingNotice, type Usage } from '../port.ts';
import { Bus } from './bus.ts';
import { decodeLink, encodeLink } from './link-codec.ts';
import { People } from './people.ts';
import { RollCall } from './roll-call.ts';

/** Streams asked for in one message. */
const ASK_STREAMS = 1_000;
const TYPING = 'parley:{registry}:typing';
/** Who owns a partition now, told to all gateways. */
const OWNERS = 'parley:{registry}:owners';
const linkOf = (gateway: string): string => `parley:{g:${gateway}}:link`;
const askOf = (partition: number): string => `parley:{p${partition}}:ask`;

interface Ask {
  gateway: string;
  add?: StreamName[];
  remove?: StreamName[];
  /** To a new owner, which need not answer what it was asked already. */
  introduced?: boolean;
}
interface Owned { partition: number; token: number }

interface GatewayEntry {
  id: string;
  inbox: GatewayInbox;
  /** By partition. */
  streams: Map<number, Set<StreamName>>;
  watching: Set<string>;
  devices: Map<string, string>;
}
interface DispatcherEntry {
  id: string;
  inbox: DispatcherInbox;
  numbers: Map<string, number>;
  /** Tokens of the partitions it owns. */
  owned: Map<number, number>;
  /** By gateway: what it asked for. */
  asked: Map<string, Set<StreamName>>;
}

/**
 * The registry over Redis. Nothing that follows from subscriptions is kept there: gateways remember what they asked for
 * and ask again whenever a partition gets another owner, their own connection was lost, or Redis begins anew; so there is
 * nothing to go stale. Links are channels of publish and subscribe, whose numbers show what was lost.
 */
export class RedisRegistry implements Registry {
  readonly #id: string;
  readonly #bus: Bus;
  readonly #people: People;
  readonly #calls: RollCall;
  readonly #gateways = new Map<string, GatewayEntry>();
  readonly #dispatchers = new Map<string, DispatcherEntry>();
  /** Highest fencing token seen, by partition. */
  readonly #tokens = new Map<number, number>();
  readonly #watchers = new Map<string, Set<GatewayEntry>>();
  #live = new Set<string>();
  /** As last heard from Redis. */
  #incarnation: string | null = null;
  #beat: Timer | null = null;
  #closed = false;

  constructor(private readonly link: RedisLink, private readonly deps: { clock: Clock; random: Random; logger: Logger; metrics?: Metrics }) {
    this.#id = uuidv7(deps.clock, deps.random);
    this.#calls = new RollCall(link);
    this.#bus = new Bus({ link, id: this.#id, logger: deps.logger, restored: () => this.#again('the connection to Redis is new') });
    this.#people = new People({
      link, bus: this.#bus, id: this.#id, clock: deps.clock, logger: deps.logger, alive: (gateway) => this.#gateways.has(gateway) || this.#live.has(gateway),
      changed: (userId, state) => {
        for (const gateway of this.#watchers.get(userId) ?? []) gateway.inbox.presence(userId, state);
      },
      profileChanged: (userId) => {
        for (const gateway of this.#watchers.get(userId) ?? []) gateway.inbox.profileChanged(userId);
      },
    });
    void this.#bus.subscribe(TYPING, (text) => {
      const notice = JSON.parse(text) as TypingNotice;
      for (const gateway of this.#gateways.values()) gateway.inbox.typing(notice);
    });
    void this.#bus.subscribe(OWNERS, (text) => this.#owned(JSON.parse(text) as Owned));
    this.#arm();
  }

  /** Of Redis as this process last saw it; its own until it heard. */
  incarnation(): string {
    return this.#incarnation ?? this.#id;
  }

  /** Resolves when what this process told before has come back to it: proof that the links work. */
  settled(): Promise<void> {
    return this.#bus.echo();
  }

  /** Tells of this process and hears of the others; resolves when it knows them. */
  async ready(): Promise<void> {
    await this.#bus.echo();
    await this.#call();
  }

  attachGateway(id: string, inbox: GatewayInbox): GatewayPort {
    const entry: GatewayEntry = { id, inbox, streams: new Map(), watching: new Set(), devices: new Map() };
    this.#gateways.set(id, entry);
    const heard = this.#bus.subscribe(linkOf(id), (text) => this.#deliver(entry, text));
    void heard.then(() => this.#call()).catch((error: unknown) => this.#later(error));
    return {
      subscribe: (stream) => {
        const partition = partitionOf(stream);
        const streams = entry.streams.get(partition);
        if (streams) streams.add(stream);
        else entry.streams.set(partition, new Set([stream]));
        this.#ask(partition, { gateway: id, add: [stream] });
      },
      unsubscribe: (stream) => {
        const partition = partitionOf(stream);
        if (entry.streams.get(partition)?.delete(stream)) this.#ask(partition, { gateway: id, remove: [stream] });
      },
      typing: (notice) => void this.#bus.publish(TYPING, JSON.stringify(notice)),
      setDevice: (userId, device, state) => {
        if (state === null) entry.devices.delete(device);
        else entry.devices.set(device, userId);
        this.#people.setDevice(id, userId, device, state);
      },
      watch: (userId) => {
        if (entry.watching.has(userId)) return;
        entry.watching.add(userId);
        const watchers = this.#watchers.get(userId);
        if (watchers) watchers.add(entry);
        else this.#watchers.set(userId, new Set([entry]));
        this.#people.need(userId);
      },
      unwatch: (userId) => this.#unwatch(entry, userId),
      detach: () => this.#detachGateway(entry),
    };
  }

  attachDispatcher(id: string, inbox: DispatcherInbox): DispatcherPort {
    const entry: DispatcherEntry = { id, inbox, numbers: new Map(), owned: new Map(), asked: new Map() };
    this.#dispatchers.set(id, entry);
    return {
      own: (partition, token) => {
        if (token < (this.#tokens.get(partition) ?? 0)) return false;
        this.#tokens.set(partition, token);
        for (const other of this.#dispatchers.values()) if (other !== entry && other.owned.has(partition)) this.#disown(other, partition);
        entry.owned.set(partition, token);
        // Heard before it is told, so that no answer to the news is missed.
        void this.#bus.subscribe(askOf(partition), (text) => this.#asked(partition, JSON.parse(text) as Ask)).then(() => {
          if (entry.owned.get(partition) === token) this.#bus.publish(OWNERS, JSON.stringify({ partition, token } satisfies Owned));
        });
        return true;
      },
      disown: (partition) => this.#disown(entry, partition),
      send: (gateway, partition, body) => this.#send(entry, gateway, partition, body),
      detach: () => {
        for (const partition of [...entry.owned.keys()]) this.#disown(entry, partition);
        this.#dispatchers.delete(id);
      },
    };
  }

  statesOf(userIds: readonly string[]): Promise<Map<string, Presence>> {
    return this.#people.statesOf(userIds);
  }

  usageOf(userId: string): Promise<Usage> {
    return this.#people.usageOf(userId);
  }

  choose(userId: string, presence: ManualPresence, until: number | null): void {
    this.#people.choose(userId, presence, until);
  }

  quiet(userId: string, schedule: readonly QuietHours[]): void {
    this.#people.quiet(userId, schedule);
  }

  profileChanged(userId: string): void {
    this.#people.profileChanged(userId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#beat?.cancel();
    this.#people.close();
    this.#bus.close();
  }

  #deliver(entry: GatewayEntry, text: string): void {
    const { partition, message } = decodeLink(text);
    if (partition !== null) {
      if (message.token < (this.#tokens.get(partition) ?? 0)) return;
      this.#tokens.set(partition, message.token);
    }
    if (this.#gateways.get(entry.id) === entry) entry.inbox.deliver(message);
  }

  #send(dispatcher: DispatcherEntry, gateway: string, partition: number, body: LinkBody): void {
    const token = dispatcher.owned.get(partition);
    if (token === undefined) return;
    const number = (dispatcher.numbers.get(gateway) ?? 0) + 1;
    dispatcher.numbers.set(gateway, number);
    if (!this.#bus.publish(linkOf(gateway), encodeLink({ dispatcher: dispatcher.id, number, token, body }, partition))) this.deps.metrics?.count('parley_link_drops_total');
  }

  /** A partition has another owner: its dispatcher wants to know what is followed here, and nobody earlier is believed. */
  #owned({ partition, token }: Owned): void {
    if (token < (this.#tokens.get(partition) ?? 0)) return;
    this.#tokens.set(partition, token);
    for (const dispatcher of this.#dispatchers.values()) if ((dispatcher.owned.get(partition) ?? token) < token) this.#disown(dispatcher, partition);
    for (const gateway of this.#gateways.values()) this.#askAll(gateway, partition, true);
  }

  #askAll(gateway: GatewayEntry, partition: number, introduced = false): void {
    const streams = [...(gateway.streams.get(partition) ?? [])];
    for (let i = 0; i < streams.length; i += ASK_STREAMS) this.#ask(partition, { gateway: gateway.id, add: streams.slice(i, i + ASK_STREAMS), introduced });
  }

  #ask(partition: number, ask: Ask): void {
    this.#bus.publish(askOf(partition), JSON.stringify(ask));
  }

  #asked(partition: number, { gateway, add = [], remove = [], introduced = false }: Ask): void {
    for (const dispatcher of this.#dispatchers.values()) {
      if (!dispatcher.owned.has(partition)) continue;
      let streams = dispatcher.asked.get(gateway);
      if (!streams) dispatcher.asked.set(gateway, (streams = new Set()));
      for (const stream of add) {
        if (introduced && streams.has(stream)) continue;
        streams.add(stream);
        dispatcher.inbox.subscribe(gateway, stream);
      }
      for (const stream of remove) if (streams.delete(stream)) dispatcher.inbox.unsubscribe(gateway, stream);
    }
  }

  #disown(entry: DispatcherEntry, partition: number): void {
    if (!entry.owned.delete(partition)) return;
    for (const streams of entry.asked.values()) for (const stream of streams) if (partitionOf(stream) === partition) streams.delete(stream);
    if (![...this.#dispatchers.values()].some((d) => d.owned.has(partition))) void this.#bus.unsubscribe(askOf(partition));
  }

  #unwatch(entry: GatewayEntry, userId: string): void {
    if (!entry.watching.delete(userId)) return;
    const watchers = this.#watchers.get(userId);
    watchers?.delete(entry);
    if (watchers?.size === 0) this.#watchers.delete(userId);
    this.#people.release(userId);
  }

  #detachGateway(entry: GatewayEntry): void {
    for (const [partition, streams] of entry.streams) if (streams.size > 0) this.#ask(partition, { gateway: entry.id, remove: [...streams] });
    for (const userId of [...entry.watching]) this.#unwatch(entry, userId);
    for (const [device, userId] of entry.devices) this.#people.setDevice(entry.id, userId, device, null);
    this.#gateways.delete(entry.id);
    void this.#bus.unsubscribe(linkOf(entry.id));
    this.#calls.leave(entry.id).catch((error: unknown) => this.deps.logger.debug({ error: String(error) }, 'a gateway could not say that it goes; its silence says so'));
  }

  #arm(): void {
    this.#beat = this.deps.clock.setTimer(BEAT_MS, () => {
      if (this.#closed) return;
      this.#arm();
      this.#call().then(() => this.#beats(), (error: unknown) => this.#later(error));
    });
  }

  #beats(): void {
    for (const dispatcher of this.#dispatchers.values()) {
      if (dispatcher.owned.size === 0) continue;
      for (const gateway of this.#live) this.#bus.publish(linkOf(gateway), encodeLink({ dispatcher: dispatcher.id, number: dispatcher.numbers.get(gateway) ?? 0, token: 0, body: { kind: 'beat' } }, null));
    }
  }

  /** Answers the roll call and drops who is gone. */
  async #call(): Promise<void> {
    if (!this.link.isUp()) return;
    const { incarnation, gateways } = await this.#calls.answer([...this.#gateways.keys()], uuidv7(this.deps.clock, this.deps.random));
    if (this.#closed) return;
    const before = this.#incarnation;
    const gone = [...this.#live].some((id) => !gateways.has(id));
    this.#live = gateways;
    this.#incarnation = incarnation;
    this.deps.metrics?.gauge('parley_gateways', gateways.size);
    if (before !== null && before !== incarnation) this.#again('Redis begins anew');
    if (gone) this.#people.gatewaysGone();
    for (const dispatcher of this.#dispatchers.values()) this.#dropGone(dispatcher);
  }

  #dropGone(dispatcher: DispatcherEntry): void {
    for (const [gateway, streams] of dispatcher.asked) {
      if (this.#live.has(gateway) || this.#gateways.has(gateway)) continue;
      for (const stream of streams) dispatcher.inbox.unsubscribe(gateway, stream);
      dispatcher.asked.delete(gateway);
      dispatcher.numbers.delete(gateway);
    }
  }

  /** Whatever was told or heard may be lost: everybody here says again who they are and what they follow. */
  #again(reason: string): void {
    this.deps.logger.info({ reason }, 'the registry is told again what is here');
    this.deps.metrics?.count('parley_registry_restarts_total');
    for (const dispatcher of this.#dispatchers.values()) for (const [partition, token] of dispatcher.owned) this.#bus.publish(OWNERS, JSON.stringify({ partition, token } satisfies Owned));
    for (const gateway of this.#gateways.values()) for (const partition of gateway.streams.keys()) this.#askAll(gateway, partition);
    this.#people.again().catch((error: unknown) => this.#later(error));
  }

  #later(error: unknown): void {
    if (!this.#closed) this.deps.logger.debug({ error: String(error) }, 'Redis did not answer the registry; it is asked again');
  }
}
