import { TOKENISER_VERSION } from '@parley/shared/domain/search/tokenise';
import Database from 'better-sqlite3';

/** Raised when the tables change; an index of another version is made anew. */
const SCHEMA_VERSION = 2;
export const INDEX_VERSION = `${SCHEMA_VERSION}.${TOKENISER_VERSION}`;

/**
 * `docs.id` is the message's time in microseconds, the next free one where two channels share it: so the order of rows is
 * the order of time, over all channels, and a page of the newest needs no sorting.
 *
 * `fts` holds no text. `words` is the sequence, for phrases; `more` holds variants and parts of words; `scope` the channel,
 * the author and the traits, so that filters cost what words cost. Text comes cut and folded: to the `ascii` tokeniser
 * everything beyond ASCII is a letter, and spaces part words.
 */
const TABLES = `
  CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS channels (num INTEGER PRIMARY KEY, channel_id TEXT NOT NULL UNIQUE, workspace_id TEXT NOT NULL, public INTEGER NOT NULL, rev INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS authors (num INTEGER PRIMARY KEY, user_id TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE IF NOT EXISTS docs (id INTEGER PRIMARY KEY, channel INTEGER NOT NULL, seq INTEGER NOT NULL, rev INTEGER NOT NULL, sum TEXT, UNIQUE (channel, seq)) STRICT;
  CREATE VIRTUAL TABLE IF NOT EXISTS fts USING fts5(words, more, scope, content='', contentless_delete=1, prefix='2 3', tokenize="ascii tokenchars '+#*'");
`;
const NAMES = ['fts', 'docs', 'authors', 'channels', 'about'];

export type Connection = Database.Database;

/** Opens the index beside the store. It may lose its last seconds in a power cut: what is missing is read from the store again. */
export function openIndex(file: string): Connection {
  const db = new Database(file);
  try {
    db.pragma('busy_timeout = 5000');
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('cache_size = -32768');
    db.pragma('temp_store = MEMORY');
    db.exec(TABLES);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

export function emptyIndex(db: Connection): void {
  db.transaction(() => {
    for (const name of NAMES) db.exec(`DROP TABLE IF EXISTS ${name}`);
    db.exec(TABLES);
  }).immediate();
}
