import { documentTokens, matchTerms } from '@parley/shared/domain/search/match';
import { readPosition, writePosition } from '../position.ts';
import { RANKED_HITS, type Candidates, type IndexedChannel, type IndexedMessage, type IndexQuestion, type SearchIndex } from '../port.ts';

interface Entry extends IndexedMessage {
  id: number;
  channel_id: string;
}

/** Looks at every message: for tests and small worlds. */
export class MemorySearchIndex implements SearchIndex {
  readonly #channels = new Map<string, { channel: IndexedChannel; rev: number; revs: Map<number, number>; entries: Map<number, Entry> }>();
  readonly #taken = new Set<number>();
  #incarnation = '';

  async prepare(incarnation: string): Promise<void> {
    if (this.#incarnation !== incarnation) await this.clear();
    this.#incarnation = incarnation;
  }

  async cursors(): Promise<Map<string, number>> {
    return new Map([...this.#channels].map(([id, { rev }]) => [id, rev]));
  }

  async write(channel: IndexedChannel, messages: readonly IndexedMessage[], through: number): Promise<void> {
    const known = this.#channels.get(channel.channel_id) ?? { channel, rev: 0, revs: new Map<number, number>(), entries: new Map<number, Entry>() };
    this.#channels.set(channel.channel_id, known);
    known.channel = channel;
    known.rev = Math.max(known.rev, through);
    for (const message of messages) {
      if ((known.revs.get(message.seq) ?? 0) >= message.rev) continue;
      known.revs.set(message.seq, message.rev);
      const id = known.entries.get(message.seq)?.id ?? this.#freeId(message.created_us);
      if (message.deleted) known.entries.delete(message.seq);
      else known.entries.set(message.seq, { ...message, id, channel_id: channel.channel_id });
    }
  }

  async search(question: IndexQuestion): Promise<Candidates> {
    const { sort } = question;
    const at = readPosition(sort, question.after, question.to_us ?? Number.MAX_SAFE_INTEGER);
    const found = this.#entries(question).filter((e) => e.id < at.below && e.created_us >= (question.from_us ?? 0)).sort((a, b) => b.id - a.id);
    const hits = found.flatMap((entry) => {
      const tokens = documentTokens(entry);
      const places = matchTerms(tokens, question.terms);
      return places ? [{ entry, score: places.length / Math.sqrt(tokens.length + 1) }] : [];
    });
    const ordered = sort === 'newest' ? hits : hits.slice(0, RANKED_HITS).sort((a, b) => b.score - a.score || b.entry.id - a.entry.id).slice(at.skip);
    const candidates = ordered.slice(0, question.limit).map(({ entry }, i) => ({
      channel_id: entry.channel_id, seq: entry.seq, position: writePosition(sort, sort === 'newest' ? { below: entry.id, skip: 0 } : { below: at.below, skip: at.skip + i + 1 }),
    }));
    return { candidates, next: ordered.length > question.limit ? (candidates.at(-1)?.position ?? null) : null };
  }

  async clear(): Promise<void> {
    this.#channels.clear();
    this.#taken.clear();
  }

  async close(): Promise<void> {}

  #entries(question: IndexQuestion): Entry[] {
    const channels = [...this.#channels.values()].filter(({ channel }) => channel.workspace_id === question.workspace_id && (question.channel_ids?.includes(channel.channel_id) ?? true) && ((question.readable.public && channel.public) || question.readable.channel_ids.includes(channel.channel_id)));
    return channels.flatMap(({ entries }) => [...entries.values()]).filter((e) => (question.author_ids?.includes(e.author_id) ?? true) && question.traits.every((trait) => e.traits.includes(trait)));
  }

  #freeId(us: number): number {
    let id = us;
    while (this.#taken.has(id)) id++;
    this.#taken.add(id);
    return id;
  }
}
