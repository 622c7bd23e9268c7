import type { Document, MongoClient } from 'mongodb';
import type { Table } from '../port.ts';
import { fieldOf } from './documents.ts';

/** What sharding asks of a connection; a test answers it in place of a router. */
export interface ShardingAdmin {
  /** Runs a command on the `admin` database. */
  command(command: Document): Promise<Document>;
  /** `config.collections` of one database, as a router lists them. */
  configured(database: string): Promise<Document[]>;
}

export interface CollectionSharding {
  collection: string;
  /** The wanted shard key, ranged. */
  key: Record<string, 1>;
  state: 'sharded' | 'unsharded' | 'otherwise';
  /** With `otherwise`: the key that it is sharded by. */
  found?: Record<string, unknown>;
}

/** A collection is sharded by another key than the store's questions are made for. */
export class ShardKeyError extends Error {
  constructor(readonly collections: readonly CollectionSharding[]) {
    super(collections.map(({ collection, key, found }) => `${collection} is sharded by ${JSON.stringify(found)} and not by ${JSON.stringify(key)}`).join('; ') + '. Nothing was changed. Reshard it (reshardCollection), or move the server into a new database.');
    this.name = 'ShardKeyError';
  }
}

const ALREADY_INITIALIZED = 23;

export function shardingAdmin(client: MongoClient): ShardingAdmin {
  return {
    command: (command) => client.db('admin').command(command),
    // Names of collections may hold anything but begin with the database and a dot.
    configured: (database) => client.db('config').collection<{ _id: string }>('collections').find({ _id: { $gte: `${database}.`, $lt: `${database}/` } }).toArray(),
  };
}

/** Whether the connection leads to a router (`mongos`). */
export async function isRouter(admin: ShardingAdmin): Promise<boolean> {
  return (await admin.command({ hello: 1 }))['msg'] === 'isdbgrid';
}

/** How each collection with a shard key is sharded. Only a router knows. */
export async function readSharding(admin: ShardingAdmin, database: string, tables: readonly Table[]): Promise<CollectionSharding[]> {
  const configured = new Map((await admin.configured(database)).map((doc) => [String(doc['_id']), doc]));
  return tables.filter(({ shard }) => shard !== null).map((table): CollectionSharding => {
    const wanted: CollectionSharding = { collection: table.name, key: { [fieldOf(table, table.shard!)]: 1 }, state: 'unsharded' };
    const doc = configured.get(`${database}.${table.name}`);
    // Before MongoDB 5 what was dropped stays listed; from 8 on, whole collections are listed that were moved to another shard.
    if (!doc || doc['dropped'] === true || doc['unsplittable'] === true) return wanted;
    const found = doc['key'] as Record<string, unknown>;
    return sameKey(found, wanted.key) ? { ...wanted, state: 'sharded' } : { ...wanted, state: 'otherwise', found };
  });
}

/**
 * Shards every collection that has a shard key, by it; what is sharded already stays. Tables without one stay whole on
 * the database's primary shard. May be run again, and by two at once.
 * @throws ShardKeyError before anything is changed
 */
export async function shardCollections(admin: ShardingAdmin, database: string, tables: readonly Table[]): Promise<{ sharded: string[]; already: string[] }> {
  const before = await readSharding(admin, database, tables);
  refuseOthers(before);
  const missing = before.filter(({ state }) => state === 'unsharded');
  if (missing.length > 0) await admin.command({ enableSharding: database });
  for (const { collection, key } of missing) {
    try {
      await admin.command({ shardCollection: `${database}.${collection}`, key });
    } catch (error) {
      // Somebody else has sharded it since; by what is seen below.
      if ((error as { code?: unknown }).code !== ALREADY_INITIALIZED) throw error;
    }
  }
  const after = missing.length > 0 ? await readSharding(admin, database, tables) : before;
  refuseOthers(after);
  const left = after.filter(({ state }) => state === 'unsharded').map(({ collection }) => collection);
  if (left.length > 0) throw new Error(`the router does not list as sharded: ${left.join(', ')}`);
  return { sharded: missing.map(({ collection }) => collection), already: before.filter(({ state }) => state === 'sharded').map(({ collection }) => collection) };
}

function refuseOthers(collections: readonly CollectionSharding[]): void {
  const others = collections.filter(({ state }) => state === 'otherwise');
  if (others.length > 0) throw new ShardKeyError(others);
}

const sameKey = (a: Record<string, unknown>, b: Record<string, unknown>): boolean => JSON.stringify(Object.entries(a)) === JSON.stringify(Object.entries(b));

