import { StorageRefused, type KeyValueChange, type KeyValueStore } from '../sync/ports.ts';

/** The key-value port in memory, for tests: counts writes and refuses them when told to. */
export class MemoryKeyValue implements KeyValueStore {
  readonly entries = new Map<string, Map<string, string>>();
  readonly writes: (readonly KeyValueChange[])[] = [];
  refuse: 'full' | 'unavailable' | null = null;

  private of(collection: string): Map<string, string> {
    const held = this.entries.get(collection) ?? new Map<string, string>();
    this.entries.set(collection, held);
    return held;
  }
  keys(collection: string): string[] { return [...this.of(collection).keys()].sort(); }
  async get(collection: string, key: string): Promise<unknown> {
    const held = this.of(collection).get(key);
    return held === undefined ? undefined : (JSON.parse(held) as unknown);
  }
  async range(collection: string, from: string, to: string, options: { limit?: number; reverse?: boolean } = {}): Promise<{ key: string; value: unknown }[]> {
    const keys = this.keys(collection).filter((k) => from <= k && k < to);
    if (options.reverse) keys.reverse();
    return keys.slice(0, options.limit).map((key) => ({ key, value: JSON.parse(this.of(collection).get(key)!) as unknown }));
  }
  async write(changes: readonly KeyValueChange[]): Promise<void> {
    if (this.refuse) throw new StorageRefused(this.refuse);
    this.writes.push(changes);
    for (const change of changes) {
      const collection = this.of(change.collection);
      if ('deleteRange' in change) for (const key of [...collection.keys()]) { if (change.from <= key && key < change.to) collection.delete(key); }
      else if ('delete' in change) collection.delete(change.key);
      else collection.set(change.key, JSON.stringify(change.value));
    }
  }
  async clear(): Promise<void> { this.entries.clear(); }
  async close(): Promise<void> {}
}
