import type { QuietHours } from '@parley/shared/domain/quiet-hours';
import type { Clock } from '@parley/shared/domain/clock';
import type { Logger } from '../../platform/logger.ts';
import type { RedisLink } from '../../platform/redis/redis-link.ts';
import type { ManualPresence, Presence, Usage } from '../port.ts';
import { OFFLINE_GRACE_MS, PresenceBook, shownState } from '../presence-book.ts';
import type { Bus } from './bus.ts';
import { KEPT_S, presenceHash, type Choice, type DeviceState, type PersonRecord, type Place } from './presence-hash.ts';
import { PeopleReader } from './people-reader.ts';
import { Unsaved, type Fill, type Pipeline } from './unsaved.ts';

/** Of people without a device or a watcher here, what was told last is remembered for this many, for the connection that follows. */
const RECENT = 1_000;
/** People read or told again at once. */
const CHUNK = 500;
/** Everybody has told again by then what Redis forgot. */
const RETOLD_MS = 6_000;
/** A device of a gateway that is not known yet is looked for again so long. */
const STRANGER_MS = 20_000;

/** What is told of one person on the channel of theirs. */
type Notice =
  | { device: string; state: DeviceState | null; gateway: string }
  | { choice: ManualPresence; until: number | null }
  | { quiet: readonly QuietHours[] }
  | { profile: true };

/** Somebody of whom this process has a device, or a watcher. */
interface Known {
  /** At gateways of this process. */
  own: Map<string, Place>;
  /** At others, as far as was heard; only of who is watched. */
  elsewhere: Map<string, string>;
  watchers: number;
  /** Redis was read since somebody watches: the book is whole. */
  whole: boolean;
  choice: Choice | null;
  schedule: readonly QuietHours[] | null;
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

const channelOf = (userId: string): string => `parley:{u:${userId}}:news`;

/**
 * Who is here, over all processes: a hash a person in Redis, and a channel that tells changes. Of people who are watched in
 * this process a book is kept, which is what `registry/presence-book.ts` does in a single process; of others Redis is asked.
 * Without Redis everybody is shown by the devices of this process.
 */
export class People {
  readonly #book: PresenceBook;
  readonly #known = new Map<string, Known>();
  readonly #recent = new Map<string, Pick<Known, 'choice' | 'schedule'>>();
  readonly #reader: PeopleReader;
  readonly #unsaved: Unsaved;
  /** Gateways that are not known yet, and whose devices that left out. */
  readonly #strangers = new Map<string, { since: number; people: Set<string> }>();
  #freshlyWatched: string[] = [];
  /** Then what Redis does not know is not believed any more. */
  #dropAt = Number.POSITIVE_INFINITY;
  readonly #pending = new Set<Promise<void>>();
  #refreshing: Iterator<[string, Known]> | null = null;

  constructor(private readonly parts: PeopleParts) {
    this.#book = new PresenceBook(parts.clock, (userId, state) => {
      if ((this.#known.get(userId)?.watchers ?? 0) > 0) parts.changed(userId, state);
    });
    this.#reader = new PeopleReader((ids) => presenceHash.read(parts.link.client, ids, parts.clock.now()));
    this.#unsaved = new Unsaved(parts.link, parts.logger);
  }

  setDevice(gateway: string, userId: string, device: string, state: DeviceState | null): void {
    const known = state === null ? this.#known.get(userId) : this.#knowing(userId);
    if (!known) return;
    if (state === null) {
      if (!known.own.delete(device)) return;
    } else known.own.set(device, { state, gateway });
    this.#book.setDevice(userId, device, state);
    this.#unsaved.write(`${userId} ${device}`, (pipeline) => this.#save(pipeline, userId, device), () => {
      const now = this.#known.get(userId)?.own.get(device);
      this.#tell(userId, { device, state: now?.state ?? null, gateway: now?.gateway ?? gateway });
    });
    this.#forgetIfIdle(userId, known);
  }

  choose(userId: string, choice: ManualPresence, until: number | null): void {
    this.#remember(userId, { choice: { choice, until } });
    this.#unsaved.write(`${userId} choice`, (pipeline) => presenceHash.choice(pipeline, userId, { choice, until }), () => this.#tell(userId, { choice, until }));
  }

  quiet(userId: string, schedule: readonly QuietHours[]): void {
    this.#remember(userId, { schedule });
    this.#unsaved.write(`${userId} quiet`, (pipeline) => presenceHash.quiet(pipeline, userId, schedule), () => this.#tell(userId, { quiet: schedule }));
  }

  profileChanged(userId: string): void {
    this.parts.profileChanged(userId);
    this.#tell(userId, { profile: true });
  }

  /** Follows the person until as many `unwatch`. */
  watch(userId: string): void {
    const known = this.#knowing(userId);
    if (++known.watchers > 1) return;
    this.#freshlyWatched.push(userId);
    if (this.#freshlyWatched.length === 1) queueMicrotask(() => this.#follow());
  }

  unwatch(userId: string): void {
    const known = this.#known.get(userId);
    if (!known || --known.watchers > 0) return;
    known.whole = false;
    for (const device of known.elsewhere.keys()) this.#book.setDevice(userId, device, null);
    known.elsewhere.clear();
    this.#forgetIfIdle(userId, known);
    void this.parts.bus.unsubscribe([channelOf(userId)]);
  }

  /** In one round trip for all that is asked within a turn. */
  async statesOf(userIds: readonly string[]): Promise<Map<string, Presence>> {
    const states = new Map<string, Presence>();
    const show = (userId: string, state: Presence): void => void (state === 'offline' || states.set(userId, state));
    const asked = userIds.filter((id) => {
      if (!this.#known.get(id)?.whole) return true;
      show(id, this.#book.stateOf(id));
      return false;
    });
    const records = await this.#records(asked);
    asked.forEach((id, i) => show(id, records ? this.#stateOf(id, records[i]!) : this.#book.stateOf(id)));
    return states;
  }

  /** As above. */
  async usageOf(userId: string): Promise<Usage> {
    const record = (await this.#records([userId]))?.[0];
    const devices = [...this.#devicesOf(userId, record)];
    return { active: devices.some(([, { state }]) => state === 'online'), connected: [...new Set(devices.map(([key]) => key.split('/')[0]!))] };
  }

  /**
   * News may have been lost: tells again what is here, then reads what is known. `forgotten`: Redis may be empty, so what
   * it does not know is only dropped when the others had time to tell.
   */
  async again(forgotten: boolean): Promise<void> {
    await this.#unsaved.retry();
    const own = [...this.#known].filter(([, known]) => known.own.size > 0);
    for (let i = 0; i < own.length; i += CHUNK) {
      const part = own.slice(i, i + CHUNK);
      await this.#pipelined((pipeline) => {
        for (const [userId, known] of part) this.#refresh(pipeline, userId, known);
      });
      for (const [userId, { own: devices }] of part) for (const [device, { state, gateway }] of devices) this.#tell(userId, { device, state, gateway });
    }
    if (forgotten) this.#dropAt = this.parts.clock.now() + RETOLD_MS;
    await this.#read(this.#watched(), !forgotten);
  }

  /** Each beat: writes what could not be written, keeps what is here from ending, and looks again for who was not known. */
  async tick(beatMs: number): Promise<void> {
    await this.#unsaved.retry();
    await this.#keep(beatMs);
    const now = this.parts.clock.now();
    if (now >= this.#dropAt) {
      this.#dropAt = Number.POSITIVE_INFINITY;
      await this.#read(this.#watched(), true);
    }
    for (const [gateway, { since, people }] of this.#strangers) {
      const there = this.parts.alive(gateway);
      if (!there && now - since < STRANGER_MS) continue;
      this.#strangers.delete(gateway);
      if (there) await this.#read([...people], false);
    }
  }

  /** The devices of gateways that are gone are gone. */
  async gatewaysGone(): Promise<void> {
    const dead = new Map<string, string[]>();
    for (const [userId, { elsewhere }] of this.#known) {
      const devices = [...elsewhere].filter(([, gateway]) => !this.parts.alive(gateway)).map(([device]) => device);
      if (devices.length === 0) continue;
      dead.set(userId, devices);
      for (const device of devices) this.#apply(userId, device, null, elsewhere.get(device)!);
    }
    if (dead.size === 0) return;
    await this.#pipelined((pipeline) => {
      for (const [userId, devices] of dead) presenceHash.forget(pipeline, userId, devices);
    });
  }

  /** Resolves when what is watched by now has been read. */
  async settled(): Promise<void> {
    await Promise.resolve(); // Watches begin at the end of a turn.
    await Promise.all(this.#pending);
  }

  close(): void {
    this.#book.close();
  }

  #knowing(userId: string): Known {
    let known = this.#known.get(userId);
    if (known) return known;
    const recent = this.#recent.get(userId);
    this.#recent.delete(userId);
    known = { own: new Map(), elsewhere: new Map(), watchers: 0, whole: false, choice: recent?.choice ?? null, schedule: recent?.schedule ?? null };
    this.#known.set(userId, known);
    if (known.choice) this.#book.choose(userId, known.choice.choice, known.choice.until);
    if (known.schedule) this.#book.quiet(userId, known.schedule);
    return known;
  }

  #forgetIfIdle(userId: string, known: Known): void {
    if (known.watchers > 0 || known.own.size > 0) return;
    this.#known.delete(userId);
    this.#book.forget(userId);
  }

  #remember(userId: string, what: Partial<Pick<Known, 'choice' | 'schedule'>>): void {
    const known = this.#known.get(userId);
    if (known) {
      Object.assign(known, what);
      if (what.choice) this.#book.choose(userId, what.choice.choice, what.choice.until);
      if (what.schedule) this.#book.quiet(userId, what.schedule);
      return;
    }
    const recent = { choice: null, schedule: null, ...this.#recent.get(userId), ...what };
    this.#recent.delete(userId);
    this.#recent.set(userId, recent);
    if (this.#recent.size > RECENT) this.#recent.delete(this.#recent.keys().next().value!);
  }

  /** Subscribes to all whose watch began within a turn, then reads them: what changed before the subscription is in what is read. */
  #follow(): void {
    const fresh = this.#freshlyWatched.filter((userId) => (this.#known.get(userId)?.watchers ?? 0) > 0);
    this.#freshlyWatched = [];
    const followed = this.parts.bus.subscribe(fresh.map(channelOf), (text, channel) => this.#heard(channel, text)).then((made) => (made ? this.#read(fresh, true) : undefined));
    this.#pending.add(followed);
    void followed.finally(() => this.#pending.delete(followed));
  }

  #watched(): string[] {
    return [...this.#known].filter(([, known]) => known.watchers > 0).map(([userId]) => userId);
  }

  #heard(channel: string, text: string): void {
    const { from, notice } = JSON.parse(text) as { from: string; notice: Notice };
    if (from === this.parts.id) return;
    const userId = channel.slice('parley:{u:'.length, -'}:news'.length);
    if ('profile' in notice) return this.parts.profileChanged(userId);
    if (!this.#known.has(userId)) return;
    if ('device' in notice) this.#apply(userId, notice.device, notice.state, notice.gateway);
    else if ('choice' in notice) this.#remember(userId, { choice: { choice: notice.choice, until: notice.until } });
    else this.#remember(userId, { schedule: notice.quiet });
  }

  #apply(userId: string, device: string, state: DeviceState | null, gateway: string): void {
    const known = this.#known.get(userId);
    if (!known || known.own.has(device)) return;
    if (state === null) {
      // The device may be at another gateway by now.
      if (known.elsewhere.get(device) !== gateway) return;
      known.elsewhere.delete(device);
    } else known.elsewhere.set(device, gateway);
    this.#book.setDevice(userId, device, state);
  }

  /** Takes what Redis knows of people who are watched; `drop` also what it does not know any more. */
  async #read(userIds: readonly string[], drop: boolean): Promise<void> {
    for (let i = 0; i < userIds.length; i += CHUNK) {
      const part = userIds.slice(i, i + CHUNK);
      const records = await this.#records(part);
      if (!records) return;
      part.forEach((userId, n) => this.#adopt(userId, records[n]!, drop));
    }
  }

  #adopt(userId: string, record: PersonRecord, drop: boolean): void {
    const known = this.#known.get(userId);
    if (!known || known.watchers === 0) return;
    known.whole = true;
    if (drop) for (const [device, gateway] of known.elsewhere) if (!record.devices.has(device)) this.#apply(userId, device, null, gateway);
    for (const [device, { state, gateway }] of record.devices) {
      if (this.parts.alive(gateway)) this.#apply(userId, device, state, gateway);
      else if (!known.own.has(device)) this.#strange(gateway, userId);
    }
    this.#remember(userId, { choice: record.choice, schedule: record.schedule });
  }

  #strange(gateway: string, userId: string): void {
    const stranger = this.#strangers.get(gateway);
    if (stranger) stranger.people.add(userId);
    else this.#strangers.set(gateway, { since: this.parts.clock.now(), people: new Set([userId]) });
  }

  #stateOf(userId: string, record: PersonRecord): Presence {
    const now = this.parts.clock.now();
    const shown = { choice: record.choice.choice, schedule: record.schedule };
    const devices = [...this.#devicesOf(userId, record).values()].map((d) => d.state);
    if (devices.length > 0) return shownState(devices, shown, now);
    return record.left && now - record.left.at < OFFLINE_GRACE_MS ? shownState([record.left.state], shown, now) : 'offline';
  }

  /** Those that Redis knows at gateways that are there, and those of this process. */
  #devicesOf(userId: string, record: PersonRecord | undefined): Map<string, Place> {
    const own = this.#known.get(userId)?.own;
    const mine = (device: string): boolean => own?.has(device) ?? false;
    return new Map([...[...(record?.devices ?? [])].filter(([device, { gateway }]) => !mine(device) && this.parts.alive(gateway)), ...(own ?? [])]);
  }

  /** Null: Redis does not answer. */
  async #records(userIds: readonly string[]): Promise<PersonRecord[] | null> {
    if (userIds.length === 0) return [];
    try {
      return await this.#reader.read(userIds);
    } catch (error) {
      this.parts.logger.debug({ people: userIds.length, error: String(error) }, 'presence could not be read');
      return null;
    }
  }

  /** All that is known of somebody who has devices here. */
  #refresh(pipeline: Pipeline, userId: string, known: Known): void {
    for (const [device, place] of known.own) presenceHash.device(pipeline, userId, device, place);
    if (known.choice || known.schedule) presenceHash.restore(pipeline, userId, known.choice ?? { choice: 'auto', until: null }, known.schedule ?? []);
  }

  #save(pipeline: Pipeline, userId: string, device: string): void {
    const place = this.#known.get(userId)?.own.get(device);
    if (place) presenceHash.device(pipeline, userId, device, place);
    else presenceHash.leave(pipeline, userId, device, this.parts.clock.now());
  }

  /** Goes round all who have devices here within a quarter of the time for which Redis keeps them. */
  async #keep(beatMs: number): Promise<void> {
    let left = Math.ceil(this.#known.size / ((KEPT_S * 1_000) / 4 / beatMs));
    if (left === 0) return;
    this.#refreshing ??= this.#known.entries();
    const due: [string, Known][] = [];
    for (; left > 0; left--) {
      const { value, done } = this.#refreshing.next() as IteratorResult<[string, Known], undefined>;
      if (done) {
        this.#refreshing = null;
        break;
      }
      if (value[1].own.size > 0) due.push(value);
    }
    if (due.length > 0) await this.#pipelined((pipeline) => due.forEach(([userId, known]) => this.#refresh(pipeline, userId, known)));
  }

  #tell(userId: string, notice: Notice): void {
    this.parts.bus.publish(channelOf(userId), JSON.stringify({ from: this.parts.id, notice }));
  }

  /** What does not arrive is told again when Redis is back. */
  async #pipelined(fill: Fill): Promise<void> {
    if (!this.parts.link.isUp()) return;
    const pipeline = this.parts.link.client.pipeline();
    fill(pipeline);
    await pipeline.exec().catch((error: unknown) => this.parts.logger.debug({ error: String(error) }, 'presence could not be told; it is told again'));
  }
}
