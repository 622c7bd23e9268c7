import { describe, expect, it } from 'vitest';
import type { Draft, Entity } from '../protocol/entities.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { CHANNEL, channelDoc, DEVICE, FakeServer, idOf, INCARNATION, ME, membership, message, meUser, ok, problem, unreached, WORKSPACE } from '../testing/fake-server.ts';
import { MemoryKeyValue } from '../testing/memory-key-value.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { Engine } from './api.ts';
import { createEngine } from './engine.ts';

const PHONE = idOf(800);
const USER = `user:${ME}`;

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly cache = new MemoryKeyValue();
  readonly durable = new MemoryKeyValue();
  engine!: Engine;
  rev = 1;
  stored: Entity[] = [membership()];

  constructor() {
    this.server
      .on('sync', () => ok({
        server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION,
        streams: { [USER]: { from: 0, to: this.rev, head: this.rev, entities: this.stored, has_more: false }, [`workspace:${WORKSPACE}`]: { from: 0, to: 1, head: 1, entities: [{ type: 'workspace', id: WORKSPACE, rev: 1, name: 'Acme', settings: {} }], has_more: false } },
        channels: [{ channel_id: CHANNEL, head_seq: 3, head_rev: 3, read_epoch: 0, read_seq: 0, unread: 3, mentions: 0, last_message_at: null, channel: channelDoc(3, 3) }],
      }))
      .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }))
      .on('messages', () => ok({ messages: [message(1, 1), message(2, 2), message(3, 3)], head_seq: 3, head_rev: 3, has_more_before: false, has_more_after: false }))
      .on('put_draft', (input) => ok(this.asDraft(input)))
      .on('delete_draft', () => ok(undefined, 204))
      .on('send_message', (input) => {
        const m = message(4, 4, { author_id: ME, client_msg_id: String(input['client_msg_id']), content: String(input['content']) });
        return ok({ message_id: m.id, seq: 4, rev: 4, timestamp: m.created_at, message: m }, 201);
      });
  }
  asDraft(input: Record<string, unknown>, more: Partial<Draft> = {}): Draft & { type: 'draft'; rev: number } {
    return { type: 'draft', rev: ++this.rev, id: String(input['id']), channel_id: CHANNEL, thread_root_id: null, client_msg_id: String(input['id']), content: String(input['content']), file_ids: [], version: Number(input['base_version']) + 1, device_id: DEVICE, updated_at: '2025-01-01T00:00:00.000Z', ...more };
  }
  async live(): Promise<this> {
    this.engine = createEngine({ accountId: ME, deviceId: DEVICE, token: 't', transport: this.server, cache: this.cache, durable: this.durable, clock: this.clock, random: new SeededRandom(this.server.sockets.length + 1) });
    await this.engine.start();
    await this.clock.advance(0);
    this.server.socket.welcome();
    await this.clock.advance(500);
    return this;
  }
  async says(entity: object): Promise<void> {
    const e = { rev: this.rev + 1, ...entity } as Entity;
    const from = this.rev;
    this.rev = Math.max(this.rev, e.rev);
    this.server.socket.say({ type: 'live', stream: USER, from, rev: this.rev, entities: [e] });
    await this.clock.advance(500);
  }
  /** What another device wrote. */
  fromPhone(id: string, content: string, version = 1): Promise<void> {
    return this.says({ ...this.asDraft({ id, content, base_version: version - 1 }, { device_id: PHONE }), rev: this.rev });
  }
  draft = () => this.engine.draft(CHANNEL, null).get();
  async typed(content: string, ms = 3_500): Promise<void> {
    this.engine.setDraft(CHANNEL, null, content);
    await this.clock.advance(ms);
  }
}

describe('drafts of many devices', () => {
  it('DRF3 a text is told 3 s after the last key, and again after a failure', async () => {
    const w = await new World().live();
    w.server.on('put_draft', () => unreached);
    await w.typed('a', 2_000);
    await w.typed('ab', 2_000);
    expect(w.server.of('put_draft')).toHaveLength(0);
    await w.clock.advance(1_000);
    expect(w.server.of('put_draft')[0]!.input).toMatchObject({ channel_id: CHANNEL, content: 'ab', base_version: 0, id: w.draft()!.clientMsgId });
    w.server.on('put_draft', (input) => ok(w.asDraft(input)));
    await w.clock.advance(60_000);
    expect(w.server.of('put_draft')).toHaveLength(2);
    await w.typed('abc');
    expect(w.server.of('put_draft')[2]!.input).toMatchObject({ content: 'abc', base_version: 1 });
  });

  it('DRF4 what goes on from here is taken over', async () => {
    const w = await new World().live();
    await w.typed('hello');
    await w.fromPhone(w.draft()!.clientMsgId, 'hello world', 2);
    expect(w.draft()).toMatchObject({ content: 'hello world', others: [] });
    await w.typed('hello world!');
    expect(w.server.of('put_draft').at(-1)!.input).toMatchObject({ base_version: 2 });
  });

  it('DRF4 a text of a device that had none here is shown', async () => {
    const w = await new World().live();
    await w.fromPhone(idOf(700), 'from the phone');
    expect(w.draft()).toMatchObject({ content: 'from the phone', clientMsgId: idOf(700) });
    expect(w.engine.drafts().get()).toHaveLength(1);
  });

  it('DRF4 two texts written apart are both kept, after a restart too, until one is dropped', async () => {
    const w = await new World().live();
    await w.typed('mine', 500);
    await w.fromPhone(idOf(700), 'theirs');
    expect(w.draft()).toMatchObject({ content: 'mine', others: [{ content: 'theirs', deviceId: PHONE }] });
    await w.clock.advance(4_000);
    await w.engine.stop();
    await w.live();
    expect(w.draft()).toMatchObject({ content: 'mine', others: [{ content: 'theirs' }] });
    w.engine.dropDraft(idOf(700));
    await w.clock.advance(500);
    expect(w.server.of('delete_draft').map((a) => a.input['id'])).toEqual([idOf(700)]);
    expect(w.draft()).toMatchObject({ content: 'mine', others: [] });
  });

  it('DRF4 a conflict of one draft leaves the newcomer a draft of its own', async () => {
    const w = await new World().live();
    await w.typed('hello');
    const id = w.draft()!.clientMsgId;
    w.engine.setDraft(CHANNEL, null, 'hello here');
    await w.fromPhone(id, 'hello there', 2);
    expect(w.draft()).toMatchObject({ content: 'hello here', others: [{ id, content: 'hello there' }] });
    await w.clock.advance(4_000);
    expect(w.server.of('put_draft').at(-1)!.input).toMatchObject({ content: 'hello here', base_version: 0, id: w.draft()!.clientMsgId });
    expect(w.draft()!.clientMsgId).not.toBe(id);
  });

  it('DRF4 a conflict that only the server knows of does the same', async () => {
    const w = await new World().live();
    w.server.on('put_draft', (input, nth) => (nth === 0 ? problem(409, 'conflict') : ok(w.asDraft(input))));
    await w.typed('mine');
    await w.clock.advance(4_000);
    const [first, second] = w.server.of('put_draft');
    expect(second!.input).toMatchObject({ content: 'mine' });
    expect(second!.input['id']).not.toBe(first!.input['id']);
  });

  it('DRF5 one that was sent elsewhere goes; what was written since stays', async () => {
    const w = await new World().live();
    await w.typed('hello');
    await w.says({ type: 'draft', id: w.draft()!.clientMsgId, deleted: true });
    expect(w.draft()).toBeNull();
    await w.typed('again');
    const id = w.draft()!.clientMsgId;
    w.engine.setDraft(CHANNEL, null, 'again and more');
    await w.says({ type: 'draft', id, deleted: true });
    expect(w.draft()).toMatchObject({ content: 'again and more' });
    expect(w.draft()!.clientMsgId).not.toBe(id);
  });

  it('DRF6 sending drops it at the server, after a crash too', async () => {
    const w = await new World().live();
    await w.typed('hello');
    const id = w.draft()!.clientMsgId;
    w.server.on('delete_draft', () => unreached);
    await w.engine.send({ channelId: CHANNEL, content: 'hello', clientMsgId: id });
    await w.clock.advance(100);
    expect(w.server.of('send_message')[0]!.input).toMatchObject({ client_msg_id: id });
    w.server.on('delete_draft', () => ok(undefined, 204));
    await w.engine.stop();
    const before = w.server.of('delete_draft').length;
    await w.live();
    expect(w.server.of('delete_draft').slice(before).map((a) => a.input['id'])).toEqual([id]);
    expect(w.draft()).toBeNull();
    expect(w.durable.keys('draft_drops')).toEqual([]);
  });

  it('DRF6 a draft of another device is sent under the id that it was given with its first key', async () => {
    const w = await new World().live();
    await w.fromPhone(idOf(700), 'hello');
    expect(w.draft()!.clientMsgId).toBe(idOf(700));
    await w.engine.send({ channelId: CHANNEL, content: 'hello', clientMsgId: w.draft()!.clientMsgId });
    await w.clock.advance(500);
    expect(w.server.of('delete_draft').map((a) => a.input['id'])).toEqual([idOf(700)]);
  });

  it('DRF7 a text written over one that came in unseen leaves both', async () => {
    const w = await new World().live();
    await w.typed('hello');
    const id = w.draft()!.clientMsgId;
    await w.fromPhone(id, 'hello there', 2);
    w.engine.setDraft(CHANNEL, null, 'hello here', 'hello');
    expect(w.draft()).toMatchObject({ content: 'hello here', others: [{ id, content: 'hello there' }] });
  });
});

describe('what is one\'s own', () => {
  const saved = (w: World) => w.engine.saved().get().map((s) => [s.message_id, s.state, s.note]);
  const asSaved = (more: object = {}) => ({ type: 'saved', id: idOf(1), message_id: idOf(1), channel_id: CHANNEL, state: 'progress', due_at: null, note: '', reminded_at: null, saved_at: '2025-01-01T00:00:00.000Z', ...more });

  it('OWN1 saving is shown at once, offline too, and goes back when refused', async () => {
    const w = await new World().live();
    w.server.on('save_message', () => unreached);
    await w.engine.save(CHANNEL, idOf(1), { note: 'why' });
    expect(saved(w)).toEqual([[idOf(1), 'progress', 'why']]);
    await w.engine.save(CHANNEL, idOf(1), { state: 'done' });
    expect(w.engine.savedOf(idOf(1)).get()).toMatchObject({ state: 'done', note: 'why' });
    w.server.on('save_message', () => problem(404, 'not_found'));
    await w.clock.advance(60_000);
    expect(saved(w)).toEqual([]);
  });

  it('OWN1 a pin is shown at once and goes back when refused', async () => {
    const w = await new World().live();
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(1_000);
    w.server.on('pin_message', () => problem(403, 'forbidden'));
    const pinned = () => timeline.get().messages.filter((m) => m.message.pinned).length;
    const acting = w.engine.pin(CHANNEL, idOf(2), true);
    expect(pinned()).toBe(1);
    await acting;
    await w.clock.advance(1_000);
    expect(pinned()).toBe(0);
  });

  it('OWN1 a preference is shown at once, and null is the default', async () => {
    const w = await new World().live();
    w.server.on('set_preference', () => unreached);
    await w.engine.setPreference('undo_send', 10);
    expect(w.engine.preferences().get()).toEqual({ undo_send: 10 });
    await w.engine.setPreference('undo_send', null);
    expect(w.engine.preferences().get()).toEqual({});
  });

  it('OWN2 what was acted stays shown between the answer and the stream', async () => {
    const w = await new World().live();
    w.server.on('save_message', () => ok({ ...asSaved({ state: 'done' }), rev: 9 })).on('unsave_message', () => ok(undefined, 204));
    await w.engine.save(CHANNEL, idOf(1), { state: 'done' });
    await w.clock.advance(500);
    expect(w.engine.outbox.get()).toEqual([]);
    expect(saved(w)).toEqual([[idOf(1), 'done', '']]);
    await w.engine.unsave(CHANNEL, idOf(1));
    await w.clock.advance(500);
    expect(saved(w)).toEqual([]);
    await w.says({ ...asSaved(), rev: 10 });
    expect(saved(w)).toHaveLength(1);
  });

  it('OWN3 a channel stands in one section at most while changes wait', async () => {
    const w = await new World().live();
    w.server.on('put_section', () => unreached).on('delete_section', () => unreached);
    await w.says({ type: 'section', id: idOf(50), name: 'Mine', position: 1, channel_ids: [CHANNEL] });
    await w.engine.putSection('starred', { add: [CHANNEL] });
    expect(w.engine.sections().get().map((s) => [s.id, s.channel_ids])).toEqual([['starred', [CHANNEL]], [idOf(50), []]]);
    await w.engine.dropSection(idOf(50));
    expect(w.engine.sections().get().map((s) => s.id)).toEqual(['starred']);
  });

  it('OWN4 a cache from before a type was known is asked again', async () => {
    const w = await new World().live();
    await w.clock.advance(1_000);
    await w.engine.stop();
    await w.cache.write([{ collection: 'meta', key: 'types', value: 'membership' }]);
    w.stored = [membership(), { ...asSaved(), rev: 1 } as unknown as Entity];
    await w.live();
    expect(saved(w)).toHaveLength(1);
  });

  it('OWN5 what needs one is read as soon as its message is, and goes with the channel', async () => {
    const w = await new World().live();
    w.server.on('ack_many', () => unreached);
    const entry = (kind: string, seq: number, more: object = {}) => ({ type: 'inbox_entry', id: `${kind}:${idOf(seq)}`, kind, channel_id: CHANNEL, message_id: idOf(seq), thread_root_id: null, in_channel: true, seq, actor_ids: [], at: `2025-01-01T00:00:0${seq}.000Z`, read: false, ...more });
    await w.says(entry('mention', 2));
    await w.says(entry('reaction', 1));
    await w.says(entry('mention', 3));
    const shown = () => w.engine.inbox().get().map((e) => [e.id, e.read]);
    expect(shown()).toEqual([[`mention:${idOf(3)}`, false], [`mention:${idOf(2)}`, false], [`reaction:${idOf(1)}`, false]]);
    w.engine.read(CHANNEL, 2);
    expect(shown()).toEqual([[`mention:${idOf(3)}`, false], [`mention:${idOf(2)}`, true], [`reaction:${idOf(1)}`, false]]);
    await w.says(entry('reaction', 1, { read: true }));
    await w.says({ type: 'inbox_entry', id: `mention:${idOf(3)}`, deleted: true });
    expect(shown()).toEqual([[`mention:${idOf(2)}`, true], [`reaction:${idOf(1)}`, true]]);
    await w.says({ type: 'membership', id: CHANNEL, deleted: true });
    expect(shown()).toEqual([]);
  });
});
