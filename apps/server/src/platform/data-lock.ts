import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

export class DataInUse extends Error {
  constructor(readonly directory: string) {
    super(`another Parley process uses ${directory}`);
    this.name = 'DataInUse';
  }
}

/**
 * Makes the data directory this process's own until it ends. The lock is one of the operating system on an empty
 * database file, so it goes with the process however that dies. @throws DataInUse
 */
export function lockDataDirectory(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const db = new Database(join(directory, 'parley.lock'), { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) throw new DataInUse(directory);
    throw error;
  }
  return { release: () => void db.close() };
}

/** Makes the data directory where it is missing, for a process that has it with others. */
export function useDataDirectory(directory: string): { release(): void } {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return { release: () => undefined };
}
