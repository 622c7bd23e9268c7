import { StorageRefused, type KeyValueChange, type KeyValueStore } from './ports.ts';

/** Ordered keys of numbers: twelve digits compare as text like the numbers they are. */
export const padded = (n: number): string => String(n).padStart(12, '0');

/** The key right above all keys that begin with `prefix/`: `0` follows `/` in code units. */
export const prefixRange = (prefix: string): [from: string, to: string] => [`${prefix}/`, `${prefix}0`];

/**
 * Writes behind: changes are collected by key and taken all at once, so that what lies in the store is always one moment
 * of the replica (SPEC CAC2). One write is on its way at a time; a refused one is tried again with what came since.
 */
export class Persist {
  private dirty = new Map<string, () => KeyValueChange | KeyValueChange[]>();
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly store: KeyValueStore, private readonly onRefused: (error: StorageRefused) => void, private readonly onKept: () => void) {}

  /** Remembers that something changed; `take` is asked for its present value when the write begins. */
  mark(key: string, take: () => KeyValueChange | KeyValueChange[]): void { this.dirty.set(key, take); }
  has(prefix: string): boolean {
    for (const key of this.dirty.keys()) if (key.startsWith(prefix)) return true;
    return false;
  }
  /** Takes back marks whose keys begin with `prefix`, and lie below `to`. */
  unmark(prefix: string, to = '\uffff'): void {
    for (const key of this.dirty.keys()) if (key.startsWith(prefix) && key < to) this.dirty.delete(key);
  }
  get pending(): boolean { return this.dirty.size > 0; }

  /** Resolves when everything marked before the call is durable, or was refused. */
  async flush(): Promise<void> {
    while (this.running) await this.running;
    if (this.stopped || this.dirty.size === 0) return;
    const taken = this.dirty;
    this.dirty = new Map();
    this.running = this.write(taken).finally(() => { this.running = null; });
    await this.running;
  }

  private async write(taken: Map<string, () => KeyValueChange | KeyValueChange[]>): Promise<void> {
    try {
      const changes = [...taken.values()].flatMap((take) => take());
      // Every `take` tells the present state, so what clears a stretch comes first, however often it is tried again.
      changes.sort((a, b) => Number('deleteRange' in b) - Number('deleteRange' in a));
      await this.store.write(changes);
      this.onKept();
    } catch (error) {
      if (!(error instanceof StorageRefused)) throw error;
      for (const [key, take] of taken) if (!this.dirty.has(key)) this.dirty.set(key, take);
      this.onRefused(error);
    }
  }

  /** Forgets what is not written yet; what is being written ends first. */
  async abandon(): Promise<void> {
    this.dirty.clear();
    while (this.running) await this.running;
    this.dirty.clear();
  }

  stop(): void { this.stopped = true; }
}
