import { fraction } from '../domain/random.ts';
import { parseStream } from '../domain/streams.ts';
import { sync } from '../protocol/calls/reading.ts';
import type { ResponseOf } from '../protocol/call.ts';
import type { ChannelReplica } from './channel-replica.ts';
import type { Clock, Random, Timer, Transport } from './ports.ts';
import type { Replica } from './replica.ts';

const AGAIN_MS = 1_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 30_000;
const COUNTS_AT_ONCE = 1_000;

export interface SyncerEvents {
  /** Catching up has ended for now, or has begun. */
  changed(): void;
  reached(): void;
  signedOut(): void;
  /** The store is another one than before: everything held was dropped. */
  restored(): void;
}

/**
 * Catching up by `/sync` (SPEC CUR): one question at a time with every cursor there is, so that an answer names what moved
 * and nothing else, repeated while parts are missing.
 */
export class Syncer {
  private timer: Timer | null = null;
  private due = Infinity;
  private busy = false;
  private running = false;
  private attempt = 0;
  /** Counts asked without success since the last change; they are asked with back-off. */
  private countTries = 0;
  private stopped = false;

  constructor(
    private readonly replica: Replica, private readonly transport: Transport, private readonly clock: Clock, private readonly random: Random,
    private readonly wantsCounts: (channel: ChannelReplica) => boolean, private readonly events: SyncerEvents,
    private readonly pageSize?: number,
  ) {}

  get active(): boolean { return this.busy || this.timer !== null; }

  setRunning(running: boolean): void {
    this.running = running;
    this.attempt = 0;
    if (!running) this.cancel();
  }

  /** Asks within `ms`; an earlier request stands. */
  request(ms: number): void {
    if (!this.running || this.stopped) return;
    const at = this.clock.now() + ms;
    if (this.timer && this.due <= at) return;
    this.timer?.cancel();
    this.due = at;
    this.timer = this.clock.setTimer(ms, () => {
      this.cancel();
      void this.run();
    });
  }

  private cancel(): void {
    this.timer?.cancel();
    this.timer = null;
    this.due = Infinity;
  }

  private async run(): Promise<void> {
    if (this.busy) return this.request(50);
    this.busy = true;
    this.events.changed();
    const again = await this.ask();
    this.busy = false;
    if (again !== null) this.request(again);
    this.events.changed();
  }

  private cursors(): Record<string, number> {
    const cursors = this.replica.allCursors();
    if (cursors[this.replica.userStream] === undefined) return {};
    for (const stream of this.replica.behind()) {
      const parsed = parseStream(stream);
      // A channel that is only looked at has no summary: its delta from the beginning tells all.
      if (cursors[stream] === undefined && (parsed?.kind === 'workspace' || (parsed?.kind === 'channel' && !this.replica.membership(parsed.id)))) cursors[stream] = 0;
    }
    return cursors;
  }

  private countsWanted(): string[] {
    const wanted: string[] = [];
    for (const channel of this.replica.channels.values()) if (channel.stayId !== null && channel.cursor !== null && this.wantsCounts(channel)) wanted.push(channel.id);
    return wanted.slice(0, COUNTS_AT_ONCE);
  }

  /** Milliseconds until the next question, or null when there is none. */
  private async ask(): Promise<number | null> {
    const { generation } = this.replica;
    const stays = new Map([...this.replica.channels].map(([id, c]) => [id, c.generation]));
    const counts = this.countsWanted();
    const cursors = this.cursors();
    const outcome = await this.transport.call(sync, { cursors, ...(counts.length > 0 && { counts }), ...(this.pageSize !== undefined && { page_size: this.pageSize }) });
    if (this.stopped) return null;
    if (outcome.kind === 'problem' && outcome.problem.status === 401) {
      this.events.signedOut();
      return null;
    }
    if (outcome.kind !== 'ok') {
      const full = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(this.attempt++, 10));
      return (outcome.kind === 'problem' ? outcome.retryAfterMs : null) ?? full / 2 + (full / 2) * fraction(this.random);
    }
    this.attempt = 0;
    this.events.reached();
    if (generation !== this.replica.generation) return 0;
    if (this.replica.setIncarnation(outcome.value.incarnation)) {
      this.events.restored();
      return 0;
    }
    return this.apply(outcome.value, stays, counts);
  }

  private async apply(answer: ResponseOf<typeof sync>, stays: Map<string, number>, asked: string[]): Promise<number | null> {
    const { replica } = this;
    // A channel that was left or joined since the question: the answer is about another stay.
    const stale = new Set([...replica.channels].filter(([id, c]) => stays.get(id) !== c.generation).map(([id]) => id));
    let more = false;
    const order = Object.entries(answer.streams).sort(([a], [b]) => Number(b === replica.userStream) - Number(a === replica.userStream) || Number(b.startsWith('workspace:')) - Number(a.startsWith('workspace:')));
    const waiting = new Set<string>();
    for (const [stream, part] of order) {
      const parsed = parseStream(stream);
      if (!parsed) continue;
      if (parsed.kind !== 'channel') {
        replica.applyDelta(stream, part);
        more ||= part.has_more && !part.gone;
        continue;
      }
      if (stale.has(parsed.id) || (replica.channels.get(parsed.id)?.generation ?? 0) !== (stays.get(parsed.id) ?? 0)) { more = true; continue; }
      replica.applyDelta(stream, part);
      if (!part.has_more) continue;
      if (replica.isOpen(parsed.id)) more = true;
      else waiting.add(parsed.id);
    }
    for (const summary of answer.channels) {
      if (stale.has(summary.channel_id)) { more = true; continue; }
      waiting.delete(summary.channel_id);
      replica.applySummary(summary);
    }
    if (more || waiting.size > 0) return 0;
    const wanted = this.countsWanted();
    if (wanted.length > 0) {
      this.countTries = wanted.some((id) => !asked.includes(id)) ? 0 : this.countTries + 1;
      return Math.min(200 * 2 ** this.countTries, 30_000);
    }
    this.countTries = 0;
    return replica.behind().length > 0 ? AGAIN_MS : null;
  }

  stop(): void {
    this.stopped = true;
    this.cancel();
  }
}
