import { afterAll, beforeAll, describe } from 'vitest';
import { describeJobs } from '../../jobs/jobs.contract.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { describeLeases, type ClockedStore } from '../leases.contract.ts';
import { describeStore } from '../store.contract.ts';
import { heads, leases, meta, outbox, jobs } from '../tables.ts';
import { COMMANDS, things } from '../testing.commands.ts';
import type { Table } from '../port.ts';
import { openMongoStore } from './mongodb-store.ts';
import { hasMongod, startMongod, type Mongod } from './testing.mongod.ts';

/** What the suites use: to make all tables for every test would be most of its time. */
const tables = [heads, outbox, leases, meta, jobs, things] as readonly unknown[] as readonly Table[];

describe.skipIf(!hasMongod())('on a replica set of one', () => {
  let mongod: Mongod;
  let count = 0;
  beforeAll(async () => void (mongod = await startMongod()));
  afterAll(async () => mongod?.stop());
  const drop = async (database: string): Promise<void> => void (await mongod.admin.db(database).dropDatabase());

  describeStore('mongodb', async () => {
    const database = `store${count++}`;
    const options = { url: mongod.url(database), tables, commands: COMMANDS };
    let store = await openMongoStore(options);
    return {
      store,
      reopen: async () => {
        await store.close();
        store = await openMongoStore(options);
        return store;
      },
      dispose: async () => {
        await store.close();
        await drop(database);
      },
    };
  });

  const clocked = async (): Promise<ClockedStore> => {
    const database = `clocked${count++}`;
    let now = 1_700_000_000_000;
    const store = await openMongoStore({ url: mongod.url(database), tables, now: () => now });
    return {
      store,
      advance: (ms) => void (now += ms),
      dispose: async () => {
        await store.close();
        await drop(database);
      },
    };
  };
  describeLeases('mongodb', clocked);
  describeJobs('store, mongodb', async () => {
    const { store, ...rest } = await clocked();
    return { jobs: new StoreJobs(store), ...rest };
  });
});
