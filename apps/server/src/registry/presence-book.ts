import type { Clock, Timer } from '@parley/shared/domain/clock';
import { quietUntil, type QuietHours } from '@parley/shared/domain/quiet-hours';
import type { ManualPresence, Presence, Usage } from './port.ts';

/** Somebody whose last device went is shown as before for this long, so that a reconnection is not seen. */
export const OFFLINE_GRACE_MS = 5_000;
/** Changes within this span are told once. */
export const PRESENCE_COALESCE_MS = 500;
const MINUTE_MS = 60_000;

interface Person {
  devices: Map<string, 'online' | 'away'>;
  leaving: Timer | null;
  choice: ManualPresence;
  until: number | null;
  expiry: Timer | null;
  schedule: readonly QuietHours[];
  told: Presence;
}

/** What is shown of somebody who has devices in these states. */
export function shownState(devices: Iterable<'online' | 'away'>, person: { choice: ManualPresence; schedule: readonly QuietHours[] }, now: number): Presence {
  if (person.choice !== 'auto') return person.choice;
  if (quietUntil({ until: null, schedule: person.schedule }, now) !== null) return 'dnd';
  for (const state of devices) if (state === 'online') return 'online';
  return 'away';
}

/**
 * Per-person, per-device presence merged into one state: offline without devices, else what the person chose, else online
 * when any device is, else away. Tells changes of the merged state only, coalesced.
 */
export class PresenceBook {
  readonly #people = new Map<string, Person>();
  readonly #changed = new Set<string>();
  #flush: Timer | null = null;
  #minute: Timer | null = null;

  constructor(private readonly clock: Clock, private readonly tell: (userId: string, state: Presence) => void) {}

  setDevice(userId: string, device: string, state: 'online' | 'away' | null): void {
    const person = this.#person(userId);
    if (state === null) {
      if (!person.devices.delete(device) || person.devices.size > 0) return this.#touch(userId);
      person.leaving?.cancel();
      person.leaving = this.clock.setTimer(OFFLINE_GRACE_MS, () => {
        person.leaving = null;
        this.#touch(userId);
      });
      return;
    }
    person.leaving?.cancel();
    person.leaving = null;
    person.devices.set(device, state);
    this.#touch(userId);
  }

  choose(userId: string, choice: ManualPresence, until: number | null): void {
    const known = this.#people.get(userId);
    if (!known && choice === 'auto') return;
    const person = known ?? this.#person(userId);
    if (person.choice === choice && person.until === until) return;
    person.choice = choice;
    person.until = until;
    person.expiry?.cancel();
    person.expiry = until === null ? null : this.clock.setTimer(Math.max(0, until - this.clock.now()), () => this.choose(userId, 'auto', null));
    this.#touch(userId);
  }

  /** Hours begin and end on whole minutes: whoever has some is looked at once a minute, while there is anybody. */
  quiet(userId: string, schedule: readonly QuietHours[]): void {
    const known = this.#people.get(userId);
    if (!known && schedule.length === 0) return;
    const person = known ?? this.#person(userId);
    person.schedule = schedule;
    this.#touch(userId);
    if (schedule.length > 0) this.#watch();
  }

  #watch(): void {
    this.#minute ??= this.clock.setTimer(MINUTE_MS - (this.clock.now() % MINUTE_MS), () => {
      this.#minute = null;
      let any = false;
      for (const [id, person] of this.#people) {
        if (person.schedule.length === 0) continue;
        any = true;
        this.#touch(id);
      }
      if (any) this.#watch();
    });
  }

  stateOf(userId: string): Presence {
    const person = this.#people.get(userId);
    if (!person) return 'offline';
    if (person.devices.size === 0) return person.leaving ? person.told : 'offline';
    return shownState(person.devices.values(), person, this.clock.now());
  }

  /** What the devices tell, whatever the person chose. */
  usageOf(userId: string): Usage {
    const devices = [...(this.#people.get(userId)?.devices ?? [])];
    return { active: devices.some(([, state]) => state === 'online'), connected: [...new Set(devices.map(([key]) => key.split('/')[0]!))] };
  }

  /** The devices that are here. */
  devicesOf(userId: string): readonly string[] {
    return [...(this.#people.get(userId)?.devices.keys() ?? [])];
  }

  /** Nobody asks for the person any more; nothing is told. */
  forget(userId: string): void {
    const person = this.#people.get(userId);
    person?.leaving?.cancel();
    person?.expiry?.cancel();
    this.#people.delete(userId);
  }

  close(): void {
    this.#flush?.cancel();
    this.#minute?.cancel();
    for (const person of this.#people.values()) {
      person.leaving?.cancel();
      person.expiry?.cancel();
    }
    this.#people.clear();
  }

  #person(userId: string): Person {
    let person = this.#people.get(userId);
    if (!person) this.#people.set(userId, (person = { devices: new Map(), leaving: null, choice: 'auto', until: null, expiry: null, schedule: [], told: 'offline' }));
    return person;
  }

  #touch(userId: string): void {
    this.#changed.add(userId);
    this.#flush ??= this.clock.setTimer(PRESENCE_COALESCE_MS, () => {
      this.#flush = null;
      const changed = [...this.#changed];
      this.#changed.clear();
      for (const id of changed) this.#settle(id);
    });
  }

  #settle(userId: string): void {
    const person = this.#people.get(userId);
    if (!person) return;
    const state = this.stateOf(userId);
    if (state !== person.told) {
      person.told = state;
      this.tell(userId, state);
    }
    if (person.devices.size === 0 && !person.leaving && person.choice === 'auto' && person.schedule.length === 0) this.#people.delete(userId);
  }
}
