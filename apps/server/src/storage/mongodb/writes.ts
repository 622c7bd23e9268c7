import { MongoServerError, type ClientSession, type Db, type Document } from 'mongodb';
import type { KeyPart, StoredEvent, Table } from '../port.ts';
import { heads } from '../tables.ts';
import { keyFilter, LOCK, ORDER, REST, toDocument } from './documents.ts';
import { guardOf, isOwnGuard, VERSION } from './guards.ts';
import type { MongodbTx } from './mongodb-tx.ts';
import type { Overlay, Written } from './overlay.ts';

/** Documents, and about how many characters of them, that go to the database in one message. */
const MOST_DOCUMENTS = 1_000;
const MOST_CHARACTERS = 8_000_000;

interface Statements {
  deletes: Document[];
  updates: Document[];
  inserts: Document[];
}

let versions = 0;

/** The writes of one batch: a statement a row, at most three messages a collection, heads first. */
export class Writes {
  private readonly locked = new Map<string, { table: Table; key: readonly KeyPart[] }>();
  private readonly relied = new Set<string>();

  constructor(private readonly options: { db: Db; process: string }) {}

  /** A command that wrote relied on rows that it did not write: nobody may change them past it. */
  rely(tx: MongodbTx): void {
    for (const row of tx.relied) this.locked.set(`${row.table.name} ${row.key.join(' ')}`, row);
    if (tx.wroteGuarded) for (const guard of tx.heads) if (isOwnGuard(guard)) this.relied.add(guard);
  }

  async send(session: ClientSession, overlay: Overlay, events: readonly StoredEvent[], careful: boolean): Promise<void> {
    const newest = new Map(events.map((event) => [event.stream as string, event.outbox_id]));
    const version = `${this.options.process}${(versions++).toString(36)}`;
    const touched = new Set<string>();
    for (const { table, key } of overlay.every()) {
      const guard = guardOf(table, key[0]);
      if (guard !== undefined) touched.add(guard);
    }
    const collections = new Map<string, Statements>([[heads.name, this.headStatements(overlay, newest, touched, version)]]);
    for (const rows of overlay.all(heads.name)) {
      const name = rows[0]!.table.name;
      if (name !== heads.name) collections.set(name, statementsOf(rows, careful));
    }
    for (const { table, key } of this.locked.values()) {
      if (overlay.get(table, key)) continue;
      const statements = collections.get(table.name) ?? { deletes: [], updates: [], inserts: [] };
      statements.updates.push({ q: keyFilter(table, key), u: { $inc: { [LOCK]: 1 } } });
      collections.set(table.name, statements);
    }
    for (const [name, { deletes, updates, inserts }] of collections) {
      await this.all(session, 'delete', name, 'deletes', deletes);
      await this.all(session, 'update', name, 'updates', updates);
      await this.all(session, 'insert', name, 'documents', inserts);
    }
  }

  private headStatements(overlay: Overlay, newest: ReadonlyMap<string, string>, touched: ReadonlySet<string>, version: string): Statements {
    const updates = new Map<string, Document>();
    for (const { key, row } of overlay.of(heads as Table)?.values() ?? []) {
      const stream = key[0] as string;
      const order = newest.get(stream);
      const set: Document = { ...(row && { [REST]: toDocument(heads as Table, row)[REST] as string }), ...(order !== undefined && { [ORDER]: order }), ...((touched.has(stream) || !row) && { [VERSION]: version }) };
      updates.set(stream, { q: { _id: stream }, u: { $set: set, ...(!row && { $unset: { [REST]: '' } }) }, upsert: row !== null });
    }
    for (const stream of touched) if (!updates.has(stream)) updates.set(stream, { q: { _id: stream }, u: { $set: { [VERSION]: version } }, upsert: true });
    for (const stream of this.relied) if (!updates.has(stream)) updates.set(stream, { q: { _id: stream }, u: { $inc: { [LOCK]: 1 } }, upsert: true });
    return { deletes: [], updates: [...updates].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, update]) => update), inserts: [] };
  }

  private async all(session: ClientSession, command: string, collection: string, field: string, statements: readonly Document[]): Promise<void> {
    for (const some of chunks(statements)) {
      const answer = await this.options.db.command({ [command]: collection, [field]: some, ordered: true }, { session });
      const [refused] = (answer['writeErrors'] as Document[] | undefined) ?? [];
      if (refused) throw new MongoServerError({ message: 'a statement was refused', ...refused });
    }
  }
}

/** Rows that leave go first, so that a unique value may pass from one row to another. */
function statementsOf(rows: readonly Written[], careful: boolean): Statements {
  const statements: Statements = { deletes: [], updates: [], inserts: [] };
  const gone: KeyPart[] = [];
  for (const { table, key, row, fresh } of rows) {
    const filter = keyFilter(table, key);
    if (!row) {
      if (fresh) continue;
      if (key.length === 1) gone.push(key[0]!);
      else statements.deletes.push({ q: filter, limit: 1 });
      continue;
    }
    const document = toDocument(table, row);
    if (fresh) statements.inserts.push(document);
    else if (careful && Object.values(table.indexes).some(({ unique }) => unique)) {
      statements.deletes.push({ q: filter, limit: 1 });
      statements.inserts.push(document);
    } else {
      const { _id: _, ...replacement } = document;
      statements.updates.push({ q: filter, u: replacement, upsert: true });
    }
  }
  if (gone.length > 0) statements.deletes.push({ q: { _id: { $in: gone } }, limit: 0 });
  return statements;
}

function* chunks(statements: readonly Document[]): Iterable<readonly Document[]> {
  let from = 0;
  let characters = 0;
  for (let i = 0; i < statements.length; i++) {
    const size = sizeOf(statements[i]!);
    if (i > from && (i - from >= MOST_DOCUMENTS || characters + size > MOST_CHARACTERS)) {
      yield statements.slice(from, i);
      from = i;
      characters = 0;
    }
    characters += size;
  }
  if (from < statements.length) yield statements.slice(from);
}

/** Nearly all of a large one is the text of what is no column. */
function sizeOf(statement: Document): number {
  const rest: unknown = statement[REST] ?? (statement['u'] as Document | undefined)?.[REST];
  return 200 + (typeof rest === 'string' ? rest.length : 0);
}
