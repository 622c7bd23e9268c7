import { channelStream, userStream, type StreamName } from '@parley/shared/domain/streams';
import type { Caller } from '../edge/route.ts';
import type { Deps } from '../platform/deps.ts';
import { sessions, users, workspaceMembers } from '../storage/tables.ts';
import type { AckWheel } from './ack-wheel.ts';
import { CatchUp } from './catch-up.ts';
import type { Connection } from './connection.ts';
import type { Hello } from './connection-state.ts';
import type { Follow, StreamHub } from './hub.ts';
import type { Hubs } from './hubs.ts';
import { encodeDelta, GONE, memberChannels, readOpening, type DeltaPage, type Opening, type OpeningQuestion, type StreamDeltaReader } from './opening.ts';
import { SightReader, type Sight } from './sight.ts';
import { inTurn } from './turns.ts';
import { WarmOpenings } from './warm-openings.ts';

/** Reads that were overtaken by a change of rights are repeated this often before the connection is told to come back. */
const ATTEMPTS = 10;

/**
 * Decides what a connection follows, and gives it history before live (invariant 5): rights and first deltas are read in
 * one snapshot that is no older than the hubs' last change of rights; live frames wait behind the deltas.
 */
export class Following {
  readonly #catchUp: CatchUp;
  readonly #warm: WarmOpenings;

  constructor(
    private readonly deps: Pick<Deps, 'store' | 'clock' | 'logger' | 'metrics'>,
    private readonly hubs: Hubs,
    wheel: AckWheel,
    private readonly delta: StreamDeltaReader,
  ) {
    this.#warm = new WarmOpenings(hubs);
    this.#catchUp = new CatchUp(deps, hubs, wheel, delta, (follow) => this.leave(follow.connection, follow.hub.stream));
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
    const asked: OpeningQuestion = { cursors: hello.cursors, looking, known: (stream, cursor, visibleFrom) => this.#catchUp.known(stream, cursor, visibleFrom) };
    const begin = (opening: Opening): boolean => this.#begin(connection, caller, hello, looking, opening, welcome);
    const warm = this.#warm.find(caller, asked);
    if (warm) return begin(warm);
    return this.#settled([userStream(caller.user_id)], () => this.deps.store.read((tx) => readOpening(tx, this.delta, caller, asked)), (o) => [...o.streams.keys()], begin);
  }

  /** Attaches, and says where everything stands, in one go. */
  #begin(connection: Connection, caller: Caller, hello: Hello, looking: readonly StreamName[], opening: Opening, welcome: (opening: Opening, heads: Record<string, [number, number]>) => string[]): boolean {
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
      const first = this.#catchUp.first(follow, opening.deltas.get(stream));
      if (first && catching.length === 0 && !first.delta.has_more && first.delta.head >= follow.hub.rev && !first.delta.gone) {
        frames.push(first.frame);
        this.#catchUp.caughtUp(follow, first.delta);
        caughtUp.add(follow);
      } else {
        this.#catchUp.begin(follow);
        catching.push({ follow, cursor: follow.acked, first });
      }
    }
    connection.link.sendMany(frames);
    // Beyond the head means a cursor of another life: what is fetched then says reset.
    const behind = [...connection.follows.values()].filter((f) => !f.catching && !caughtUp.has(f) && f.cursorKnown && f.acked !== f.hub.rev);
    const strangers = Object.keys(hello.cursors).filter((s) => !opening.streams.has(s as StreamName) && !looks.has(s as StreamName)) as StreamName[];
    const gone = looking.filter((s) => !opening.streams.has(s));
    if (catching.length + behind.length + strangers.length + gone.length === 0) return true;
    this.#catchUp.paced(connection, async () => {
      for (const { follow, cursor, first } of catching) await this.#catchUp.run(follow, cursor, first);
      for (const stream of gone) await this.#catchUp.send(connection, encodeDelta(stream, GONE));
      await this.#catchUp.tellHeads(connection, behind);
      await this.#catchUp.tellStrangers(connection, caller, strangers, hello.cursors);
    });
    return true;
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
          this.#catchUp.ifBehind(follow);
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
    const read = () => this.deps.store.read(async (tx) => {
      const reader = new SightReader(tx);
      return Promise.all(streams.map((stream) => reader.of(caller, stream)));
    });
    await this.#settled(streams, read, () => streams, (sights) => this.#take(connection, streams, sights, accept));
  }

  #take(connection: Connection, streams: readonly StreamName[], sights: readonly (Sight | undefined)[], accept: (stream: StreamName, sight: Sight) => boolean): void {
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
   * either seen by the read or comes after `attach`, which runs at once.
   */
  async #settled<T, R>(first: readonly StreamName[], read: () => Promise<T>, streamsOf: (result: T) => readonly StreamName[], attach: (result: T) => R): Promise<R> {
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
        if (hubs.every((hub) => hub.ready && !hub.pending && hub.changedAt <= step)) return attach(result);
        await ready(streamsOf(result));
        // A check of the hub's followers is under way: its end counts as a change.
        if (hubs.some((hub) => hub.pending)) await new Promise<void>((resolve) => void this.deps.clock.setTimer(20, resolve));
      }
      throw new Error('rights keep changing');
    } finally {
      for (const hub of pinned) this.hubs.unpin(hub);
    }
  }

  #change(connection: Connection, work: () => Promise<void>): void {
    inTurn(connection, 'changes', this.deps.logger, work);
  }
}
