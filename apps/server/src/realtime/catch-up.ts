import { parseStream, type StreamName } from '@parley/shared/domain/streams';
import type { Delta } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Caller } from '../edge/route.ts';
import type { Deps } from '../platform/deps.ts';
import { headOf } from '../storage/streams.ts';
import type { AckWheel } from './ack-wheel.ts';
import type { Connection } from './connection.ts';
import { DeltaPages } from './delta-pages.ts';
import { encodeHead, type Follow } from './hub.ts';
import type { Hubs } from './hubs.ts';
import { deltaPage, encodeDelta, GONE, type DeltaPage, type StreamDeltaReader } from './opening.ts';
import { SightReader } from './sight.ts';
import { inTurn } from './turns.ts';

/** `head` frames, or rights looked up, between two looks at the drain. */
const CHUNK = 100;

/** Brings connections up to date, paced by what their sockets take: deltas before live frames, then heads of the rest. */
export class CatchUp {
  readonly #pages = new DeltaPages();

  constructor(
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger'>,
    private readonly hubs: Hubs,
    private readonly wheel: AckWheel,
    private readonly delta: StreamDeltaReader,
    /** One may not see the stream any more. */
    private readonly gone: (follow: Follow) => void,
  ) {}

  /** A page that needs no reading; `none`: nothing changed since the cursor, as far as was heard. */
  known(stream: StreamName, cursor: number, visibleFrom: number): DeltaPage | 'none' | undefined {
    const hub = this.hubs.peek(stream);
    if (!hub?.ready) return undefined;
    return hub.rev === cursor ? 'none' : this.#pages.find(hub, cursor, visibleFrom);
  }

  /** The page to begin with: the one read, kept for others who ask the same, or the empty one when nothing changed. */
  first(follow: Follow, read: DeltaPage | undefined): DeltaPage | undefined {
    const { hub, acked } = follow;
    if (read) this.#pages.keep(hub, acked, follow.visibleFrom, read);
    else if (acked === hub.rev) return deltaPage(hub.stream, { from: acked, to: acked, head: acked, entities: [], has_more: false });
    return read;
  }

  /** From now on live frames wait behind the deltas. */
  begin(follow: Follow): void {
    follow.catching = { frames: [], bytes: 0, needed: follow.hub.rev };
  }

  ifBehind(follow: Follow): void {
    if (follow.catching || !follow.cursorKnown || follow.acked === follow.hub.rev) return;
    this.begin(follow);
    this.paced(follow.connection, () => this.run(follow, follow.acked));
  }

  /** Deltas up to what was needed when buffering began, then what was buffered, then live. */
  async run(follow: Follow, cursor: number, first?: DeltaPage): Promise<void> {
    const { connection, hub } = follow;
    let page = first;
    while (follow.catching && !connection.closed) {
      const caller = connection.caller!;
      page ??= deltaPage(hub.stream, await this.deps.store.read((tx) => this.delta(tx, caller, hub.stream, cursor, LIMITS.sync_page_size)));
      if (!follow.catching || connection.closed) return;
      const { delta } = page;
      await this.send(connection, page.frame);
      if (!follow.catching || connection.closed) return;
      if (delta.gone) return this.gone(follow);
      cursor = delta.to;
      const { catching } = follow;
      if (!delta.has_more && delta.head >= catching.needed) {
        follow.catching = null;
        for (const { frame, bytes, rev } of catching.frames) if (rev > delta.to) this.hubs.push(connection, frame, bytes);
        connection.queue.flush();
        return this.caughtUp(follow, delta);
      }
      page = undefined;
    }
  }

  /** The cursor is now at the page's end or on its way there; the client's ack says so. */
  caughtUp(follow: Follow, delta: Delta): void {
    follow.told = Math.max(follow.told, delta.to);
    if (follow.dueAt === 0 && follow.acked < follow.told) this.wheel.schedule(follow, this.deps.clock.now());
  }

  /** Sends one delta when the socket can take it. */
  async send(connection: Connection, frame: string): Promise<void> {
    await connection.queue.drained();
    if (!connection.closed) connection.link.send(frame);
  }

  /** A `head` for each channel whose cursor is not where the stream is. */
  async tellHeads(connection: Connection, behind: readonly Follow[]): Promise<void> {
    const now = this.deps.clock.now();
    for (let i = 0; i < behind.length; i += CHUNK) {
      await connection.queue.drained();
      if (connection.closed) return;
      const part = behind.slice(i, i + CHUNK).filter((f) => f.hub.followers.has(f));
      connection.link.sendMany(part.map((f) => encodeHead(f.hub)));
      for (const follow of part) if (follow.dueAt === 0 && follow.acked < follow.told) this.wheel.schedule(follow, now);
    }
  }

  /** Cursors of streams that are not followed: `gone` for what may not be seen, a `head` for what is behind. */
  async tellStrangers(connection: Connection, caller: Caller, streams: readonly StreamName[], cursors: Readonly<Record<string, number>>): Promise<void> {
    for (let i = 0; i < streams.length; i += CHUNK) {
      await connection.queue.drained();
      if (connection.closed) return;
      const part = streams.slice(i, i + CHUNK).filter((s) => parseStream(s));
      const answers = await this.deps.store.read(async (tx) => {
        const reader = new SightReader(tx);
        return Promise.all(part.map(async (stream) => ((await reader.of(caller, stream)) ? headOf(tx, stream) : null)));
      });
      if (connection.closed) return;
      const frames: string[] = [];
      part.forEach((stream, n) => {
        const head = answers[n];
        if (!head) frames.push(encodeDelta(stream, GONE));
        else if (head.rev !== cursors[stream]) frames.push(JSON.stringify({ type: 'head', stream, head_rev: head.rev, ...(stream.startsWith('channel:') && { head_seq: head.seq }) }));
      });
      if (frames.length > 0) connection.link.sendMany(frames);
    }
  }

  /** Deltas of one connection are sent one after the other. */
  paced(connection: Connection, work: () => Promise<void>): void {
    inTurn(connection, 'deltas', this.deps.logger, work);
  }
}
