import { getUsers } from '../protocol/calls/accounts.ts';
import type { User } from '../protocol/entities.ts';
import type { Topics } from './observable.ts';
import type { Persist } from './persist.ts';
import type { Clock, KeyValueStore, Timer, Transport } from './ports.ts';

const BATCH_MS = 30;
const BATCH = 200;
/** At most so many people are held; those asked for longest ago go first. */
const HELD = 5_000;
/** Of so many who are on screen the cache has a list of its own. */
const FACES = 300;

/**
 * People, fetched in batches when shown and updated live while looked at. After a time away what is held is shown, and
 * fetched again when it is shown. A start waits for those alone who were on screen last; thousands of others follow.
 */
export class Directory {
  private readonly people = new Map<string, { user: User; verified: boolean }>();
  private readonly wanted = new Set<string>();
  /** Asked and not found since the last connection. */
  private readonly missing = new Set<string>();
  private timer: Timer | null = null;
  private running = false;
  private faces = '';
  private cleared = false;
  /** Resolves when everybody of the cache is in memory. */
  whole: Promise<void> = Promise.resolve();

  constructor(
    private readonly cache: KeyValueStore, private readonly persist: Persist, private readonly transport: Transport, private readonly clock: Clock, private readonly topics: Topics,
    private readonly workspaces: () => string[], private readonly shown: () => string[], private readonly pause: () => Promise<void>, private readonly onRefused: () => void,
  ) {}

  /** Reads who was on screen last. The others follow when that has been drawn, and are touched when somebody waits for them. */
  async load(): Promise<void> {
    const faces = ((await this.cache.get('faces', 'shown')) as User[] | undefined) ?? [];
    for (const user of faces) this.people.set(user.id, { user, verified: false });
    this.faces = faces.map((user) => user.id).join();
    // Without a list of faces there is nobody to show yet.
    if (faces.length === 0) return this.loadOthers();
    this.whole = this.pause().then(() => this.loadOthers());
    this.whole.catch(() => this.onRefused());
  }

  private async loadOthers(): Promise<void> {
    const rows = this.cleared ? [] : await this.cache.range('users', '', '\uffff', { limit: HELD });
    if (this.cleared) return;
    const missed: string[] = [];
    for (const { key, value } of rows) {
      if (this.people.get(key)?.verified) continue;
      const known = this.people.has(key);
      this.people.set(key, { user: value as User, verified: false });
      if (!known && this.wanted.has(key)) missed.push(`user:${key}`);
    }
    this.topics.touch(...missed);
  }

  /** Notes who is on screen, to be read first by the next start. */
  noteFaces(): void {
    const shown = this.shown().filter((id) => this.people.has(id)).slice(0, FACES);
    const names = shown.sort().join();
    if (names === this.faces) return;
    this.faces = names;
    this.persist.mark('faces/shown', () => ({ collection: 'faces', key: 'shown', value: shown.flatMap((id) => this.people.get(id)?.user ?? []) }));
  }

  /** What is known; asks for who is unknown or unverified. */
  get(userId: string): User | null {
    const held = this.people.get(userId);
    if (!held?.verified) this.want(userId);
    return held?.user ?? null;
  }

  /** Everybody who is held here. */
  *known(): Generator<User> {
    for (const { user } of this.people.values()) yield user;
  }

  put(users: readonly User[]): void {
    for (const user of users) {
      this.missing.delete(user.id);
      this.people.delete(user.id);
      this.people.set(user.id, { user, verified: true });
      this.persist.mark(`users/${user.id}`, () => {
        const held = this.people.get(user.id);
        return held ? { collection: 'users', key: user.id, value: held.user } : { collection: 'users', key: user.id, delete: true };
      });
      this.topics.touch(`user:${user.id}`);
    }
    for (const id of this.people.keys()) {
      if (this.people.size <= HELD) break;
      this.people.delete(id);
      this.persist.mark(`users/${id}`, () => ({ collection: 'users', key: id, delete: true }));
    }
  }

  setRunning(running: boolean): void {
    this.running = running;
    if (!running) return;
    this.missing.clear();
    for (const held of this.people.values()) held.verified = false;
    for (const id of this.shown()) this.want(id);
    this.schedule();
  }

  clear(): void {
    this.cleared = true;
    this.people.clear();
    this.wanted.clear();
    this.missing.clear();
  }

  private want(userId: string): void {
    if (this.missing.has(userId)) return;
    this.wanted.add(userId);
    this.schedule();
  }

  private schedule(): void {
    if (!this.running || this.timer || this.wanted.size === 0) return;
    this.timer = this.clock.setTimer(BATCH_MS, () => void this.fetch());
  }

  private async fetch(): Promise<void> {
    let left = [...this.wanted].slice(0, BATCH);
    for (const workspace_id of this.workspaces()) {
      if (left.length === 0) break;
      const outcome = await this.transport.call(getUsers, { workspace_id, ids: left.join(','), page_size: BATCH });
      if (outcome.kind !== 'ok') {
        this.timer = null;
        // Asked again with the next connection, or with the next one that is shown.
        return;
      }
      this.put(outcome.value.items);
      const found = new Set(outcome.value.items.map((u) => u.id));
      left = left.filter((id) => !found.has(id));
      for (const id of found) this.wanted.delete(id);
    }
    if (this.workspaces().length > 0) {
      for (const id of left) {
        this.missing.add(id);
        this.wanted.delete(id);
      }
    }
    this.timer = null;
    if (this.workspaces().length > 0) this.schedule();
  }

  stop(): void {
    this.running = false;
    this.timer?.cancel();
    this.timer = null;
  }
}
