import type { Document } from 'mongodb';
import { describe, expect, it } from 'vitest';
import { TABLES } from '../tables.ts';
import { indexesOf } from './schema.ts';
import { isRouter, readSharding, shardCollections, ShardKeyError, type ShardingAdmin } from './sharding.ts';

const DATABASE = 'parley';
const WITH_KEY = TABLES.filter(({ shard }) => shard !== null);

/** Answers as a router does: commands are noted, and `config.collections` follows them. */
class FakeRouter implements ShardingAdmin {
  readonly commands: Document[] = [];
  readonly collections = new Map<string, Document>();
  /** What happens just before the command of this collection. */
  before = new Map<string, () => void>();

  async command(command: Document): Promise<Document> {
    if (command['hello']) return { isWritablePrimary: true, msg: 'isdbgrid', topologyVersion: {}, maxWireVersion: 17, ok: 1 };
    this.commands.push(command);
    const name = command['shardCollection'] as string | undefined;
    if (name === undefined) return { ok: 1, $clusterTime: {}, operationTime: {} };
    this.before.get(name)?.();
    const listed = this.collections.get(name);
    if (listed && listed['unsplittable'] !== true && JSON.stringify(listed['key']) !== JSON.stringify(command['key'])) {
      throw Object.assign(new Error(`sharding already enabled for collection ${name} with options { _id: "${name}", key: … }`), { ok: 0, code: 23, codeName: 'AlreadyInitialized' });
    }
    this.list(name, command['key'] as Document);
    return { collectionsharded: name, ok: 1 };
  }

  async configured(database: string): Promise<Document[]> {
    return [...this.collections.values()].filter((doc) => String(doc['_id']).startsWith(`${database}.`));
  }

  list(name: string, key: Document, more: Document = {}): void {
    this.collections.set(name, { _id: name, lastmodEpoch: {}, lastmod: new Date(0), timestamp: {}, uuid: {}, key, unique: false, noBalance: false, ...more });
  }
}

describe('shard', () => {
  it('enables sharding, then shards each collection with a shard key by it, ranged', async () => {
    const router = new FakeRouter();
    const done = await shardCollections(router, DATABASE, TABLES);
    expect(router.commands[0]).toEqual({ enableSharding: 'parley' });
    expect(router.commands.slice(1)).toHaveLength(WITH_KEY.length);
    expect(router.commands).toContainEqual({ shardCollection: 'parley.messages', key: { channel_id: 1 } });
    expect(router.commands).toContainEqual({ shardCollection: 'parley.heads', key: { _id: 1 } });
    expect(router.commands).toContainEqual({ shardCollection: 'parley.sessions', key: { user_id: 1 } });
    // Whole tables stay on the database's primary shard.
    for (const name of ['outbox', 'jobs', 'leases', 'meta']) expect(router.commands.map((c) => c['shardCollection'])).not.toContain(`parley.${name}`);
    expect(done).toEqual({ sharded: WITH_KEY.map(({ name }) => name), already: [] });
  });

  it('does nothing the second time, and only what is missing', async () => {
    const router = new FakeRouter();
    await shardCollections(router, DATABASE, TABLES);
    router.commands.length = 0;
    expect(await shardCollections(router, DATABASE, TABLES)).toEqual({ sharded: [], already: WITH_KEY.map(({ name }) => name) });
    expect(router.commands).toEqual([]);
    router.collections.delete('parley.pins');
    // What MongoDB 8 lists of a whole collection that was moved, and MongoDB 4 of one that was dropped.
    router.list('parley.users', { _id: 1 }, { unsplittable: true });
    router.list('parley.emoji', { _id: 1 }, { dropped: true });
    expect((await shardCollections(router, DATABASE, TABLES)).sharded.sort()).toEqual(['emoji', 'pins', 'users']);
  });

  it('names a collection that is sharded otherwise, and changes nothing', async () => {
    const router = new FakeRouter();
    router.list('parley.messages', { channel_id: 'hashed' });
    router.list('parley.members', { user_id: 1 });
    router.list('another.messages', { x: 1 });
    const refused = shardCollections(router, DATABASE, TABLES);
    await expect(refused).rejects.toThrow(ShardKeyError);
    await expect(refused).rejects.toThrow('members is sharded by {"user_id":1} and not by {"channel_id":1}; messages is sharded by {"channel_id":"hashed"}');
    expect(router.commands).toEqual([]);
  });

  it('agrees with another that does the same at once, and refuses one that does otherwise', async () => {
    const alike = new FakeRouter();
    alike.before.set('parley.messages', () => alike.list('parley.messages', { channel_id: 1 }));
    expect((await shardCollections(alike, DATABASE, TABLES)).sharded).toContain('messages');
    const otherwise = new FakeRouter();
    otherwise.before.set('parley.messages', () => otherwise.list('parley.messages', { id: 1 }));
    await expect(shardCollections(otherwise, DATABASE, TABLES)).rejects.toThrow(ShardKeyError);
  });

  it('passes other refusals on', async () => {
    const router = new FakeRouter();
    router.before.set('parley.heads', () => {
      throw Object.assign(new Error('not authorized on admin to execute command'), { code: 13 });
    });
    await expect(shardCollections(router, DATABASE, TABLES)).rejects.toThrow('not authorized');
  });

  it('tells a router from a replica set', async () => {
    expect(await isRouter(new FakeRouter())).toBe(true);
    expect(await isRouter({ command: async () => ({ setName: 'rs0', isWritablePrimary: true, ok: 1 }), configured: async () => [] })).toBe(false);
    expect(await readSharding(new FakeRouter(), DATABASE, TABLES)).toHaveLength(WITH_KEY.length);
  });

  it('every unique index begins with the shard key, as a router demands, and an index serves it', () => {
    for (const table of WITH_KEY) {
      expect(table.key[0], table.name).toBe(table.shard);
      if (table.key.length === 1) continue;
      const indexes = indexesOf(table);
      for (const { key, unique } of indexes) if (unique) expect(Object.keys(key)[0], table.name).toBe(table.shard);
      expect(indexes.some(({ key, partialFilterExpression }) => Object.keys(key)[0] === table.shard && !partialFilterExpression), table.name).toBe(true);
    }
    // A key of one field is `_id`; another unique index could not be kept among shards.
    for (const table of WITH_KEY.filter(({ key }) => key.length === 1)) expect(Object.values(table.indexes).filter(({ unique }) => unique), table.name).toEqual([]);
  });
});
