import type { Table } from '../port.ts';
import type { Connection } from './connection.ts';
import { indexName, indexSql, quote, REST, tableSql } from './schema.ts';

/** A step that only code can take, such as moving what rows hold. Tables, columns and indexes follow the declarations by themselves. */
export interface Migration {
  version: number;
  up(db: Connection): void;
}

/** In order, never changed once released. Version 1 is the declared tables as such. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, up: () => undefined }];

/** The file is of a later version of the program; opening it would damage it. */
export class NewerDatabaseError extends Error {
  constructor(file: string, reason: string) {
    super(`${file} was written by a newer version of Parley (${reason}). Install that version, or restore a backup from before the update.`);
    this.name = 'NewerDatabaseError';
  }
}

/**
 * Brings the file up to this program, in one transaction: runs the migrations that it lacks, then adds the tables, columns
 * and indexes that are declared and missing.
 * @throws NewerDatabaseError and changes nothing when the file knows more than this program.
 */
export function migrate(db: Connection, tables: readonly Table[], now: number, migrations: readonly Migration[] = MIGRATIONS): { from: number; to: number } {
  const newest = migrations.at(-1)!.version;
  return db.transaction(() => {
    db.exec('CREATE TABLE IF NOT EXISTS schema_versions (version INTEGER PRIMARY KEY, applied_at INTEGER NOT NULL) STRICT');
    const from = (db.prepare('SELECT max(version) FROM schema_versions').pluck().get() as number | null) ?? 0;
    if (from > newest) throw new NewerDatabaseError(db.name, `schema ${from}, while this one knows ${newest}`);
    for (const table of tables) refuseUnknownColumns(db, table);
    for (const migration of migrations.filter(({ version }) => version > from)) {
      migration.up(db);
      db.prepare('INSERT INTO schema_versions (version, applied_at) VALUES (?, ?)').run(migration.version, now);
    }
    for (const table of tables) {
      addTable(db, table);
      matchIndexes(db, table);
    }
    return { from, to: newest };
  }).immediate();
}

function columnsOf(db: Connection, table: Table): string[] {
  return (db.pragma(`table_info(${quote(table.name)})`) as { name: string }[]).map(({ name }) => name);
}

function refuseUnknownColumns(db: Connection, table: Table): void {
  const unknown = columnsOf(db, table).find((name) => name !== REST && !(name in table.columns));
  if (unknown !== undefined) throw new NewerDatabaseError(db.name, `it has ${table.name}.${unknown}`);
}

function addTable(db: Connection, table: Table): void {
  const present = columnsOf(db, table);
  if (present.length === 0) {
    db.exec(tableSql(table));
    return;
  }
  for (const name of Object.keys(table.columns).filter((column) => !present.includes(column))) {
    // What older rows have of it lies among the other fields until now.
    db.exec(`ALTER TABLE ${quote(table.name)} ADD COLUMN ${quote(name)} ${table.columns[name]!.toUpperCase()}`);
    db.prepare(`UPDATE ${quote(table.name)} SET ${quote(name)} = json_extract(${quote(REST)}, ?), ${quote(REST)} = json_remove(${quote(REST)}, ?) WHERE ${quote(REST)} IS NOT NULL`).run(`$."${name}"`, `$."${name}"`);
  }
}

function matchIndexes(db: Connection, table: Table): void {
  const present = new Map((db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL").all(table.name) as { name: string; sql: string }[]).map(({ name, sql }) => [name, sql]));
  const wanted = new Map(Object.keys(table.indexes).map((index) => [indexName(table, index), indexSql(table, index)]));
  for (const [name, sql] of present) if (wanted.get(name) !== sql) db.exec(`DROP INDEX ${quote(name)}`);
  for (const [name, sql] of wanted) if (present.get(name) !== sql) db.exec(sql);
}
