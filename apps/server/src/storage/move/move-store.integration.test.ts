import { afterAll, beforeAll, describe } from 'vitest';
import { openMongoStore } from '../mongodb/mongodb-store.ts';
import { hasMongod, startMongod, type Mongod } from '../mongodb/testing.mongod.ts';
import { STORES } from '../../testing/conversation-world.ts';
import { describeMove } from './move.contract.ts';

describe.skipIf(!hasMongod())('between the data directory and MongoDB', () => {
  let mongod: Mongod;
  let count = 0;
  beforeAll(async () => void (mongod = await startMongod()));
  afterAll(async () => mongod?.stop());

  // Its last test moves back.
  describeMove('sqlite to mongodb', async () => {
    const database = `target${count++}`;
    return {
      openSource: STORES[1]!.open,
      openTarget: () => openMongoStore({ url: mongod.url(database) }),
      dispose: async () => void (await mongod.admin.db(database).dropDatabase()),
    };
  });
});
