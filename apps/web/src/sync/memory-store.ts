import type { KeyValueChange, KeyValueStore } from '@parley/shared/sync/ports';

/** Where the browser gives no database: all works, and a reload starts anew. */
export class MemoryStore implements KeyValueStore {
  private readonly entries = new Map<string, Map<string, unknown>>();

  private of(collection: string): Map<string, unknown> {
    const held = this.entries.get(collection) ?? new Map<string, unknown>();
    this.entries.set(collection, held);
    return held;
  }
  async get(collection: string, key: string): Promise<unknown> { return structuredClone(this.of(collection).get(key)); }
  async range(collection: string, from: string, to: string, options: { limit?: number; reverse?: boolean } = {}): Promise<{ key: string; value: unknown }[]> {
    const keys = [...this.of(collection).keys()].filter((k) => from <= k && k < to).sort((a, b) => (a < b ? -1 : 1));
    if (options.reverse) keys.reverse();
    return keys.slice(0, options.limit).map((key) => ({ key, value: structuredClone(this.of(collection).get(key)) }));
  }
  async write(changes: readonly KeyValueChange[]): Promise<void> {
    for (const change of changes) {
      const collection = this.of(change.collection);
      if ('deleteRange' in change) for (const key of [...collection.keys()]) { if (change.from <= key && key < change.to) collection.delete(key); }
      else if ('delete' in change) collection.delete(change.key);
      else collection.set(change.key, structuredClone(change.value));
    }
  }
  async clear(): Promise<void> { this.entries.clear(); }
  async close(): Promise<void> {}
}
