import { padded } from '@parley/shared/sync/persist';
import type { KeyValueStore } from '@parley/shared/sync/ports';

/** CMP-9: as much as is kept of files that the server has not got. */
export const KEPT_BYTES = 500 * 1024 * 1024;
/** The parts in which files are kept, and sent (CMP-8). */
export const PART_BYTES = 5 * 1024 * 1024;

interface Kept { size: number; mime: string }
interface Sealed { iv: Uint8Array<ArrayBuffer>; data: ArrayBuffer }

const partsOf = (size: number): number => Math.ceil(size / PART_BYTES);
const place = (id: string, part: number): Uint8Array<ArrayBuffer> => new TextEncoder().encode(`files/${id}/${part}`);

/**
 * Bytes of files in the browser's database, in parts that are read one at a time and encrypted with the account's key
 * (SPEC TAB4). Without a key, as over plain HTTP, they lie as they are.
 */
export class FileBytes {
  /** Changes take turns: what is being kept is not tidied away. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: KeyValueStore, private readonly key: CryptoKey | null, private readonly most = KEPT_BYTES) {}

  /** False when there is no room, and then nothing of it is kept. */
  keep(id: string, blob: Blob): Promise<boolean> { return this.inTurn(() => this.keepNow(id, blob)); }
  drop(ids: readonly string[]): Promise<void> { return this.inTurn(() => this.dropNow(ids)); }
  /** Parts of one whose keeping was broken off go as well. */
  retain(ids: readonly string[]): Promise<void> { return this.inTurn(() => this.retainNow(ids)); }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => {});
    return done;
  }

  private async keepNow(id: string, blob: Blob): Promise<boolean> {
    const kept = await this.store.range('kept', '', '\uffff');
    const used = kept.reduce((sum, { key, value }) => sum + (key === id ? 0 : (value as Kept).size), 0);
    if (used + blob.size > this.most) return false;
    try {
      for (let part = 0; part < partsOf(blob.size); part++) {
        const bytes = await blob.slice(part * PART_BYTES, (part + 1) * PART_BYTES).arrayBuffer();
        await this.store.write([{ collection: 'parts', key: `${id}/${padded(part)}`, value: await this.seal(id, part, bytes) }]);
      }
      // Last: what is listed is whole.
      await this.store.write([{ collection: 'kept', key: id, value: { size: blob.size, mime: blob.type } satisfies Kept }]);
      return true;
    } catch {
      await this.dropNow([id]).catch(() => {});
      return false;
    }
  }

  async close(): Promise<void> {
    await this.last;
    await this.store.close();
  }

  async sizeOf(id: string): Promise<number | null> { return ((await this.store.get('kept', id)) as Kept | undefined)?.size ?? null; }

  /** Null when it is not kept, or another key encrypted it. */
  async slice(id: string, start: number, end: number): Promise<Blob | null> {
    const kept = (await this.store.get('kept', id)) as Kept | undefined;
    if (!kept) return null;
    const to = Math.min(end, kept.size);
    const pieces: ArrayBuffer[] = [];
    for (let part = Math.floor(start / PART_BYTES); part * PART_BYTES < to; part++) {
      const bytes = await this.unseal(id, part, await this.store.get('parts', `${id}/${padded(part)}`));
      if (!bytes) return null;
      const base = part * PART_BYTES;
      pieces.push(bytes.slice(Math.max(0, start - base), to - base));
    }
    return new Blob(pieces, { type: kept.mime });
  }

  private async dropNow(ids: readonly string[]): Promise<void> {
    await this.store.write(ids.flatMap((id) => [{ collection: 'kept', key: id, delete: true as const }, { collection: 'parts', from: `${id}/`, to: `${id}0`, deleteRange: true as const }]));
  }

  private async retainNow(ids: readonly string[]): Promise<void> {
    const wanted = [...ids].sort();
    let from = '';
    const gaps = [...wanted.map((id) => { const gap = { from, to: `${id}/` }; from = `${id}0`; return gap; }), { from, to: '\uffff' }];
    const kept = await this.store.range('kept', '', '\uffff');
    await this.store.write([
      ...gaps.map((gap) => ({ collection: 'parts', ...gap, deleteRange: true as const })),
      ...kept.filter(({ key }) => !ids.includes(key)).map(({ key }) => ({ collection: 'kept', key, delete: true as const })),
    ]);
  }

  private async seal(id: string, part: number, bytes: ArrayBuffer): Promise<Sealed | ArrayBuffer> {
    if (!this.key) return bytes;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    return { iv, data: await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: place(id, part) }, this.key, bytes) };
  }
  private async unseal(id: string, part: number, value: unknown): Promise<ArrayBuffer | null> {
    if (value instanceof ArrayBuffer) return this.key ? null : value;
    if (!this.key || typeof value !== 'object' || value === null || !('iv' in value)) return null;
    const { iv, data } = value as Sealed;
    return crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: place(id, part) }, this.key, data).catch(() => null);
  }
}
