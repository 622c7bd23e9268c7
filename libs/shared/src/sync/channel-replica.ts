import type { ChannelEntity, Entity, Message, MessageEntity, Summary } from '../protocol/entities.ts';
import { contribution, countRows, isAhead, later, neverCounts, samePosition, type Counts, type ReadPosition, type Reader } from './counting.ts';
import { addRange, confirm, covers, dropBelow, filled, isCurrent, jump, rangeAt, type SeqRange } from './ranges.ts';
import { Rows } from './rows.ts';

/** What is durable of a channel besides its rows; small enough to be held for every channel. */
export interface ChannelRecord {
  id: string;
  /** Null: never caught up with. */
  cursor: number | null;
  /** The seq up to which every message of the channel was seen or is in a hole of `ranges`. */
  headSeq: number;
  channel: ChannelEntity | null;
  /** The stay that everything held belongs to; null: not a member. */
  stayId: string | null;
  position: ReadPosition;
  counts: StoredCounts | null;
  lastMessageAt: string | null;
  ranges: SeqRange[];
  threads: [rootId: string, ranges: SeqRange[]][];
  purgedThrough: number;
  /** When an answer last made all of it current, and when it was last opened; milliseconds. */
  savedAt: number;
  openedAt: number;
  rowCount: number;
}

/** Exact at `atRev` for `position`; `headSeq` is the head's seq there. */
export interface StoredCounts extends Counts { atRev: number; headSeq: number; position: ReadPosition }

/** A page of messages as answered, and what was asked. */
export interface PageAnswer { messages: readonly Message[]; head_seq: number; head_rev: number; has_more_before: boolean; has_more_after: boolean }
/** At most one of them: a page from there on, or up to there. */
export interface PageBounds { afterSeq?: number; beforeSeq?: number }

export interface Delta { from: number; to: number; head: number; entities: readonly Entity[]; has_more: boolean; gap?: { oldest_seq: number; newest_seq: number } }

/**
 * One channel as this device holds it. Every way in applies by rev, so that order and repetition of answers and frames
 * never matter (SPEC CUR, RNG, READ). It holds no clock and does no I/O.
 */
export class ChannelReplica {
  readonly rows = new Rows();
  cursor: number | null;
  headSeq: number;
  channel: ChannelEntity | null;
  stayId: string | null;
  position: ReadPosition;
  counts: StoredCounts | null;
  lastMessageAt: string | null;
  ranges: SeqRange[];
  readonly threads: Map<string, SeqRange[]>;
  purgedThrough: number;
  savedAt: number;
  openedAt: number;
  /** Of the membership: what this person may see. */
  visibleFrom = 0;
  joinedSeq = 0;
  /** Heads that were heard of, ahead of the cursor until they are caught up with. */
  knownRev = 0;
  knownSeq = 0;
  /** One may not see it any more, or it never was. */
  gone = false;
  /** Rises when everything held is dropped: answers to earlier questions are not applied. */
  generation = 0;
  /** Changes that may have moved the counts and whose earlier state was not held, up to this rev. */
  private unknownRev = 0;
  /** Seqs above the counts' head that are counted already. */
  private readonly countedAhead = new Set<number>();
  /** The rows are in memory; without them nothing is counted from rows. */
  warm = true;
  /** While the rows are being read: the newest, which came first, from a seq on. They are shown, nothing else. */
  tail: { fromSeq: number; rows: readonly Message[] } | null = null;
  /** Rows that changed since they were last kept. */
  readonly changed = new Set<number>();
  /** Tells that all rows below were dropped since they were last kept. */
  dropped = false;
  /** All rows below this seq went since they were last kept. */
  clearedBelow = 0;

  constructor(record: Pick<ChannelRecord, 'id'> & Partial<ChannelRecord>, private readonly userId: string) {
    this.id = record.id;
    this.cursor = record.cursor ?? null;
    this.headSeq = record.headSeq ?? 0;
    this.channel = record.channel ?? null;
    this.stayId = record.stayId ?? null;
    this.position = record.position ?? { epoch: 0, seq: 0 };
    this.counts = record.counts ?? null;
    this.lastMessageAt = record.lastMessageAt ?? null;
    this.ranges = record.ranges ?? [];
    this.threads = new Map(record.threads ?? []);
    this.purgedThrough = record.purgedThrough ?? 0;
    this.savedAt = record.savedAt ?? 0;
    this.openedAt = record.openedAt ?? 0;
    this.unknownRev = this.cursor ?? 0;
  }
  readonly id: string;

  record(rowCount: number): ChannelRecord {
    return {
      id: this.id, cursor: this.cursor, headSeq: this.headSeq, channel: this.channel, stayId: this.stayId, position: this.position, counts: this.counts,
      lastMessageAt: this.lastMessageAt, ranges: this.ranges, threads: [...this.threads], purgedThrough: this.purgedThrough, savedAt: this.savedAt, openedAt: this.openedAt, rowCount,
    };
  }

  /** The first seq that exists for this person. */
  get firstSeq(): number { return Math.max(1, this.visibleFrom, this.purgedThrough + 1); }
  private get at(): number { return this.cursor ?? 0; }

  /** Everything held goes, cursor included; who the channel is stays for the moment that it is still shown. */
  drop(): void {
    this.rows.clear();
    this.tail = null;
    this.ranges = [];
    this.threads.clear();
    this.cursor = null;
    this.headSeq = 0;
    this.counts = null;
    this.unknownRev = 0;
    this.knownRev = this.knownSeq = 0;
    this.purgedThrough = 0;
    this.countedAhead.clear();
    this.changed.clear();
    this.clearedBelow = 0;
    this.dropped = true;
    this.generation += 1;
  }

  /** A new stay, or none: what belonged to the last one goes. */
  setStay(stayId: string | null, position: ReadPosition): void {
    if (this.stayId === stayId) return this.moveTo(position);
    this.drop();
    this.channel = stayId === null ? this.channel : null;
    this.stayId = stayId;
    this.position = position;
    this.gone = false;
  }

  /** Merges a position that the server gave. */
  moveTo(position: ReadPosition): void {
    this.position = later(this.position, position);
    this.rebase();
  }

  /** Counts follow the position while rows can tell them, so that nobody has to be asked. */
  private rebase(): void {
    if (this.cursor === null || (this.counts && (samePosition(this.counts.position, this.position) || this.counts.atRev > this.cursor))) return;
    const counts = this.rows.lastSeq() > this.headSeq ? null : this.countsAt(this.position);
    if (!counts) return;
    this.counts = { ...counts, atRev: this.cursor, headSeq: this.headSeq, position: this.position };
    this.countedAhead.clear();
  }

  head(rev: number, seq: number): void {
    this.knownRev = Math.max(this.knownRev, rev);
    this.knownSeq = Math.max(this.knownSeq, seq);
  }

  get behind(): boolean { return this.cursor === null || this.knownRev > this.cursor; }

  /** One part of catching up. */
  applyDelta(delta: Delta): void {
    this.head(delta.head, delta.gap?.newest_seq ?? 0);
    const contiguous = delta.from <= this.at && (this.cursor !== null || delta.from === 0);
    if (delta.gap) {
      if (delta.to > this.at) this.jumpTo(delta.to, delta.gap.newest_seq);
      this.ranges = addRange(this.ranges, filled(Math.max(delta.gap.oldest_seq, this.firstSeq), delta.gap.newest_seq, delta.head, this.at), this.at);
      this.applyEntities(delta.entities, false);
      return;
    }
    if (contiguous && this.cursor === null) {
      this.cursor = 0;
      this.headSeq = Math.max(this.headSeq, this.firstSeq - 1);
    }
    this.applyEntities(delta.entities, contiguous);
    if (contiguous) this.advance(delta.to, delta.to >= delta.head && !delta.has_more);
  }

  /** A live frame: all that changed in (from, rev]. False when something before it is missing: then the delta must be asked. */
  applyLive(from: number, rev: number, entities: readonly Entity[]): boolean {
    this.knownRev = Math.max(this.knownRev, rev);
    const contiguous = this.cursor !== null && from <= this.cursor;
    this.applyEntities(entities, contiguous);
    if (contiguous) this.advance(rev, false);
    return contiguous;
  }

  private applyEntities(entities: readonly Entity[], complete: boolean): void {
    for (const entity of entities) {
      if (entity.type === 'message') {
        const message = entity as MessageEntity;
        if (complete) this.count(message);
        this.applyMessage(message);
      } else if (entity.type === 'channel' && entity.deleted !== true) this.applyChannel(entity as ChannelEntity);
    }
  }

  applyChannel(entity: ChannelEntity): void {
    this.head(entity.head_rev, entity.head_seq);
    if (this.channel && this.channel.rev >= entity.rev) return;
    this.channel = entity;
    this.purge(entity.purged_through_seq);
  }

  private purge(through: number): void {
    if (through <= this.purgedThrough) return;
    this.purgedThrough = through;
    this.ranges = dropBelow(this.ranges, through + 1);
    for (const seq of this.rows.seqs()) {
      if (seq > through) break;
      this.forget(seq);
    }
    if (this.counts && this.counts.position.seq < through) this.lose(this.channel?.rev ?? this.at);
  }

  private forget(seq: number): void {
    if (this.rows.delete(seq)) this.changed.add(seq);
  }

  /** Keeps a message if it is newer than what is held and belongs to something held. */
  applyMessage(message: Message): void {
    if (message.seq < this.firstSeq) return;
    const held = this.rows.bySeq(message.seq);
    if (held && held.rev >= message.rev) return;
    if (!held && !this.wanted(message)) return;
    this.rows.set(message);
    this.changed.add(message.seq);
    if (!message.deleted && (message.parent_message_id === null || message.broadcast) && (this.lastMessageAt ?? '') < message.created_at) this.lastMessageAt = message.created_at;
  }

  /** In a range, in a held thread, or above the head seen so far, where it will extend a range. */
  private wanted(message: Message): boolean {
    return (this.cursor !== null && message.seq > this.headSeq) || rangeAt(this.ranges, message.seq) !== undefined || this.threads.has(message.id) || (message.parent_message_id !== null && this.threads.has(message.parent_message_id));
  }

  /** The stream was applied up to `to`; `whole`: what was applied ends at the head, so no seq below it can still come. */
  private advance(to: number, whole: boolean): void {
    const old = this.headSeq;
    this.cursor = Math.max(this.at, to);
    // A message that changed again later than `to` is not in a part that ends at `to`: seqs count only without a hole.
    let head = Math.max(this.headSeq, this.purgedThrough);
    if (whole) {
      // What the answer to a send brought may be newer than this head, with others in between.
      for (let seq = this.rows.lastSeq(); seq > head; seq--) if ((this.rows.bySeq(seq)?.rev ?? Infinity) <= to) head = seq;
    }
    while (this.rows.bySeq(head + 1)) head += 1;
    if (head > old) {
      this.headSeq = head;
      this.extend(old + 1, head);
    }
    if (this.counts && this.counts.atRev < this.cursor) {
      // Rows that an answer brought ahead of the stream are not counted yet: only what the stream told moves this head.
      let counted = whole ? Math.max(this.counts.headSeq, ...this.countedAhead) : this.counts.headSeq;
      while (this.countedAhead.has(counted + 1)) counted += 1;
      this.counts = { ...this.counts, atRev: this.cursor, headSeq: counted };
      for (const seq of this.countedAhead) if (seq <= counted) this.countedAhead.delete(seq);
    }
  }

  /** All of [from, to] is held, as new as the cursor. */
  private extend(from: number, to: number): void {
    this.ranges = addRange(this.ranges, filled(Math.max(from, this.firstSeq), to, this.at, this.at), this.at);
    for (const [root, ranges] of this.threads) this.threads.set(root, addRange(ranges, filled(Math.max(from, this.firstSeq), to, this.at, this.at), this.at));
  }

  /** The cursor skips to `to`: what lies between was not seen. */
  private jumpTo(to: number, headSeq: number): void {
    this.ranges = jump(this.ranges, this.at, to);
    for (const [root, ranges] of this.threads) this.threads.set(root, jump(ranges, this.at, to));
    if (this.counts && this.counts.atRev < to) this.lose(to);
    this.unknownRev = Math.max(this.unknownRev, to);
    this.cursor = to;
    this.headSeq = Math.max(headSeq, this.firstSeq - 1);
    for (const seq of this.rows.seqs()) if (!this.placed(seq)) this.forget(seq);
  }

  private placed(seq: number): boolean {
    if (rangeAt(this.ranges, seq)) return true;
    const row = this.rows.bySeq(seq)!;
    return this.threads.has(row.id) || (row.parent_message_id !== null && this.threads.has(row.parent_message_id));
  }

  /**
   * Counts and head as the server has them. `mayJump`: nothing in between is wanted by its own means, so the cursor may
   * skip to the summary's head, as on a gap.
   */
  applySummary(summary: Summary, mayJump: boolean): void {
    this.head(summary.head_rev, summary.head_seq);
    this.moveTo({ epoch: summary.read_epoch, seq: summary.read_seq });
    if (summary.channel) this.applyChannel({ ...summary.channel, type: 'channel', rev: typeof summary.channel.rev === 'number' ? summary.channel.rev : summary.head_rev } as ChannelEntity);
    if (mayJump && summary.channel && (this.cursor === null || summary.head_rev > this.cursor)) this.jumpTo(summary.head_rev, summary.head_seq);
    if (summary.last_message_at && (this.lastMessageAt ?? '') < summary.last_message_at) this.lastMessageAt = summary.last_message_at;
    this.adopt(summary);
  }

  private adopt(summary: Summary): void {
    const position = { epoch: summary.read_epoch, seq: summary.read_seq };
    const counts: StoredCounts = { unread: summary.unread, mentions: summary.mentions, atRev: summary.head_rev, headSeq: summary.head_seq, position };
    if (this.counts && (this.counts.atRev > summary.head_rev || isAhead(this.counts.position, position))) return;
    if (summary.head_rev >= this.at) {
      this.counts = counts;
      this.countedAhead.clear();
      return;
    }
    // The stream overtook the answer: what came since is added from rows, unless something among it is not told by them.
    if (!this.warm || this.unknownRev > summary.head_rev || this.rows.lastSeq() > this.headSeq || !covers(this.ranges, Math.max(summary.head_seq + 1, this.firstSeq), this.headSeq)) return;
    const reader = this.reader(position);
    for (const row of this.rows.between(this.firstSeq, summary.head_seq)) {
      if (row.rev > summary.head_rev && row.seq > position.seq && (row.deleted || row.edited_at !== null) && !neverCounts(row, this.userId)) return;
    }
    const since = countRows(this.rows.between(summary.head_seq + 1, this.headSeq), reader);
    if (since) this.counts = { ...counts, unread: counts.unread + since.unread, mentions: counts.mentions + since.mentions, atRev: this.at, headSeq: this.headSeq };
  }

  private reader(position: ReadPosition): Reader {
    return { userId: this.userId, readSeq: position.seq, firstSeq: this.firstSeq, joinedSeq: this.joinedSeq };
  }

  /** Adjusts the counts by a change of the stream, before the row itself changes. */
  private count(message: Message): void {
    const counts = this.counts;
    if (!counts) {
      // Counts that were asked for before this, and come after it, do not know of it.
      if ((message.deleted || message.edited_at !== null) && !neverCounts(message, this.userId)) this.unknownRev = Math.max(this.unknownRev, message.rev);
      return;
    }
    if (message.rev <= counts.atRev) return;
    if (neverCounts(message, this.userId) || message.seq <= counts.position.seq) {
      if (message.seq > counts.headSeq) this.countedAhead.add(message.seq);
      return;
    }
    const reader = this.reader(counts.position);
    const now = contribution(message, reader);
    if (message.seq > counts.headSeq && !this.countedAhead.has(message.seq)) {
      if (now.mentions === null) return this.lose(message.rev);
      this.counts = { ...counts, unread: counts.unread + now.unread, mentions: counts.mentions + now.mentions };
      this.countedAhead.add(message.seq);
      return;
    }
    if (!message.deleted && message.edited_at === null) return;
    const held = this.rows.bySeq(message.seq);
    const before = held && held.rev <= counts.atRev ? contribution(held, reader) : null;
    if (!before || before.mentions === null || now.mentions === null) return this.lose(message.rev);
    this.counts = { ...counts, unread: counts.unread + now.unread - before.unread, mentions: counts.mentions + now.mentions - before.mentions };
  }

  private lose(rev: number): void {
    this.unknownRev = Math.max(this.unknownRev, rev);
    this.counts = null;
    this.countedAhead.clear();
  }

  /** Counts at a position, by what is known; null when the server must be asked. */
  countsAt(position: ReadPosition): Counts | null {
    if (this.cursor !== null && position.seq >= Math.max(this.headSeq, this.knownSeq, this.rows.lastSeq())) return { unread: 0, mentions: 0 };
    const from = Math.max(position.seq + 1, this.firstSeq);
    const stored = this.counts;
    if (stored && samePosition(stored.position, position)) return { unread: stored.unread, mentions: stored.mentions };
    if (!this.warm) return null;
    if (this.cursor !== null && covers(this.ranges, from, this.headSeq)) return countRows(this.rows.between(from, this.headSeq), this.reader(position));
    if (stored && stored.position.seq < position.seq && covers(this.ranges, Math.max(stored.position.seq + 1, this.firstSeq), position.seq)) {
      const read = countRows(this.rows.between(stored.position.seq + 1, position.seq), this.reader(stored.position));
      if (read) return { unread: stored.unread - read.unread, mentions: stored.mentions - read.mentions };
    }
    return null;
  }

  /** A page as answered fills a range, or with `changedSince` confirms one. */
  applyPage(answer: PageAnswer, bounds: PageBounds, rootId: string | null): { fromSeq: number; toSeq: number } {
    this.head(answer.head_rev, answer.head_seq);
    // A thread's root comes along wherever the page lies, and says nothing of what is between.
    const placed = rootId === null ? answer.messages : answer.messages.filter((m) => m.id !== rootId);
    const { afterSeq, beforeSeq } = bounds;
    const fromSeq = afterSeq !== undefined ? afterSeq + 1 : answer.has_more_before ? placed[0]?.seq ?? answer.head_seq + 1 : this.firstSeq;
    const toSeq = beforeSeq !== undefined ? Math.min(answer.head_seq, beforeSeq - 1) : answer.has_more_after ? placed.at(-1)?.seq ?? 0 : answer.head_seq;
    const range = filled(fromSeq, toSeq, answer.head_rev, this.at);
    if (rootId === null) this.ranges = addRange(this.ranges, range, this.at);
    else {
      let ranges = addRange(this.threads.get(rootId) ?? [], range, this.at);
      const root = answer.messages.find((m) => m.id === rootId);
      if (root) ranges = addRange(ranges, filled(root.seq, root.seq, answer.head_rev, this.at), this.at);
      this.threads.set(rootId, ranges);
    }
    for (const message of answer.messages) this.applyMessage(message);
    return { fromSeq, toSeq };
  }

  /** What changed in [fromSeq, toSeq] since the range's validRev, ascending, as far as the answer goes. */
  applyConfirmation(answer: PageAnswer, fromSeq: number, toSeq: number, rootId: string | null): void {
    this.head(answer.head_rev, answer.head_seq);
    for (const message of answer.messages) this.applyMessage(message);
    const end = answer.has_more_after ? answer.messages.at(-1)?.seq ?? fromSeq - 1 : toSeq;
    if (end < fromSeq) return;
    if (rootId === null) this.ranges = confirm(this.ranges, fromSeq, end, answer.head_rev, this.at);
    else this.threads.set(rootId, confirm(this.threads.get(rootId) ?? [], fromSeq, end, answer.head_rev, this.at));
  }

  /** One's own message as the answer to its sending holds it. */
  applySent(message: Message): void {
    if (message.rev > this.at && message.seq >= this.firstSeq && this.cursor !== null) {
      this.ranges = addRange(this.ranges, filled(message.seq, message.seq, message.rev, this.at), this.at);
      const root = message.parent_message_id;
      if (root !== null && this.threads.has(root)) this.threads.set(root, addRange(this.threads.get(root)!, filled(message.seq, message.seq, message.rev, this.at), this.at));
    }
    this.applyMessage(message);
  }

  /** The first range, newest first, that must be asked again. */
  stuckRange(rootId: string | null): SeqRange | undefined {
    return [...(rootId === null ? this.ranges : this.threads.get(rootId) ?? [])].reverse().find((r) => !isCurrent(r));
  }

  /** Keeps at most the newest `limit` rows of the newest range; what else was held becomes holes. */
  trim(limit: number): void {
    if (this.rows.size <= limit) return;
    const newest = this.ranges.at(-1);
    this.threads.clear();
    this.ranges = newest ? [{ ...newest, fromSeq: Math.max(newest.fromSeq, newest.toSeq - limit + 1) }] : [];
    // Thousands of rows go at once, and so must their keys. What came ahead of the head stays until it has its range.
    const border = Math.min(this.ranges[0]?.fromSeq ?? Infinity, this.headSeq + 1);
    this.rows.deleteBelow(border);
    this.clearedBelow = Math.max(this.clearedBelow, border);
    for (const seq of this.changed) if (seq < border) this.changed.delete(seq);
    for (const seq of this.rows.seqs()) if (!rangeAt(this.ranges, seq) && seq <= this.headSeq) this.forget(seq);
  }
}
