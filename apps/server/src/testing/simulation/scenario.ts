import { archiveChannel, createChannel, inviteToChannel, joinChannel, leaveChannel, openDm, removeFromChannel, unarchiveChannel, updateChannel } from '@parley/shared/protocol/calls/channels';
import { uuidv7 } from '@parley/shared/domain/ids';
import { createUser, setUp, signIn } from '@parley/shared/protocol/calls/accounts';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { createGroup, updateGroup } from '@parley/shared/protocol/calls/groups';
import { LIMITS } from '@parley/shared/protocol/limits';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { MessageView } from '@parley/shared/sync/api';
import { replicaOf } from '@parley/shared/sync/engine';
import type { TestUser } from '../test-core.ts';
import { Chance } from './chance.ts';
import { Device } from './device.ts';
import { CALM, type Weather } from './network.ts';
import { SimClock } from './sim-clock.ts';
import { SimCluster } from './sim-cluster.ts';
import { SimServer } from './sim-server.ts';

const STORM: Weather = { loss: 0.06, repeat: 0.05, slow: 0.25, liveLoss: 0.08, liveRepeat: 0.08, cut: 0.01 };
/** The id that all devices give to their one section. */
const SECTION = '0190a000-0000-7000-8000-0000000000d1';
const PEOPLE = ['olivia', 'alice', 'bob'] as const;

/** Limits that real conversations reach in years are made reachable in seconds. */
export function lowerLimits(): void {
  Object.assign(LIMITS as Record<string, number>, { gap_entities: 14, sync_entities: 30 });
}

/** A send whose promise the device kept: it must be in the store exactly once, or still be shown as unsent. */
export interface KeptSend { device: Device; channelId: string; clientMsgId: string; content: string; /** Names of its files, each of which is one of a kind. */ files?: readonly string[] }

/** Several people with several devices each, at one server, in one seed's weather. */
export class Scenario {
  readonly clock = new SimClock();
  readonly chance: Chance;
  readonly server: SimServer;
  readonly people: TestUser[] = [];
  readonly devices: Device[] = [];
  readonly channels: string[] = [];
  readonly groups: string[] = [];
  readonly kept: KeptSend[] = [];
  /** Scheduled messages whose promise a device kept, and sends and schedules that somebody took back. */
  readonly appointed: KeptSend[] = [];
  readonly cancelled = new Set<string>();
  weather: Weather = CALM;
  workspaceId = '';
  private sent = 0;

  constructor(readonly seed: number, options: { cluster?: boolean } = {}) {
    lowerLimits();
    this.chance = new Chance(new SeededRandom(seed));
    this.server = options.cluster ? new SimCluster(this.clock, this.chance, seed) : new SimServer(this.clock, this.chance, seed);
    this.server.die = () => void (this.server.up && this.restartServer());
  }

  async begin(): Promise<void> {
    await this.drive(this.server.start());
    const first = await this.call(null, setUp, { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'o@example.org', password: 'password 1', set_up_code: 'test-code' });
    this.workspaceId = first!.workspace!.id;
    const olivia = { id: first!.user.id, username: 'olivia', password: 'password 1', token: first!.token!, device_id: first!.device_id, user: first!.user };
    this.people.push(olivia);
    for (const username of PEOPLE.slice(1)) {
      const user = await this.call(olivia, createUser, { workspace_id: this.workspaceId, username, display_name: username, email: `${username}@example.org`, password: 'password 1' });
      this.people.push({ ...olivia, id: user!.id, username, user: user! });
    }
    for (const person of [...this.people]) {
      for (let i = 0; i < 2; i++) {
        const session = await this.call(null, signIn, { login: person.username, password: 'password 1' });
        const own = { ...person, token: session!.token!, device_id: session!.device_id };
        if (i === 0) Object.assign(person, own);
        this.devices.push(new Device(`${person.username}-${i}`, own, this.server, this.clock, this.chance, this.seed * 10 + this.devices.length, () => this.weather));
      }
    }
    const room = await this.call(olivia, createChannel, { workspace_id: this.workspaceId, name: 'lounge', user_ids: [] });
    const vault = await this.call(olivia, createChannel, { workspace_id: this.workspaceId, name: 'vault', is_private: true, user_ids: [this.people[1]!.id] });
    const dm = await this.call(olivia, openDm, { workspace_id: this.workspaceId, user_ids: [this.people[2]!.id] });
    this.channels.push(room!.id, vault!.id, dm!.id);
    const general = await this.server.store.read(async (tx) => (await import('../../storage/tables.ts').then((t) => tx.find(t.channels, { limit: 100 }))).find((c) => c.doc.is_default));
    if (general) this.channels.push(general.id);
    for (const [handle, people] of [['two', this.people.slice(1)], ['all', this.people]] as const) {
      const group = await this.call(olivia, createGroup, { workspace_id: this.workspaceId, name: 'Group', handle: `g-${handle}`, user_ids: people.map((p) => p.id) });
      this.groups.push(group!.id);
    }
    for (const device of this.devices) if (this.chance.of(0.8)) void device.start();
  }

  /** Runs virtual time until `work` is done. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const settled = work.finally(() => { done = true; });
    settled.catch(() => {});
    for (let i = 0; !done && i < 10_000; i++) await this.clock.advance(5);
    return settled;
  }

  /** A call straight to the server, as a script makes it. Null when it was refused or not answered. */
  async call<C extends Call>(person: Pick<TestUser, 'token'> | null, call: C, input: InputOf<C>): Promise<ResponseOf<C> | null> {
    const response = await this.drive(this.server.handle({ method: call.method, path: call.path, body: input, headers: person ? { authorization: `Bearer ${person.token}` } : {}, address: '127.0.0.1' }));
    return response && response.status < 300 ? (response.body as ResponseOf<C>) : null;
  }

  /** The storm: acts, crashes, cuts and restarts, in any order. */
  async storm(steps: number): Promise<void> {
    this.weather = STORM;
    this.server.troubled = true;
    for (let i = 0; i < steps; i++) {
      // Bursts, so that those who are away fall behind by more than a gap.
      const acts = this.chance.of(0.15) ? this.chance.between(4, 12) : this.chance.between(1, 2);
      for (let n = 0; n < acts; n++) await this.step();
      await this.clock.advance(this.chance.of(0.1) ? this.chance.between(1_000, 12_000) : this.chance.between(0, 400));
    }
  }

  private async step(): Promise<void> {
    const { chance } = this;
    const roll = chance.between(0, 99);
    const device = chance.pick(this.devices);
    if (roll < 3) return this.restartServer();
    if (roll < 8) return device.on ? device.crash() : void device.start();
    if (roll < 14) return device.setOnline(!device.online);
    if (roll < 24) return this.membership();
    if (roll < 28) return this.changesUnderAPage();
    if (roll < 32) return this.unreadAgainstRead();
    if (!device.on) return void device.start();
    if (!device.engine) return;
    return this.act(device);
  }

  /** A channel that was let go of is opened while others change what the page will hold. */
  private changesUnderAPage(): void {
    const { chance } = this;
    const reader = chance.pick(this.devices);
    const writer = chance.pick(this.devices.filter((d) => d !== reader && [...d.open.keys()].some((k) => k.endsWith('/'))));
    if (!reader.engine || !writer?.engine) return;
    const channelId = chance.pick([...writer.open.keys()].filter((k) => k.endsWith('/'))).slice(0, -1);
    for (const key of [...reader.open.keys()]) if (key.startsWith(channelId)) reader.close(key);
    replicaOf(reader.engine).evict(0);
    reader.timeline(channelId, null);
    for (let i = 0; i < 6; i++) {
      this.clock.setTimer(chance.between(0, 600), () => {
        const shown = writer.open.get(`${channelId}/`)?.get().messages ?? [];
        if (writer.engine && shown.length > 0) void writer.engine.react(channelId, chance.pick(shown).message.id, chance.pick(['👍', '🎉', '❤️']), chance.of(0.7)).catch(() => {});
      });
    }
  }

  /** One device has read up to the end, the other says in the same moment that all of it is unread. */
  private unreadAgainstRead(): void {
    const { chance } = this;
    const person = chance.pick(this.people);
    const [one, other] = this.devices.filter((d) => d.person.id === person.id);
    if (!one?.engine || !other?.engine) return;
    const view = chance.pick(one.engine.channels(this.workspaceId).get().filter((v) => v.headSeq > 0));
    if (!view) return;
    one.engine.read(view.id, view.headSeq);
    this.clock.setTimer(chance.between(700, 1_400), () => void other.engine?.markUnread(view.id, 1).catch(() => {}));
  }

  private restartServer(): void {
    if (this.server.disturb()) return;
    if (this.server.up) this.server.kill();
    this.clock.setTimer(this.chance.between(0, 4_000), () => void (this.server.up || this.starting || this.startServer()));
  }
  private starting = false;
  private async startServer(): Promise<void> {
    this.starting = true;
    await this.server.start();
    this.starting = false;
  }

  private async membership(): Promise<void> {
    const { chance } = this;
    const channel_id = chance.pick(this.channels);
    const person = chance.pick(this.people);
    const owner = this.people[0]!;
    const send = (who: TestUser, call: Call, input: unknown): void => void this.server.handle({ method: 'POST', path: call.path, body: input, headers: { authorization: `Bearer ${who.token}` }, address: '127.0.0.1' });
    switch (chance.between(0, 8)) {
      case 0: case 1: return send(person, joinChannel, { channel_id });
      case 2: return send(person, leaveChannel, { channel_id });
      case 3: return send(owner, inviteToChannel, { channel_id, user_ids: [person.id], ...(chance.of(0.5) && { history: chance.pick(['all', 'now']) }) });
      case 4: return send(owner, removeFromChannel, { channel_id, user_ids: [person.id] });
      case 5: return send(owner, updateChannel, { channel_id, topic: `topic ${this.sent}` });
      case 6: return send(owner, chance.of(0.3) ? archiveChannel : unarchiveChannel, { channel_id });
      case 8: {
        const group_id = chance.pick(this.groups);
        const change = chance.pick([{ add_user_ids: [person.id] }, { remove_user_ids: [person.id] }, { archived: chance.of(0.3) }, { handle: `g-${this.sent}` }]);
        return send(owner, updateGroup, { group_id, ...change });
      }
      case 7: return send(person, openDm, { workspace_id: this.workspaceId, user_ids: [chance.pick(this.people).id] });
    }
  }

  /** What a person does at a device. Promises are not awaited: the device may crash before they settle. */
  private act(device: Device): void {
    const { chance } = this;
    const engine = device.engine!;
    const channelId = chance.pick(this.channels);
    const timeline = device.open.get(`${channelId}/`)?.get();
    const stored = timeline?.messages ?? [];
    const mine = stored.filter((m) => m.message.author_id === device.person.id && !m.message.deleted);
    const roll = chance.between(0, 99);
    const ignore = (work: Promise<unknown>): void => void work.catch(() => {});
    if (roll < 6) return this.files(device, channelId);
    if (roll < 30) return this.send(device, channelId, null, false, true);
    if (roll < 42 && stored.length > 0) {
      // Half of them to one thread, so that it outgrows a page.
      const root = (chance.of(0.5) ? stored.find((m) => m.message.thread) : undefined)?.message ?? chance.pick(stored).message;
      return this.send(device, channelId, root.parent_message_id ?? root.id, chance.of(0.3));
    }
    if (roll < 48 && mine.length > 0) return ignore(engine.edit(channelId, chance.pick(mine).message.id, this.text(device)));
    // Those with files stay, so that each file can be looked for at the end.
    const bare = mine.filter((m) => m.message.files.length === 0);
    if (roll < 52 && bare.length > 0) return ignore(engine.delete(channelId, chance.pick(bare).message.id));
    if (roll < 58 && stored.length > 0) return ignore(engine.react(channelId, chance.pick(stored).message.id, chance.pick(['👍', '🎉']), chance.of(0.7)));
    if (roll < 66 && timeline) {
      const seq = stored.length > 0 && chance.of(0.5) ? chance.pick(stored).message.seq : timeline.headSeq;
      if (seq > 0) engine.read(channelId, seq);
      return;
    }
    if (roll < 70 && stored.length > 0) return ignore(engine.markUnread(channelId, chance.pick(stored).message.seq));
    if (roll < 73 && stored.length > 0) {
      const root = stored.find((m) => m.message.thread);
      if (root) ignore(chance.of(0.5) ? engine.followThread(channelId, root.message.id, chance.of(0.7)) : engine.markUnread(channelId, root.message.thread!.last_reply_seq, root.message.id));
      return;
    }
    if (roll < 75) {
      for (const thread of engine.threads().get()) if (chance.of(0.5)) engine.read(thread.channel_id, thread.read_seq + chance.between(0, 20), thread.root_id);
      return;
    }
    if (roll < 77) return chance.of(0.6) ? this.personal(device, channelId, stored) : ignore(engine.setChannelLevel(channelId, { muted: chance.of(0.5), level: chance.pick(['default', 'all', 'mentions']) }));
    if (roll < 88) return void device.timeline(channelId, null);
    if (roll < 91 && stored.length > 0) return void device.timeline(channelId, chance.pick(stored).message.parent_message_id ?? chance.pick(stored).message.id);
    if (roll < 95 && device.open.size > 0) return device.close(chance.pick([...device.open.keys()]));
    const open = device.open.get(`${channelId}/`);
    if (open && timeline && timeline.ranges.length > 0) return ignore(chance.of(0.5) ? open.loadBefore(timeline.ranges[0]!.fromSeq) : open.loadAround({ seq: Math.max(1, chance.between(1, Math.max(1, timeline.headSeq))) }));
  }

  /** What is one person's alone, and pins. */
  private personal(device: Device, channelId: string, stored: readonly MessageView[]): void {
    const { chance } = this;
    const engine = device.engine!;
    const ignore = (work: Promise<unknown>): void => void work.catch(() => {});
    const section = chance.pick(['starred', SECTION]);
    switch (chance.between(0, 10)) {
      case 10: {
        const ids = engine.inbox().get().slice(0, 3).map((entry) => entry.id);
        if (ids.length > 0) return ignore(engine.markInbox(ids, chance.of(0.7)));
        return;
      }
      case 0: return engine.setDraft(channelId, null, chance.of(0.2) ? '' : this.text(device));
      case 1: {
        const draft = engine.draft(channelId, null).get();
        if (draft && (draft.content !== '' || draft.files.length > 0)) return this.sendDraft(device, channelId);
        return engine.setDraft(channelId, null, this.text(device));
      }
      case 2: return ignore(chance.of(0.4) ? engine.setPreference('notify_keywords', chance.pick([['says'], ['1', 'never said'], null])) : engine.setPreference(chance.pick(['a', 'b']), chance.pick([1, 2, null])));
      case 3: return ignore(chance.of(0.2) ? engine.dropSection(section) : engine.putSection(section, { name: 'Mine', ...(chance.of(0.6) ? { add: [channelId] } : { remove: [channelId] }) }));
      case 4: {
        const of = stored.length > 0 ? chance.pick(stored).message.id : null;
        if (of) ignore(chance.of(0.3) ? engine.unsave(channelId, of) : engine.save(channelId, of, { state: chance.pick(['progress', 'done', 'archived']), note: this.text(device) }));
        return;
      }
      case 5: if (stored.length > 0) return ignore(engine.pin(channelId, chance.pick(stored).message.id, chance.of(0.6)));
        return;
      case 6: case 8: case 9: {
        const content = this.text(device);
        const clientMsgId = uuidv7(this.clock, new SeededRandom(this.seed * 100_000 + this.sent));
        const sendAt = new Date(this.clock.now() + chance.between(-1_000, 20_000)).toISOString();
        return ignore(engine.schedule({ channelId, content, clientMsgId, sendAt }).then(() => this.appointed.push({ device, channelId, clientMsgId, content })));
      }
      case 7: {
        const waiting = engine.scheduled().get();
        if (waiting.length === 0) return;
        const one = chance.pick(waiting);
        if (chance.of(0.7)) return ignore(engine.reschedule(one.channel_id, one.id, chance.of(0.5) ? { content: this.text(device) } : { sendAt: new Date(this.clock.now() + chance.between(0, 20_000)).toISOString() }));
        this.cancelled.add(one.id);
        return ignore(engine.unschedule(one.channel_id, one.id));
      }
    }
  }

  /** Files are added to what one writes, and go with it at once or later; or one is taken out again. */
  private files(device: Device, channelId: string): void {
    const { chance } = this;
    const engine = device.engine!;
    const draft = engine.draft(channelId, null).get();
    if (draft && draft.files.length > 0 && chance.of(0.15)) return engine.detach(channelId, null, chance.pick(draft.files));
    for (let n = chance.between(1, 2); n > 0; n--) {
      const name = `file-${++this.sent}.txt`;
      const bytes = `bytes of ${name} by ${device.name}`;
      void engine.attach(channelId, null, { id: uuidv7(this.clock, this.server.ids), name, size: bytes.length, mime: 'text/plain' }, bytes).catch(() => {});
    }
    if (chance.of(0.6)) this.sendDraft(device, channelId);
  }

  private sendDraft(device: Device, channelId: string): void {
    const engine = device.engine!;
    const draft = engine.draft(channelId, null).get();
    if (!draft || (draft.content === '' && draft.files.length === 0)) return;
    const { content, clientMsgId } = draft;
    const files = draft.files.map((id) => { const upload = engine.upload(id).get(); return { id, name: upload?.name ?? '', size: upload?.size ?? 0, mime: 'text/plain' }; });
    void engine.send({ channelId, content, clientMsgId, files }).then(() => this.kept.push({ device, channelId, clientMsgId, content, files: files.flatMap((file) => file.name || []) }), () => {});
  }

  private text(device: Device): string {
    const { chance } = this;
    const mention = chance.of(0.25) ? ` <@${chance.pick(this.people).id}>` : chance.of(0.08) ? ' <!channel>' : chance.of(0.05) ? ' <!here>' : chance.of(0.06) ? ` <!group^${chance.pick(this.groups)}>` : '';
    // By count and not by chance, so that seeds keep their storms.
    const link = this.sent % 5 === 0 ? ` https://${this.sent % 3}.example` : '';
    return `${device.name} says ${++this.sent}${mention}${link}`;
  }

  send(device: Device, channelId: string, rootId: string | null, broadcast: boolean, mayHold = false): void {
    const content = this.text(device);
    const clientMsgId = `${device.name}-${this.sent}`;
    const held = mayHold && this.chance.of(0.15);
    void device.engine!.send({ channelId, content, rootId, broadcast, clientMsgId, ...(held && { holdMs: 3_000 }) }).then(() => this.kept.push({ device, channelId, clientMsgId, content }), () => {});
    if (held && this.chance.of(0.3)) {
      this.cancelled.add(clientMsgId);
      this.clock.setTimer(this.chance.between(0, 4_000), () => void device.engine?.unsend(channelId, clientMsgId).catch(() => {}));
    }
  }

  /** All is well again: everyone online, nothing lost, the server up. */
  async heal(): Promise<void> {
    this.weather = CALM;
    this.server.troubled = false;
    // A start that was under way ends first.
    await this.clock.advance(6_000);
    if (!this.server.up && !this.starting) await this.startServer();
    for (const device of this.devices) {
      device.setOnline(true);
      if (!device.on) void device.start();
    }
  }
}
