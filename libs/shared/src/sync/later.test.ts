import { describe, expect, it } from 'vitest';
import type { Entity, Scheduled } from '../protocol/entities.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { CHANNEL, channelDoc, DEVICE, FakeServer, idOf, INCARNATION, ME, membership, message, meUser, ok, problem, unreached, WORKSPACE } from '../testing/fake-server.ts';
import { MemoryKeyValue } from '../testing/memory-key-value.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { Engine } from './api.ts';
import { createEngine } from './engine.ts';
import { StorageRefused } from './ports.ts';

const USER = `user:${ME}`;
const ID = idOf(700);
const AT = '2025-11-01T09:00:00.000000Z';
const LATER = '2025-11-02T09:00:00.000000Z';

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  readonly cache = new MemoryKeyValue();
  readonly durable = new MemoryKeyValue();
  engine!: Engine;
  rev = 1;

  constructor() {
    this.server
      .on('sync', () => ok({
        server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION,
        streams: { [USER]: { from: 0, to: 1, head: 1, entities: [membership()], has_more: false }, [`workspace:${WORKSPACE}`]: { from: 0, to: 1, head: 1, entities: [], has_more: false } },
        channels: [{ channel_id: CHANNEL, head_seq: 3, head_rev: 3, read_epoch: 0, read_seq: 0, unread: 3, mentions: 0, last_message_at: null, channel: channelDoc(3, 3) }],
      }))
      .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }))
      .on('delete_draft', () => ok(undefined, 204))
      .on('put_draft', (input) => ok({ ...input, thread_root_id: null, file_ids: [], version: Number(input['base_version']) + 1, device_id: DEVICE, updated_at: '2025-01-01T00:00:00.000Z' }))
      .on('schedule_message', (input) => ok(this.scheduled({ id: String(input['client_msg_id']), content: String(input['content']), send_at: String(input['send_at']) }), 201))
      .on('cancel_scheduled', () => ok(undefined, 204))
      .on('send_message', (input) => {
        const m = message(4, 4, { author_id: ME, client_msg_id: String(input['client_msg_id']), content: String(input['content']) });
        return ok({ message_id: m.id, seq: 4, rev: 4, timestamp: m.created_at, message: m }, 201);
      });
  }
  scheduled(more: Partial<Scheduled> = {}): Scheduled & { type: 'scheduled'; rev: number } {
    return { type: 'scheduled', rev: ++this.rev, id: ID, channel_id: CHANNEL, parent_message_id: null, broadcast: false, quiet: false, content: 'later', file_ids: [], send_at: AT, state: 'waiting', version: 1, device_id: DEVICE, created_at: '2025-01-01T00:00:00.000Z', ...more };
  }
  async live(): Promise<this> {
    this.engine = createEngine({ accountId: ME, deviceId: DEVICE, token: 't', transport: this.server, cache: this.cache, durable: this.durable, clock: this.clock, random: new SeededRandom(this.server.sockets.length + 1) });
    await this.engine.start();
    await this.clock.advance(0);
    this.server.socket.welcome();
    await this.clock.advance(500);
    return this;
  }
  async says(entity: Entity): Promise<void> {
    this.server.socket.say({ type: 'live', stream: USER, from: entity.rev - 1, rev: entity.rev, entities: [entity] });
    await this.clock.advance(500);
  }
  send = (content: string, clientMsgId: string, holdMs?: number) => this.engine.send({ channelId: CHANNEL, content, clientMsgId, ...(holdMs !== undefined && { holdMs }) });
  sent = () => this.server.of('send_message').map((a) => a.input['content']);
  states = () => this.engine.outbox.get().map((i) => i.state.kind);
  draft = () => this.engine.draft(CHANNEL, null).get()?.content ?? '';
  list = () => this.engine.scheduled().get().map((s) => [s.content, s.send_at, s.state]);
  schedule = (content = 'later', sendAt = AT) => this.engine.schedule({ channelId: CHANNEL, content, clientMsgId: ID, sendAt });
}

describe('undo send', () => {
  it('OUT12 waits its time, says until when, holds back what follows, and goes out once', async () => {
    const w = await new World().live();
    const start = w.clock.now();
    await w.send('first', 'one', 10_000);
    await w.send('second', 'two');
    expect(w.engine.outbox.get()[0]!.state).toEqual({ kind: 'held', act: 'send', since: start, until: start + 10_000 });
    await w.clock.advance(9_999);
    expect(w.sent()).toEqual([]);
    await w.clock.advance(1_000);
    expect(w.sent()).toEqual(['first', 'second']);
    await w.clock.advance(60_000);
    expect(w.sent()).toHaveLength(2);
    expect(w.states()).toEqual([]);
  });

  it('OUT12 a restart waits for what is left of the time; what is over goes at once', async () => {
    const w = await new World().live();
    await w.send('first', 'one', 30_000);
    await w.clock.advance(10_000);
    await w.engine.stop();
    await w.live();
    expect(w.states()).toEqual(['held']);
    await w.clock.advance(18_000);
    expect(w.sent()).toEqual([]);
    await w.engine.stop();
    await w.clock.advance(60_000);
    expect(w.sent()).toEqual([]);
    await w.live();
    expect(w.sent()).toEqual(['first']);
  });

  it('OUT12 a clock that was set back does not hold it for ever', async () => {
    const w = await new World().live();
    await w.send('first', 'one', 5_000);
    const { key, value } = (await w.durable.range('outbox', '', '\uffff'))[0] as { key: string; value: object };
    await w.engine.stop();
    await w.durable.write([{ collection: 'outbox', key, value: { ...value, heldUntil: w.clock.now() + 3_600_000 } }]);
    await w.live();
    expect(w.sent()).toEqual(['first']);
  });

  it('OUT12 without a connection it waits on when its time is over', async () => {
    const w = await new World().live();
    w.server.on('send_message', () => unreached);
    await w.send('first', 'one', 5_000);
    await w.clock.advance(6_000);
    expect(w.states()).toEqual(['waiting']);
  });

  it('OUT13 taken back it is a draft again in one write, and is not sent', async () => {
    const w = await new World().live();
    w.engine.setDraft(CHANNEL, null, 'oops');
    await w.clock.advance(5_000);
    await w.send('oops', w.engine.draft(CHANNEL, null).get()!.clientMsgId, 10_000);
    const { key } = w.engine.outbox.get()[0]!;
    expect(w.draft()).toBe('');
    const writes = w.durable.writes.length;
    expect(await w.engine.unsend(CHANNEL, key!)).toBe('oops');
    expect(w.durable.writes[writes]!.map((c) => c.collection).sort()).toEqual(['drafts', 'outbox']);
    expect([w.draft(), w.states()]).toEqual(['oops', []]);
    await w.clock.advance(20_000);
    expect(w.sent()).toEqual([]);
    // Under an id of its own: the old one was told as dropped.
    expect(w.server.of('put_draft').at(-1)!.input['id']).not.toBe(key);
    await w.engine.stop();
    await w.live();
    expect([w.draft(), w.states()]).toEqual(['oops', []]);
  });

  it('OUT13 what was written since stays behind it', async () => {
    const w = await new World().live();
    await w.send('first', 'one', 10_000);
    w.engine.setDraft(CHANNEL, null, 'next');
    expect(await w.engine.unsend(CHANNEL, 'one')).toBe('first\n\nnext');
    expect(w.draft()).toBe('first\n\nnext');
  });

  it('OUT13 what cannot be kept as a draft stays held, and what the server may have is not taken back', async () => {
    const w = await new World().live();
    await w.send('first', 'one', 10_000);
    w.durable.refuse = 'full';
    await expect(w.engine.unsend(CHANNEL, 'one')).rejects.toBeInstanceOf(StorageRefused);
    w.durable.refuse = null;
    expect([w.draft(), w.states()]).toEqual(['', ['held']]);
    w.server.on('send_message', () => 'never');
    await w.clock.advance(10_000);
    expect(await w.engine.unsend(CHANNEL, 'one')).toBeNull();
    expect(w.sent()).toEqual(['first']);
  });
});

describe('scheduled', () => {
  it('OWN6 is shown at once, offline too, takes its draft, and can be moved and taken back before the server knows', async () => {
    const w = await new World().live();
    w.engine.setOnline(false);
    w.engine.setDraft(CHANNEL, null, 'later');
    const { clientMsgId } = w.engine.draft(CHANNEL, null).get()!;
    await w.engine.schedule({ channelId: CHANNEL, content: 'later', clientMsgId, sendAt: AT });
    expect([w.draft(), w.list()]).toEqual(['', [['later', AT, 'waiting']]]);
    await w.engine.reschedule(CHANNEL, clientMsgId, { sendAt: LATER, content: 'better' });
    expect(w.list()).toEqual([['better', LATER, 'waiting']]);
    await w.engine.unschedule(CHANNEL, clientMsgId);
    expect(w.list()).toEqual([]);
  });

  it('OWN6 stays while the stream catches up with the answer, and what was sent does not come again', async () => {
    const w = await new World().live();
    await w.schedule();
    await w.clock.advance(100);
    expect([w.states(), w.list()]).toEqual([[], [['later', AT, 'waiting']]]);
    await w.says({ type: 'scheduled', id: ID, rev: ++w.rev, deleted: true } as Entity);
    expect(w.list()).toEqual([]);
    w.server.on('schedule_message', () => 'never');
    await w.schedule();
    expect(w.list()).toEqual([]);
  });

  it('OWN6 a refused change goes back, and a refused schedule keeps its text in the outbox', async () => {
    const w = await new World().live();
    await w.schedule();
    await w.clock.advance(100);
    w.server.on('update_scheduled', () => problem(409, 'conflict'));
    await w.engine.reschedule(CHANNEL, ID, { sendAt: LATER });
    await w.clock.advance(100);
    expect(w.list()).toEqual([['later', AT, 'waiting']]);
    w.server.on('schedule_message', () => problem(403, 'forbidden'));
    await w.engine.schedule({ channelId: CHANNEL, content: 'not here', sendAt: LATER });
    await w.clock.advance(100);
    expect(w.list()).toEqual([['later', AT, 'waiting']]);
    expect(w.engine.outbox.get().find((i) => i.act === 'schedule')).toMatchObject({ content: 'not here', state: { kind: 'refused', code: 'forbidden' } });
  });

  it('OWN6 what another device scheduled comes and goes, the next first', async () => {
    const w = await new World().live();
    await w.says(w.scheduled({ id: idOf(702), content: 'second', send_at: LATER }));
    await w.says(w.scheduled({ id: idOf(701), content: 'first' }));
    expect(w.list().map(([content]) => content)).toEqual(['first', 'second']);
    await w.says(w.scheduled({ id: idOf(701), content: 'first', state: 'failed', failure: { code: 'not_found', detail: '' } }));
    expect(w.list()[0]).toEqual(['first', AT, 'failed']);
    await w.engine.unschedule(CHANNEL, idOf(701));
    await w.clock.advance(100);
    expect(w.list().map(([content]) => content)).toEqual(['second']);
  });
});
