import { hash } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import { documentTokens } from '@parley/shared/domain/search/match';
import { readPosition, writePosition } from '../position.ts';
import { RANKED_HITS, type Candidate, type Candidates, type IndexedChannel, type IndexedMessage, type IndexQuestion } from '../port.ts';
import { authorToken, channelToken, matchExpression, traitToken } from './fts-question.ts';
import { emptyIndex, INDEX_VERSION, openIndex, type Connection } from './fts-schema.ts';

/** Rows looked at for one answer, so that a question whose hits are all hidden does not hold up the others. */
const SCAN_ROWS = 20_000;

/** Authors whose numbers are remembered. */
const AUTHORS = 10_000;

/** What `SearchIndex.write` is given. */
export type ChannelWrite = [channel: IndexedChannel, messages: readonly IndexedMessage[], through: number];

interface DocRow { id: number; rev: number; sum: string | null }
interface ChannelRow { num: number; workspace_id: string; public: number }
type Text = [words: string, more: string, scope: string];
interface HitRow { id: number; channel: number; seq: number; score: number }

/** The index over one SQLite file. It blocks whoever calls: the server has it in a thread of its own. */
export class FtsIndex {
  #db: Connection;
  readonly #statements = new Map<string, Statement>();
  readonly #authors = new Map<string, number>();
  readonly #channels = new Map<number, { channel_id: string; workspace_id: string; public: boolean }>();

  constructor(file: string) {
    this.#db = openIndex(file);
  }

  prepare(incarnation: string): void {
    const mark = `${incarnation} ${INDEX_VERSION}`;
    const known = this.#db.prepare("SELECT value FROM about WHERE name = 'made_for'").pluck().get();
    if (known !== mark) {
      this.clear();
      this.#db.prepare("INSERT OR REPLACE INTO about (name, value) VALUES ('made_for', ?)").run(mark);
    }
    this.#channels.clear();
    for (const row of this.#db.prepare<[], ChannelRow & { channel_id: string }>('SELECT num, channel_id, workspace_id, public FROM channels').iterate()) this.#know(row.num, { ...row, public: row.public === 1 });
  }

  cursors(): Map<string, number> {
    return new Map(this.#db.prepare<[], [string, number]>('SELECT channel_id, rev FROM channels').raw().all());
  }

  /** In one transaction: each is a small index of its own to SQLite, which it has to merge with the others. */
  write(writes: readonly ChannelWrite[]): void {
    try {
      this.#db.transaction(() => {
        for (const [channel, messages, through] of writes) {
          const num = this.#channel(channel, through);
          for (const message of messages) this.#message(num, message);
        }
      }).immediate();
    } catch (error) {
      // Those that were numbered in it are not.
      this.#authors.clear();
      throw error;
    }
  }

  search(question: IndexQuestion): Candidates {
    const expression = this.#expression(question);
    if (expression === undefined) return { candidates: [], next: null };
    return question.sort === 'newest' ? this.#newest(question, expression) : this.#ranked(question, expression);
  }

  clear(): void {
    const mark = this.#db.prepare("SELECT value FROM about WHERE name = 'made_for'").pluck().get() as string | undefined;
    emptyIndex(this.#db);
    if (mark !== undefined) this.#db.prepare("INSERT INTO about (name, value) VALUES ('made_for', ?)").run(mark);
    this.#channels.clear();
    this.#authors.clear();
  }

  close(): void {
    this.#db.close();
  }

  /** Compiled once. */
  #sql(text: string): Statement {
    let statement = this.#statements.get(text);
    if (!statement) this.#statements.set(text, (statement = this.#db.prepare(text)));
    return statement;
  }

  #know(num: number, { channel_id, workspace_id, public: open }: IndexedChannel): void {
    this.#channels.set(num, { channel_id, workspace_id, public: open });
  }

  #channel(channel: IndexedChannel, through: number): number {
    const num = this.#sql(`INSERT INTO channels (channel_id, workspace_id, public, rev) VALUES (?, ?, ?, ?)
      ON CONFLICT (channel_id) DO UPDATE SET public = excluded.public, rev = max(rev, excluded.rev) RETURNING num`).pluck().get(channel.channel_id, channel.workspace_id, channel.public ? 1 : 0, through) as number;
    this.#know(num, channel);
    return num;
  }

  #message(channel: number, message: IndexedMessage): void {
    const text = message.deleted ? null : this.#text(channel, message);
    const sum = text && hash('sha1', text.join('\n'), 'base64url').slice(0, 16);
    // Most are new, and of a time of their own.
    const fresh = this.#sql('INSERT INTO docs (id, channel, seq, rev, sum) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING').run(message.created_us, channel, message.seq, message.rev, sum).changes === 1;
    if (fresh) this.#list(message.created_us, text);
    else this.#change(channel, message, text, sum);
  }

  #change(channel: number, message: IndexedMessage, text: Text | null, sum: string | null): void {
    const known = this.#sql('SELECT id, rev, sum FROM docs WHERE channel = ? AND seq = ?').get(channel, message.seq) as DocRow | undefined;
    if (known && known.rev >= message.rev) return;
    const id = known?.id ?? this.#freeId(message.created_us);
    if (!known) this.#sql('INSERT INTO docs (id, channel, seq, rev, sum) VALUES (?, ?, ?, ?, ?)').run(id, channel, message.seq, message.rev, sum);
    else this.#sql('UPDATE docs SET rev = ?, sum = ? WHERE id = ?').run(message.rev, sum, id);
    // A reaction or a reply often leaves all as it was found.
    if (known?.sum === sum) return;
    if (known?.sum) this.#sql('DELETE FROM fts WHERE rowid = ?').run(id);
    this.#list(id, text);
  }

  #list(id: number, text: Text | null): void {
    if (text) this.#sql('INSERT INTO fts (rowid, words, more, scope) VALUES (?, ?, ?, ?)').run(id, ...text);
  }

  #text(channel: number, message: IndexedMessage): Text {
    const tokens = documentTokens(message);
    const scope = [channelToken(channel), authorToken(this.#author(message.author_id, true) ?? 0), ...message.traits.map(traitToken)];
    return [tokens.map((t) => t.text).join(' '), tokens.flatMap((t) => t.also.map((v) => v.text)).join(' '), scope.join(' ')];
  }

  #author(userId: string, make = false): number | undefined {
    let num = this.#authors.get(userId) ?? (this.#sql('SELECT num FROM authors WHERE user_id = ?').pluck().get(userId) as number | undefined);
    if (num === undefined && make) num = Number(this.#sql('INSERT INTO authors (user_id) VALUES (?)').run(userId).lastInsertRowid);
    if (num !== undefined) {
      if (this.#authors.size >= AUTHORS) this.#authors.clear();
      this.#authors.set(userId, num);
    }
    return num;
  }

  #freeId(us: number): number {
    const taken = this.#sql('SELECT 1 FROM docs WHERE id = ?').pluck();
    let id = us;
    while (taken.get(id) !== undefined) id++;
    return id;
  }

  /** Null: no words and no filters that the table knows; undefined: nothing can be found. */
  #expression(question: IndexQuestion): string | null | undefined {
    const scopes: string[][] = question.traits.map((trait) => [traitToken(trait)]);
    if (question.channel_ids) {
      const nums = question.channel_ids.flatMap((id) => this.#db.prepare<[string], number>('SELECT num FROM channels WHERE channel_id = ?').pluck().get(id) ?? []);
      if (nums.length === 0) return undefined;
      scopes.push(nums.map(channelToken));
    }
    if (question.author_ids) {
      const nums = question.author_ids.flatMap((id) => this.#author(id) ?? []);
      if (nums.length === 0) return undefined;
      scopes.push(nums.map(authorToken));
    }
    return matchExpression(question.terms, scopes);
  }

  #readable(question: IndexQuestion): (channel: number) => string | null {
    const own = new Set(question.readable.channel_ids);
    return (num) => {
      const channel = this.#channels.get(num);
      if (channel?.workspace_id !== question.workspace_id) return null;
      return (channel.public && question.readable.public) || own.has(channel.channel_id) ? channel.channel_id : null;
    };
  }

  #newest(question: IndexQuestion, expression: string | null): Candidates {
    const { below } = readPosition('newest', question.after, question.to_us ?? Number.MAX_SAFE_INTEGER);
    const readable = this.#readable(question);
    const candidates: Candidate[] = [];
    let looked = 0;
    let last = 0;
    for (const row of this.#hits(expression, below, question.from_us ?? 0, false)) {
      if (candidates.length === question.limit || looked === SCAN_ROWS) return { candidates, next: writePosition('newest', { below: last, skip: 0 }) };
      looked++;
      last = row.id;
      const channel_id = readable(row.channel);
      if (channel_id !== null) candidates.push({ channel_id, seq: row.seq, position: writePosition('newest', { below: row.id, skip: 0 }) });
    }
    return { candidates, next: null };
  }

  #ranked(question: IndexQuestion, expression: string | null): Candidates {
    const at = readPosition('relevance', question.after, question.to_us ?? Number.MAX_SAFE_INTEGER);
    const readable = this.#readable(question);
    const hits: (HitRow & { channel_id: string })[] = [];
    let looked = 0;
    for (const row of this.#hits(expression, at.below, question.from_us ?? 0, true)) {
      const channel_id = readable(row.channel);
      if (channel_id !== null) hits.push({ ...row, channel_id });
      if (hits.length === RANKED_HITS || ++looked === SCAN_ROWS) break;
    }
    hits.sort((a, b) => a.score - b.score || b.id - a.id);
    const page = hits.slice(at.skip, at.skip + question.limit);
    const candidates = page.map((hit, i) => ({ channel_id: hit.channel_id, seq: hit.seq, position: writePosition('relevance', { below: at.below, skip: at.skip + i + 1 }) }));
    return { candidates, next: hits.length > at.skip + page.length ? (candidates.at(-1)?.position ?? null) : null };
  }

  /** Newest first, as they are found. */
  #hits(expression: string | null, below: number, from: number, scored: boolean): Iterable<HitRow> {
    if (expression === null) return this.#db.prepare<[number, number], HitRow>('SELECT id, channel, seq, 0 AS score FROM docs WHERE id < ? AND id >= ? AND sum IS NOT NULL ORDER BY id DESC').iterate(below, from);
    const score = scored ? 'bm25(fts, 4.0, 1.0, 0.0)' : '0';
    return this.#db.prepare<[string, number, number], HitRow>(`SELECT fts.rowid AS id, docs.channel, docs.seq, ${score} AS score FROM fts CROSS JOIN docs ON docs.id = fts.rowid
      WHERE fts MATCH ? AND fts.rowid < ? AND fts.rowid >= ? ORDER BY fts.rowid DESC`).iterate(expression, below, from);
  }
}
