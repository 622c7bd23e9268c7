import Database from 'better-sqlite3';

export type Connection = Database.Database;

/** Pragmas as read back from an open connection. */
export type Settings = Record<string, string | number>;

const READ_BACK = ['journal_mode', 'synchronous', 'wal_autocheckpoint', 'journal_size_limit', 'page_size', 'cache_size', 'busy_timeout', 'locking_mode'] as const;

/**
 * A connection that writes. `synchronous=FULL` is set by name, since SQLite may be built to do less in WAL mode.
 * @throws when the database does not confirm WAL and FULL: nothing would be durable then.
 */
export function openWriter(file: string): Connection {
  const db = new Database(file);
  try {
    db.pragma('busy_timeout = 5000');
    db.pragma('page_size = 4096');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('wal_autocheckpoint = 4000');
    db.pragma(`journal_size_limit = ${64 * 1024 * 1024}`);
    db.pragma('cache_size = -65536');
    db.pragma('temp_store = MEMORY');
    const { journal_mode: mode, synchronous } = readBack(db);
    if (mode !== 'wal' || synchronous !== 2) throw new Error(`${file}: the database must run with journal_mode=wal and synchronous=FULL (2), but answers ${mode} and ${synchronous}`);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** A connection that only reads, beside the writer's. */
export function openReader(file: string): Connection {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  db.pragma('busy_timeout = 5000');
  db.pragma('cache_size = -16384');
  db.pragma('temp_store = MEMORY');
  return db;
}

export function readBack(db: Connection): Settings {
  return Object.fromEntries(READ_BACK.map((name) => [name, db.pragma(name, { simple: true }) as string | number]));
}
