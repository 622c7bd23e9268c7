import { orderedFields } from '../order.ts';
import type { Table } from '../port.ts';
import type { Connection } from './connection.ts';
import { filedName, gatherName, gatherSql, indexName, indexSql, listedIndexes, listName, listSql, quote, REST, tableSql, unfiled } from './schema.ts';

/** A step that only code can take, such as moving what rows hold. Tables, columns and indexes follow the declarations by themselves. */
export interface Migration {
  version: number;
  up(db: Connection): void;
}

/** In order, never changed once released. Version 1 is the declared tables as such; with 2, rows may be folded (see `Fold`), which older programs cannot read. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, up: () => undefined }, { version: 2, up: () => undefined }];

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
      fileAll(db, table);
      addTable(db, table);
      matchIndexes(db, table);
      if (table.hot && columnsOf(db, gatherName(table)).length === 0) for (const sql of gatherSql(table)) db.exec(sql);
      matchLists(db, table);
    }
    return { from, to: newest };
  }).immediate();
}

function columnsOf(db: Connection, table: string): string[] {
  return (db.pragma(`table_info(${quote(table)})`) as { name: string }[]).map(({ name }) => name);
}

function refuseUnknownColumns(db: Connection, table: Table): void {
  const unknown = columnsOf(db, table.name).find((name) => name !== REST && !(name in table.columns));
  if (unknown !== undefined) throw new NewerDatabaseError(db.name, `it has ${table.name}.${unknown}`);
}

/** When what is gathered no longer looks as declared, it is filed as it is, to be changed with the rest. */
function fileAll(db: Connection, table: Table): void {
  const gathered = columnsOf(db, gatherName(table));
  if (gathered.length === 0 || (table.hot && [...Object.keys(table.columns), REST].every((name) => gathered.includes(name)))) return;
  const list = gathered.filter((name) => name !== '$slot' && name !== '$shard').map(quote).join(', ');
  db.exec(`INSERT INTO ${quote(table.name)} (${list}) SELECT ${list} FROM ${quote(gatherName(table))} WHERE ${unfiled(table)} ORDER BY "$slot"`);
  db.exec(`DROP TABLE ${quote(gatherName(table))}; DROP TABLE ${quote(filedName(table))}`);
}

function addTable(db: Connection, table: Table): void {
  const present = columnsOf(db, table.name);
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
  const listed = table.hot ? listedIndexes(table) : [];
  const wanted = new Map(Object.keys(table.indexes).filter((index) => !listed.includes(index)).map((index) => [indexName(table, index), indexSql(table, index)]));
  for (const [name, sql] of present) if (wanted.get(name) !== sql) db.exec(`DROP INDEX ${quote(name)}`);
  for (const [name, sql] of wanted) if (present.get(name) !== sql) db.exec(sql);
}

/** Makes the lists of a hot table as they are declared, and fills those that are new with the rows there are. */
function matchLists(db: Connection, table: Table): void {
  const listed = table.hot ? listedIndexes(table) : [];
  for (const index of Object.keys(table.indexes)) {
    const name = listName(table, index);
    const present = db.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?").pluck().get(name) as string | undefined;
    const wanted = listed.includes(index) ? listSql(table, index) : undefined;
    if (present === wanted) continue;
    if (present !== undefined) db.exec(`DROP TABLE ${quote(name)}`);
    if (wanted === undefined) continue;
    db.exec(wanted);
    const fields = orderedFields(table, index).map(quote);
    const isListed = fields.map((field) => `${field} IS NOT NULL`).join(' AND ');
    for (const [from, condition] of [[table.name, isListed], [gatherName(table), `${isListed} AND ${unfiled(table)}`]] as const) db.exec(`INSERT INTO ${quote(name)} SELECT ${fields.join(', ')} FROM ${quote(from)} WHERE ${condition}`);
    db.exec(`DROP INDEX IF EXISTS ${quote(`${gatherName(table)}__${index}`)}`);
  }
}
