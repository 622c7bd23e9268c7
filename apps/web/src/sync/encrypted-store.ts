import type { KeyValueChange, KeyValueStore } from '@parley/shared/sync/ports';

interface Sealed { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer }

const isSealed = (value: unknown): value is Sealed => typeof value === 'object' && value !== null && 'iv' in value && 'data' in value;

/**
 * Values encrypted with AES-GCM, each bound to its place, so that none can be put in another's. Keys and their order stay
 * readable: they are ids. What another key encrypted is left where it is and not shown.
 */
export class EncryptedStore implements KeyValueStore {
  /** Encrypting takes turns: writes must reach the store in the order they were asked for. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly inner: KeyValueStore, private readonly key: CryptoKey) {}

  async get(collection: string, key: string): Promise<unknown> {
    await this.last;
    return this.unseal(collection, key, await this.inner.get(collection, key));
  }

  async range(collection: string, from: string, to: string, options?: { limit?: number; reverse?: boolean }): Promise<{ key: string; value: unknown }[]> {
    await this.last;
    const rows = await this.inner.range(collection, from, to, options);
    const opened = await Promise.all(rows.map(async ({ key, value }) => ({ key, value: await this.unseal(collection, key, value) })));
    return opened.filter(({ value }) => value !== undefined);
  }

  write(changes: readonly KeyValueChange[]): Promise<void> {
    const sealed = Promise.all(changes.map(async (change): Promise<KeyValueChange> => ('value' in change ? { ...change, value: await this.seal(change.collection, change.key, change.value) } : change)));
    const written = this.last.then(async () => this.inner.write(await sealed));
    this.last = written.catch(() => {});
    return written;
  }

  async clear(): Promise<void> {
    await this.last;
    await this.inner.clear();
  }

  async close(): Promise<void> {
    await this.last;
    await this.inner.close();
  }

  private place(collection: string, key: string): Uint8Array<ArrayBuffer> { return new TextEncoder().encode(`${collection}/${key}`); }

  private async seal(collection: string, key: string, value: unknown): Promise<Sealed> {
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: this.place(collection, key) }, this.key, new TextEncoder().encode(JSON.stringify(value)));
    return { iv, data };
  }

  private async unseal(collection: string, key: string, value: unknown): Promise<unknown> {
    if (!isSealed(value)) return undefined;
    try {
      const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: value.iv, additionalData: this.place(collection, key) }, this.key, value.data);
      return JSON.parse(new TextDecoder().decode(text)) as unknown;
    } catch {
      return undefined;
    }
  }
}
