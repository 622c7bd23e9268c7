import type { Message } from '@parley/shared/protocol/entities';
import type { Timer } from '@parley/shared/domain/clock';
import { parseStream } from '@parley/shared/domain/streams';
import { traitsOf } from '@parley/shared/domain/search/traits';
import { timeToMicros } from '@parley/shared/domain/timestamp';
import type { Deps } from '../../platform/deps.ts';
import type { IndexedMessage, SearchIndex } from '../../search/port.ts';
import type { StoredEvent } from '../../storage/port.ts';
import { headOf } from '../../storage/streams.ts';
import { channels, messages, type ChannelRow } from '../../storage/tables.ts';

const PAGE = 500;
const CHANNELS = 500;
const RETRY_MS = 5_000;
/**
 * News of a channel wait for more, `TURNS * TURN_MS` at most: a message is to be found within 2 s. Channels take turns, so
 * that the news of all of them do not come at once, before the sends that come then.
 */
const TURN_MS = 125;
const TURNS = 8;
const turnOf = (channelId: string): number => channelId.charCodeAt(channelId.length - 1) % TURNS;
/** Changed messages that are held meanwhile, of all channels; of more the store is asked. */
const HELD = 10_000;

/** What events told of one channel: every message that changed in (from, through]. */
interface News {
  from: number;
  through: number;
  /** Null: the events do not tell it all, the store does. */
  messages: Message[] | null;
}

export type IndexerDeps = Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics' | 'search'>;
export interface IndexProgress {
  channels: number;
  of: number;
  messages: number;
}

/**
 * Feeds the search index: for each channel, with the messages of a rev above what the index knows. Where events tell all of
 * them they are taken as told, else the store is read. So an event may come twice or never, an import needs no event of
 * its own, and a lost or older index is made whole by the same steps.
 */
export class SearchIndexer {
  readonly name = 'search';
  #cursors: Promise<Map<string, number>> | undefined;
  readonly #steps = new Map<string, Promise<number>>();
  /** Channels that go on by themselves, since there is much to do. */
  readonly #background = new Map<string, Promise<void>>();
  /** Of channels that were heard of since they were last written. */
  readonly #news = new Map<string, News>();
  #held = 0;
  #turn = 0;
  #timer: Timer | undefined;
  #whole: Promise<void> = Promise.resolve();
  #wait: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly deps: IndexerDeps) {}

  private get index(): SearchIndex {
    return this.deps.search;
  }

  /** Compares every channel with the index and goes on from there; nobody waits for it. */
  start(): void {
    this.#whole = this.#untilDone('the index could not be brought up to the store; it is tried again', () => this.catchUp());
  }

  /** Ends after the step under way. The next start goes on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#wait?.();
    await Promise.all([this.#whole, ...this.#background.values(), ...[...this.#steps.values()].map((step) => step.catch(() => undefined))]);
  }

  /** Resolves when everything begun is done. */
  async idle(): Promise<void> {
    await this.#whole;
    do {
      this.#begin(() => true);
      await Promise.all(this.#background.values());
    } while (this.#news.size > 0 && !this.#stopped);
  }

  wants(event: StoredEvent): boolean {
    return parseStream(event.stream)?.kind === 'channel';
  }

  /**
   * Notes that the event's channel has news, which are indexed a moment later, many messages at once: one by one they cost
   * as much as the sends. Nothing is lost by not waiting: what a crash leaves undone is found by comparing cursors at the
   * next start, so that other consumers need not wait for an import's hundred thousand either.
   */
  async consume(event: StoredEvent): Promise<void> {
    const channelId = parseStream(event.stream)?.id ?? '';
    if (this.#stopped) return;
    this.#note(channelId, event);
    this.#timer ??= this.deps.clock.setTimer(TURN_MS, () => this.#nextTurn());
  }

  #note(channelId: string, event: StoredEvent): void {
    const news = this.#news.get(channelId);
    if (news && event.rev <= news.through) return;
    const changed = this.#held < HELD ? messagesOf(event) : null;
    if (!news) this.#news.set(channelId, { from: event.from, through: event.rev, messages: changed });
    else {
      const goesOn = event.from === news.through;
      news.through = event.rev;
      if (!news.messages || !changed || !goesOn) {
        this.#held -= news.messages?.length ?? 0;
        news.messages = null;
        return;
      }
      news.messages.push(...changed);
    }
    this.#held += changed?.length ?? 0;
  }

  #nextTurn(): void {
    this.#turn = (this.#turn + 1) % TURNS;
    this.#begin((channelId) => turnOf(channelId) === this.#turn);
    this.#timer = this.#news.size > 0 ? this.deps.clock.setTimer(TURN_MS, () => this.#nextTurn()) : undefined;
  }

  /** Goes on with these channels as far as they have news, until the index has all of them. */
  #begin(isDue: (channelId: string) => boolean): void {
    for (const [channelId, news] of [...this.#news]) {
      // What is under way may have read its last page before these news.
      if (!isDue(channelId) || this.#background.has(channelId)) continue;
      this.#news.delete(channelId);
      this.#held -= news.messages?.length ?? 0;
      const work = this.#untilDone('a channel could not be indexed; it is tried again', () => this.#bring(channelId, news)).finally(() => this.#background.delete(channelId));
      this.#background.set(channelId, work);
    }
  }

  /** Indexes what is missing of all channels. Rejects when the store or the index fails. */
  async catchUp(onProgress?: (progress: IndexProgress) => void): Promise<void> {
    const all = await this.#channelIds();
    const progress: IndexProgress = { channels: 0, of: all.length, messages: 0 };
    for (const channelId of all) {
      await this.#reachHead(channelId, (n) => {
        progress.messages += n;
        onProgress?.(progress);
      });
      progress.channels++;
      if (this.#stopped) return;
    }
    onProgress?.(progress);
  }

  /** As `catchUp`, though others have written the index since it was last looked at. */
  async compareAnew(): Promise<void> {
    this.#cursors = undefined;
    await this.catchUp();
  }

  /** Makes the index anew. */
  async rebuild(onProgress?: (progress: IndexProgress) => void): Promise<void> {
    await this.#ready();
    await this.index.clear();
    this.#cursors = undefined;
    await this.catchUp(onProgress);
  }

  async #untilDone(trouble: string, work: () => Promise<void>): Promise<void> {
    while (!this.#stopped) {
      try {
        return await work();
      } catch (error) {
        if (this.#stopped) return;
        this.deps.logger.warn({ error: String(error) }, trouble);
        await new Promise<void>((resolve) => {
          const timer = this.deps.clock.setTimer(RETRY_MS, resolve);
          this.#wait = () => {
            timer.cancel();
            resolve();
          };
        });
      }
    }
  }

  #ready(): Promise<Map<string, number>> {
    this.#cursors ??= this.index.prepare(this.deps.store.incarnation()).then(() => this.index.cursors()).catch((error: unknown) => {
      this.#cursors = undefined;
      throw error;
    });
    return this.#cursors;
  }

  /** Writes what events told, or where the index is further behind, what the store has. */
  async #bring(channelId: string, news: News): Promise<void> {
    const { messages: changed, through } = news;
    if (changed === null) return this.#reachHead(channelId);
    const written = await this.#inTurn(channelId, async () => {
      const from = (await this.#ready()).get(channelId) ?? 0;
      if (through <= from) return from;
      const channel = news.from <= from ? await this.deps.store.read((tx) => tx.get(channels, [channelId])) : undefined;
      return channel ? this.#write(channel, changed, through) : -1;
    });
    if (written < 0) await this.#reachHead(channelId);
  }

  async #reachHead(channelId: string, onPage?: (messages: number) => void): Promise<void> {
    for (let before = -1; !this.#stopped; ) {
      const after = await this.#step(channelId, onPage);
      if (after === before) return;
      before = after;
    }
  }

  /** One page of one channel. @returns the cursor behind it */
  #step(channelId: string, onPage?: (messages: number) => void): Promise<number> {
    return this.#inTurn(channelId, () => this.#page(channelId, onPage));
  }

  /** Of one channel one thing at a time. */
  #inTurn(channelId: string, work: () => Promise<number>): Promise<number> {
    const running = this.#steps.get(channelId);
    // What runs may have read the store before the event that asks now.
    const step = (running ?? Promise.resolve(0)).catch(() => 0).then(work);
    this.#steps.set(channelId, step);
    const done = (): void => void (this.#steps.get(channelId) === step && this.#steps.delete(channelId));
    step.then(done, done);
    return step;
  }

  async #page(channelId: string, onPage?: (messages: number) => void): Promise<number> {
    const cursors = await this.#ready();
    const from = cursors.get(channelId) ?? 0;
    const read = await this.deps.store.read(async (tx) => {
      const channel = await tx.get(channels, [channelId]);
      const head = await headOf(tx, `channel:${channelId}`);
      const rows = channel && head.rev > from ? await tx.find(messages, { index: 'by_rev', prefix: [channelId], gt: from, limit: PAGE }) : [];
      return { channel, rev: head.rev, rows };
    });
    const through = read.rows.length === PAGE ? (read.rows.at(-1)?.rev ?? from) : read.rev;
    if (!read.channel || through <= from) return from;
    await this.#write(read.channel, read.rows.map((row) => row.doc), through);
    onPage?.(read.rows.length);
    return through;
  }

  async #write(channel: ChannelRow, changed: readonly Message[], through: number): Promise<number> {
    try {
      await this.index.write({ channel_id: channel.id, workspace_id: channel.workspace_id, public: channel.kind === 'public' }, changed.map((doc) => indexed(channel, doc)), through);
    } catch (error) {
      // Another process may have emptied it: what it knows is asked again.
      this.#cursors = undefined;
      throw error;
    }
    const cursors = await this.#ready();
    cursors.set(channel.id, Math.max(through, cursors.get(channel.id) ?? 0));
    this.deps.metrics.count('parley_search_indexed_total', changed.length);
    return through;
  }

  async #channelIds(): Promise<string[]> {
    const ids: string[] = [];
    for (let after: string | undefined; ; after = ids.at(-1)) {
      const rows: ChannelRow[] = await this.deps.store.read((tx) => tx.find(channels, { ...(after === undefined ? {} : { gt: after }), limit: CHANNELS }));
      for (const row of rows) ids.push(row.id);
      if (rows.length < CHANNELS) return ids;
    }
  }
}

/** The messages of an event, or null when it was told again without them. */
function messagesOf(event: StoredEvent): Message[] | null {
  return event.entities?.filter((entity) => entity.type === 'message').map((entity) => entity as unknown as Message) ?? null;
}

/** Notices of the system are not found: nobody wrote them. */
function indexed(channel: ChannelRow, doc: Message): IndexedMessage {
  return {
    seq: doc.seq, rev: doc.rev, author_id: doc.author_id, created_us: timeToMicros(doc.created_at), content: doc.content, files: doc.files.map(({ name }) => ({ name })),
    traits: traitsOf(doc, channel.kind === 'dm' || channel.kind === 'group_dm'), deleted: doc.deleted || doc.kind === 'system',
  };
}
