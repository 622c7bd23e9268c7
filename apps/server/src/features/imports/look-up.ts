import type { Store } from '../../storage/port.ts';
import { importMap } from '../../storage/tables.ts';

const KEPT = 50_000;

/** What ids of the archive are here: read when first asked for, and forgotten when too many are kept. */
export class LookUp {
  #ids = new Map<string, string | null>();

  constructor(private readonly store: Store, private readonly scope: string) {}

  /** Afterwards `get` knows these. */
  async load(sourceIds: readonly string[]): Promise<void> {
    const wanted = [...new Set(sourceIds)].filter((id) => !this.#ids.has(id));
    if (wanted.length === 0) return;
    if (this.#ids.size + wanted.length > KEPT) this.#ids = new Map([...this.#ids].slice(-KEPT / 2));
    const rows = await this.store.read((tx) => Promise.all(wanted.map((id) => tx.get(importMap, [this.scope, id]))));
    for (const [i, id] of wanted.entries()) this.#ids.set(id, rows[i]?.id ?? null);
  }

  get(sourceId: string): string | null {
    return this.#ids.get(sourceId) ?? null;
  }

  set(sourceId: string, id: string): void {
    this.#ids.set(sourceId, id);
  }
}
