import type { Metrics } from '../../platform/metrics.ts';

/** Characters of JSON that pages come to together, and one of them at most. */
const MOST_CHARACTERS = 32 * 1_048_576;
const PAGE_CHARACTERS = 1_048_576;
/** Pages that only one has asked for: most stay so, and are not even measured. */
const MOST_NEW = 64;

interface Entry {
  rev: number;
  page: Promise<unknown>;
  /** Null until somebody else asks for it. */
  characters: number | null;
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
  #new = 0;

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
      let page: T;
      try {
        page = (await known.page) as T;
      } catch {
        // Its reader's connection failed, which is no reason for this one's to.
        return load();
      }
      this.#count('hit');
      this.#measure(name, known, page);
      return page;
    }
    this.#count('miss');
    // Who reads an older snapshot leaves what the others have.
    if (known && known.rev > rev) return load();
    const entry: Entry = { rev, page: load(), characters: null };
    this.#put(name, entry);
    try {
      return (await entry.page) as T;
    } catch (error) {
      if (this.#entries.get(name) === entry) this.#drop(name, entry);
      throw error;
    }
  }

  #measure(name: string, entry: Entry, page: unknown): void {
    if (entry.characters !== null || this.#entries.get(name) !== entry) return;
    entry.characters = JSON.stringify(page).length;
    this.#new--;
    this.#characters += entry.characters;
    if (entry.characters > Math.min(PAGE_CHARACTERS, this.most)) this.#drop(name, entry);
    this.#dropOldest((old) => old.characters !== null, () => this.#characters > this.most);
    this.metrics.gauge('parley_page_cache_characters', this.#characters);
  }

  /** The map is in the order of use. */
  #dropOldest(which: (entry: Entry) => boolean, tooMany: () => boolean): void {
    for (const [name, entry] of this.#entries) {
      if (!tooMany()) return;
      if (which(entry)) this.#drop(name, entry);
    }
  }

  #put(name: string, entry: Entry): void {
    const before = this.#entries.get(name);
    if (before) this.#drop(name, before);
    this.#entries.set(name, entry);
    this.#new++;
    this.#dropOldest((old) => old.characters === null, () => this.#new > MOST_NEW);
  }

  #drop(name: string, entry: Entry): void {
    this.#entries.delete(name);
    if (entry.characters === null) this.#new--;
    else this.#characters -= entry.characters;
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
