import { getMessages } from '../protocol/calls/messages.ts';
import type { InputOf } from '../protocol/call.ts';
import type { Message } from '../protocol/entities.ts';
import { asMessage, withAct } from './acts.ts';
import type { HeldRange, MessageView, Timeline, TimelineView } from './api.ts';
import type { ChannelReplica, PageAnswer } from './channel-replica.ts';
import { Derived, type Topics } from './observable.ts';
import type { Outbox } from './outbox.ts';
import type { Clock, Timer, Transport } from './ports.ts';
import { isCurrent, rangeAt, type SeqRange } from './ranges.ts';
import type { Replica } from './replica.ts';

export const PAGE_SIZE = 100;
const TEND_RETRY_MS = 3_000;
type Query = Omit<InputOf<typeof getMessages>, 'channel_id' | 'parent_message_id'>;

export interface TimelineParts {
  replica: Replica; outbox: Outbox; transport: Transport; clock: Clock; topics: Topics; userId: string; pageSize: number;
  online(): boolean;
  signedOut(): void;
  /** The first failed look at a channel without a cursor asks for its delta. */
  requestSync(): void;
}

/** One open channel or thread: what is shown of it, and what must be asked so that it is whole and current. */
export class OpenTimeline implements Timeline {
  private readonly view: Derived<TimelineView>;
  private before = 0;
  private after = 0;
  private tending = false;
  private retry: Timer | null = null;
  private closed = false;
  private failedAt = -Infinity;

  constructor(private readonly parts: TimelineParts, readonly channelId: string, readonly rootId: string | null, private readonly onClose: () => void) {
    const own = `timeline:${channelId}/${rootId ?? ''}`;
    this.view = new Derived(parts.topics, [`rows:${channelId}`, `channel:${channelId}`, `outbox:${channelId}`, own], () => this.compute());
    parts.replica.hold(channelId, parts.clock.now());
    this.tend();
  }

  get(): TimelineView { return this.view.get(); }
  subscribe(listener: () => void): () => void { return this.view.subscribe(listener); }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.retry?.cancel();
    this.view.dispose();
    this.parts.replica.release(this.channelId);
    this.onClose();
  }

  private get channel(): ChannelReplica { return this.parts.replica.channelOf(this.channelId); }
  private ranges(channel: ChannelReplica): readonly SeqRange[] { return this.rootId === null ? channel.ranges : channel.threads.get(this.rootId) ?? []; }
  private touch(): void { this.parts.topics.touch(`timeline:${this.channelId}/${this.rootId ?? ''}`); }

  /** Rows by reference, so that an unchanged message keeps its view. */
  private readonly views = new WeakMap<Message, MessageView>();

  private compute(): TimelineView {
    const channel = this.channel;
    const { outbox, userId } = this.parts;
    const { ranges, between } = this.held(channel);
    const acts = outbox.of(this.channelId);
    const messages: MessageView[] = [];
    for (const range of ranges) {
      for (const row of between(range.fromSeq, range.toSeq)) {
        if (this.rootId === null ? row.parent_message_id !== null && !row.broadcast : row.id !== this.rootId && row.parent_message_id !== this.rootId) continue;
        messages.push(this.show(row, acts, userId));
      }
    }
    const pending: MessageView[] = [];
    for (const record of acts) {
      if (record.what.act !== 'send') continue;
      const here = record.what.rootId === this.rootId || (this.rootId === null && record.what.broadcast);
      // Its live frame may come before its answer: then it is a stored row already.
      if (!here || channel.rows.bySent(userId, record.what.clientMsgId)) continue;
      pending.push({ key: record.what.clientMsgId, message: asMessage(record, userId), pending: outbox.stateOf(record.id) });
    }
    const held: HeldRange[] = ranges.map((r) => ({ fromSeq: r.fromSeq, toSeq: r.toSeq, current: isCurrent(r) }));
    const current = held.every((r) => r.current) && !(this.parts.online() === false);
    return {
      channelId: this.channelId, rootId: this.rootId, messages, pending, ranges: held, headSeq: Math.max(channel.headSeq, channel.knownSeq), firstSeq: channel.firstSeq,
      loading: { before: this.before > 0, after: this.after > 0, cached: !channel.warm }, savedAt: current ? null : channel.savedAt || null, gone: channel.gone,
    };
  }

  /** What may be shown now: all of it, or while older rows are being read the newest alone. */
  private held(channel: ChannelReplica): { ranges: readonly SeqRange[]; between(from: number, to: number): Iterable<Message> } {
    const { tail } = channel;
    if (channel.warm) return { ranges: this.ranges(channel), between: (from, to) => channel.rows.between(from, to) };
    if (!tail || this.rootId !== null) return { ranges: [], between: () => [] };
    const ranges = channel.ranges.filter((r) => r.toSeq >= tail.fromSeq).map((r) => ({ ...r, fromSeq: Math.max(r.fromSeq, tail.fromSeq) }));
    return { ranges, between: (from, to) => tail.rows.filter((row) => row.seq >= from && row.seq <= to) };
  }

  private show(row: Message, acts: ReturnType<Outbox['of']>, userId: string): MessageView {
    const key = row.author_id === userId ? row.client_msg_id : row.id;
    let message = row;
    let pendingId: string | null = null;
    for (const record of acts) {
      if (!('messageId' in record.what) || record.what.messageId !== row.id) continue;
      // What is kept for later is no state of the message.
      if (record.what.act === 'save' || record.what.act === 'unsave') continue;
      if (record.refused) { pendingId ??= record.id; continue; }
      message = withAct(message, record.what, userId);
      pendingId = record.id;
    }
    if (pendingId !== null) return { key, message, pending: this.parts.outbox.stateOf(pendingId) };
    const held = this.views.get(row);
    if (held) return held;
    const made = { key, message: row };
    this.views.set(row, made);
    return made;
  }

  /** With all rows that are cached: before, nobody knows what is missing. */
  private async whole(): Promise<ChannelReplica> { return this.channel.warm ? this.channel : this.parts.replica.ready(this.channelId); }

  async loadBefore(seq: number): Promise<boolean> {
    const channel = await this.whole();
    const held = rangeAt(this.ranges(channel), seq - 1);
    if (seq <= channel.firstSeq || (held && isCurrent(held))) return true;
    this.before += 1;
    this.touch();
    const page = await this.load({ before_seq: seq, page_size: this.parts.pageSize });
    this.before -= 1;
    this.touch();
    return page !== null;
  }

  async loadAfter(seq: number): Promise<boolean> {
    const held = rangeAt(this.ranges(await this.whole()), seq + 1);
    if (held && isCurrent(held)) return true;
    this.after += 1;
    this.touch();
    const page = await this.load({ after_seq: seq, page_size: this.parts.pageSize });
    this.after -= 1;
    this.touch();
    return page !== null;
  }

  async loadNewest(): Promise<boolean> {
    const channel = await this.parts.replica.ready(this.channelId);
    if (channel.cursor !== null && rangeAt(this.ranges(channel), channel.headSeq)) return true;
    return (await this.load({ page_size: this.parts.pageSize })) !== null;
  }

  async loadAround(target: { seq: number } | { messageId: string } | { since: number }): Promise<{ seq: number } | false> {
    const channel = await this.parts.replica.ready(this.channelId);
    if ('seq' in target && rangeAt(this.ranges(channel), target.seq)) return { seq: target.seq };
    const row = 'messageId' in target ? channel.rows.byId(target.messageId) : undefined;
    if (row && rangeAt(this.ranges(channel), row.seq)) return { seq: row.seq };
    const query = 'seq' in target ? { around_seq: target.seq } : 'messageId' in target ? { message_id: target.messageId } : { since_ts: target.since };
    const page = await this.load({ ...query, page_size: this.parts.pageSize }, 'since' in target);
    if (!page) return false;
    if ('seq' in target) return { seq: target.seq };
    if ('messageId' in target) {
      const found = page.messages.find((m) => m.id === target.messageId);
      return found ? { seq: found.seq } : false;
    }
    return { seq: page.messages[0]?.seq ?? page.head_seq };
  }

  /** One page. Null: not reached, refused, or about a stay that has ended meanwhile. */
  private async load(query: Query, since = false): Promise<PageAnswer | null> {
    const { replica } = this.parts;
    const channel = await replica.ready(this.channelId);
    const { generation } = channel;
    const whole = replica.generation;
    const answer = await this.ask(query);
    if (!answer || this.closed || replica.generation !== whole || channel.generation !== generation) return null;
    // From a time on, the page begins wherever that time falls: nothing is said of what lies before its first message.
    const bounds = { afterSeq: query.after_seq === undefined ? undefined : Number(query.after_seq), beforeSeq: query.before_seq === undefined ? undefined : Number(query.before_seq) };
    await replica.ready(this.channelId);
    if (channel.generation !== generation) return null;
    channel.applyPage(since ? { ...answer, has_more_before: true } : answer, bounds, this.rootId);
    channel.savedAt = this.parts.clock.now();
    replica.touched(channel);
    if (channel.cursor === null || channel.behind) this.parts.requestSync();
    return answer;
  }

  private async ask(query: Query): Promise<PageAnswer | null> {
    const outcome = await this.parts.transport.call(getMessages, { channel_id: this.channelId, ...(this.rootId !== null && { parent_message_id: this.rootId }), ...query });
    if (outcome.kind === 'ok') return outcome.value;
    this.failedAt = this.parts.clock.now();
    if (outcome.kind === 'problem' && outcome.problem.status === 401) this.parts.signedOut();
    if (outcome.kind === 'problem' && outcome.problem.status === 404 && this.rootId === null && query.message_id === undefined && !this.closed) {
      const { replica } = this.parts;
      if (!replica.membership(this.channelId)) {
        this.channel.gone = true;
        replica.touched(this.channel);
      } else this.parts.requestSync();
    }
    return null;
  }

  /** Makes what is shown whole and current: the newest page, and every range that changes may be missing from. */
  tend(): void {
    if (this.tending || this.closed || !this.parts.online()) return;
    const channel = this.channel;
    if (channel.warm && !this.needs(channel)) return;
    const pause = this.failedAt + TEND_RETRY_MS - this.parts.clock.now();
    if (pause > 0) {
      this.retry ??= this.parts.clock.setTimer(pause, () => {
        this.retry = null;
        this.tend();
      });
      return;
    }
    this.tending = true;
    void this.work().finally(() => {
      this.tending = false;
      if (!this.closed) this.tend();
    });
  }

  /** Called when the connection is there again. */
  wake(): void {
    this.failedAt = -Infinity;
    this.tend();
  }

  private needs(channel: ChannelReplica): boolean { return !channel.gone && (this.lacksNewest(channel) || channel.stuckRange(this.rootId) !== undefined); }

  private lacksNewest(channel: ChannelReplica): boolean {
    const ranges = this.ranges(channel);
    if (this.rootId !== null && !channel.threads.has(this.rootId)) return true;
    if (channel.cursor === null) return ranges.length === 0 && (channel.knownRev === 0 || channel.knownSeq >= channel.firstSeq);
    return channel.headSeq >= channel.firstSeq && !rangeAt(ranges, channel.headSeq);
  }

  private async work(): Promise<void> {
    const channel = await this.parts.replica.ready(this.channelId);
    if (this.closed || channel.gone) return;
    if (this.lacksNewest(channel)) {
      if (!(await this.load({ page_size: this.parts.pageSize })) && this.failedAt === -Infinity) this.failedAt = this.parts.clock.now();
      return;
    }
    const stuck = channel.stuckRange(this.rootId);
    if (stuck) await this.confirmRange(channel, stuck);
  }

  private async confirmRange(channel: ChannelReplica, range: SeqRange): Promise<void> {
    const { generation } = channel;
    const answer = await this.ask({ after_seq: range.fromSeq - 1, before_seq: range.toSeq + 1, changed_since: range.validRev, page_size: Math.min(2 * this.parts.pageSize, 200) });
    if (!answer || channel.generation !== generation) return;
    channel.applyConfirmation(answer, range.fromSeq, range.toSeq, this.rootId);
    channel.savedAt = this.parts.clock.now();
    this.parts.replica.touched(channel);
  }
}
