import type { AnyBulkWriteOperation, Collection, Db, Document } from 'mongodb';
import { ParleyError } from '@parley/shared/protocol/errors';
import { storageError } from '../../storage/mongodb/errors.ts';
import { RANKED_HITS, type Candidates, type IndexedChannel, type IndexedMessage, type IndexQuestion, type SearchIndex } from '../port.ts';
import { documentOf, INDEX_VERSION, timeKey, type MessageDocument } from './message-document.ts';
import { readPlace, writePlace } from './place.ts';
import { anyEntry, BY_CHANNEL, BY_TOKEN, planOf, restOf, scoreOf, type Entry, type Plan } from './question-plan.ts';

/** Messages looked at for one answer, so that a question whose hits are rare does not hold up the others. */
const SCAN_ROWS = 20_000;
const FIRST_LOOK = 2_000;
const LEAST_COUNTED = 1_000;
const MOST_MS = 10_000;
const DUPLICATE_KEY = 11_000;
const NO_SUCH_NAMESPACE = 26;

interface AboutDocument { _id: string; mark: string; generation: number }
interface ChannelDocument { _id: string; w: string; public: boolean; rev: number }
interface Within { t: { $lt: bigint; $gte?: bigint; $gt?: bigint } }
/** Where to begin; `long`: the list may have more messages than are worth looking at. */
interface Way { entry: Entry; long: boolean; rest: Document }
type Hit = Pick<MessageDocument, 'c' | 's' | 't'> & { q?: string };

/**
 * The index in MongoDB: a document a message with its tokens in a multikey index `{w, k, t}`. A page of the newest hits walks the list
 * of the rarest word from its end, in the order of time, and stops when it is full; what else was asked is looked for in each
 * document. Words that only begin so are sorted while they are few, and else met by walking all messages.
 *
 * Any number of processes write: a message replaces an earlier rev only, cursors move forward only, and the cursor is
 * written when the messages before it are so for good. Emptying is a new generation of collections, so that nobody's late
 * write lands in it; whoever still writes to the old one is refused, and reads the cursors again.
 *
 * Collections are sharded by channel when a router is there. A question asks every shard, as those of a search do, unless it
 * names channels.
 */
export class MongodbSearchIndex implements SearchIndex {
  readonly #about: Collection<AboutDocument>;
  #generation: number | undefined;
  #mark = '';

  constructor(private readonly db: Db, private readonly closing: () => Promise<void>) {
    this.#about = db.collection<AboutDocument>('search_about');
  }

  prepare(incarnation: string): Promise<void> {
    return asking(async () => {
      this.#mark = `${incarnation} ${INDEX_VERSION}`;
      const known = await this.#about.findOne({ _id: 'made_for' });
      const generation = known?.mark === this.#mark ? known.generation : await this.#renew({ mark: { $ne: this.#mark } });
      await this.#collect(generation);
      this.#generation = generation;
    });
  }

  cursors(): Promise<Map<string, number>> {
    return asking(async () => new Map((await this.#channels(this.#current()).find().toArray()).map(({ _id, rev }) => [_id, rev])));
  }

  write(channel: IndexedChannel, messages: readonly IndexedMessage[], through: number): Promise<void> {
    return asking(async () => {
      const generation = this.#current();
      if ((await this.#about.findOne({ _id: 'made_for' }))?.generation !== generation) throw new ParleyError('unavailable', 'the search index was emptied', { retry_after_ms: 1_000 });
      const channels = this.#channels(generation);
      const before = await channels.findOne({ _id: channel.channel_id });
      if (before && before.public !== channel.public && before.rev <= through) await this.#messages(generation).updateMany({ c: channel.channel_id }, { $set: { p: channel.public } });
      if (messages.length > 0) await replacing(this.#messages(generation), messages.map((message) => documentOf(channel, message)));
      const { channel_id: _id, workspace_id: w, public: open } = channel;
      await channels.updateOne({ _id, rev: { $lte: through } }, { $set: { w, public: open, rev: through } }, { upsert: true }).catch(unlessNewer);
    });
  }

  search(question: IndexQuestion): Promise<Candidates> {
    return asking(async () => {
      const { sort, limit } = question;
      const top = question.to_us === undefined ? undefined : timeKey(question.to_us);
      const { below, skip } = readPlace(sort, question.after, top);
      const plan = planOf(question);
      if (!plan) return { candidates: [], next: null };
      // Asked each time: another process may have emptied it.
      const messages = this.#messages((await this.#about.findOne({ _id: 'made_for' }))?.generation ?? 0);
      const within: Within = { t: { $lt: below, ...(question.from_us !== undefined && { $gte: timeKey(question.from_us) }) } };
      const way = await this.#way(messages, plan, question, within, sort === 'newest' ? limit : RANKED_HITS);
      return sort === 'newest' ? newest(messages, way, within, limit) : ranked(messages, way, within, question, below, skip);
    });
  }

  clear(): Promise<void> {
    return asking(async () => {
      const generation = await this.#renew({});
      await this.#collect(generation);
      this.#generation = generation;
    });
  }

  close(): Promise<void> {
    return this.closing();
  }

  /** Of several processes that would renew one index, one does. */
  async #renew(unless: Document): Promise<number> {
    await this.#about.updateOne({ _id: 'made_for', ...unless }, { $set: { mark: this.#mark }, $inc: { generation: 1 } }, { upsert: true }).catch(unlessNewer);
    return (await this.#about.findOne({ _id: 'made_for' }))!.generation;
  }

  /** Makes the generation's collections and drops those before it. */
  async #collect(generation: number): Promise<void> {
    const messages = this.#messages(generation);
    await messages.createIndexes([{ name: BY_TOKEN, key: { w: 1, k: 1, t: -1 } }, { name: BY_CHANNEL, key: { c: 1, t: -1 } }]);
    if ((await this.db.admin().command({ hello: 1 }))['msg'] === 'isdbgrid') await this.db.admin().command({ shardCollection: messages.namespace, key: { c: 1 } });
    for (const { name } of await this.db.listCollections({ name: /^search_(?:messages|channels)_\d+$/ }, { nameOnly: true }).toArray()) {
      if (Number(name.split('_')[2]) < generation) await this.db.dropCollection(name).catch((error: unknown) => {
        if ((error as { code?: unknown }).code !== NO_SUCH_NAMESPACE) throw error;
      });
    }
  }

  #current(): number {
    if (this.#generation === undefined) throw new ParleyError('unavailable', 'the search index is not prepared');
    return this.#generation;
  }

  #messages(generation: number): Collection<MessageDocument> {
    return this.db.collection<MessageDocument>(`search_messages_${generation}`, { writeConcern: { w: 'majority' } });
  }

  #channels(generation: number): Collection<ChannelDocument> {
    return this.db.collection<ChannelDocument>(`search_channels_${generation}`, { writeConcern: { w: 'majority' } });
  }

  /** The way in that has the fewest messages, as far as it is worth counting them. */
  async #way(messages: Collection<MessageDocument>, plan: Plan, { workspace_id }: IndexQuestion, within: Within, wanted: number): Promise<Way> {
    const { entries } = plan;
    const way = (entry: Entry, long: boolean): Way => ({ entry, long, rest: restOf(plan, entry, workspace_id) });
    const [only] = entries;
    if (!only) return way(anyEntry(workspace_id), true);
    if (entries.length === 1 && only.ordered) return way(only, true);
    // Walking all for `wanted` hits costs as much as sorting so many.
    const most = Math.min(SCAN_ROWS, Math.max(LEAST_COUNTED, Math.ceil(Math.sqrt((await messages.estimatedDocumentCount()) * wanted))));
    const counts = await Promise.all(entries.map(async ({ hint, bounds }) => Number((await this.db.command({ count: messages.collectionName, query: { ...bounds, ...within }, limit: most, hint, maxTimeMS: MOST_MS }))['n'])));
    const fewest = Math.min(...counts);
    if (fewest < most) return way(entries[counts.indexOf(fewest)]!, false);
    return way(entries.find(({ ordered }) => ordered) ?? anyEntry(workspace_id), true);
  }
}

async function newest(messages: Collection<MessageDocument>, way: Way, within: Within, limit: number): Promise<Candidates> {
  const { hits, end } = await walk(messages, way, within, limit + 1, false);
  const candidates = hits.slice(0, limit).map(({ c, s, t }) => ({ channel_id: c, seq: s, position: writePlace('newest', t, 0) }));
  if (hits.length > limit) return { candidates, next: candidates[limit - 1]!.position };
  return { candidates, next: end === undefined ? null : writePlace('newest', end, 0) };
}

async function ranked(messages: Collection<MessageDocument>, way: Way, within: Within, { terms, limit }: IndexQuestion, below: bigint, skip: number): Promise<Candidates> {
  const hits = (await walk(messages, way, within, RANKED_HITS, true)).hits.map((hit) => ({ ...hit, score: scoreOf(hit.q ?? '', terms) }));
  hits.sort((a, b) => b.score - a.score || (a.t < b.t ? 1 : -1));
  const candidates = hits.slice(skip, skip + limit).map(({ c, s }, i) => ({ channel_id: c, seq: s, position: writePlace('relevance', below, skip + i + 1) }));
  return { candidates, next: hits.length > skip + candidates.length ? (candidates.at(-1)?.position ?? null) : null };
}

/** Newest first. A long list is walked in two steps of so many messages, and no further; `end`: from there on down nobody has looked. */
async function walk(messages: Collection<MessageDocument>, { entry, long, rest }: Way, within: Within, limit: number, words: boolean): Promise<{ hits: Hit[]; end?: bigint }> {
  const { hint, bounds } = entry;
  const projection = { _id: 0, c: 1, s: 1, t: 1, ...(words && { q: 1 }) } as const;
  const find = (t: Within['t'], room: number) => messages.find({ ...bounds, t, ...rest }, { hint, useBigInt64: true, maxTimeMS: MOST_MS, batchSize: room }).sort({ t: -1 }).limit(room).project<Hit>(projection).toArray();
  if (!long) return { hits: await find(within.t, limit) };
  const hits: Hit[] = [];
  let t = within.t;
  const first = Math.max(FIRST_LOOK, 4 * limit);
  for (const look of [first, SCAN_ROWS - first]) {
    // Read from the index alone.
    const [last] = await messages.find({ ...bounds, t }, { hint, useBigInt64: true, maxTimeMS: MOST_MS }).sort({ t: -1 }).skip(look).limit(1).project<{ t: bigint }>({ _id: 0, t: 1 }).toArray();
    hits.push(...(await find(last ? { ...t, $gt: last.t } : t, limit - hits.length)));
    if (!last || hits.length === limit) return { hits };
    t = { ...t, $lt: last.t + 1n };
  }
  return { hits, end: t.$lt };
}

/** Each replaces what has an earlier rev; where there is a newer one, the insert that would come of it is refused. */
async function replacing(messages: Collection<MessageDocument>, documents: readonly MessageDocument[]): Promise<void> {
  const operations = documents.map((document): AnyBulkWriteOperation<MessageDocument> => {
    const { _id, ...replacement } = document;
    return { replaceOne: { filter: { _id, c: document.c, r: { $lt: document.r } }, replacement, upsert: true } };
  });
  await messages.bulkWrite(operations, { ordered: false }).catch((error: unknown) => {
    const failed = (error as { writeErrors?: { code?: unknown }[] | { code?: unknown } }).writeErrors;
    const all = failed === undefined ? [] : Array.isArray(failed) ? failed : [failed];
    if (all.length === 0 || all.some(({ code }) => code !== DUPLICATE_KEY)) throw error;
  });
}

function unlessNewer(error: unknown): void {
  if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
}

async function asking<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageError(error);
  }
}
