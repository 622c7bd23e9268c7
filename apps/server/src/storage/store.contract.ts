import { ParleyError } from '@parley/shared/protocol/errors';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UniqueViolation, type Range, type Row, type Store, type StoredEvent, type Table } from './port.ts';
import { NaiveTable, stepArbitrary } from './store.model.ts';
import { heads, outbox } from './tables.ts';
import { runBump, runScript, things, type Step, type ThingRow } from './testing.commands.ts';

/** A new empty store with the tables and commands of `testing.commands.ts`, and the way to close and open it again. */
export interface StoreUnderTest {
  store: Store;
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

const row = (id: string, fields: Partial<ThingRow> = {}, group = 'g'): Row => ({ group, id, ...fields });
const ids = (rows: unknown): unknown[] => (rows as ThingRow[]).map((r) => r.id);

/** What every Store adapter guarantees (see `port.ts`). */
export function describeStore(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`Store contract: ${name}`, () => {
    let subject: StoreUnderTest;
    let store: Store;
    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });
    afterEach(async () => subject.dispose());

    const fill = async (rows: Row[]): Promise<unknown> => runScript(store, rows.map((r): Step => ({ do: 'insert', row: r })));
    const find = async (range: Range & { reverse?: boolean; limit?: number }): Promise<ThingRow[]> => store.read(async (tx) => tx.find(things as Table<ThingRow>, { limit: 100, ...range }));

    describe('rows', () => {
      it('ROW1 a row is read as it was written, and absent columns as null', async () => {
        const rest = { a: [1, 'x', null, { b: true }], text: 'é\u0000😀"\\' };
        await fill([row('1', { rank: 2 ** 52, rest })]);
        expect(await store.read((tx) => tx.get(things as Table, ['g', '1']))).toEqual({ group: 'g', id: '1', rank: 2 ** 52, label: null, code: null, place: null, rest });
        expect(await store.read((tx) => tx.get(things as Table, ['g', '2']))).toBeUndefined();
      });

      it('ROW2 put replaces whole, delete tells whether there was one', async () => {
        await fill([row('1', { rank: 1, rest: 'old' })]);
        expect(await runScript(store, [{ do: 'put', row: row('1', { label: 'l' }) }, { do: 'delete', key: ['g', '1'] }, { do: 'delete', key: ['g', '1'] }, { do: 'put', row: row('1', { label: 'l' }) }])).toEqual([null, true, false, null]);
        expect(await find({})).toEqual([{ group: 'g', id: '1', label: 'l', rank: null, code: null, place: null }]);
        expect(await store.read((tx) => tx.count(things as Table, { index: 'by_rank' }))).toBe(0);
      });

      it('ROW3 what a caller does to its copy changes nothing', async () => {
        const given = row('1', { rest: { n: 1 } });
        await fill([given]);
        await store.read(async (tx) => {
          const got = (await tx.get(things as Table<ThingRow>, ['g', '1']))!;
          (got.rest as { n: number }).n = 2;
          expect(((await tx.get(things as Table<ThingRow>, ['g', '1']))!.rest as { n: number }).n).toBe(1);
        });
      });

      it('ROW4 columns of a wrong type and unknown indexes are refused', async () => {
        await expect(fill([row('1', { rank: 'x' as unknown as number })])).rejects.toThrow();
        await expect(fill([row('1', { rank: 1.5 })])).rejects.toThrow();
        await expect(fill([{ group: 'g' }])).rejects.toThrow();
        await expect(find({ index: 'nope' })).rejects.toThrow();
        expect(await find({})).toEqual([]);
      });
    });

    describe('recall', () => {
      const recall = async (id: string): Promise<ThingRow | undefined> => store.recall(things as Table<ThingRow>, ['g', id]);

      it('REC1 answers what was acknowledged, changed and removed rows included', async () => {
        expect(await recall('1')).toBeUndefined();
        await fill([row('1', { label: 'a', rest: [1] })]);
        expect(await recall('1')).toMatchObject({ label: 'a', rest: [1] });
        await runScript(store, [{ do: 'put', row: row('1', { label: 'b' }) }]);
        expect(await recall('1')).toMatchObject({ label: 'b' });
        await runScript(store, [{ do: 'delete', key: ['g', '1'] }]);
        expect(await recall('1')).toBeUndefined();
      });

      it('REC2 one that was under way during a commit is not remembered for the next', async () => {
        await fill([row('1', { rank: 0 })]);
        for (let rank = 1; rank <= 50; rank++) {
          const early = [recall('1'), recall('1')];
          const written = runScript(store, [{ do: 'put', row: row('1', { rank }) }]);
          early.push(recall('1'));
          await written;
          expect((await recall('1'))?.rank).toBe(rank);
          for (const found of await Promise.all(early)) expect([rank - 1, rank]).toContain(found?.rank);
          expect((await recall('1'))?.rank).toBe(rank);
        }
      });

      it('REC3 a command that was refused changes nothing', async () => {
        await fill([row('1', { label: 'a' })]);
        expect(await recall('1')).toMatchObject({ label: 'a' });
        await expect(runScript(store, [{ do: 'put', row: row('1', { label: 'b' }) }, { do: 'refuse', code: 'forbidden' }])).rejects.toThrow();
        expect(await recall('1')).toMatchObject({ label: 'a' });
      });
    });

    describe('order', () => {
      it('ORD1 strings stand in the order of their UTF-8 bytes', async () => {
        const sorted = ['', 'A', 'Z', 'a', 'aa', 'z', 'é', '中', '\uE000', '\uFFFD', '😀', '😁'];
        await fill([...sorted].reverse().map((id) => row(id)));
        expect(ids(await find({ prefix: ['g'] }))).toEqual(sorted);
        expect(ids(await find({ prefix: ['g'], reverse: true }))).toEqual([...sorted].reverse());
        expect(ids(await find({ prefix: ['g'], gt: '\uFFFD' }))).toEqual(['😀', '😁']);
      });

      it('ORD2 numbers stand in their order, equal ones by the key', async () => {
        await fill([row('a', { rank: 10 }), row('b', { rank: 9 }), row('c', { rank: -1 }), row('d', { rank: 9 }), row('e', { rank: 100 })]);
        expect(ids(await find({ index: 'by_rank', prefix: ['g'] }))).toEqual(['c', 'b', 'd', 'a', 'e']);
        expect(ids(await find({ index: 'by_rank', prefix: ['g'], reverse: true, limit: 3 }))).toEqual(['e', 'a', 'd']);
      });

      it('ORD3 rows with a null in an index are not in it', async () => {
        await fill([row('a', { label: 'x', rank: 1 }), row('b', { label: 'x' }), row('c', { rank: 2 }), row('d', { label: 'x', rank: null })]);
        expect(ids(await find({ index: 'by_label_rank' }))).toEqual(['a']);
        expect(ids(await find({ index: 'by_label_rank', prefix: ['x'] }))).toEqual(['a']);
        expect(await store.read((tx) => tx.count(things as Table, { index: 'by_rank', prefix: ['g'] }))).toBe(2);
      });

      it('ORD4 bounds are strict or inclusive as named, and counts agree', async () => {
        await fill([1, 2, 3, 4, 5].map((n) => row(String(n), { rank: n * 10 })));
        const on = { index: 'by_rank', prefix: ['g'] };
        for (const [bounds, expected] of [
          [{ gt: 20 }, ['3', '4', '5']], [{ gte: 20 }, ['2', '3', '4', '5']], [{ lt: 20 }, ['1']], [{ lte: 20 }, ['1', '2']],
          [{ gt: 10, lt: 40 }, ['2', '3']], [{ gte: 10, gt: 20, lte: 40, lt: 45 }, ['3', '4']], [{ gt: 40, lt: 20 }, []], [{ gte: 20, lte: 20 }, ['2']],
        ] as const) {
          expect(ids(await find({ ...on, ...bounds }))).toEqual(expected);
          expect(await store.read((tx) => tx.count(things as Table, { ...on, ...bounds }))).toBe(expected.length);
        }
        expect(ids(await find({ prefix: ['g', '3'] }))).toEqual(['3']);
        expect(await find({ prefix: ['g'], limit: 0 })).toEqual([]);
      });

      it('ORD5 pages continue behind a row, in both directions', async () => {
        await fill(['a', 'b', 'c', 'd', 'e'].map((id, i) => row(id, { rank: i < 4 ? 7 : 8 })));
        for (const reverse of [false, true]) {
          const seen: unknown[] = [];
          for (let after: Row | undefined; ; ) {
            const page = await find({ index: 'by_rank', prefix: ['g'], limit: 2, reverse, ...(after ? { after } : {}) });
            if (page.length === 0) break;
            seen.push(...ids(page));
            after = page.at(-1);
          }
          expect(seen).toEqual(reverse ? ['e', 'd', 'c', 'b', 'a'] : ['a', 'b', 'c', 'd', 'e']);
        }
      });
    });

    describe('uniqueness', () => {
      it('UNQ1 insert refuses a key that exists', async () => {
        await fill([row('1', { rest: 'first' })]);
        await expect(fill([row('1', { rest: 'second' })])).rejects.toMatchObject({ name: 'UniqueViolation', table: 'test_things', index: 'key' });
        expect((await find({}))[0]!.rest).toBe('first');
      });

      it('UNQ2 insert and put refuse a value of a unique index, of its own row they do not', async () => {
        await fill([row('1', { code: 'x' }), row('2'), row('3', { code: 'x' }, 'other')]);
        await expect(fill([row('4', { code: 'x' })])).rejects.toBeInstanceOf(UniqueViolation);
        await expect(runScript(store, [{ do: 'put', row: row('2', { code: 'x' }) }])).rejects.toMatchObject({ table: 'test_things', index: 'by_code' });
        await runScript(store, [{ do: 'put', row: row('1', { code: 'x', label: 'again' }) }]);
        expect((await find({})).map((r) => [r.id, r.code, r.label])).toEqual([['1', 'x', 'again'], ['2', null, null], ['3', 'x', null]]);
      });

      it('UNQ3 nulls never collide', async () => {
        await fill([row('1', { code: null }), row('2', { code: null }), row('3')]);
        expect(await find({})).toHaveLength(3);
      });
    });

    describe('commands', () => {
      it('CMD1 sees its own writes', async () => {
        const results = await runScript(store, [
          { do: 'insert', row: row('1', { rank: 1 }) }, { do: 'get', key: ['g', '1'] }, { do: 'count', range: { index: 'by_rank', prefix: ['g'] } },
          { do: 'put', row: row('1', { rank: 5 }) }, { do: 'find', range: { index: 'by_rank', prefix: ['g'], gt: 3, limit: 9 } },
          { do: 'delete', key: ['g', '1'] }, { do: 'get', key: ['g', '1'] }, { do: 'count', range: {} },
        ]);
        expect(results[1]).toMatchObject({ id: '1', rank: 1 });
        expect(results[2]).toBe(1);
        expect(ids(results[4])).toEqual(['1']);
        expect(results.slice(5)).toEqual([true, null, 0]);
      });

      it('CMD2 one that fails takes back its own writes alone, whoever shares its batch', async () => {
        const outcomes = await Promise.allSettled([
          runScript(store, [{ do: 'insert', row: row('1') }]),
          runScript(store, [{ do: 'insert', row: row('2') }, { do: 'put', row: row('1', { label: 'spoilt' }) }, { do: 'emit', event: { stream: 'user:u', from: 0, rev: 1, seq: 0 } }, { do: 'break' }]),
          runScript(store, [{ do: 'insert', row: row('3') }, { do: 'insert', row: row('1') }]),
          runScript(store, [{ do: 'insert', row: row('4') }]),
        ]);
        expect(outcomes.map((o) => o.status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
        expect((await find({})).map((r) => [r.id, r.label])).toEqual([['1', null], ['4', null]]);
        expect(await store.read((tx) => tx.count(outbox, {}))).toBe(0);
      });

      it('CMD3 a ParleyError passes through with its code and what comes with it', async () => {
        const error: unknown = await runScript(store, [{ do: 'refuse', code: 'rate_limited', retry_after_ms: 7 }]).catch((e: unknown) => e);
        expect(error).toBeInstanceOf(ParleyError);
        expect(error).toMatchObject({ code: 'rate_limited', message: 'as told', extra: { retry_after_ms: 7 } });
      });

      it('CMD4 a defect rejects with its message, and the store goes on', async () => {
        await expect(runScript(store, [{ do: 'break' }])).rejects.toThrow('broken as told');
        await expect((store.run as unknown as (n: string, a: unknown) => Promise<unknown>).call(store, 'no.such', {})).rejects.toThrow('no.such');
        await fill([row('1')]);
      });

      it('CMD5 the clock stands within a command and never falls; uuids are new', async () => {
        const [a, b, u1, u2] = (await runScript(store, [{ do: 'now' }, { do: 'now' }, { do: 'uuid' }, { do: 'uuid' }])) as [number, number, string, string];
        expect(a).toBe(b);
        expect(u1).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(u1).not.toBe(u2);
        expect(((await runScript(store, [{ do: 'now' }])) as [number])[0]).toBeGreaterThanOrEqual(a);
      });

      it('CMD6 all of a burst are committed, each answered with its own result', async () => {
        const results = await Promise.all(Array.from({ length: 300 }, (_, i) => runScript(store, [{ do: 'insert', row: row(`n${i}`, { rank: i }) }, { do: 'get', key: ['g', `n${i}`] }])));
        results.forEach((r, i) => expect(r[1]).toMatchObject({ rank: i }));
        expect(await store.read((tx) => tx.count(things as Table, { prefix: ['g'] }))).toBe(300);
      });
    });

    describe('isolation', () => {
      it('ISO1 a reader keeps its snapshot while commands commit, and a later one sees them', async () => {
        await fill([row('1')]);
        const { inside, after } = await store.read(async (tx) => {
          const before = await tx.count(things as Table, {});
          await fill([row('2')]);
          await runScript(store, [{ do: 'put', row: row('1', { label: 'new' }) }]);
          const other = await store.read((later) => later.count(things as Table, {}));
          return { inside: [before, await tx.count(things as Table, {}), (await tx.get(things as Table, ['g', '1']))?.label], after: other };
        });
        expect(inside).toEqual([1, 1, null]);
        expect(after).toBe(2);
      });

      it('ISO2 a caller reads what its command wrote', async () => {
        for (let i = 0; i < 20; i++) {
          await Promise.all([0, 1, 2].map(async (n) => {
            await fill([row(`${i}-${n}`)]);
            expect(await store.read((tx) => tx.get(things as Table, ['g', `${i}-${n}`]))).toBeDefined();
          }));
        }
      });

      it('ISO3 revs of a stream have no holes, and who sees one sees all below it', async () => {
        let stop = false;
        const watching = (async () => {
          while (!stop) {
            await store.read(async (tx) => {
              const rows = await tx.count(things as Table, { prefix: ['user:a'] });
              const head = await tx.get(heads, ['user:a']);
              expect(rows).toBe(head?.rev ?? 0);
            });
            await new Promise((resolve) => setImmediate(resolve));
          }
        })();
        const outcomes = await Promise.allSettled(Array.from({ length: 120 }, (_, i) => runBump(store, 'user:a', i % 5 === 0)));
        stop = true;
        await watching;
        const revs = outcomes.flatMap((o) => (o.status === 'fulfilled' ? [o.value] : [])).sort((x, y) => x - y);
        expect(revs).toEqual(Array.from({ length: 96 }, (_, i) => i + 1));
        expect(await store.read((tx) => tx.get(heads, ['user:a']))).toMatchObject({ rev: 96 });
      });

      it('ISO4 a failing reader rejects with its own error, and frees what it held', async () => {
        for (let i = 0; i < 50; i++) await expect(store.read(async () => Promise.reject(new RangeError('mine')))).rejects.toThrow('mine');
        expect(await find({})).toEqual([]);
      });
    });

    describe('events', () => {
      it('EVT1 are told after the commit and before the answer, in order, with their outbox rows written', async () => {
        const told: StoredEvent[] = [];
        let visible: Promise<unknown> | undefined;
        store.onCommitted((events) => {
          told.push(...events);
          visible = store.read((tx) => tx.get(outbox, [events[0]!.outbox_id]));
        });
        await runBump(store, 'user:a');
        expect(told).toMatchObject([{ stream: 'user:a', from: 0, rev: 1, seq: 0, entities: [] }]);
        expect(await visible).toMatchObject({ id: told[0]!.outbox_id, stream: 'user:a', from: 0, rev: 1, seq: 0, done: [] });
        await Promise.all(Array.from({ length: 40 }, (_, i) => runBump(store, i % 2 ? 'user:a' : 'user:b')));
        for (const stream of ['user:a', 'user:b']) {
          const own = told.filter((e) => e.stream === stream);
          own.forEach((e, i) => expect([e.from, e.rev]).toEqual([i, i + 1]));
          expect(own.map((e) => e.outbox_id)).toEqual([...own.map((e) => e.outbox_id)].sort());
        }
        const rows = await store.read((tx) => tx.find(outbox, { limit: 100 }));
        expect(rows.map((r) => r.id).sort()).toEqual(told.map((e) => e.outbox_id).sort());
      });

      it('EVT2 those of one command and stream are one, unless an entry for gateways stands between', async () => {
        const told: StoredEvent[] = [];
        const forget = store.onCommitted((events) => told.push(...events));
        const entity = (id: string, rev: number): never => ({ type: 'preference', id, rev, key: id, value: rev }) as never;
        await runScript(store, [
          { do: 'emit', event: { stream: 'user:a', from: 0, rev: 1, seq: 0, entities: [entity('x', 1)] } },
          { do: 'emit', event: { stream: 'user:b', from: 4, rev: 5, seq: 0, entities: [entity('z', 5)] } },
          { do: 'emit', event: { stream: 'user:a', from: 1, rev: 2, seq: 0, entities: [entity('y', 2)], facts: { n: 1 } } },
          { do: 'emit', event: { stream: 'user:a', from: 2, rev: 3, seq: 0, entities: [entity('x', 3)] } },
          { do: 'emit', event: { stream: 'user:a', from: 3, rev: 4, seq: 0, entities: [], control: [{ kind: 'left', user_id: 'u' }] } },
        ]);
        expect(told.map((e) => [e.stream, e.from, e.rev, e.entities?.map((x) => [x.id, x.rev])])).toEqual([
          ['user:a', 0, 3, [['y', 2], ['x', 3]]], ['user:b', 4, 5, [['z', 5]]], ['user:a', 3, 4, []],
        ]);
        expect(told[0]!.facts).toEqual({ n: 1 });
        expect(told[2]!.control).toEqual([{ kind: 'left', user_id: 'u' }]);
        forget();
        await runBump(store, 'user:c');
        expect(told).toHaveLength(3);
      });

      it('EVT3 waiting commands are committed together', async () => {
        const sizes: number[] = [];
        store.onCommitted((events) => sizes.push(events.length));
        await Promise.all(Array.from({ length: 64 }, (_, i) => runBump(store, `user:${i}`)));
        expect(sizes.reduce((a, b) => a + b, 0)).toBe(64);
        expect(sizes.length).toBeLessThan(32);
      });
    });

    describe('life', () => {
      it('LIF1 rows and incarnation are kept over a restart', async () => {
        await fill([row('1', { rank: 3, rest: [1] })]);
        await runBump(store, 'user:a');
        const incarnation = store.incarnation();
        const [before] = await store.read((tx) => tx.find(outbox, { limit: 1 }));
        store = await subject.reopen();
        expect(store.incarnation()).toBe(incarnation);
        expect(await find({ index: 'by_rank', prefix: ['g'] })).toEqual([{ group: 'g', id: '1', rank: 3, rest: [1], label: null, code: null, place: null }]);
        await runBump(store, 'user:a');
        const rows = await store.read((tx) => tx.find(outbox, { limit: 9 }));
        expect(rows.map((r) => r.rev)).toEqual([1, 2]);
        expect(rows[0]).toEqual(before);
      });

      it('LIF2 closing commits what waits and then refuses', async () => {
        const waiting = Array.from({ length: 10 }, (_, i) => fill([row(String(i))]));
        await store.close();
        await Promise.all(waiting);
        await expect(fill([row('late')])).rejects.toMatchObject({ code: 'unavailable' });
        await expect(find({})).rejects.toMatchObject({ code: 'unavailable' });
        store = await subject.reopen();
        expect(await find({})).toHaveLength(10);
      });

      it('LIF3 health names the adapter and no problems', async () => {
        expect(await store.health()).toMatchObject({ problems: [] });
      });
    });

    it('MOD1 any sequence of commands answers as a plain model does', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(stepArbitrary, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 }), async (commands) => {
          const model = new NaiveTable();
          const leftovers = await find({ limit: 1000 });
          await runScript(store, leftovers.map((r): Step => ({ do: 'delete', key: [r.group, r.id] })));
          for (const steps of commands) {
            const actual = await runScript(store, steps).catch((e: unknown) => (e instanceof UniqueViolation ? `unique ${e.index}` : e));
            const expected = model.run(steps);
            if (typeof actual === 'string') expect(String(expected).split(' or ')).toContain(actual);
            else expect(actual).toEqual(expected);
          }
          expect(await find({ limit: 1000 })).toEqual(model.all());
        }),
        { numRuns: 60 },
      );
    });
  });
}
