import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Document } from 'mongodb';
import type { CommandHandler } from '../command.ts';
import { requireToken } from '../leases.ts';
import type { Row, Store, StoredEvent, Table } from '../port.ts';
import { heads, leases, meta, outbox, TABLES } from '../tables.ts';
import { COMMANDS, runBump, runScript, things, type ThingRow } from '../testing.commands.ts';
import { openMongoStore, type MongoStoreOptions } from './mongodb-store.ts';
import { indexesOf } from './schema.ts';
import { CHANNELS, sendOf, setUpConversation } from './testing.conversation.ts';
import { hasMongod, startMongod, type Mongod } from './testing.mongod.ts';

const tables = [heads, outbox, leases, meta, things] as readonly unknown[] as readonly Table[];
const plain = things as Table<ThingRow>;
const row = (id: string, fields: Partial<ThingRow> = {}): Row => ({ group: 'g', id, ...fields });

/** Waits for somebody else between its reading of a lease and its write. */
let meanwhile: () => Promise<void> = async () => undefined;
const fenced: CommandHandler<{ token: number; id: string }, object> = async (tx, { token, id }) => {
  await requireToken(tx, 'p1', token);
  await meanwhile();
  await tx.insert(things, { group: 'g', id });
  return {};
};
const commands = { ...COMMANDS, 'test.fenced': fenced } as MongoStoreOptions['commands'];
const run = async (store: Store, name: string, args: unknown): Promise<unknown> => (store.run as unknown as (n: string, a: unknown) => Promise<unknown>).call(store, name, args);

describe.skipIf(!hasMongod())('mongodb', () => {
  let mongod: Mongod;
  let database: string;
  let count = 0;
  let opened: Store[];
  beforeAll(async () => void (mongod = await startMongod()));
  afterAll(async () => mongod?.stop());
  beforeEach(() => {
    database = `faults${count++}`;
    opened = [];
  });
  afterEach(async () => {
    meanwhile = async () => undefined;
    await mongod.admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    await Promise.all(opened.map(async (store) => store.close()));
    await mongod.admin.db(database).dropDatabase();
  });
  const open = async (options: Partial<MongoStoreOptions> = {}): Promise<Store> => {
    const store = await openMongoStore({ url: mongod.url(database), tables, commands, ...options });
    opened.push(store);
    return store;
  };
  const fail = async (data: Document, times: number): Promise<void> => void (await mongod.admin.db('admin').command({ configureFailPoint: 'failCommand', mode: { times }, data: { appName: 'parley', ...data } }));

  describe('several processes', () => {
    it('take the revs of one stream without holes, with outbox ids that rise along them', async () => {
      const stores = await Promise.all([open(), open(), open()]);
      const revs = await Promise.all(Array.from({ length: 90 }, (_, i) => runBump(stores[i % 3]!, 'user:a')));
      expect([...revs].sort((a, b) => a - b)).toEqual(Array.from({ length: 90 }, (_, i) => i + 1));
      const rows = await stores[0]!.read((tx) => tx.find(outbox, { limit: 100 }));
      expect(rows.map(({ rev }) => rev)).toEqual(Array.from({ length: 90 }, (_, i) => i + 1));
    });

    it('give rising outbox ids though the clock of one is an hour behind', async () => {
      const [ahead, behind] = [await open({ now: () => 1_700_003_600_000 }), await open({ now: () => 1_700_000_000_000 })];
      for (const store of [ahead, behind, ahead, behind]) await runBump(store, 'user:a');
      expect((await behind.read((tx) => tx.find(outbox, { limit: 9 }))).map(({ rev }) => rev)).toEqual([1, 2, 3, 4]);
    });

    it('recall what another has changed as soon as that was acknowledged', async () => {
      const [here, there] = [await open(), await open()];
      for (let rank = 0; rank < 20; rank++) {
        await runScript(rank % 2 ? here : there, [{ do: 'put', row: row('1', { rank }) }]);
        for (const store of [here, there]) expect((await store.recall(plain, ['g', '1']))?.rank).toBe(rank);
      }
    });

    it('refuse a value that another takes at the same time, and keep everybody else\'s', async () => {
      const [here, there] = [await open(), await open()];
      const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, i) => runScript(i % 2 ? here : there, [{ do: 'insert', row: row(`n${i}`, { code: i < 4 ? 'same' : `c${i}` }) }])));
      expect(outcomes.slice(4).every(({ status }) => status === 'fulfilled')).toBe(true);
      const first = outcomes.slice(0, 4);
      expect(first.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      for (const outcome of first) if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ name: 'UniqueViolation', index: 'by_code' });
      expect(await here.read((tx) => tx.count(plain, { index: 'by_code', prefix: ['g'] }))).toBe(37);
    });

    it('refuse a stale token, though the lease is taken between its check and the write', async () => {
      const [stale, other] = [await open(), await open()];
      const { token } = (await stale.run('lease.acquire', { name: 'p1', holder: 'a', ms: 60_000 }))!;
      let taken = false;
      meanwhile = async () => {
        if (taken) return;
        taken = true;
        await other.run('lease.acquire', { name: 'p1', holder: 'b', ms: 60_000, force: true });
      };
      await expect(run(stale, 'test.fenced', { token, id: 'late' })).rejects.toMatchObject({ code: 'conflict' });
      expect(await stale.read((tx) => tx.get(plain, ['g', 'late']))).toBeUndefined();
    });

    it('agree on one incarnation when they begin at once', async () => {
      const stores = await Promise.all([open(), open(), open()]);
      expect(new Set(stores.map((store) => store.incarnation())).size).toBe(1);
    });
  });

  describe('a database that fails', () => {
    it('conflicts are tried again, and nobody hears of them', async () => {
      const store = await open();
      await fail({ failCommands: ['commitTransaction'], errorCode: 112, errorLabels: ['TransientTransactionError'] }, 5);
      expect(await Promise.all(Array.from({ length: 8 }, (_, i) => runBump(store, `user:${i}`)))).toEqual(Array.from({ length: 8 }, () => 1));
      expect(await store.read((tx) => tx.count(outbox, {}))).toBe(8);
    });

    it('a commit whose answer is lost is asked after, and happens once', async () => {
      const store = await open();
      const told: StoredEvent[] = [];
      store.onCommitted((events) => told.push(...events));
      await fail({ failCommands: ['commitTransaction'], closeConnection: true }, 3);
      expect(await runBump(store, 'user:a')).toBe(1);
      expect(told).toHaveLength(1);
      expect(await store.read((tx) => tx.get(heads, ['user:a']))).toMatchObject({ rev: 1 });
    });

    it('a commit that was done though its write concern failed is found done', async () => {
      const store = await open();
      await fail({ failCommands: ['commitTransaction'], writeConcernError: { code: 64, errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } } }, 2);
      expect(await runBump(store, 'user:a')).toBe(1);
      expect(await store.read((tx) => tx.count(outbox, {}))).toBe(1);
    });

    it('what stays unknown is `unavailable`, and repeating with the same ids settles it', async () => {
      const store = await open({ commitMs: 500 });
      await fail({ failCommands: ['commitTransaction'], errorCode: 50, errorLabels: ['UnknownTransactionCommitResult'] }, 100_000);
      await expect(runScript(store, [{ do: 'insert', row: row('1') }])).rejects.toMatchObject({ code: 'unavailable', extra: { retry_after_ms: 1_000 } });
      await mongod.admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
      await runScript(store, [{ do: 'put', row: row('1') }]);
      expect(await store.read((tx) => tx.count(plain, {}))).toBe(1);
      expect((await store.health()).problems).toEqual([]);
    });

    it('a send that was committed though nobody could tell is found by its client_msg_id, through either store', async () => {
      const [store, other] = [await open({ tables: TABLES, commitMs: 500 }), await open({ tables: TABLES })];
      await setUpConversation(store);
      await fail({ failCommands: ['commitTransaction'], writeConcernError: { code: 64, errmsg: 'waiting for replication timed out', errInfo: { wtimeout: true } } }, 100_000);
      await expect(store.run('messages.send', sendOf(CHANNELS[0]!, 'once'))).rejects.toMatchObject({ code: 'unavailable' });
      await mongod.admin.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
      const [here, there] = [await store.run('messages.send', sendOf(CHANNELS[0]!, 'once')), await other.run('messages.send', sendOf(CHANNELS[0]!, 'once'))];
      expect([here.repeat, there.repeat, here.message.id]).toEqual([true, true, there.message.id]);
      expect(here.message.seq).toBe(1);
    });

    it('one command that the database refuses takes nobody with it', async () => {
      const store = await open();
      const outcomes = await Promise.allSettled([
        runScript(store, [{ do: 'insert', row: row('1') }]),
        runScript(store, [{ do: 'insert', row: row('2', { rest: 'x'.repeat(17_000_000) }) }]),
        runScript(store, [{ do: 'insert', row: row('3') }]),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await store.read((tx) => tx.count(plain, {}))).toBe(2);
    });
  });

  describe('its schema', () => {
    it('is made of every table, again and by several at once, with the indexes that are declared', async () => {
      await Promise.all([open({ tables: TABLES }), open({ tables: TABLES })]);
      await open({ tables: TABLES });
      for (const table of TABLES) {
        const names = (await mongod.admin.db(database).collection(table.name).indexes()).map(({ name }) => name);
        expect(names.sort()).toEqual(['_id_', ...indexesOf(table).map(({ name }) => name)].sort());
        if (table.shard !== null) for (const index of indexesOf(table)) if (index.unique) expect(Object.keys(index.key)[0]).toBe(table.shard);
      }
    });

    it('refuses a document that is none of its rows', async () => {
      await open();
      await expect(mongod.admin.db(database).collection('test_things').insertOne({ group: 'g', id: 5 })).rejects.toMatchObject({ code: 121 });
    });

    it('takes a new column out of what older rows have beside their columns, and refuses to go back', async () => {
      const { label: _, ...columns } = things.columns;
      const older = { ...things, columns, indexes: { by_rank: things.indexes.by_rank } } as unknown as Table;
      const before = await open({ tables: [heads, outbox, meta, older] as readonly unknown[] as Table[], commands: { put: (async (tx: { put(t: Table, r: Row): Promise<void> }, r: Row) => (await tx.put(older, r)) ?? {}) as unknown as CommandHandler<never, unknown> } });
      await run(before, 'put', row('1', { label: 'x', rank: 1 }));
      await before.close();
      const after = await open();
      expect((await after.read((tx) => tx.find(plain, { index: 'by_label_rank', prefix: ['x'], limit: 9 }))).map(({ id }) => id)).toEqual(['1']);
      await expect(open({ tables: [heads, outbox, meta, older] as readonly unknown[] as Table[] })).rejects.toMatchObject({ name: 'NewerMongodbError' });
    });
  });
});

describe.skipIf(!hasMongod())('where it cannot be used', () => {
  it('a mongod that is no replica set is refused, with the reason', async () => {
    const alone = await startMongod({ alone: true });
    try {
      await expect(openMongoStore({ url: alone.url('x'), tables })).rejects.toThrow(/not a member of a replica set.*--replSet/);
    } finally {
      await alone.stop();
    }
  });

  it('an address that leads nowhere is refused without its password', async () => {
    const error: unknown = await openMongoStore({ url: 'mongodb://ann:s3cret%21@127.0.0.1:9/x?serverSelectionTimeoutMS=200', tables }).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'MongoUnreachableError' });
    expect(String(error)).not.toMatch(/s3cret/);
  });
});
