import { uuidv7 } from '@parley/shared/domain/ids';
import type { Clock, Timer } from '@parley/shared/domain/clock';
import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Random } from '@parley/shared/domain/random';
import type { Logger } from '../../platform/logger.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';
import { BEAT_MS, LINK_SILENCE_MS, type DispatcherInbox, type DispatcherPort, type GatewayInbox, type GatewayPort, type ManualPresence, type Presence, type Registry, type TypingNotice, type Usage } from '../port.ts';
import { Bus } from './bus.ts';
import { DispatcherEnd } from './dispatcher-end.ts';
import { decodePackets, type Owned, type Packet } from './link-codec.ts';
import { Outbound } from './outbound.ts';
import { People } from './people.ts';
import { RollCall } from './roll-call.ts';
import { Subscriptions, type Ask } from './subscriptions.ts';

const TYPING = 'parley:{registry}:typing';
/** Who owns which partitions, told to all. */
const OWNERS = 'parley:{registry}:owners';
/** A gateway is new: so that its devices are believed at once. */
const CAME = 'parley:{registry}:came';
const linkOf = (gateway: string): string => `parley:{g:${gateway}}:link`;
const askOf = (partition: number): string => `parley:{p${partition}}:ask`;

/** `anew`: its owner may have missed questions. */
interface OwnersNews { dispatcher: string; owned: readonly Owned[]; anew?: boolean }

interface GatewayEntry {
  id: string;
  inbox: GatewayInbox;
  subscriptions: Subscriptions;
  watching: Set<string>;
  devices: Map<string, string>;
}

/**
 * The registry over Redis. Nothing that follows from subscriptions is kept there: gateways remember what they asked for
 * and ask again whenever a partition gets another owner, their own connection was lost, an answer stays away, or Redis begins
 * anew; so there is nothing to go stale. Links are channels of publish and subscribe, whose numbers show what was lost.
 */
export class RedisRegistry implements Registry {
  readonly #id: string;
  readonly #bus: Bus;
  readonly #outbound: Outbound;
  readonly #people: People;
  readonly #roll: RollCall;
  readonly #gateways = new Map<string, GatewayEntry>();
  readonly #dispatchers = new Map<string, DispatcherEnd>();
  /** Highest fencing token seen, by partition, and when its owner was heard. */
  readonly #owners = new Map<number, { token: number; heard: number }>();
  readonly #watchers = new Map<string, Set<GatewayEntry>>();
  /** Subscriptions of Redis that are being made. */
  readonly #pending = new Set<Promise<unknown>>();
  /** As last heard from Redis. */
  #incarnation: string | null = null;
  #beat: Timer | null = null;
  #closed = false;

  constructor(private readonly link: RedisLink, private readonly deps: { clock: Clock; random: Random; logger: Logger; metrics?: Metrics }) {
    this.#id = uuidv7(deps.clock, deps.random);
    this.#roll = new RollCall(link, deps.clock);
    this.#bus = new Bus({ link, id: this.#id, logger: deps.logger, restored: () => void this.#restored() });
    this.#outbound = new Outbound((channel, parts) => this.#bus.publish(channel, parts.join('\n')), (parts) => deps.metrics?.count('parley_link_drops_total', parts));
    this.#people = new People({
      link, bus: this.#bus, id: this.#id, clock: deps.clock, logger: deps.logger, alive: (gateway) => this.#gateways.has(gateway) || this.#roll.isThere(gateway),
      changed: (userId, state) => {
        for (const gateway of this.#watchers.get(userId) ?? []) gateway.inbox.presence(userId, state);
      },
      profileChanged: (userId) => {
        for (const gateway of this.#watchers.get(userId) ?? []) gateway.inbox.profileChanged(userId);
      },
    });
    this.#subscribe(TYPING, (text) => {
      const notice = JSON.parse(text) as TypingNotice;
      for (const gateway of this.#gateways.values()) gateway.inbox.typing(notice);
    });
    this.#subscribe(CAME, (gateway) => this.#roll.heard(gateway));
    this.#subscribe(OWNERS, (text) => this.#ownersNews(JSON.parse(text) as OwnersNews));
    this.#arm();
  }

  /** Of Redis as this process last saw it; its own until it heard. */
  incarnation(): string {
    return this.#incarnation ?? this.#id;
  }

  /** Resolves when what this process told before has come back to it: proof that the links work. */
  async settled(): Promise<void> {
    await Promise.all([...this.#pending, this.#people.settled()]);
    for (const gateway of this.#gateways.values()) gateway.subscriptions.flush();
    for (const dispatcher of this.#dispatchers.values()) dispatcher.flush();
    this.#outbound.flush();
    await this.#bus.echo();
  }

  /** Tells of this process and hears of the others; resolves when it knows them. */
  async ready(): Promise<void> {
    await this.#bus.echo();
    await this.#call();
  }

  attachGateway(id: string, inbox: GatewayInbox): GatewayPort {
    const subscriptions = new Subscriptions({
      gateway: id, clock: this.deps.clock,
      publish: (partition, ask) => this.#bus.publish(askOf(partition), JSON.stringify(ask)),
      isOwned: (partition) => this.deps.clock.now() - (this.#owners.get(partition)?.heard ?? Number.NEGATIVE_INFINITY) < LINK_SILENCE_MS,
    });
    const entry: GatewayEntry = { id, inbox, subscriptions, watching: new Set(), devices: new Map() };
    this.#gateways.set(id, entry);
    const heard = this.#subscribe(linkOf(id), (text) => {
      for (const packet of decodePackets(text)) this.#deliver(entry, packet);
    });
    // Asked before, an answer could come where nobody listens.
    this.#track(heard.then((made) => made && subscriptions.open()));
    this.#bus.publish(CAME, id);
    this.#track(heard.then(() => this.#call()).catch((error: unknown) => this.#later(error)));
    return {
      subscribe: (stream) => {
        if (!subscriptions.add(stream)) this.#resubscribed(1);
      },
      unsubscribe: (stream) => subscriptions.remove(stream),
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
        this.#people.watch(userId);
      },
      unwatch: (userId) => this.#unwatch(entry, userId),
      detach: () => this.#detachGateway(entry),
    };
  }

  attachDispatcher(id: string, inbox: DispatcherInbox): DispatcherPort {
    const end = new DispatcherEnd(id, inbox, {
      send: (gateway, text) => this.#outbound.send(linkOf(gateway), text),
      announce: (owned, anew) => void this.#bus.publish(OWNERS, JSON.stringify({ dispatcher: id, owned, ...(anew && { anew }) } satisfies OwnersNews)),
    });
    this.#dispatchers.set(id, end);
    return {
      own: (partition, token) => {
        if (token < this.#highest(partition)) return false;
        this.#owners.set(partition, { token, heard: this.deps.clock.now() });
        for (const other of this.#dispatchers.values()) if (other !== end) this.#disown(other, partition);
        end.own(partition, token);
        // Listened to before it is told, so that no question that follows from the news is missed.
        this.#track(this.#subscribe(askOf(partition), (text) => this.#asked(partition, JSON.parse(text) as Ask)).then((made) => made && end.introduce(partition, token)));
        return true;
      },
      disown: (partition) => this.#disown(end, partition),
      send: (gateway, partition, body) => end.send(gateway, partition, body),
      detach: () => {
        for (const [partition] of end.owned()) this.#disown(end, partition);
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
    if (this.#closed) return;
    this.#closed = true;
    this.#beat?.cancel();
    this.#people.close();
    this.#outbound.flush();
    await this.#bus.close();
  }

  #highest(partition: number): number {
    return this.#owners.get(partition)?.token ?? 0;
  }

  /** Takes note of an owner. False: it was fenced off. */
  #believe(partition: number, token: number): boolean {
    if (token < this.#highest(partition)) return false;
    this.#owners.set(partition, { token, heard: this.deps.clock.now() });
    return true;
  }

  #deliver(entry: GatewayEntry, { message, partition, owned }: Packet): void {
    if (this.#gateways.get(entry.id) !== entry) return;
    const { body } = message;
    if (body.kind === 'beat') {
      const partitions = this.#owned({ dispatcher: message.dispatcher, owned: owned ?? [] });
      return entry.inbox.deliver({ ...message, body: { kind: 'beat', partitions } });
    }
    if (partition === null || !this.#believe(partition, message.token)) return;
    if (body.kind === 'subscribed') entry.subscriptions.answered(body.stream, message.dispatcher, message.token);
    else for (const { stream } of body.events) if (!entry.subscriptions.has(stream)) entry.subscriptions.unwanted(stream);
    entry.inbox.deliver(message);
  }

  #ownersNews(news: OwnersNews): void {
    this.#owned(news);
  }

  /** Who has a higher token is the owner: its dispatcher is told what is followed here, and nobody earlier is believed. Returns the partitions that are its own. */
  #owned({ dispatcher, owned, anew = false }: OwnersNews): number[] {
    const own: number[] = [];
    for (const [partition, token] of owned) {
      if (!this.#believe(partition, token)) continue;
      own.push(partition);
      for (const other of this.#dispatchers.values()) if (other.id !== dispatcher && (other.tokenOf(partition) ?? token) < token) this.#disown(other, partition);
      for (const gateway of this.#gateways.values()) gateway.subscriptions.introduce(partition, dispatcher, token, anew);
    }
    return own;
  }

  #asked(partition: number, ask: Ask): void {
    this.#roll.heard(ask.gateway);
    for (const dispatcher of this.#dispatchers.values()) dispatcher.asked(partition, ask);
  }

  #disown(end: DispatcherEnd, partition: number): void {
    if (!end.disown(partition)) return;
    if (![...this.#dispatchers.values()].some((other) => other.tokenOf(partition) !== undefined)) void this.#bus.unsubscribe([askOf(partition)]);
  }

  #unwatch(entry: GatewayEntry, userId: string): void {
    if (!entry.watching.delete(userId)) return;
    const watchers = this.#watchers.get(userId);
    watchers?.delete(entry);
    if (watchers?.size === 0) this.#watchers.delete(userId);
    this.#people.unwatch(userId);
  }

  #detachGateway(entry: GatewayEntry): void {
    if (this.#gateways.get(entry.id) !== entry) return;
    entry.subscriptions.leave();
    for (const userId of [...entry.watching]) this.#unwatch(entry, userId);
    for (const [device, userId] of entry.devices) this.#people.setDevice(entry.id, userId, device, null);
    this.#gateways.delete(entry.id);
    void this.#bus.unsubscribe([linkOf(entry.id)]);
    this.#roll.leave(entry.id).catch((error: unknown) => this.deps.logger.debug({ error: String(error) }, 'a gateway could not say that it goes; its silence says so'));
  }

  #arm(): void {
    this.#beat = this.deps.clock.setTimer(BEAT_MS, () => {
      if (this.#closed) return;
      this.#arm();
      this.#turn().catch((error: unknown) => this.#later(error));
    });
  }

  async #turn(): Promise<void> {
    if (!this.link.isUp()) return;
    if (await this.#call()) this.#again('Redis begins anew', true);
    if (this.#closed) return;
    for (const dispatcher of this.#dispatchers.values()) dispatcher.beat(this.#roll.gateways());
    for (const gateway of this.#gateways.values()) this.#resubscribed(gateway.subscriptions.late());
    await this.#people.tick(BEAT_MS);
  }

  /** Answers the roll call and drops who is gone. True: Redis has forgotten everything since. */
  async #call(): Promise<boolean> {
    const { incarnation, gone } = await this.#roll.answer([...this.#gateways.keys()], uuidv7(this.deps.clock, this.deps.random));
    if (this.#closed) return false;
    const before = this.#incarnation;
    this.#incarnation = incarnation;
    this.deps.metrics?.gauge('parley_gateways', [...this.#roll.gateways()].length);
    for (const gateway of gone) for (const dispatcher of this.#dispatchers.values()) dispatcher.drop(gateway);
    if (gone.length > 0) await this.#people.gatewaysGone();
    return before !== null && before !== incarnation;
  }

  async #restored(): Promise<void> {
    // Without an answer Redis may well be empty.
    const forgotten = await this.#call().catch((error: unknown) => {
      this.#later(error);
      return true;
    });
    this.#again('the connection to Redis is new', forgotten);
  }

  /** Whatever was told or heard may be lost: everybody here says again who they are and what they follow. */
  #again(reason: string, forgotten: boolean): void {
    if (this.#closed) return;
    this.deps.logger.info({ reason, forgotten }, 'the registry is told again what is here');
    this.deps.metrics?.count('parley_registry_restarts_total');
    for (const dispatcher of this.#dispatchers.values()) dispatcher.reintroduce();
    for (const gateway of this.#gateways.values()) {
      gateway.subscriptions.open();
      this.#resubscribed(gateway.subscriptions.again());
    }
    this.#people.again(forgotten).catch((error: unknown) => this.#later(error));
  }

  #resubscribed(streams: number): void {
    if (streams > 0) this.deps.metrics?.count('parley_resubscriptions_total', streams);
  }

  #subscribe(channel: string, handler: (text: string) => void): Promise<boolean> {
    const made = this.#bus.subscribe([channel], handler);
    this.#track(made);
    return made;
  }

  #track(work: Promise<unknown>): void {
    this.#pending.add(work);
    void work.finally(() => this.#pending.delete(work));
  }

  #later(error: unknown): void {
    if (!this.#closed) this.deps.logger.debug({ error: String(error) }, 'Redis did not answer the registry; it is asked again');
  }
}
