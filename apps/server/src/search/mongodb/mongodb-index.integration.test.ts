import { parseQuery } from '@parley/shared/domain/search/query';
import { termsOf } from '@parley/shared/domain/search/terms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectMongo } from '../../storage/mongodb/connection.ts';
import { hasMongod, startMongod, type Mongod } from '../../storage/mongodb/testing.mongod.ts';
import type { IndexedMessage, IndexQuestion, SearchIndex } from '../port.ts';
import { searchIndexContract } from '../search-index.contract.ts';
import { MongodbSearchIndex } from './mongodb-index.ts';

const CHANNEL = { channel_id: 'open', workspace_id: 'w', public: true };
const message = (seq: number, content: string, more: Partial<IndexedMessage> = {}): IndexedMessage => ({ seq, rev: seq, author_id: 'ana', created_us: 1_000_000 + seq * 10, content, files: [], traits: [], deleted: false, ...more });
const question = (q: string, more: Partial<IndexQuestion> = {}): IndexQuestion => ({ workspace_id: 'w', terms: termsOf(parseQuery(q, '2026-01-15')), traits: [], readable: { public: true, channel_ids: [] }, sort: 'newest', limit: 50, ...more });
const seqs = async (index: SearchIndex, q: string, more: Partial<IndexQuestion> = {}) => (await index.search(question(q, more))).candidates.map(({ seq }) => seq);

describe.skipIf(!hasMongod())('MongoDB', () => {
  let mongod: Mongod;
  let count = 0;
  const at = (database: string): MongodbSearchIndex => new MongodbSearchIndex(mongod.admin.db(database), async () => undefined);
  const fresh = (): string => `search_${++count}`;
  beforeAll(async () => {
    mongod = await startMongod();
  });
  afterAll(() => mongod?.stop());

  searchIndexContract('mongodb', () => {
    const database = fresh();
    return { index: at(database), again: () => at(database) };
  });

  it('several processes write, late ones and early ones, and what is newest stays', async () => {
    const database = fresh();
    const [one, two] = [at(database), at(database)];
    await Promise.all([one.prepare('a'), two.prepare('a')]);
    const writes = Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : two).write(CHANNEL, [message(1, `word${40 - i}`, { rev: 40 - i }), message(2, 'steady', { rev: 1 })], 40 - i));
    await Promise.all(writes);
    expect([await seqs(one, 'word40 '), await seqs(two, 'word39 x'), await seqs(one, 'steady')]).toEqual([[1], [], [2]]);
    expect(await two.cursors()).toEqual(new Map([['open', 40]]));
  });

  it('a public channel that became private stays so, though a process that was behind writes last', async () => {
    const database = fresh();
    const [one, two] = [at(database), at(database)];
    await Promise.all([one.prepare('a'), two.prepare('a')]);
    await one.write(CHANNEL, [message(1, 'secret')], 1);
    await two.write({ ...CHANNEL, public: false }, [message(2, 'secret')], 5);
    await one.write(CHANNEL, [], 3);
    expect(await seqs(one, 'secret')).toEqual([]);
    expect(await seqs(one, 'secret', { readable: { public: false, channel_ids: ['open'] } })).toEqual([2, 1]);
  });

  it('who writes to an index that was emptied meanwhile is refused, and two that find another store empty it once', async () => {
    const database = fresh();
    const [one, two] = [at(database), at(database)];
    await Promise.all([one.prepare('a'), two.prepare('a')]);
    await one.write(CHANNEL, [message(1, 'before')], 1);
    await two.clear();
    await expect(one.write(CHANNEL, [message(2, 'lost')], 2)).rejects.toMatchObject({ code: 'unavailable' });
    await one.prepare('a');
    await one.write(CHANNEL, [message(1, 'before'), message(2, 'kept')], 2);
    expect([await seqs(two, 'before'), await seqs(two, 'kept'), await two.cursors()]).toEqual([[1], [2], new Map([['open', 2]])]);
    const later = [at(database), at(database), at(database)];
    await Promise.all(later.map((index) => index.prepare('b')));
    for (const index of later) await index.write(CHANNEL, [], 7);
    expect((await mongod.admin.db(database).listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).filter((name) => name.startsWith('search_messages')).length).toBe(1);
  });

  it('common words that are never together, and beginnings of words, are answered in bounds and without sorting', async () => {
    const database = fresh();
    const index = at(database);
    await index.prepare('a');
    for (let page = 0; page < 6; page++) await index.write(CHANNEL, Array.from({ length: 1_000 }, (_, i) => message(page * 1_000 + i + 1, i % 2 === 0 ? `even common${i % 7} release` : 'odd commonplace')), (page + 1) * 1_000);
    await index.write(CHANNEL, [message(6_001, 'odd release candidate')], 6_001);
    expect(await seqs(index, 'even odd')).toEqual([]);
    expect(await seqs(index, 'odd release ')).toEqual([6_001]);
    expect(await seqs(index, 'release cand')).toEqual([6_001]);
    expect((await seqs(index, 'comm', { limit: 3 }))).toEqual([6_000, 5_999, 5_998]);
    expect((await seqs(index, 'even comm', { limit: 2 }))).toEqual([5_999, 5_997]);
    expect(await seqs(index, '"common1 release"', { limit: 2 })).toEqual([5_989, 5_975]);
    expect((await index.search(question('even odd', { limit: 5 }))).next).toBeNull();
    const floor = await mongod.admin.db(database).collection('search_messages_1').find({ w: 'w', k: 'odd', t: { $lt: 10n ** 18n } }, { hint: 'by_token' }).sort({ t: -1 }).skip(2_000).limit(1).project({ _id: 0, t: 1 }).explain('executionStats');
    expect((floor as { executionStats: { totalDocsExamined: number } }).executionStats.totalDocsExamined).toBe(0);
    const plan = await mongod.admin.db(database).collection('search_messages_1').find({ w: 'w', k: 'odd', t: { $lt: 10n ** 18n } }, { hint: 'by_token' }).sort({ t: -1 }).limit(21).explain('executionStats');
    expect(JSON.stringify(plan)).not.toContain('"SORT"');
    expect((plan as { executionStats: { totalKeysExamined: number } }).executionStats.totalKeysExamined).toBeLessThanOrEqual(22);
  });

  it('a database that is away is an error of the wire', async () => {
    const lost = await connectMongo(mongod.url(fresh()));
    const index = new MongodbSearchIndex(lost.db, lost.close);
    await index.prepare('a');
    await lost.close();
    await expect(index.search(question('x'))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
