import { StorageRefused, type KeyValueChange, type KeyValueStore } from '@parley/shared/sync/ports';
import type { Chance } from './chance.ts';
import type { SimClock } from './sim-clock.ts';

/** What is on a device's disk: outlives the engines that use it. */
export type Disk = Map<string, Map<string, unknown>>;

/**
 * The key-value port over a simulated disk: each call takes its time, a write is there whole or not at all, and when the
 * device crashes what is under way ends either way and is never answered.
 */
export class CrashableStore implements KeyValueStore {
  private alive = true;
  private last: Promise<void> = Promise.resolve();
  /** While set, writes are refused. */
  refuse: 'full' | 'unavailable' | null = null;

  constructor(private readonly disk: Disk, private readonly clock: SimClock, private readonly chance: Chance) {}

  crash(): void { this.alive = false; }

  private collection(name: string): Map<string, unknown> {
    const held = this.disk.get(name) ?? new Map<string, unknown>();
    this.disk.set(name, held);
    return held;
  }

  /** Calls are done in their order; never resolves for the dead. */
  private inTurn<T>(work: () => T): Promise<T> {
    const done = this.last.then(async () => {
      if (this.chance.of(0.3)) await this.clock.sleep(this.chance.between(0, 8));
      return this.alive ? work() : new Promise<never>(() => {});
    });
    this.last = done.then(() => {}, () => {});
    return done;
  }

  get(collection: string, key: string): Promise<unknown> { 
    return this.inTurn(() => {
      const held = this.collection(collection).get(key);
      return held === undefined ? undefined : (JSON.parse(held as string) as unknown);
    });
  }

  range(collection: string, from: string, to: string, options: { limit?: number; reverse?: boolean } = {}): Promise<{ key: string; value: unknown }[]> {
    return this.inTurn(() => {
      const entries = [...this.collection(collection)].filter(([key]) => from <= key && key < to).sort(([a], [b]) => (a < b ? -1 : 1));
      if (options.reverse) entries.reverse();
      return entries.slice(0, options.limit).map(([key, value]) => ({ key, value: JSON.parse(value as string) as unknown }));
    });
  }

  write(changes: readonly KeyValueChange[]): Promise<void> {
    const taken = changes.map((c) => ('value' in c ? { ...c, value: JSON.stringify(c.value) } : c));
    return this.inTurn(() => {
      if (this.refuse) throw new StorageRefused(this.refuse);
      for (const change of taken) {
        const collection = this.collection(change.collection);
        if ('deleteRange' in change) for (const key of [...collection.keys()]) { if (change.from <= key && key < change.to) collection.delete(key); }
        else if ('delete' in change) collection.delete(change.key);
        else collection.set(change.key, change.value);
      }
    });
  }

  clear(): Promise<void> { return this.inTurn(() => this.disk.clear()); }
  async close(): Promise<void> {}
}
