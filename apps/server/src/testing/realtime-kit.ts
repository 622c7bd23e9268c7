import { setImmediate as turn } from 'node:timers/promises';
import { channelStream, userStream, workspaceStream, type StreamName } from '@parley/shared/domain/streams';
import type { Entity } from '@parley/shared/protocol/entities';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { Config } from '../config/config.ts';
import type { Caller } from '../edge/route.ts';
import { EmbeddedLog } from '../log/embedded/embedded-log.ts';
import type { Deps } from '../platform/deps.ts';
import { silentLogger, type Logger } from '../platform/logger.ts';
import { noMail } from '../mail/port.ts';
import { serverSecret } from '../platform/server-secret.ts';
import { noPush } from '../push/port.ts';
import { noMetrics, type Metrics } from '../platform/metrics.ts';
import { digest } from '../platform/secrets.ts';
import { EmbeddedRegistry } from '../registry/embedded/embedded-registry.ts';
import type { GatewayInbox, GatewayPort } from '../registry/port.ts';
import { defineCommand } from '../storage/command.ts';
import { COMMANDS } from '../storage/commands.ts';
import { DiskUploads } from '../files/disk/disk-uploads.ts';
import { MemoryFiles } from '../files/memory/memory-files.ts';
import { noLinks } from '../links/port.ts';
import { noPictures } from '../pictures/port.ts';
import { MemorySearchIndex } from '../search/memory/memory-index.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import type { Row, Store, StoredEvent, StreamControl, Table } from '../storage/port.ts';
import { headOf, putEntity } from '../storage/streams.ts';
import { channels, heads, members, messages, sessions, TABLES, users, workspaceMembers } from '../storage/tables.ts';
import type { Consumer } from '../realtime/consumers.ts';
import type { SocketEvents, SocketLink } from '../realtime/link.ts';
import type { StreamDeltaReader } from '../realtime/opening.ts';
import { createRealtime, type Realtime } from '../realtime/realtime.ts';

/** Commands of the tests' own: rows as given, and changes of a channel as features make them, without their rules. */
export const KIT_COMMANDS = {
  ...COMMANDS,
  'kit.put': defineCommand(async (tx, args: { table: string; row: Row }) => {
    await tx.put(TABLES.find((t) => t.name === args.table)!, args.row);
    return {};
  }),
  'kit.post': defineCommand(async (tx, args: { channel_id: string; id: string; author_id: string; content: string }) => {
    const head = await headOf(tx, channelStream(args.channel_id));
    const [rev, seq] = [head.rev + 1, head.seq + 1];
    const doc = { id: args.id, channel_id: args.channel_id, seq, rev, author_id: args.author_id, content: args.content, deleted: false };
    await tx.put(heads, { ...head, rev, seq });
    await tx.put(messages, { ...doc, client_msg_id: args.id, parent_message_id: null, counted_seq: seq, reply_seq: null, timeline_seq: seq, everyone_seq: null, created_us: tx.now(), doc: doc as never, fingerprint: '' });
    tx.emit({ stream: channelStream(args.channel_id), from: head.rev, rev, seq, entities: [{ type: 'message', ...doc } as Entity] });
    return { rev, seq };
  }),
  'kit.edit': defineCommand(async (tx, args: { channel_id: string; seq: number; content: string }) => {
    const head = await headOf(tx, channelStream(args.channel_id));
    const row = (await tx.get(messages, [args.channel_id, args.seq]))!;
    const doc = { ...row.doc, rev: head.rev + 1, content: args.content };
    await tx.put(heads, { ...head, rev: doc.rev });
    await tx.put(messages, { ...row, rev: doc.rev, doc });
    tx.emit({ stream: channelStream(args.channel_id), from: head.rev, rev: doc.rev, seq: head.seq, entities: [{ type: 'message', ...doc } as Entity] });
    return { rev: doc.rev };
  }),
  'kit.member': defineCommand(async (tx, args: { channel_id: string; user_id: string; stay_id: string | null; visible_from_seq?: number }) => {
    const stream = channelStream(args.channel_id);
    const head = await headOf(tx, stream);
    const visible = args.visible_from_seq ?? 1;
    if (args.stay_id === null) await tx.delete(members, [args.channel_id, args.user_id]);
    else await tx.put(members, { channel_id: args.channel_id, user_id: args.user_id, role: 'member', stay_id: args.stay_id, visible_from_seq: visible, joined_seq: head.seq, joined_at: tx.now() });
    await tx.put(heads, { ...head, rev: head.rev + 1 });
    const control: StreamControl = args.stay_id === null ? { kind: 'left', user_id: args.user_id } : { kind: 'joined', user_id: args.user_id, stay_id: args.stay_id, visible_from_seq: visible };
    tx.emit({ stream, from: head.rev, rev: head.rev + 1, seq: head.seq, entities: [], control: [control] });
    return {};
  }),
  'kit.project': defineCommand(async (tx, args: { channel_id: string; user_id: string }) => {
    const member = await tx.get(members, [args.channel_id, args.user_id]);
    const entity = member
      ? { type: 'membership', id: args.channel_id, channel_id: args.channel_id, stay_id: member.stay_id, visible_from_seq: member.visible_from_seq }
      : { type: 'membership', id: args.channel_id, deleted: true };
    await putEntity(tx, userStream(args.user_id), entity);
    return {};
  }),
  'kit.entity': defineCommand(async (tx, args: { stream: StreamName; entity: { type: string; id: string } }) => {
    await putEntity(tx, args.stream, args.entity);
    return {};
  }),
  'kit.control': defineCommand(async (tx, args: { stream: StreamName; control: StreamControl }) => {
    const head = await headOf(tx, args.stream);
    await tx.put(heads, { ...head, rev: head.rev + 1 });
    tx.emit({ stream: args.stream, from: head.rev, rev: head.rev + 1, seq: head.seq, entities: [], control: [args.control] });
    return {};
  }),
  'kit.channel': defineCommand(async (tx, args: { channel_id: string; change: Record<string, unknown> }) => {
    const stream = channelStream(args.channel_id);
    const head = await headOf(tx, stream);
    const row = (await tx.get(channels, [args.channel_id]))!;
    const doc = { ...row.doc, ...args.change };
    await tx.put(channels, { ...row, kind: doc.kind, rev: head.rev + 1, doc });
    await tx.put(heads, { ...head, rev: head.rev + 1 });
    tx.emit({ stream, from: head.rev, rev: head.rev + 1, seq: head.seq, entities: [{ type: 'channel', ...doc, rev: head.rev + 1 } as Entity] });
    return {};
  }),
};
type KitCommands = typeof KIT_COMMANDS;

export interface Person { id: string; device_id: string; token: string }
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- frames are looked into by name, as a client's log would be
export type Frame = { type: string } & Record<string, any>;

/** A socket as a client sees it. Stalled, it takes nothing, and what is handed over counts as buffered. */
export class TestSocket implements SocketLink {
  readonly frames: Frame[] = [];
  /** Frames by the write they left in. */
  readonly writes: Frame[][] = [];
  closed: number | null = null;
  stalled = false;
  events?: SocketEvents;
  #buffered = 0;
  #held: string[][] = [];
  #waiting: { bytes: number; then: () => void }[] = [];

  send(frame: string): void {
    this.sendMany([frame]);
  }

  sendMany(frames: readonly string[]): void {
    if (this.closed !== null || frames.length === 0) return;
    if (this.stalled) {
      this.#held.push([...frames]);
      this.#buffered += frames.reduce((n, f) => n + f.length, 0);
    } else this.#take(frames);
  }

  buffered(): number {
    return this.#buffered;
  }

  whenBelow(bytes: number, then: () => void): void {
    if (this.#buffered < bytes) queueMicrotask(then);
    else this.#waiting.push({ bytes, then });
  }

  close(code: number): void {
    if (this.closed !== null) return;
    this.closed = code;
    this.events?.closed();
  }

  /** The client reads again. */
  drain(): void {
    this.stalled = false;
    for (const frames of this.#held.splice(0)) this.#take(frames);
    this.#buffered = 0;
    for (const { then } of this.#waiting.splice(0)) then();
  }

  say(frame: unknown): void {
    this.events!.message(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  of(type: string): Frame[] {
    return this.frames.filter((f) => f.type === type);
  }

  forget(): void {
    this.frames.length = 0;
    this.writes.length = 0;
  }

  #take(frames: readonly string[]): void {
    const parsed = frames.map((f) => JSON.parse(f) as Frame);
    this.writes.push(parsed);
    this.frames.push(...parsed);
  }
}

export interface KitOptions {
  config?: Partial<Config>;
  delta?: StreamDeltaReader;
  consumers?: readonly Consumer[];
  pageSize?: number;
  metrics?: Metrics;
}

/** A registry whose links can be cut. */
class SilencedRegistry extends EmbeddedRegistry {
  #silent = false;

  silence(): void {
    this.#silent = true;
  }

  override attachGateway(id: string, inbox: GatewayInbox): GatewayPort {
    return super.attachGateway(id, { ...inbox, deliver: (message) => (this.#silent ? undefined : inbox.deliver(message)) });
  }
}

/** The realtime part over an in-memory store, with a clock that stands still. */
export class RealtimeKit {
  readonly clock = new FakeClock(1_760_000_000_000, async () => {
    for (let i = 0; i < 4; i++) await turn();
  });
  readonly random = new SeededRandom(7);
  readonly store: Store;
  readonly log: EmbeddedLog;
  readonly registry: SilencedRegistry;
  readonly deps: Deps;
  readonly warnings: object[] = [];
  readonly workspaceId: string;
  realtime: Realtime;
  #ids = 0;
  #people = 0;

  constructor(readonly options: KitOptions = {}) {
    this.workspaceId = this.id();
    this.store = openMemoryStore({ clock: this.clock, random: this.random, commands: KIT_COMMANDS as never });
    this.log = new EmbeddedLog(this);
    this.registry = new SilencedRegistry(this);
    const logger: Logger = { ...silentLogger, warn: (f) => void this.warnings.push(f), error: (f) => void this.warnings.push(f), child: () => logger };
    this.deps = {
      store: this.store, clock: this.clock, random: this.random, presence: this.registry, logger, metrics: options.metrics ?? noMetrics, search: new MemorySearchIndex(),
      passwords: { hash: async () => '', verify: async () => false }, pictures: noPictures, files: new MemoryFiles(),
      push: noPush, mailer: noMail, secret: serverSecret(new Uint8Array(32)),
      links: noLinks, cardPictures: new MemoryFiles(), archives: new MemoryFiles(), uploads: new DiskUploads('/nowhere'),
      config: {
        host: '', port: 0, origins: [], url: '', dataDirectory: '', trustedProxies: [], roles: new Set(), mongodbUrl: null, redisUrl: null, filesPlace: { kind: 'disk', shared: false }, rateLimits: false, largeChannel: 1_000, fileBytes: 1_000_000, fileQuotaBytes: 3_000_000, setUpCode: null, metricsToken: null, egressAllow: [], smtpUrl: null, mailFrom: null, pushContact: null, fcm: null, apns: null, ...options.config,
      },
    };
    this.realtime = this.make();
  }

  make(): Realtime {
    return createRealtime(this.deps, { log: this.log, registry: this.registry, delta: this.options.delta, consumers: this.options.consumers ?? [], alone: true });
  }

  async start(): Promise<this> {
    await this.realtime.start();
    await this.clock.advance(0);
    return this;
  }

  run<N extends keyof KitCommands>(name: N, args: Parameters<KitCommands[N]>[1]): Promise<Awaited<ReturnType<KitCommands[N]>>> {
    return this.store.run(name as never, args as never) as never;
  }

  put<R extends Row>(table: Table<R>, row: R): Promise<unknown> {
    return this.run('kit.put', { table: table.name, row });
  }

  id(): string {
    return `00000000-0000-7000-8000-${(++this.#ids).toString(16).padStart(12, '0')}`;
  }

  async person(options: { role?: 'member' | 'guest' } = {}): Promise<Person> {
    const id = this.id();
    const doc = { id, username: `u${++this.#people}`, display_name: `U${this.#people}`, email: `u${this.#people}@example.org`, is_bot: false, deactivated: false };
    await this.put(users, { id, server_role: 'member', password_hash: null, local_key: '', created_at: 0, presence: 'auto', presence_until: null, doc });
    await this.put(workspaceMembers, { workspace_id: this.workspaceId, user_id: id, role: options.role ?? 'member', joined_at: 0, deactivated: 0, sort_name: doc.username });
    return this.device(id);
  }

  async device(userId: string): Promise<Person> {
    const device_id = this.id();
    const secret = `secret-${device_id}`;
    await this.put(sessions, { user_id: userId, device_id, secret_hash: digest(secret), name: '', platform: '', address: '', created_at: 0, last_active_at: 0, expires_at: 9e15, revoked_at: null });
    return { id: userId, device_id, token: `${userId}.${device_id}.${secret}` };
  }

  async channel(people: readonly Person[], options: { kind?: 'public' | 'private'; member_count?: number } = {}): Promise<string> {
    const id = this.id();
    const doc = {
      id, workspace_id: this.workspaceId, kind: options.kind ?? 'private', name: `c${id.slice(-4)}`, topic: '', purpose: '', member_count: options.member_count ?? people.length, archived: false,
      posting: 'everyone', created_at: '2025-01-01T00:00:00.000Z', head_seq: 0, head_rev: 0, purged_through_seq: 0,
    };
    await this.put(channels, { id, workspace_id: this.workspaceId, kind: doc.kind, rev: 0, browse_name: doc.name, doc, members: people.length, counted_at: 0 } as never);
    for (const person of people) await this.join(id, person);
    return id;
  }

  async join(channelId: string, person: Person, visibleFrom?: number): Promise<void> {
    await this.run('kit.member', { channel_id: channelId, user_id: person.id, stay_id: this.id(), ...(visibleFrom !== undefined && { visible_from_seq: visibleFrom }) });
    await this.run('kit.project', { channel_id: channelId, user_id: person.id });
    await this.clock.advance(0);
  }

  /** The member row goes; the projection follows with `project`. */
  async part(channelId: string, person: Person): Promise<void> {
    await this.run('kit.member', { channel_id: channelId, user_id: person.id, stay_id: null });
  }

  async post(channelId: string, author: Person, content = 'hello'): Promise<{ rev: number; seq: number }> {
    const sent = await this.run('kit.post', { channel_id: channelId, id: this.id(), author_id: author.id, content });
    await this.clock.advance(0);
    return sent;
  }

  socket(cookieToken: string | null = null): TestSocket {
    const socket = new TestSocket();
    socket.events = this.realtime.gateway.accept(socket, { address: '127.0.0.1', cookieToken });
    return socket;
  }

  async connect(person: Person, hello: { cursors?: Record<string, number>; looking_at?: string[] } = {}): Promise<TestSocket> {
    const socket = this.socket();
    socket.say({ type: 'hello', token: person.token, device_id: person.device_id, cursors: {}, ...hello });
    await this.clock.advance(0);
    return socket;
  }

  /** As if every dispatcher had gone: nothing is heard on the links any more. */
  async stopDispatching(): Promise<void> {
    this.registry.silence();
    await this.clock.advance(0);
  }

  /** The session row alone, without the event that tells of it. */
  async revoke(person: Person): Promise<void> {
    const row = await this.store.read((tx) => tx.get(sessions, [person.id, person.device_id]));
    await this.put(sessions, { ...row!, revoked_at: 1 });
  }

  caller(person: Person): Caller {
    return { user_id: person.id, device_id: person.device_id, server_role: 'member' };
  }

  async rev(stream: StreamName): Promise<number> {
    return this.store.read(async (tx) => (await headOf(tx, stream)).rev);
  }
}

export { channelStream, userStream, workspaceStream };
export type { StoredEvent };
