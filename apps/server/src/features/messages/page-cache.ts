import type { Metrics } from '../../platform/metrics.ts';

/** Characters of JSON that pages come to together, and one of them at most. */
const MOST_CHARACTERS = 32 * 1_048_576;
const PAGE_CHARACTERS = 1_048_576;

interface Entry {
  rev: number;
  page: Promise<unknown>;
  /** 0 until it has been read. */
  characters: number;
}

/**
 * Pages of a channel that many people read at once, such as the newest messages after a gateway has died. A page is kept with
 * the head rev of the snapshot it was read in, and answers whoever reads the head at that very rev, in a snapshot of one's
 * own: every change of what a channel's readers share takes the next rev, so it is what that snapshot has. Nothing is
 * invalidated, by this process or another: a newer head is another rev.
 *
 * What one may see is not kept. A membership moves without the channel's rev, so each reader's is read in the same
 * snapshot as the head.
 */
export class PageCache {
  readonly #entries = new Map<string, Entry>();
  #characters = 0;

  constructor(private readonly metrics: Metrics, private readonly most = MOST_CHARACTERS) {}

  /**
   * The page that is called `key` at `rev` of `stream`. `load` reads it in a snapshot whose head has that rev, and depends
   * on nothing else but `key`; those who want it meanwhile wait for it. Nobody changes a page.
   */
  async page<T>(stream: string, rev: number, key: string, load: () => Promise<T>): Promise<T> {
    const name = `${stream} ${key}`;
    const known = this.#entries.get(name);
    if (known?.rev === rev) {
      this.#touch(name, known);
      try {
        const page = (await known.page) as T;
        this.#count('hit');
        return page;
      } catch {
        // Its reader's connection failed, which is no reason for this one's to.
        return load();
      }
    }
    this.#count('miss');
    // Who reads an older snapshot leaves what the others have.
    if (known && known.rev > rev) return load();
    const entry: Entry = { rev, page: load(), characters: 0 };
    this.#put(name, entry);
    let page: T;
    try {
      page = (await entry.page) as T;
    } catch (error) {
      if (this.#entries.get(name) === entry) this.#drop(name, entry);
      throw error;
    }
    this.#weigh(name, entry, page);
    return page;
  }

  #weigh(name: string, entry: Entry, page: unknown): void {
    if (this.#entries.get(name) !== entry) return;
    const characters = JSON.stringify(page).length;
    if (characters > Math.min(PAGE_CHARACTERS, this.most)) return this.#drop(name, entry);
    entry.characters = characters;
    this.#characters += characters;
    for (const [oldest, old] of this.#entries) {
      if (this.#characters <= this.most) break;
      if (old !== entry) this.#drop(oldest, old);
    }
    this.metrics.gauge('parley_page_cache_characters', this.#characters);
  }

  #put(name: string, entry: Entry): void {
    const before = this.#entries.get(name);
    if (before) this.#drop(name, before);
    this.#entries.set(name, entry);
  }

  #drop(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#characters -= entry.characters;
  }

  /** Behind all others: the first ones go. */
  #touch(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#entries.set(name, entry);
  }

  #count(outcome: 'hit' | 'miss'): void {
    this.metrics.count('parley_page_cache_total', 1, { outcome });
  }
}
