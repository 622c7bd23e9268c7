import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { UniqueViolation, type Range, type Row, type Store, type StoredEvent, type Table } from '../port.ts';
import { NaiveTable, stepArbitrary } from '../store.model.ts';
import { heads, leases, messages, meta, outbox, TABLES, workspaceMembers } from '../tables.ts';
import { COMMANDS, runBump, runScript, things, type Step, type ThingRow } from '../testing.commands.ts';
import { openMongoStore, type MongoStoreOptions } from './mongodb-store.ts';
import { CHANNELS, sendOf, setUpConversation } from './testing.conversation.ts';
import { hasMongod, startMongod, type Mongod } from './testing.mongod.ts';

const few = [heads, outbox, leases, meta, things] as readonly unknown[] as readonly Table[];
const plain = things as Table<ThingRow>;

/** Questions of one owner: what commands ask beyond that is a snapshot (see docs/architecture.md). */
const ofOneOwner = (range: Range): boolean => range.prefix?.[0] !== undefined && range.index !== 'by_label_rank';
const steps = fc.array(stepArbitrary.filter((step) => (step.do !== 'find' && step.do !== 'count') || ofOneOwner(step.range)), { minLength: 1, maxLength: 5 });

const permutations = <T>(items: readonly T[]): T[][] => (items.length === 0 ? [[]] : items.flatMap((item, i) => permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest])));

function modelOf(rows: readonly Row[]): NaiveTable {
  const model = new NaiveTable();
  model.run(rows.map((row): Step => ({ do: 'insert', row })));
  return model;
}

const fits = (expected: unknown, actual: unknown): boolean => (typeof actual === 'string' ? String(expected).split(' or ').includes(actual) : JSON.stringify(sortedKeys(expected)) === JSON.stringify(sortedKeys(actual)));

function sortedKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, field]) => [name, sortedKeys(field)]));
}

describe.skipIf(!hasMongod())('two stores on one database', () => {
  let mongod: Mongod;
  let database: string;
  let count = 0;
  let opened: Store[];
  beforeAll(async () => void (mongod = await startMongod()));
  afterAll(async () => mongod?.stop());
  beforeEach(() => {
    database = `two${count++}`;
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map(async (store) => store.close()));
    await mongod.admin.db(database).dropDatabase();
  });
  const open = async (options: Partial<MongoStoreOptions> = {}): Promise<Store> => {
    const store = await openMongoStore({ url: mongod.url(database), tables: few, commands: COMMANDS, ...options });
    opened.push(store);
    return store;
  };

  it('any commands that run at once answer as if they had run one after the other', async () => {
    const stores = [await open(), await open()];
    const all = async (): Promise<Row[]> => stores[0]!.read((tx) => tx.find(plain, { limit: 1_000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(steps, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), async (rounds) => {
        for (const round of rounds) {
          const before = await all();
          const answers = await Promise.all(round.map(async (script, i) => runScript(stores[i % 2]!, script).catch((error: unknown) => {
            if (error instanceof UniqueViolation) return `unique ${error.index}`;
            throw error;
          })));
          const after = await all();
          const explained = permutations(round.map((script, i) => ({ script, answer: answers[i] }))).some((order) => {
            const model = modelOf(before);
            return order.every(({ script, answer }) => fits(model.run(script), answer)) && fits(model.all(), after);
          });
          expect(explained, JSON.stringify({ before, round, answers, after })).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of two owners who step down at once, one stays', async () => {
    const stores = [await open({ tables: TABLES }), await open({ tables: TABLES })];
    for (let n = 0; n < 10; n++) {
      const workspace = `w${n}`;
      const row = (user_id: string, role: string): Row => ({ workspace_id: workspace, user_id, role, joined_at: 0, deactivated: 0, sort_name: user_id });
      const put = (user: string, role: string): Step => ({ table: 'workspace_members', do: 'put', row: row(user, role) });
      await runScript(stores[0]!, [put('ann', 'owner'), put('ben', 'owner')]);
      const owners: Step = { table: 'workspace_members', do: 'count', range: { index: 'by_role', prefix: [workspace, 'owner'] } };
      const seen = await Promise.all(['ann', 'ben'].map(async (user, i) => runScript(stores[i]!, [owners, put(user, 'member')])));
      // Whoever comes second has seen the first one gone.
      expect(seen.map(([owned]) => owned).sort()).toEqual([1, 2]);
      expect(await stores[0]!.read((tx) => tx.count(workspaceMembers, { index: 'by_role', prefix: [workspace, 'owner'] }))).toBe(0);
    }
  });

  it('a person who was removed by one cannot send through the other, which has sent for them a moment ago', async () => {
    const [here, there] = [await open({ tables: TABLES }), await open({ tables: TABLES })];
    await setUpConversation(here);
    const [channel] = CHANNELS;
    const { who } = sendOf(channel!, '');
    for (let n = 0; n < 5; n++) {
      const [gone, kept] = n % 2 ? [here, there] : [there, here];
      await kept.run('messages.send', sendOf(channel!, `before-${n}`));
      const [member] = (await runScript(gone, [{ table: 'members', do: 'get', key: [channel!, who.user_id] }, { table: 'members', do: 'delete', key: [channel!, who.user_id] }])) as [Row];
      await expect(kept.run('messages.send', sendOf(channel!, `after-${n}`))).rejects.toMatchObject({ code: 'forbidden' });
      await runScript(gone, [{ table: 'members', do: 'put', row: member }]);
      await kept.run('messages.send', sendOf(channel!, `again-${n}`));
    }
  });

  it('a message sent through both at once is one, and fails none of those beside it', async () => {
    const stores = [await open({ tables: TABLES }), await open({ tables: TABLES })];
    await setUpConversation(stores[0]!);
    for (let round = 0; round < 5; round++) {
      const sends = Array.from({ length: 40 }, (_, i) => ({ store: stores[i % 2]!, send: sendOf(CHANNELS[i % 3]!, i < 12 ? `r${round}-same-${i % 3}` : `r${round}-${i}`) }));
      const results = await Promise.all(sends.map(async ({ store, send }) => store.run('messages.send', send)));
      expect(new Set(results.map(({ message }) => message.id)).size).toBe(28 + 3);
      expect(results.filter(({ repeat }) => repeat)).toHaveLength(9);
    }
  });

  it('time runs with seq though their clocks are five seconds apart, and outbox ids run with revs', async () => {
    let now = 1_700_000_000_000;
    const [ahead, behind] = [await open({ tables: TABLES, now: () => now + 5_000 }), await open({ tables: TABLES, now: () => now })];
    await setUpConversation(ahead);
    const told: StoredEvent[] = [];
    for (const store of [ahead, behind]) store.onCommitted((events) => told.push(...events));
    for (let n = 0; n < 20; n++) {
      now += 7;
      const stores = n % 3 === 0 ? [ahead, behind] : [n % 2 ? ahead : behind];
      await Promise.all(stores.map(async (store, i) => store.run('messages.send', sendOf(CHANNELS[0]!, `m${n}-${i}`))));
    }
    const rows = await behind.read((tx) => tx.find(messages, { prefix: [CHANNELS[0]!], limit: 100 }));
    expect(rows.length).toBeGreaterThan(20);
    rows.forEach((row, i) => expect(row.created_us).toBeGreaterThan(rows[i - 1]?.created_us ?? 0));
    expect(rows.map(({ doc }) => doc.created_at)).toEqual(rows.map(({ doc }) => doc.created_at).sort());
    const logged = await behind.read((tx) => tx.find(outbox, { limit: 100 }));
    expect(logged.map(({ rev }) => rev)).toEqual(rows.map(({ rev }) => rev));
    expect(told).toHaveLength(rows.length);
  });

  it('tell their own commits only, each in order', async () => {
    const stores = [await open(), await open()];
    const told = stores.map((store) => {
      const revs: number[] = [];
      store.onCommitted((events) => revs.push(...events.map(({ rev }) => rev)));
      return revs;
    });
    const own = await Promise.all(stores.map(async (store) => Promise.all(Array.from({ length: 60 }, () => runBump(store, 'user:a')))));
    for (const i of [0, 1]) {
      expect(told[i]).toEqual([...own[i]!].sort((a, b) => a - b));
      expect(told[i]).toEqual([...told[i]!].sort((a, b) => a - b));
    }
  });
});
