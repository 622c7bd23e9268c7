import type { Db, Document, IndexDescription } from 'mongodb';
import { orderedFields } from '../order.ts';
import type { Row, Table } from '../port.ts';
import { fieldOf, REST } from './documents.ts';

/** The collection that tells which columns the stored rows have. */
const SCHEMA = 'schema_tables';
const NAMESPACE_EXISTS = 48;

/** The database is of a later version of the program; using it would damage it. */
export class NewerMongodbError extends Error {
  constructor(reason: string) {
    super(`the database was written by a newer version of Parley (${reason}). Install that version, or restore a backup from before the update.`);
    this.name = 'NewerMongodbError';
  }
}

/**
 * Brings collections, validators and indexes up to the declared tables; any number of processes may do so at once, and
 * again. Indexes that are not declared are left alone: an older process may still need them.
 */
export async function prepareSchema(db: Db, tables: readonly Table[]): Promise<void> {
  const known = new Map((await db.collection(SCHEMA).find().toArray()).map((doc) => [String(doc['_id']), doc['columns'] as string[]]));
  for (const table of tables) {
    const unknown = known.get(table.name)?.find((name) => !(name in table.columns));
    if (unknown !== undefined) throw new NewerMongodbError(`it has ${table.name}.${unknown}`);
  }
  const present = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const table of tables) {
    const columns = Object.keys(table.columns);
    const before = known.get(table.name);
    const changed = before !== undefined && before.length !== columns.length;
    if (!present.has(table.name)) await create(db, table);
    else if (changed || before === undefined) await db.command({ collMod: table.name, validator: validatorOf(table), validationLevel: 'strict', validationAction: 'error' });
    if (changed) for (const name of columns.filter((column) => !before.includes(column))) await moveColumn(db, table, name);
    await matchIndexes(db, table, present.has(table.name));
    if (before === undefined || changed) await db.collection<{ _id: string; columns: string[] }>(SCHEMA).updateOne({ _id: table.name }, { $set: { columns } }, { upsert: true });
  }
}

async function create(db: Db, table: Table): Promise<void> {
  try {
    await db.createCollection(table.name, { validator: validatorOf(table), validationLevel: 'strict', validationAction: 'error' });
  } catch (error) {
    if ((error as { code?: unknown }).code !== NAMESPACE_EXISTS) throw error;
  }
}

/** Keys present, columns of their types, the rest a text. */
export function validatorOf(table: Table): Document {
  const properties = Object.fromEntries(Object.entries(table.columns).map(([name, type]) => [fieldOf(table, name), { bsonType: type === 'text' ? 'string' : ['int', 'long', 'double'] }]));
  return { $jsonSchema: { bsonType: 'object', required: table.key.map((name) => fieldOf(table, name)), properties: { ...properties, [REST]: { bsonType: 'string' } } } };
}

export function indexesOf(table: Table): IndexDescription[] {
  const declared = Object.entries(table.indexes).map(([name, { fields, unique }]): IndexDescription => {
    const absent = fields.filter((field) => !table.key.includes(field)).map((field) => [fieldOf(table, field), { $exists: true }] as const);
    return {
      name, key: ascending(table, unique ? fields : orderedFields(table, name)), ...(unique ? { unique } : {}),
      ...(absent.length > 0 ? { partialFilterExpression: Object.fromEntries(absent) } : {}),
    };
  });
  return table.key.length === 1 ? declared : [{ name: 'key', key: ascending(table, table.key), unique: true }, ...declared];
}

const ascending = (table: Table, fields: readonly string[]): Record<string, 1> => Object.fromEntries(fields.map((name) => [fieldOf(table, name), 1 as const]));

async function matchIndexes(db: Db, table: Table, existed: boolean): Promise<void> {
  const wanted = indexesOf(table);
  if (wanted.length === 0) return;
  const collection = db.collection(table.name);
  const present = existed ? await collection.indexes() : [];
  for (const index of present) {
    const same = wanted.find(({ name }) => name === index.name);
    if (same && shape(same) !== shape(index)) await collection.dropIndex(index.name!);
  }
  const missing = wanted.filter((index) => !present.some((other) => other.name === index.name && shape(other) === shape(index)));
  if (missing.length > 0) await collection.createIndexes(missing);
}

const shape = (index: Document): string => JSON.stringify([index['key'], index['unique'] ?? false, index['partialFilterExpression'] ?? null]);

/** What older rows have of a new column lies among their other fields until now. */
async function moveColumn(db: Db, table: Table, name: string): Promise<void> {
  const collection = db.collection(table.name);
  for await (const document of collection.find({ [name]: { $exists: false }, [REST]: { $exists: true } })) {
    const rest = JSON.parse(document[REST] as string) as Row;
    const value = rest[name];
    if (value === undefined) continue;
    delete rest[name];
    const left = Object.keys(rest).length > 0 ? { $set: { [REST]: JSON.stringify(rest), ...(value === null ? {} : { [name]: value }) } } : { $unset: { [REST]: '' }, ...(value === null ? {} : { $set: { [name]: value } }) };
    await collection.updateOne({ _id: document['_id'], [REST]: document[REST] as string }, left as Document);
  }
}
