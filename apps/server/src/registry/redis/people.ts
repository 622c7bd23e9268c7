import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Clock } from '@parley/shared/domain/clock';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';
import type { ManualPresence, Presence, Usage } from '../port.ts';
import { OFFLINE_GRACE_MS, PresenceBook, shownState } from '../presence-book.ts';
import type { Bus } from './bus.ts';

type DeviceState = 'online' | 'away';

/** Long enough for any connection; refreshed with each change. What a dead process leaves goes by itself. */
const KEPT_S = 24 * 3_600;

/** KEYS person; ARGV device field, milliseconds, seconds to keep. The last state stays a while, so that a reconnection is not seen. */
const LEAVE = `
local state = redis.call('HGET', KEYS[1], ARGV[1])
if not state then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[1], 'left', string.match(state, '^%a+') .. '@' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1`;

/** What is told of one person on the channel of theirs. */
type Notice =
  | { device: string; state: DeviceState | null; gateway: string }
  | { choice: ManualPresence; until: number | null }
  | { quiet: readonly QuietHours[] }
  | { profile: true };

interface Person {
  devices: Map<string, { state: DeviceState; gateway: string }>;
  left: { state: DeviceState; at: number } | null;
  choice: ManualPresence;
  until: number | null;
  schedule: readonly QuietHours[];
}

export interface PeopleParts {
  link: RedisLink;
  bus: Bus;
  /** Of this process: what it tells it knows already. */
  id: string;
  clock: Clock;
  logger: Logger;
  /** Whether a gateway was heard of lately. */
  alive(gateway: string): boolean;
  changed(userId: string, state: Presence): void;
  profileChanged(userId: string): void;
}

const keyOf = (userId: string): string => `parley:{u:${userId}}:here`;
const channelOf = (userId: string): string => `parley:{u:${userId}}:news`;

/**
 * Who is here, over all processes: a hash a person in Redis, and a channel that tells changes. Of people with a device or a
 * watcher in this process a book is kept, which is what `registry/presence-book.ts` does in a single process; of others
 * Redis is asked.
 */
export class People {
  readonly #book: PresenceBook;
  /** How often the person is needed here: each device and each watch counts. */
  readonly #needed = new Map<string, number>();
  /** By person and device: which gateway has it, of those in the book. */
  readonly #places = new Map<string, Map<string, string>>();
  /** As this process told them, for a Redis that forgot. */
  readonly #own = new Map<string, Map<string, { state: DeviceState; gateway: string }>>();
  readonly #chosen = new Map<string, { choice: ManualPresence; until: number | null }>();
  readonly #quiet = new Map<string, readonly QuietHours[]>();

  constructor(private readonly parts: PeopleParts) {
    this.#book = new PresenceBook(parts.clock, (userId, state) => parts.changed(userId, state));
  }

  setDevice(gateway: string, userId: string, device: string, state: DeviceState | null): void {
    const own = this.#own.get(userId);
    const had = own?.has(device) ?? false;
    if (state === null) {
      if (!had) return;
      own!.delete(device);
      if (own!.size === 0) this.#own.delete(userId);
      this.#try((client) => client.eval(LEAVE, 1, keyOf(userId), `d:${device}`, this.parts.clock.now(), KEPT_S));
    } else {
      if (own) own.set(device, { state, gateway });
      else this.#own.set(userId, new Map([[device, { state, gateway }]]));
      if (!had) this.need(userId);
      this.#put(userId, device, state, gateway);
    }
    this.#take(userId, { device, state, gateway });
    this.#tell(userId, { device, state, gateway });
    if (state === null) this.release(userId);
  }

  choose(userId: string, choice: ManualPresence, until: number | null): void {
    if (this.#own.has(userId)) this.#chosen.set(userId, { choice, until });
    this.#set(userId, 'choice', { choice, until });
    this.#take(userId, { choice, until });
    this.#tell(userId, { choice, until });
  }

  quiet(userId: string, schedule: readonly QuietHours[]): void {
    if (this.#own.has(userId)) this.#quiet.set(userId, schedule);
    this.#set(userId, 'quiet', schedule);
    this.#take(userId, { quiet: schedule });
    this.#tell(userId, { quiet: schedule });
  }

  profileChanged(userId: string): void {
    this.parts.profileChanged(userId);
    this.#tell(userId, { profile: true });
  }

  /** Follows the person until as many `release`. */
  need(userId: string): void {
    const count = this.#needed.get(userId) ?? 0;
    this.#needed.set(userId, count + 1);
    if (count > 0) return;
    const heard = this.parts.bus.subscribe(channelOf(userId), (text) => this.#heard(userId, JSON.parse(text) as { from: string; notice: Notice }));
    // What changed before the subscription stood is in what is read behind it.
    void heard.then(() => this.#read([userId]));
  }

  release(userId: string): void {
    const count = (this.#needed.get(userId) ?? 0) - 1;
    if (count > 0) return void this.#needed.set(userId, count);
    this.#needed.delete(userId);
    // Whoever left is shown a while longer; then the book has nothing to tell any more.
    this.#chosen.delete(userId);
    this.#quiet.delete(userId);
    this.#places.delete(userId);
    this.#book.forget(userId);
    void this.parts.bus.unsubscribe(channelOf(userId));
  }

  async statesOf(userIds: readonly string[]): Promise<Map<string, Presence>> {
    const states = new Map<string, Presence>();
    const asked = userIds.filter((id) => {
      if (!this.#needed.has(id)) return true;
      const state = this.#book.stateOf(id);
      if (state !== 'offline') states.set(id, state);
      return false;
    });
    const people = await this.#people(asked);
    asked.forEach((id, i) => {
      const state = this.#stateOf(people[i]!);
      if (state !== 'offline') states.set(id, state);
    });
    return states;
  }

  async usageOf(userId: string): Promise<Usage> {
    const [person] = await this.#people([userId]);
    const here = this.#own.get(userId);
    const devices = new Map([...person!.devices, ...(here ?? [])]);
    return { active: [...devices.values()].some((d) => d.state === 'online'), connected: [...new Set([...devices.keys()].map((key) => key.split('/')[0]!))] };
  }

  /** Redis may have forgotten, or news may have been lost: tells again what is here, then reads what is known. */
  async again(): Promise<void> {
    for (const [userId, devices] of this.#own) {
      for (const [device, { state, gateway }] of devices) this.#put(userId, device, state, gateway);
      const chosen = this.#chosen.get(userId);
      if (chosen) this.#set(userId, 'choice', chosen);
      const quiet = this.#quiet.get(userId);
      if (quiet) this.#set(userId, 'quiet', quiet);
    }
    await this.#read([...this.#needed.keys()]);
  }

  /** The devices of gateways that are gone are gone. */
  gatewaysGone(): void {
    for (const [userId, places] of this.#places) {
      for (const [device, gateway] of [...places]) if (!this.parts.alive(gateway)) this.#apply(userId, device, null, gateway);
    }
  }

  close(): void {
    this.#book.close();
  }

  #heard(userId: string, { from, notice }: { from: string; notice: Notice }): void {
    if (from !== this.parts.id) this.#take(userId, notice);
  }

  #take(userId: string, notice: Notice): void {
    if ('profile' in notice) return this.parts.profileChanged(userId);
    if (!this.#needed.has(userId)) return;
    if ('device' in notice) this.#apply(userId, notice.device, notice.state, notice.gateway);
    else if ('choice' in notice) this.#book.choose(userId, notice.choice, notice.until);
    else this.#book.quiet(userId, notice.quiet);
  }

  #apply(userId: string, device: string, state: DeviceState | null, gateway: string): void {
    let places = this.#places.get(userId);
    if (!places) this.#places.set(userId, (places = new Map()));
    if (state === null) {
      // The device may be at another gateway by now.
      if (places.get(device) !== gateway) return;
      places.delete(device);
    } else places.set(device, gateway);
    this.#book.setDevice(userId, device, state);
  }

  async #read(userIds: readonly string[]): Promise<void> {
    for (let i = 0; i < userIds.length; i += 500) {
      const part = userIds.slice(i, i + 500);
      const people = await this.#people(part);
      part.forEach((userId, n) => this.#adopt(userId, people[n]!));
    }
  }

  #adopt(userId: string, person: Person): void {
    if (!this.#needed.has(userId)) return;
    const own = this.#own.get(userId);
    for (const device of this.#book.devicesOf(userId)) if (!person.devices.has(device) && !own?.has(device)) this.#apply(userId, device, null, this.#places.get(userId)?.get(device) ?? '');
    for (const [device, { state, gateway }] of person.devices) if (!own?.has(device)) this.#apply(userId, device, state, gateway);
    this.#book.choose(userId, person.choice, person.until);
    this.#book.quiet(userId, person.schedule);
  }

  #stateOf(person: Person): Presence {
    const now = this.parts.clock.now();
    const devices = [...person.devices.values()].map((d) => d.state);
    if (devices.length > 0) return shownState(devices, person, now);
    return person.left && now - person.left.at < OFFLINE_GRACE_MS ? shownState([person.left.state], person, now) : 'offline';
  }

  /** As Redis has them; without Redis nobody but who is in this process. */
  async #people(userIds: readonly string[]): Promise<Person[]> {
    if (userIds.length === 0) return [];
    try {
      const pipeline = this.parts.link.client.pipeline();
      for (const id of userIds) pipeline.hgetall(keyOf(id));
      const answers = (await pipeline.exec()) ?? [];
      return userIds.map((_, i) => this.#person((answers[i]?.[1] ?? {}) as Record<string, string>));
    } catch (error) {
      this.parts.logger.debug({ people: userIds.length, error: String(error) }, 'presence could not be read');
      return userIds.map(() => this.#person({}));
    }
  }

  #person(hash: Record<string, string>): Person {
    const devices = new Map<string, { state: DeviceState; gateway: string }>();
    for (const [field, value] of Object.entries(hash)) {
      if (!field.startsWith('d:')) continue;
      const [state, gateway = ''] = value.split('|');
      if (this.parts.alive(gateway)) devices.set(field.slice(2), { state: state as DeviceState, gateway });
    }
    const left = hash['left']?.split('@');
    const chosen = hash['choice'] === undefined ? { choice: 'auto' as const, until: null } : (JSON.parse(hash['choice']) as { choice: ManualPresence; until: number | null });
    const over = chosen.until !== null && chosen.until <= this.parts.clock.now();
    return {
      devices, left: left ? { state: left[0] as DeviceState, at: Number(left[1]) } : null,
      choice: over ? 'auto' : chosen.choice, until: over ? null : chosen.until, schedule: hash['quiet'] === undefined ? [] : (JSON.parse(hash['quiet']) as QuietHours[]),
    };
  }

  #put(userId: string, device: string, state: DeviceState, gateway: string): void {
    this.#try((client) => client.pipeline().hset(keyOf(userId), `d:${device}`, `${state}|${gateway}`).expire(keyOf(userId), KEPT_S).exec());
  }

  #set(userId: string, field: 'choice' | 'quiet', value: unknown): void {
    this.#try((client) => client.pipeline().hset(keyOf(userId), field, JSON.stringify(value)).expire(keyOf(userId), KEPT_S).exec());
  }

  #tell(userId: string, notice: Notice): void {
    this.parts.bus.publish(channelOf(userId), JSON.stringify({ from: this.parts.id, notice }));
  }

  /** What does not arrive is told again when Redis is back. */
  #try(work: (client: RedisLink['client']) => Promise<unknown>): void {
    if (!this.parts.link.isUp()) return;
    work(this.parts.link.client).catch((error: unknown) => this.parts.logger.debug({ error: String(error) }, 'presence could not be told; it is told again'));
  }
}
