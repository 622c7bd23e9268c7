import { type HeldBlob, isHash, type KeptBlob } from './port.ts';

/** What an adapter of `Files` asks before it puts bytes in place or takes them away. */
export interface BlobHolds {
  /** Puts the bytes in place while they cannot be removed, and holds them. */
  keep(blob: KeptBlob, place: () => Promise<void>): Promise<HeldBlob>;
  /** As `Files.remove`; `forget` takes them away. */
  remove(hash: string, unused: () => Promise<boolean>, forget: () => Promise<void>): Promise<boolean>;
}

/**
 * Within one process: who holds which bytes, and which are being removed. Keepers of the same bytes do not wait for each other; they wait for
 * a removal, and a removal never waits for them but is given up.
 */
export class Holds implements BlobHolds {
  readonly #held = new Map<string, number>();
  readonly #going = new Map<string, Promise<unknown>>();

  async keep(blob: KeptBlob, place: () => Promise<void>): Promise<HeldBlob> {
    const { hash, size } = blob;
    while (this.#going.has(hash)) await this.#going.get(hash);
    this.#held.set(hash, (this.#held.get(hash) ?? 0) + 1);
    let released = false;
    const release = (): void => {
      if (released) return;
      released = true;
      const left = this.#held.get(hash)! - 1;
      if (left === 0) this.#held.delete(hash);
      else this.#held.set(hash, left);
    };
    try {
      await place();
    } catch (error) {
      release();
      throw error;
    }
    return { hash, size, release };
  }

  async remove(hash: string, unused: () => Promise<boolean>, forget: () => Promise<void>): Promise<boolean> {
    if (!isHash(hash) || this.#held.has(hash) || this.#going.has(hash)) return false;
    const work = (async () => {
      if (!(await unused())) return false;
      await forget();
      return true;
    })();
    // Who waits for the removal does not care how it went.
    this.#going.set(hash, work.catch(() => undefined));
    try {
      return await work;
    } finally {
      this.#going.delete(hash);
    }
  }
}
