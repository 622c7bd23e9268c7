import { deleteDB, openDB, type IDBPDatabase } from 'idb';
import { StorageRefused, type KeyValueChange, type KeyValueStore } from '@parley/shared/sync/ports';

const ENTRIES = 'entries';
type Key = [collection: string, key: string];

/** What went wrong, in the words of the port. */
export function asRefused(error: unknown): StorageRefused {
  if (error instanceof StorageRefused) return error;
  return new StorageRefused(error instanceof DOMException && error.name === 'QuotaExceededError' ? 'full' : 'unavailable');
}

/**
 * The key-value port on IndexedDB: one object store keyed by collection and key. `strict` waits for the disk, and is for
 * what only this device has.
 * @throws StorageRefused when the browser gives no database, as in some private windows.
 */
export async function openIndexedDb(name: string, durability: 'strict' | 'relaxed'): Promise<KeyValueStore> {
  let db: IDBPDatabase;
  try {
    db = await openDB(name, 1, {
      upgrade: (made) => void made.createObjectStore(ENTRIES),
      // Another tab deletes the database (sign-out): holding on to it would block that for ever.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
  } catch (error) {
    throw asRefused(error);
  }
  return new IndexedDbStore(db, durability);
}

/** Removes a database whole. Waits for other tabs to let go of it. */
export const deleteIndexedDb = (name: string): Promise<void> => deleteDB(name);

class IndexedDbStore implements KeyValueStore {
  constructor(private readonly db: IDBPDatabase, private readonly durability: 'strict' | 'relaxed') {}

  async get(collection: string, key: string): Promise<unknown> {
    try {
      return await this.db.get(ENTRIES, [collection, key]);
    } catch (error) {
      throw asRefused(error);
    }
  }

  async range(collection: string, from: string, to: string, options: { limit?: number; reverse?: boolean } = {}): Promise<{ key: string; value: unknown }[]> {
    if (from >= to) return [];
    const bounds = IDBKeyRange.bound([collection, from], [collection, to], false, true);
    try {
      if (!options.reverse) {
        const tx = this.db.transaction(ENTRIES);
        const [keys, values] = await Promise.all([tx.store.getAllKeys(bounds, options.limit), tx.store.getAll(bounds, options.limit)]);
        return keys.map((key, i) => ({ key: (key as Key)[1], value: values[i] as unknown }));
      }
      const out: { key: string; value: unknown }[] = [];
      let cursor = await this.db.transaction(ENTRIES).store.openCursor(bounds, 'prev');
      while (cursor && out.length < (options.limit ?? Infinity)) {
        out.push({ key: (cursor.key as Key)[1], value: cursor.value as unknown });
        cursor = await cursor.continue();
      }
      return out;
    } catch (error) {
      throw asRefused(error);
    }
  }

  async write(changes: readonly KeyValueChange[]): Promise<void> {
    if (changes.length === 0) return;
    try {
      const tx = this.db.transaction(ENTRIES, 'readwrite', { durability: this.durability });
      // Requests fail with their transaction, whose end is awaited: each alone must not be an unhandled rejection.
      const quiet = (request: Promise<unknown>): void => void request.catch(() => {});
      try {
        for (const change of changes) {
          if ('deleteRange' in change) {
            if (change.from < change.to) quiet(tx.store.delete(IDBKeyRange.bound([change.collection, change.from], [change.collection, change.to], false, true)));
          } else if ('delete' in change) quiet(tx.store.delete([change.collection, change.key]));
          else quiet(tx.store.put(change.value, [change.collection, change.key]));
        }
      } catch (error) {
        // A value that cannot be cloned throws at once, and what was asked before it would be committed.
        quiet(tx.done);
        tx.abort();
        throw error;
      }
      await tx.done;
    } catch (error) {
      throw asRefused(error);
    }
  }

  async clear(): Promise<void> {
    try {
      await this.db.clear(ENTRIES);
    } catch (error) {
      throw asRefused(error);
    }
  }

  async close(): Promise<void> {
    this.db.close();
  }
}
