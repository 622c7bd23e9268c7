import { channelStream, parseStream, userStream, type StreamName } from '@parley/shared/domain/streams';
import type { Delta } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Caller } from '../edge/route.ts';
import type { Deps } from '../platform/deps.ts';
import { headOf } from '../storage/streams.ts';
import { sessions, users, workspaceMembers } from '../storage/tables.ts';
import type { AckWheel } from './ack-wheel.ts';
import type { Connection } from './connection.ts';
import type { Hello } from './connection-state.ts';
import { encodeHead, type Follow, type StreamHub } from './hub.ts';
import type { Hubs } from './hubs.ts';
import { DeltaPages } from './delta-pages.ts';
import { deltaPage, encodeDelta, GONE, memberChannels, readOpening, type DeltaPage, type Opening, type StreamDeltaReader } from './opening.ts';
import { SightReader, type Sight } from './sight.ts';
import { WarmOpenings } from './warm-openings.ts';

/** Reads that were overtaken by a change of rights are repeated this often before the connection is told to come back. */
const ATTEMPTS = 10;
/** `head` frames, or rights looked up, between two looks at the drain. */
const CHUNK = 100;

/**
 * Decides what a connection follows, and gives it history before live (invariant 5): rights and first deltas are read in
 * one snapshot that is no older than the hubs' last change of rights; live frames wait behind the deltas.
 */
export class Following {
  readonly #pages = new DeltaPages();
  readonly #warm: WarmOpenings;

  constructor(
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>,
    private readonly hubs: Hubs,
    private readonly wheel: AckWheel,
    private readonly delta: StreamDeltaReader,
  ) {
    this.#warm = new WarmOpenings(hubs);
  }

  /** For when the person comes back at once. */
  remember(connection: Connection): void {
    this.#warm.remember(connection);
  }

  /**
   * Follows everything that is the caller's own and what it looks at. False: the session ended meanwhile, or the
   * connection did. `welcome` makes the first frames; deltas that are known whole leave with them in one write.
   */
  async open(connection: Connection, caller: Caller, hello: Hello, welcome: (opening: Opening, heads: Record<string, [number, number]>) => string[]): Promise<boolean> {
    const looking = [...new Set((hello.looking_at ?? []).map(channelStream))];
    const known = (stream: StreamName, cursor: number, visibleFrom: number): DeltaPage | 'none' | undefined => {
      const hub = this.hubs.peek(stream);
      if (!hub?.ready) return undefined;
      return hub.rev === cursor ? 'none' : this.#pages.find(hub, cursor, visibleFrom);
    };
    const asked = { cursors: hello.cursors, looking, known };
    const opening = this.#warm.find(caller, asked) ?? await this.#settled([userStream(caller.user_id)], () => this.deps.store.read((tx) => readOpening(tx, this.delta, caller, asked)), (o) => [...o.streams.keys()]);
    if (connection.closed || !opening.valid) return false;
    const looks = new Set<StreamName>(looking);
    const heads: Record<string, [number, number]> = {};
    for (const [stream, sight] of opening.streams) {
      const follow = this.#attach(connection, stream, sight, looks.has(stream), hello.cursors[stream]);
      heads[stream] = [follow.hub.rev, follow.hub.seq];
    }
    const frames = welcome(opening, heads);
    const catching: { follow: Follow; cursor: number; first?: DeltaPage }[] = [];
    const caughtUp = new Set<Follow>();
    for (const stream of [...opening.streams.keys()].filter((s) => !s.startsWith('channel:')).concat(looking)) {
      const follow = connection.follows.get(stream);
      if (!follow?.cursorKnown || caughtUp.has(follow) || follow.catching) continue;
      const first = this.#first(follow, opening.deltas.get(stream));
      if (first && catching.length === 0 && !first.delta.has_more && first.delta.head >= follow.hub.rev && !first.delta.gone) {
        frames.push(first.frame);
        this.#caughtUp(follow, first.delta);
        caughtUp.add(follow);
      } else {
        this.#begin(follow);
        catching.push({ follow, cursor: follow.acked, first });
      }
    }
    connection.link.sendMany(frames);
    // Beyond the head means a cursor of another life: what is fetched then says reset.
    const behind = [...connection.follows.values()].filter((f) => !f.catching && !caughtUp.has(f) && f.cursorKnown && f.acked !== f.hub.rev);
    const strangers = Object.keys(hello.cursors).filter((s) => !opening.streams.has(s as StreamName) && !looks.has(s as StreamName)) as StreamName[];
    const gone = looking.filter((s) => !opening.streams.has(s));
    if (catching.length + behind.length + strangers.length + gone.length === 0) return true;
    this.#paced(connection, async () => {
      for (const { follow, cursor, first } of catching) await this.#catchUp(follow, cursor, first);
      for (const stream of gone) await this.#sendDelta(connection, encodeDelta(stream, GONE));
      await this.#tellHeads(connection, behind);
      await this.#tellStrangers(connection, caller, strangers, hello.cursors);
    });
    return true;
  }

  /** The page to begin with: the one read, kept for others who ask the same, or the empty one when nothing changed. */
  #first(follow: Follow, read: DeltaPage | undefined): DeltaPage | undefined {
    const { hub, acked } = follow;
    if (read) this.#pages.keep(hub, acked, follow.visibleFrom, read);
    else if (acked === hub.rev) return deltaPage(hub.stream, { from: acked, to: acked, head: acked, entities: [], has_more: false });
    return read;
  }

  /** Replaces what is on screen. */
  look(connection: Connection, channelIds: readonly string[]): void {
    this.#change(connection, async () => {
      const wanted = new Set<StreamName>(channelIds.map(channelStream));
      for (const follow of [...connection.follows.values()]) {
        if (!follow.looking || wanted.has(follow.hub.stream)) continue;
        this.hubs.setLooking(follow, false);
        if (!follow.member) this.hubs.remove(follow);
      }
      const unknown: StreamName[] = [];
      for (const stream of wanted) {
        const follow = connection.follows.get(stream);
        if (!follow) unknown.push(stream);
        else if (!follow.looking) {
          this.hubs.setLooking(follow, true);
          this.#catchUpIfBehind(follow);
        }
      }
      await this.#follow(connection, unknown, () => true);
    });
  }

  /** Follows channels that the person has become a member of. */
  join(connection: Connection, channelIds: readonly string[]): void {
    this.#change(connection, () => this.#follow(connection, channelIds.map(channelStream), (_, sight) => sight.member));
  }

  followWorkspace(connection: Connection, stream: StreamName): void {
    this.#change(connection, () => this.#follow(connection, [stream], () => true));
  }

  /** Stops following at once; who still looks at a public channel goes on as somebody who looks. */
  leave(connection: Connection, stream: StreamName): void {
    const follow = connection.follows.get(stream);
    if (!follow) return;
    const { looking } = follow;
    this.hubs.remove(follow);
    if (looking) this.#change(connection, () => this.#follow(connection, [stream], () => true));
  }

  leaveWorkspace(connection: Connection, workspaceId: string): void {
    for (const follow of [...connection.follows.values()]) {
      if (follow.hub.kind === 'workspace' && follow.hub.id === workspaceId) {
        this.hubs.remove(follow);
        connection.live(encodeDelta(follow.hub.stream, GONE));
      } else if (follow.hub.workspaceId === workspaceId) this.leave(connection, follow.hub.stream);
    }
  }

  /** Checks everybody who follows a stream against the store, as it is now. */
  async check(hub: StreamHub, revoked: (connection: Connection) => void): Promise<void> {
    const follows = [...hub.followers];
    for (let i = 0; i < follows.length; i += 500) {
      const part = follows.slice(i, i + 500);
      const seen = await this.deps.store.read(async (tx) => {
        const reader = new SightReader(tx);
        return Promise.all(part.map(async ({ connection: { caller } }) => (caller ? reader.of(caller, hub.stream) : undefined)));
      });
      part.forEach((follow, n) => {
        if (!hub.followers.has(follow)) return;
        const sight = seen[n];
        if (!sight || (!sight.member && !follow.looking)) this.leave(follow.connection, hub.stream);
        else Object.assign(follow, { member: sight.member, stayId: sight.stayId, visibleFrom: sight.visibleFrom });
      });
    }
    if (hub.kind === 'user') await this.checkSessions(follows.map((f) => f.connection), revoked);
    if (hub.kind === 'user') for (const { connection } of follows) this.#resync(connection);
  }

  async checkSessions(connections: readonly Connection[], revoked: (connection: Connection) => void): Promise<void> {
    const signedIn = connections.filter((c) => c.caller);
    for (let i = 0; i < signedIn.length; i += 500) {
      const part = signedIn.slice(i, i + 500);
      const valid = await this.deps.store.read((tx) =>
        Promise.all(part.map(async ({ caller }) => {
          if (!caller) return true;
          const session = await tx.get(sessions, [caller.user_id, caller.device_id]);
          const user = await tx.get(users, [caller.user_id]);
          return session !== undefined && session.revoked_at === null && user !== undefined && !user.doc.deactivated;
        })),
      );
      part.forEach((connection, n) => {
        if (!valid[n]) revoked(connection);
      });
    }
  }

  /** Compares what is followed with the person's memberships and workspaces, after entries of the user stream were lost. */
  #resync(connection: Connection): void {
    this.#change(connection, async () => {
      const { caller } = connection;
      if (!caller) return;
      const own = userStream(caller.user_id);
      const wanted = await this.deps.store.read(async (tx) => [
        ...(await memberChannels(tx, own)).map(channelStream),
        ...(await tx.find(workspaceMembers, { index: 'by_user', prefix: [caller.user_id], limit: 1_000 })).filter((w) => !w.deactivated).map((w): StreamName => `workspace:${w.workspace_id}`),
      ]);
      await this.#follow(connection, wanted.filter((s) => !connection.follows.has(s)), (_, sight) => sight.member);
      const left = [...connection.follows.values()].filter((f) => f.member && f.hub.stream !== own && !wanted.includes(f.hub.stream));
      for (const follow of left) this.leave(connection, follow.hub.stream);
    });
  }

  /** Follows streams that come later: `heads`, or `gone` for those that may not be seen. */
  async #follow(connection: Connection, streams: readonly StreamName[], accept: (stream: StreamName, sight: Sight) => boolean): Promise<void> {
    const { caller } = connection;
    if (!caller || streams.length === 0) return;
    const sights = await this.#settled(streams, () => this.deps.store.read(async (tx) => {
      const reader = new SightReader(tx);
      return Promise.all(streams.map((stream) => reader.of(caller, stream)));
    }), () => streams);
    if (connection.closed) return;
    const heads: Record<string, [number, number]> = {};
    streams.forEach((stream, i) => {
      const sight = sights[i];
      const present = connection.follows.get(stream);
      if (!sight) {
        if (present) this.hubs.remove(present);
        connection.live(encodeDelta(stream, GONE));
      } else if (present && present.stayId === sight.stayId) Object.assign(present, { member: sight.member, visibleFrom: sight.visibleFrom });
      else if (accept(stream, sight)) {
        if (present) this.hubs.remove(present);
        const follow = this.#attach(connection, stream, sight, present?.looking ?? !sight.member, undefined);
        heads[stream] = [follow.hub.rev, follow.hub.seq];
      }
    });
    if (Object.keys(heads).length > 0) connection.live(JSON.stringify({ type: 'heads', streams: heads }));
  }

  #attach(connection: Connection, stream: StreamName, sight: Sight, looking: boolean, cursor: number | undefined): Follow {
    const hub = this.hubs.get(stream);
    const follow: Follow = {
      hub, connection, member: sight.member, looking, stayId: sight.stayId, visibleFrom: sight.visibleFrom,
      told: hub.rev, acked: cursor ?? hub.rev, cursorKnown: cursor !== undefined, catching: null, dueAt: 0, backOff: 0,
    };
    this.hubs.add(follow);
    return follow;
  }

  /**
   * Runs `read` until no right changed on the hubs it is about while it ran, so that an entry which took a right away is
   * either seen by the read or comes after attaching. The caller must attach before it yields.
   */
  async #settled<T>(first: readonly StreamName[], read: () => Promise<T>, streamsOf: (result: T) => readonly StreamName[]): Promise<T> {
    const pinned = new Set<StreamHub>();
    const ready = async (streams: readonly StreamName[]) => {
      const hubs = streams.map((s) => this.hubs.get(s));
      for (const hub of hubs) if (!pinned.has(hub)) {
        pinned.add(hub);
        this.hubs.pin(hub);
      }
      const cold = hubs.filter((hub) => !hub.ready);
      if (cold.length > 0) await Promise.all(cold.map((hub) => hub.whenReady()));
      return hubs;
    };
    try {
      await ready(first);
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const step = this.hubs.step;
        const result = await read();
        const hubs = streamsOf(result).map((s) => this.hubs.get(s));
        if (hubs.every((hub) => hub.ready && !hub.pending && hub.changedAt <= step)) return result;
        await ready(streamsOf(result));
        // A check of the hub's followers is under way: its end counts as a change.
        if (hubs.some((hub) => hub.pending)) await new Promise<void>((resolve) => void this.deps.clock.setTimer(20, resolve));
      }
      throw new Error('rights keep changing');
    } finally {
      for (const hub of pinned) this.hubs.unpin(hub);
    }
  }

  #begin(follow: Follow): void {
    follow.catching = { frames: [], bytes: 0, needed: follow.hub.rev };
  }

  #catchUpIfBehind(follow: Follow): void {
    if (follow.catching || !follow.cursorKnown || follow.acked === follow.hub.rev) return;
    this.#begin(follow);
    this.#paced(follow.connection, () => this.#catchUp(follow, follow.acked));
  }

  /** Deltas up to what was needed when buffering began, then what was buffered, then live. */
  async #catchUp(follow: Follow, cursor: number, first?: DeltaPage): Promise<void> {
    const { connection, hub } = follow;
    let page = first;
    while (follow.catching && !connection.closed) {
      const caller = connection.caller!;
      page ??= deltaPage(hub.stream, await this.deps.store.read((tx) => this.delta(tx, caller, hub.stream, cursor, LIMITS.sync_page_size)));
      if (!follow.catching || connection.closed) return;
      const { delta } = page;
      await this.#sendDelta(connection, page.frame);
      if (!follow.catching || connection.closed) return;
      if (delta.gone) return this.leave(connection, hub.stream);
      cursor = delta.to;
      const { catching } = follow;
      if (!delta.has_more && delta.head >= catching.needed) {
        follow.catching = null;
        for (const { frame, bytes, rev } of catching.frames) if (rev > delta.to) this.hubs.push(connection, frame, bytes);
        connection.queue.flush();
        return this.#caughtUp(follow, delta);
      }
      page = undefined;
    }
  }

  /** The cursor is now at the page's end or on its way there; the client's ack says so. */
  #caughtUp(follow: Follow, delta: Delta): void {
    follow.told = Math.max(follow.told, delta.to);
    if (follow.dueAt === 0 && follow.acked < follow.told) this.wheel.schedule(follow, this.deps.clock.now());
  }

  async #sendDelta(connection: Connection, frame: string): Promise<void> {
    await connection.queue.drained();
    if (!connection.closed) connection.link.send(frame);
  }

  async #tellHeads(connection: Connection, behind: readonly Follow[]): Promise<void> {
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
  async #tellStrangers(connection: Connection, caller: Caller, streams: readonly StreamName[], cursors: Readonly<Record<string, number>>): Promise<void> {
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

  #change(connection: Connection, work: () => Promise<void>): void {
    connection.changes = this.#chain(connection, connection.changes, work, (tail) => {
      if (connection.changes === tail) connection.changes = null;
    });
  }

  #paced(connection: Connection, work: () => Promise<void>): void {
    connection.deltas = this.#chain(connection, connection.deltas, work, (tail) => {
      if (connection.deltas === tail) connection.deltas = null;
    });
  }

  #chain(connection: Connection, before: Promise<void> | null, work: () => Promise<void>, ended: (tail: Promise<void>) => void): Promise<void> {
    const tail: Promise<void> = (before ?? Promise.resolve())
      .then(() => (connection.closed ? undefined : work()))
      .catch((error: unknown) => {
        this.deps.logger.warn({ connection: connection.id, error: String(error) }, 'a connection could not be served; it is told to come back');
        connection.apply({ kind: 'failed' });
      })
      .then(() => ended(tail));
    return tail;
  }
}
