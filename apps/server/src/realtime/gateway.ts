import { millisToIso } from '@parley/shared/domain/timestamp';
import { uuidv7 } from '@parley/shared/domain/ids';
import { channelStream, workspaceStream, type StreamName } from '@parley/shared/domain/streams';
import type { Timer } from '@parley/shared/domain/clock';
import type { Membership } from '@parley/shared/protocol/entities';
import { CLOSE } from '@parley/shared/protocol/frames';
import { fraction } from '@parley/shared/domain/random';
import type { Caller } from '../edge/route.ts';
import type { DeviceWatch } from '../features/devices/device-notes.ts';
import type { Deps } from '../platform/deps.ts';
import { deviceKey, type GatewayInbox, type GatewayPort, type LinkMessage, type Presence, type Registry, type TypingNotice } from '../registry/port.ts';
import type { StreamControl } from '../storage/port.ts';
import { AckWheel } from './ack-wheel.ts';
import { Connection, type ConnectionHost } from './connection.ts';
import { HELLO_MS, type Act, type Hello } from './connection-state.ts';
import { Following } from './following.ts';
import type { StreamHub } from './hub.ts';
import { Hubs } from './hubs.ts';
import type { Gateway, SocketEvents, SocketLink } from './link.ts';
import { LinkMonitor } from './link-monitor.ts';
import type { StreamDeltaReader } from './opening.ts';
import { Openings } from './openings.ts';
import { PeopleWatch } from './people-watch.ts';

export const HEARTBEAT_MS = 8_000;
const TICK_MS = 1_000;
/** One person's typing in one channel is passed on this often at most. */
const TYPING_MS = 2_500;
/** With more people looking nobody is told who types. */
const TYPING_LOOKERS = 200;
const PONG_HEADS = 1_000;
const POLL_LOOKED_MS = 5_000;
const POLL_REST_MS = 60_000;
const DRAIN_MS = 3_000;
/** Reading what a connection begins with costs more than all that follows: so many at once, and so many wait; others come again. */
const OPENINGS = 64;
const OPENINGS_WAITING = 10_000;

export interface GatewayParts {
  registry: Registry;
  /** Who a token speaks for; null for none. */
  authenticate: (token: string) => Promise<Caller | null>;
  delta: StreamDeltaReader;
  devices?: DeviceWatch;
}

/** Holds the sockets: hello, catching up, live frames, acknowledgements, and everything that is only for those who look. */
export class RealtimeGateway implements Gateway, ConnectionHost {
  readonly #id: string;
  readonly #all = new Set<Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();
  readonly #hello = new Map<Connection, Timer>();
  readonly #port: GatewayPort;
  readonly #wheel: AckWheel;
  readonly #hubs: Hubs;
  readonly #following: Following;
  readonly #people: PeopleWatch;
  readonly #monitor: LinkMonitor;
  readonly #openings = new Openings(OPENINGS);
  #tick: Timer | null = null;
  #accepted = 0;
  #draining = false;
  #emptied: (() => void) | null = null;
  #silent = false;
  #polled = { looked: 0, rest: 0, busy: false };

  constructor(private readonly deps: Deps, private readonly parts: GatewayParts) {
    const now = deps.clock.now();
    this.#id = uuidv7(deps.clock, deps.random);
    this.#monitor = new LinkMonitor(now);
    this.#wheel = new AckWheel(now);
    const inbox: GatewayInbox = {
      deliver: (message) => this.#deliver(message),
      typing: (notice) => this.#typing(notice),
      presence: (userId: string, state: Presence) => this.#people.presence(userId, state),
      profileChanged: (userId) => this.#people.profileChanged(userId),
    };
    this.#port = parts.registry.attachGateway(this.#id, inbox);
    this.#hubs = new Hubs(deps, this.#port, this.#wheel, {
      control: (hub, control) => this.#control(hub, control),
      memberships: (hub, changed) => this.#memberships(hub, changed),
      check: (hub) => this.#following.check(hub, (connection) => connection.apply({ kind: 'revoked' })),
    });
    this.#following = new Following(deps, this.#hubs, this.#wheel, parts.delta);
    this.#people = new PeopleWatch(deps, this.#port);
    this.#arm();
  }

  now(): number {
    return this.deps.clock.now();
  }

  connections(): number {
    return this.#all.size;
  }

  accept(link: SocketLink, peer: { address: string; cookieToken: string | null }): SocketEvents {
    const connection = new Connection(this, link, peer.cookieToken, `${this.#id}-${++this.#accepted}`);
    this.#all.add(connection);
    this.#gauge();
    if (this.#draining) connection.apply({ kind: 'restarting', retry_after_ms: this.#jitter() });
    else this.#hello.set(connection, this.deps.clock.setTimer(HELLO_MS, () => connection.apply({ kind: 'hello_missing' })));
    return { message: (text) => connection.receive(text), closed: () => connection.apply({ kind: 'peer_gone' }) };
  }

  crowded(): boolean {
    return this.#openings.waiting >= OPENINGS_WAITING;
  }

  async drain(): Promise<void> {
    this.#draining = true;
    for (const connection of [...this.#all]) connection.apply({ kind: 'restarting', retry_after_ms: this.#jitter() });
    if (this.#all.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = this.deps.clock.setTimer(DRAIN_MS, resolve);
        this.#emptied = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    this.#tick?.cancel();
    this.#people.close();
    this.#port.detach();
  }

  signIn(connection: Connection, token: string | null): void {
    this.#hello.get(connection)?.cancel();
    this.#hello.delete(connection);
    if (token === null) return connection.apply({ kind: 'not_signed_in' });
    this.parts.authenticate(token).then(
      (caller) => connection.apply(caller ? { kind: 'signed_in', caller, sockets: this.#byUser.get(caller.user_id)?.size ?? 0 } : { kind: 'not_signed_in' }),
      (error: unknown) => this.#failed(connection, error),
    );
  }

  open(connection: Connection, caller: Caller, hello: Hello): void {
    let own = this.#byUser.get(caller.user_id);
    if (!own) this.#byUser.set(caller.user_id, (own = new Set()));
    own.add(connection);
    connection.userId = caller.user_id;
    // It may have come while there was room to wait.
    if (this.#openings.waiting >= OPENINGS_WAITING) return connection.apply({ kind: 'restarting', retry_after_ms: this.#jitter() });
    this.#openings.run(() => (connection.closed ? Promise.resolve() : this.#open(connection, caller, hello))).catch((error: unknown) => this.#failed(connection, error));
  }

  #open(connection: Connection, caller: Caller, hello: Hello): Promise<void> {
    return this.#following
      .open(connection, caller, hello, (opening, heads) => {
        if (opening.presence) {
          this.deps.presence.choose(caller.user_id, opening.presence.choice, opening.presence.until);
          this.deps.presence.quiet(caller.user_id, opening.presence.quiet);
        }
        connection.device = deviceKey(caller.device_id, connection.id);
        this.#port.setDevice(caller.user_id, connection.device, 'online');
        return [
          JSON.stringify({
            type: 'welcome', connection_id: connection.id, user_id: caller.user_id, server_time: millisToIso(this.now()),
            incarnation: this.deps.store.incarnation(), heartbeat_ms: HEARTBEAT_MS, live: this.#silent ? 'polling' : 'full',
          }),
          JSON.stringify({ type: 'heads', streams: heads }),
        ];
      })
      .then(
        (opened) => connection.apply(opened ? { kind: 'opened' } : { kind: 'revoked' }),
        (error: unknown) => this.#failed(connection, error),
      );
  }

  act(connection: Connection, frame: Act): void {
    this.parts.devices?.said(connection.caller!, connection.id, frame.type === 'ack' ? this.#followed(connection, frame.cursors) : undefined);
    switch (frame.type) {
      case 'ack':
        return this.#ack(connection, frame.cursors);
      case 'look':
        this.#following.look(connection, frame.channel_ids);
        if (frame.user_ids) this.#people.look(connection, frame.user_ids).catch((error: unknown) => this.#failed(connection, error));
        return;
      case 'typing':
        return this.#passTyping(connection, frame.channel_id, frame.parent_message_id ?? null);
      case 'presence':
        return this.#port.setDevice(connection.caller!.user_id, connection.device!, frame.state);
      case 'ping':
        return this.#pong(connection, frame.t);
    }
  }

  released(connection: Connection): void {
    this.#all.delete(connection);
    this.#hello.get(connection)?.cancel();
    this.#hello.delete(connection);
    if (!this.#silent) this.#following.remember(connection);
    for (const follow of [...connection.follows.values()]) this.#hubs.remove(follow);
    this.#people.release(connection);
    if (connection.state.kind === 'closed' && connection.state.code === CLOSE.resync) this.deps.metrics.count('parley_resyncs_total');
    const userId = connection.userId;
    if (userId !== null) {
      if (connection.device !== null) this.#port.setDevice(userId, connection.device, null);
      this.parts.devices?.left(connection.id);
      const own = this.#byUser.get(userId);
      own?.delete(connection);
      if (own?.size === 0) this.#byUser.delete(userId);
    }
    this.#gauge();
    if (this.#all.size === 0) this.#emptied?.();
  }

  #deliver(message: LinkMessage): void {
    const verdict = this.#monitor.judge(message, this.now());
    if (verdict === 'stale') return;
    if (verdict === 'gap') this.deps.metrics.count('parley_links_broken_total');
    const { body } = message;
    if (body.kind === 'subscribed') this.#hubs.subscribed(body.stream, body.rev, body.seq);
    else if (body.kind === 'events') this.#hubs.deliver(body.events);
    if (verdict === 'gap') this.#hubs.resubscribe();
  }

  /** Of what a device says it has, the streams that it follows here. */
  #followed(connection: Connection, cursors: Readonly<Record<string, number>>): Record<string, number> {
    return Object.fromEntries(Object.entries(cursors).filter(([stream]) => connection.follows.has(stream as StreamName)));
  }

  #ack(connection: Connection, cursors: Readonly<Record<string, number>>): void {
    for (const [stream, rev] of Object.entries(cursors)) {
      const follow = connection.follows.get(stream as StreamName);
      if (!follow) continue;
      follow.cursorKnown = true;
      const head = follow.hub.rev;
      // A cursor beyond the head was of another life; after its reset the device begins again below it.
      follow.acked = Math.max(Math.min(rev, head), follow.acked > head ? 0 : follow.acked);
    }
  }

  #pong(connection: Connection, t: number): void {
    const heads: Record<string, [number, number]> = {};
    let n = 0;
    for (const follow of connection.follows.values()) {
      if (follow.acked >= follow.hub.rev || follow.catching) continue;
      if (++n > PONG_HEADS) break;
      heads[follow.hub.stream] = [follow.hub.rev, follow.hub.seq];
    }
    connection.live(JSON.stringify({ type: 'pong', t, server_time: millisToIso(this.now()), ...(n > 0 && { heads }) }));
  }

  #passTyping(connection: Connection, channelId: string, parent: string | null): void {
    const follow = connection.follows.get(channelStream(channelId));
    const userId = connection.caller?.user_id;
    if (!follow?.member || userId === undefined || follow.hub.lookers > TYPING_LOOKERS) return;
    const now = this.now();
    connection.typed ??= new Map();
    const last = connection.typed.get(channelId);
    if (last !== undefined && now - last < TYPING_MS) return;
    if (connection.typed.size >= 100) connection.typed.clear();
    connection.typed.set(channelId, now);
    this.#port.typing({ channel_id: channelId, user_id: userId, parent_message_id: parent });
  }

  #typing(notice: TypingNotice): void {
    const hub = this.#hubs.peek(channelStream(notice.channel_id));
    if (!hub || hub.lookers === 0 || hub.lookers > TYPING_LOOKERS) return;
    const frame = JSON.stringify({ type: 'typing', ...notice });
    for (const follow of hub.followers) {
      if (!follow.looking || follow.connection.userId === notice.user_id) continue;
      if (!follow.connection.queue.ephemeral(frame)) this.deps.metrics.count('parley_dropped_frames_total');
    }
  }

  /** Entries of a stream's own log, obeyed before the event that carries them goes out. */
  #control(hub: StreamHub, control: StreamControl): void {
    switch (control.kind) {
      case 'joined':
        return;
      case 'left':
        this.#hubs.changed(hub);
        for (const connection of [...(this.#byUser.get(control.user_id) ?? [])]) this.#following.leave(connection, hub.stream);
        return;
      case 'revoked': {
        this.#hubs.changed(hub);
        const gone = new Set(control.device_ids);
        for (const connection of [...(this.#byUser.get(hub.id) ?? [])]) if (gone.has(connection.caller?.device_id ?? '')) connection.apply({ kind: 'revoked' });
        return;
      }
      case 'workspace_joined':
        for (const connection of this.#byUser.get(hub.id) ?? []) this.#following.followWorkspace(connection, workspaceStream(control.workspace_id));
        this.#recheckLookers(hub.id);
        return;
      case 'workspace_left':
        this.#hubs.changed(hub);
        for (const connection of [...(this.#byUser.get(hub.id) ?? [])]) this.#following.leaveWorkspace(connection, control.workspace_id);
        return;
    }
  }

  /** A role may have changed: what is only looked at is asked for again. */
  #recheckLookers(userId: string): void {
    for (const connection of this.#byUser.get(userId) ?? []) {
      for (const follow of [...connection.follows.values()]) if (!follow.member) this.#following.leave(connection, follow.hub.stream);
    }
  }

  #memberships(hub: StreamHub, changed: readonly (Partial<Membership> & { id: string; deleted?: boolean })[]): void {
    if (changed.length === 0) return;
    for (const { connection } of hub.followers) {
      const joined: string[] = [];
      for (const membership of changed) {
        const follow = connection.follows.get(channelStream(membership.id));
        if (membership.deleted) {
          if (follow?.member) this.#following.leave(connection, follow.hub.stream);
        } else if (!follow?.member || follow.stayId !== membership.stay_id) joined.push(membership.id);
      }
      if (joined.length > 0) this.#following.join(connection, joined);
    }
  }

  #arm(): void {
    this.#tick = this.deps.clock.setTimer(TICK_MS, () => {
      const now = this.now();
      this.#wheel.turn(now);
      this.#hubs.tick(now);
      this.#watchLinks(now);
      this.#arm();
    });
  }

  /** Where a followed partition has no dispatcher that is heard: looked-at heads each 5 s, the rest each minute, sessions each second. */
  #watchLinks(now: number): void {
    const unheard = (partition: number): boolean => this.#monitor.silent(partition, now);
    const silent = this.#hubs.some(unheard);
    if (!silent && this.#silent) this.#hubs.resubscribe();
    if (silent !== this.#silent) this.deps.metrics.gauge('parley_gateway_polling', silent ? 1 : 0);
    this.#silent = silent;
    if (!silent || this.#polled.busy) return;
    const looked = now - this.#polled.looked >= POLL_LOOKED_MS;
    const rest = now - this.#polled.rest >= POLL_REST_MS;
    if (looked) this.#polled.looked = now;
    if (rest) this.#polled.rest = now;
    this.#polled.busy = true;
    this.#hubs
      .answer()
      .then(() => this.#following.checkSessions([...this.#all], (connection) => connection.apply({ kind: 'revoked' })))
      .then(() => (looked || rest ? this.#hubs.poll((hub) => (rest || hub.lookers > 0) && unheard(hub.partition)) : undefined))
      .catch((error: unknown) => this.deps.logger.warn({ error: String(error) }, 'polling failed'))
      .then(() => {
        this.#polled.busy = false;
      });
  }

  #failed(connection: Connection, error: unknown): void {
    this.deps.logger.warn({ connection: connection.id, error: String(error) }, 'a connection could not be served; it is told to come back');
    connection.apply({ kind: 'failed' });
  }

  #gauge(): void {
    this.deps.metrics.gauge('parley_connections', this.#all.size);
  }

  #jitter(): number {
    return 500 + Math.floor(fraction(this.deps.random) * 4_500);
  }
}
