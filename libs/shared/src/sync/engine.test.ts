import { describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CHANNEL, channelDoc, DEVICE, FakeServer, idOf, INCARNATION, ME, membership, message, meUser, ok, problem, unreached, WORKSPACE } from '../testing/fake-server.ts';
import { MemoryKeyValue } from '../testing/memory-key-value.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import type { Engine } from './api.ts';
import { ChannelReplica } from './channel-replica.ts';
import { createEngine, replicaOf } from './engine.ts';
import { StorageRefused } from './ports.ts';

const boot = (incarnation = INCARNATION) => ok({
  server_time: '2025-01-01T00:00:00.000Z', incarnation,
  streams: {
    [`user:${ME}`]: { from: 0, to: 1, head: 1, entities: [membership()], has_more: false },
    [`workspace:${WORKSPACE}`]: { from: 0, to: 1, head: 1, entities: [{ type: 'workspace', id: WORKSPACE, rev: 1, name: 'Acme', settings: {} }], has_more: false },
  },
  channels: [{ channel_id: CHANNEL, head_seq: 3, head_rev: 3, read_epoch: 0, read_seq: 0, unread: 3, mentions: 0, last_message_at: null, channel: channelDoc(3, 3) }],
});

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeServer();
  cache = new MemoryKeyValue();
  durable = new MemoryKeyValue();
  engine!: Engine;
  signedOut: string[] = [];

  constructor() {
    this.server
      .on('sync', () => boot())
      .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }))
      .on('messages', () => ok({ messages: [message(1, 1), message(2, 2), message(3, 3)], head_seq: 3, head_rev: 3, has_more_before: false, has_more_after: false }))
      .on('users', () => ok({ items: [], next_cursor: null }))
      .on('send_message', (input) => ok(this.sent(input), 201));
  }
  sent(input: Record<string, unknown>, seq = 4) {
    const m = message(seq, seq, { author_id: ME, client_msg_id: String(input['client_msg_id']), content: String(input['content']) });
    return { message_id: m.id, seq, rev: seq, timestamp: m.created_at, message: m };
  }
  async start(): Promise<this> {
    this.engine = createEngine({
      accountId: ME, deviceId: DEVICE, token: 't', transport: this.server, cache: this.cache, durable: this.durable, clock: this.clock, random: new SeededRandom(1), onSignedOut: (reason) => void this.signedOut.push(reason),
    });
    await this.engine.start();
    await this.clock.advance(0);
    return this;
  }
  async live(): Promise<this> {
    await this.start();
    this.server.socket.welcome();
    await this.clock.advance(500);
    return this;
  }
  async restart(): Promise<this> {
    await this.engine.stop();
    return this.live();
  }
  send(content = 'hi', clientMsgId = 'one'): Promise<void> { return this.engine.send({ channelId: CHANNEL, content, clientMsgId }); }
  states(): string[] { return this.engine.outbox.get().map((i) => `${i.act}:${i.state.kind}`); }
  liveFrame(from: number, rev: number, entities: ReturnType<typeof message>[]): void { this.server.socket.say({ type: 'live', stream: `channel:${CHANNEL}`, from, rev, entities }); }
}

describe('outbox', () => {
  it('OUT1 shows at once, keeps before it resolves, and takes back what cannot be kept', async () => {
    const w = await new World().live();
    w.server.on('send_message', () => 'never');
    const sending = w.send();
    expect(w.states()).toEqual(['send:sending']);
    await sending;
    expect(w.durable.keys('outbox')).toHaveLength(1);
    w.durable.refuse = 'full';
    await expect(w.send('more', 'two')).rejects.toBeInstanceOf(StorageRefused);
    expect(w.engine.outbox.get()).toHaveLength(1);
  });
  it('OUT2 sends nothing that is not kept', async () => {
    const w = await new World().live();
    let keep!: () => void;
    const write = w.durable.write.bind(w.durable);
    w.durable.write = async (changes) => {
      await new Promise<void>((resolve) => { keep = resolve; });
      return write(changes);
    };
    const sending = w.send();
    await w.clock.advance(5_000);
    expect(w.server.of('send_message')).toHaveLength(0);
    keep();
    await sending;
    await w.clock.advance(0);
    keep();
    await w.clock.advance(10);
    expect(w.server.of('send_message')).toHaveLength(1);
  });
  it('OUT3 retries with the same ids, across a restart too', async () => {
    const w = await new World().live();
    w.server.on('send_message', () => unreached);
    await w.send();
    await w.clock.advance(5_000);
    await w.restart();
    await w.clock.advance(5_000);
    const asked = w.server.of('send_message');
    expect(asked.length).toBeGreaterThan(2);
    expect(new Set(asked.map((a) => `${a.key} ${a.input['client_msg_id']}`)).size).toBe(1);
  });
  it('OUT4 keeps the order within a channel, and lets channels go side by side', async () => {
    const w = await new World().live();
    const order: string[] = [];
    let release!: () => void;
    w.server.on('send_message', async (input) => {
      order.push(String(input['client_msg_id']));
      if (input['client_msg_id'] === 'one') await new Promise<void>((resolve) => { release = resolve; });
      return ok(w.sent(input), 201);
    });
    await w.send('a', 'one');
    await w.send('b', 'two');
    await w.engine.send({ channelId: idOf(77), content: 'c', clientMsgId: 'elsewhere' });
    await w.clock.advance(10);
    expect(order).toEqual(['one', 'elsewhere']);
    release();
    await w.clock.advance(10);
    expect(order).toEqual(['one', 'elsewhere', 'two']);
  });
  it('OUT5 a refusal says why and holds nothing back; retry and discard', async () => {
    const w = await new World().live();
    w.server.on('send_message', (input) => (input['client_msg_id'] === 'one' ? problem(403, 'forbidden') : ok(w.sent(input), 201)));
    await w.send('a', 'one');
    await w.send('b', 'two');
    await w.clock.advance(10);
    const [item] = w.engine.outbox.get();
    expect(w.engine.outbox.get()).toHaveLength(1);
    expect(item?.state).toMatchObject({ kind: 'refused', code: 'forbidden' });
    await w.engine.retry(item!.id);
    await w.clock.advance(10);
    expect(w.server.of('send_message')).toHaveLength(3);
    await w.engine.discard(item!.id);
    expect([w.engine.outbox.get(), w.durable.keys('outbox')]).toEqual([[], []]);
  });
  it('OUT6 waits as asked and holds back what follows', async () => {
    const w = await new World().live();
    w.server.on('send_message', (input, nth) => (nth === 0 ? problem(429, 'rate_limited', { retryAfterMs: 7_000 }) : ok(w.sent(input), 201)));
    await w.send('a', 'one');
    await w.send('b', 'two');
    await w.clock.advance(6_900);
    expect(w.engine.outbox.get()[0]?.state).toMatchObject({ kind: 'waiting', reason: 'rate_limited' });
    expect(w.server.of('send_message')).toHaveLength(1);
    await w.clock.advance(200);
    expect(w.server.of('send_message').map((a) => a.input['client_msg_id'])).toEqual(['one', 'one', 'two']);
  });
  it('OUT7 an old act asks first and is overtaken', async () => {
    const w = await new World().live();
    w.server.on('send_message', () => unreached);
    await w.send('old', 'one');
    await w.engine.stop();
    w.clock.jump(w.clock.now() + 31 * 24 * 3_600_000);
    w.server.on('send_message', (input) => ok(w.sent(input), 201));
    const before = w.server.of('send_message').length;
    await w.live();
    expect(w.engine.outbox.get()[0]?.state).toMatchObject({ kind: 'waiting', reason: 'old' });
    await w.send('new', 'two');
    await w.clock.advance(10);
    expect(w.server.of('send_message').slice(before).map((a) => a.input['client_msg_id'])).toEqual(['two']);
    await w.engine.retry(w.engine.outbox.get()[0]!.id);
    await w.clock.advance(10);
    expect(w.engine.outbox.get()).toEqual([]);
  });
  it('OUT8 changes a waiting text in place, and follows a sent one with an edit', async () => {
    const w = await new World().live();
    w.engine.setOnline(false);
    await w.send('first', 'one');
    await w.engine.edit(CHANNEL, 'one', 'second');
    expect(w.engine.outbox.get().map((i) => i.content)).toEqual(['second']);
    w.server.on('send_message', (input, nth) => (nth === 0 ? unreached : ok(w.sent(input), 201))).on('edit_message', () => ok(message(4, 5, { author_id: ME })));
    w.engine.setOnline(true);
    await w.clock.advance(10);
    await w.engine.edit(CHANNEL, 'one', 'third');
    await w.clock.advance(5_000);
    expect(w.server.of('send_message').at(-1)?.input['content']).toBe('second');
    expect(w.server.of('edit_message')[0]?.input).toMatchObject({ message_id: idOf(4), content: 'third' });
  });
  it('OUT9 one\'s own message that comes live first is shown once', async () => {
    const w = await new World().live();
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(100);
    let answer!: () => void;
    w.server.on('send_message', async (input) => {
      await new Promise<void>((resolve) => { answer = resolve; });
      return ok(w.sent(input), 201);
    });
    await w.send();
    await w.clock.advance(10);
    const keys = () => [...timeline.get().messages, ...timeline.get().pending].filter((m) => m.message.author_id === ME).map((m) => m.key);
    expect(keys()).toEqual(['one']);
    w.liveFrame(3, 4, [message(4, 4, { author_id: ME, client_msg_id: 'one' })]);
    expect([keys(), timeline.get().pending]).toEqual([['one'], []]);
    answer();
    await w.clock.advance(10);
    expect([keys(), w.states()]).toEqual([['one'], []]);
  });
  it('OUT10 a refused reaction goes back', async () => {
    const w = await new World().live();
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(100);
    w.server.on('react', () => problem(403, 'forbidden'));
    const reacting = w.engine.react(CHANNEL, idOf(2), 'x', true);
    expect(timeline.get().messages[1]?.message.reactions).toMatchObject([{ emoji: 'x', user_ids: [ME] }]);
    await reacting;
    await w.clock.advance(10);
    expect(timeline.get().messages[1]).toMatchObject({ message: { reactions: [] }, pending: { kind: 'refused', act: 'react', code: 'forbidden' } });
  });
  it('OUT11 a conflict that shows the message counts as sent', async () => {
    const w = await new World().live();
    w.server.on('send_message', (input) => problem(409, 'conflict', { message: w.sent({ ...input, content: 'another' }).message })).on('edit_message', () => ok(message(4, 5, { author_id: ME, content: 'hi' })));
    await w.send();
    await w.clock.advance(50);
    expect(w.server.of('edit_message')[0]?.input).toMatchObject({ message_id: idOf(4), content: 'hi' });
    expect(w.engine.outbox.get()).toEqual([]);
  });
});

describe('cursors', () => {
  it('CON1 greets with every cursor', async () => {
    const w = await (await new World().live()).restart();
    expect(w.server.socket.sent[0]).toMatchObject({ type: 'hello', token: 't', cursors: { [`user:${ME}`]: 1, [`workspace:${WORKSPACE}`]: 1, [`channel:${CHANNEL}`]: 3 } });
  });
  it('CUR5 another incarnation drops the cache and keeps outbox and drafts', async () => {
    const w = await new World().live();
    w.server.on('send_message', () => unreached);
    await w.send();
    w.engine.setDraft(CHANNEL, null, 'half a thought');
    w.engine.timeline(CHANNEL);
    await w.clock.advance(1_000);
    w.server.on('sync', () => boot(idOf(5))).on('messages', () => 'never');
    w.server.socket.events.closed(1006, '');
    await w.clock.advance(2_000);
    w.server.socket.welcome(idOf(5));
    expect(replicaOf(w.engine).channels.get(CHANNEL)?.rows.size).toBe(0);
    await w.clock.advance(2_000);
    expect([replicaOf(w.engine).incarnation, w.engine.outbox.get().length, w.engine.draft(CHANNEL, null).get()?.content]).toEqual([idOf(5), 1, 'half a thought']);
    expect(w.engine.channel(CHANNEL).get()?.unread).toBe(3);
  });
  it('CUR8 a head that was only heard of is asked for', async () => {
    const w = await new World().live();
    const before = w.server.of('sync').length;
    w.server.socket.say({ type: 'pong', t: 0, server_time: '2025-01-01T00:00:00.000Z', heads: { [`channel:${CHANNEL}`]: [4, 4] } });
    await w.clock.advance(100);
    expect(w.server.of('sync').slice(before)[0]?.input['cursors']).toMatchObject({ [`channel:${CHANNEL}`]: 3 });
  });
  it('RNG1 a page older than the cursor is asked again with changed_since', async () => {
    const w = await new World().live();
    w.server.on('messages', (_input, nth) => ok({ messages: nth === 0 ? [message(1, 1), message(2, 2), message(3, 3)] : [message(2, 4, { content: 'edited' })], head_seq: 3, head_rev: nth === 0 ? 3 : 4, has_more_before: false, has_more_after: false }));
    w.liveFrame(3, 4, [message(2, 4, { content: 'edited' })]);
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(200);
    expect(w.server.of('messages')[1]?.input).toMatchObject({ changed_since: 3, after_seq: 0, before_seq: 4 });
    expect([timeline.get().messages[1]?.message.content, timeline.get().savedAt]).toEqual(['edited', null]);
  });
});

describe('reading', () => {
  it('READ5 acks go together, at most once a second, with their epoch; older ones are dropped', async () => {
    const w = await new World().live();
    w.server.on('ack_many', (input) => ok({ positions: (input['positions'] as { channel_id: string; read_epoch: number; seq: number }[]).map((p) => ({ ...p, read_seq: p.seq, unread: 0, mentions: 0 })) }));
    for (const seq of [1, 2, 3]) w.engine.read(CHANNEL, seq);
    expect(w.engine.channel(CHANNEL).get()?.unread).toBe(0);
    await w.clock.advance(1_100);
    expect(w.server.of('ack_many').map((a) => a.input['positions'])).toEqual([[{ channel_id: CHANNEL, read_epoch: 0, seq: 3 }]]);
    w.engine.setOnline(false);
    w.liveFrame(3, 4, [message(4, 4)]);
    w.engine.read(CHANNEL, 4);
    replicaOf(w.engine).moveTo(CHANNEL, null, { epoch: 1, seq: 0 });
    w.engine.setOnline(true);
    await w.clock.advance(5_000);
    expect(w.server.of('ack_many')).toHaveLength(1);
  });
  it('READ6 what is read after a pending mark waits for its epoch', async () => {
    const w = await new World().live();
    let answer!: () => void;
    w.server.on('mark_unread', async () => {
      await new Promise<void>((resolve) => { answer = resolve; });
      return ok({ channel_id: CHANNEL, read_epoch: 1, read_seq: 0, unread: 3, mentions: 0 });
    }).on('ack_many', () => ok({ positions: [] }));
    await w.engine.markUnread(CHANNEL, 1);
    w.engine.read(CHANNEL, 2);
    await w.clock.advance(3_000);
    expect(w.server.of('ack_many')).toHaveLength(0);
    answer();
    await w.clock.advance(1_100);
    expect(w.server.of('ack_many')[0]?.input['positions']).toEqual([{ channel_id: CHANNEL, read_epoch: 1, seq: 2 }]);
  });
});

describe('drafts', () => {
  it('DRF1 a draft is durable within a second', async () => {
    const w = await new World().live();
    w.engine.setDraft(CHANNEL, null, 'half');
    await w.clock.advance(900);
    expect(w.durable.keys('drafts')).toHaveLength(1);
    w.engine.setDraft(CHANNEL, null, '');
    await w.clock.advance(900);
    expect(w.durable.keys('drafts')).toHaveLength(0);
  });
  it('DRF2 a sent draft leaves in the write that keeps the message', async () => {
    const w = await new World().live();
    w.engine.setDraft(CHANNEL, null, 'hi');
    await w.engine.flushDrafts();
    const { clientMsgId } = w.engine.draft(CHANNEL, null).get()!;
    w.durable.refuse = 'full';
    await expect(w.send('hi', clientMsgId)).rejects.toBeInstanceOf(StorageRefused);
    expect(w.engine.draft(CHANNEL, null).get()?.content).toBe('hi');
    w.durable.refuse = null;
    const before = w.durable.writes.length;
    await w.send('hi', clientMsgId);
    expect(w.durable.writes[before]?.map((c) => c.collection).sort()).toEqual(['drafts', 'outbox']);
    expect(w.engine.draft(CHANNEL, null).get()).toBeNull();
  });
});

describe('cache', () => {
  it('CAC1 shows what was cached before anything is reached', async () => {
    const w = await new World().live();
    w.engine.timeline(CHANNEL);
    await w.clock.advance(1_000);
    await w.engine.stop();
    for (const path of ['sync', 'me', 'messages']) w.server.on(path, () => 'never');
    await w.start();
    expect(w.engine.channels(WORKSPACE).get()).toMatchObject([{ id: CHANNEL, unread: 3 }]);
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(0);
    expect(timeline.get().messages.map((m) => m.message.seq)).toEqual([1, 2, 3]);
  });
  it('CAC2 rows and the cursor that speaks for them are in one write', async () => {
    const w = await new World().live();
    w.engine.timeline(CHANNEL);
    await w.clock.advance(1_000);
    const before = w.cache.writes.length;
    w.liveFrame(3, 4, [message(4, 4)]);
    await w.clock.advance(1_000);
    const [write] = w.cache.writes.slice(before);
    expect(write?.find((c) => c.collection === 'channels')).toMatchObject({ value: { cursor: 4, headSeq: 4 } });
    expect(write?.some((c) => c.collection === 'rows')).toBe(true);
  });
  it('CAC3 a full disk is said, and written when there is room again', async () => {
    const w = await new World().live();
    w.cache.refuse = 'full';
    w.liveFrame(3, 4, [message(4, 4)]);
    await w.clock.advance(1_000);
    expect([w.engine.storage.get(), w.engine.channel(CHANNEL).get()?.unread]).toEqual(['full', 4]);
    w.cache.refuse = null;
    await w.clock.advance(2_000);
    expect(w.engine.storage.get()).toBe('ok');
    expect((await w.cache.get('channels', CHANNEL)) as { cursor: number }).toMatchObject({ cursor: 4 });
  });
  it('CAC4 letting rows go keeps the cursor and claims nothing', async () => {
    const w = await new World().live();
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(1_000);
    const replica = replicaOf(w.engine);
    replica.evict(0);
    expect(replica.channels.get(CHANNEL)?.rows.size).toBe(3);
    timeline.close();
    replica.evict(0);
    await w.clock.advance(1_000);
    expect([replica.channels.get(CHANNEL)?.rows.size, replica.channels.get(CHANNEL)?.ranges, replica.channels.get(CHANNEL)?.cursor, w.cache.keys('rows')]).toEqual([0, [], 3, []]);
    expect(w.engine.channel(CHANNEL).get()?.unread).toBe(3);
  });
  it('CAC5 signing out wipes everything, a revoked session the cache alone', async () => {
    const revoked = await new World().live();
    revoked.server.on('send_message', () => unreached);
    await revoked.send();
    revoked.server.socket.events.closed(4003, '');
    await revoked.clock.advance(1_000);
    expect([revoked.signedOut, [...revoked.cache.entries.keys()], revoked.durable.keys('outbox').length]).toEqual([['revoked'], [], 1]);
    const out = await new World().live();
    out.server.on('sign_out', () => ok(undefined, 204)).on('send_message', () => unreached);
    await out.send();
    await out.engine.signOut();
    expect([out.signedOut, out.engine.connection.get().kind, [...out.cache.entries.keys()], [...out.durable.entries.keys()]]).toEqual([['signed_out'], 'signed_out', [], []]);
  });
});

describe('a full cache', () => {
  const MANY = 1_200;
  const seqs = (timeline: { get(): { messages: readonly { message: { seq: number } }[] } }) => timeline.get().messages.map((m) => m.message.seq);
  const upTo = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  /** A device that was closed while it held 1,200 messages of the channel. */
  async function full(): Promise<World> {
    const w = await new World().live();
    w.engine.timeline(CHANNEL);
    await w.clock.advance(1_000);
    await w.engine.stop();
    const record = (await w.cache.get('channels', CHANNEL)) as Record<string, unknown> & { ranges: object[] };
    await w.cache.write([
      { collection: 'channels', key: CHANNEL, value: { ...record, cursor: MANY, headSeq: MANY, rowCount: MANY, ranges: [{ ...record.ranges[0], fromSeq: 1, toSeq: MANY }] } },
      ...upTo(1, MANY).map((seq) => ({ collection: 'rows', key: `${CHANNEL}/${String(seq).padStart(12, '0')}`, value: message(seq, seq) })),
    ]);
    return w;
  }

  it('CAC6 shows the newest rows first, then all, and asks nobody for what is cached', async () => {
    const w = await full();
    for (const path of ['sync', 'me', 'messages']) w.server.on(path, () => 'never');
    await w.start();
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(0);
    expect(seqs(timeline)).toEqual(upTo(1_001, MANY));
    expect(timeline.get()).toMatchObject({ ranges: [{ fromSeq: 1_001, toSeq: MANY }], loading: { cached: true } });
    const above = timeline.loadBefore(1_001);
    await w.clock.advance(1_000);
    expect(await above).toBe(true);
    expect(seqs(timeline)).toEqual(upTo(1, MANY));
    expect(timeline.get()).toMatchObject({ ranges: [{ fromSeq: 1, toSeq: MANY }], loading: { cached: false } });
    expect(w.server.of('messages').filter((a) => a.input['before_seq'] !== undefined)).toEqual([]);
  });
  it('CAC6 what arrives while rows are read is applied to all of them, and once', async () => {
    const w = await full();
    w.server.on('sync', () => 'never').on('messages', () => 'never');
    await w.start();
    const timeline = w.engine.timeline(CHANNEL);
    w.server.socket.welcome();
    w.liveFrame(MANY, MANY + 1, [message(MANY + 1, MANY + 1)]);
    w.liveFrame(MANY + 1, MANY + 2, [message(7, MANY + 2, { content: 'edited', edited_at: '2025-01-01T00:00:00.000Z' })]);
    await w.clock.advance(0);
    expect(seqs(timeline)).toEqual(upTo(1_001, MANY));
    await w.clock.advance(1_000);
    expect(seqs(timeline)).toEqual(upTo(1, MANY + 1));
    expect(timeline.get().messages[6]?.message.content).toBe('edited');
    expect(replicaOf(w.engine).channels.get(CHANNEL)?.cursor).toBe(MANY + 2);
  });
  it('CAC6 what was lost while rows are read is not shown any more', async () => {
    const w = await full();
    w.server.on('sync', () => 'never').on('messages', () => 'never');
    await w.start();
    const timeline = w.engine.timeline(CHANNEL);
    await w.clock.advance(0);
    replicaOf(w.engine).dropAll();
    expect(seqs(timeline)).toEqual([]);
    await w.clock.advance(1_000);
    expect([seqs(timeline), w.cache.keys('rows')]).toEqual([[], []]);
  });
  it('CAC7 rows leave the cache as one stretch, when a refused write is tried again too', async () => {
    const w = await full();
    w.server.on('sync', () => 'never').on('messages', () => 'never');
    await w.start();
    const timeline = w.engine.timeline(CHANNEL);
    w.server.socket.welcome();
    await w.clock.advance(1_000);
    timeline.close();
    w.liveFrame(MANY, MANY + 1, [message(MANY + 1, MANY + 1)]);
    await w.clock.advance(260);
    w.cache.refuse = 'unavailable';
    await w.clock.advance(1_000);
    expect(w.cache.keys('rows')).toHaveLength(MANY + 1);
    w.cache.refuse = null;
    const before = w.cache.writes.length;
    w.liveFrame(MANY + 1, MANY + 2, [message(MANY + 2, MANY + 2)]);
    await w.clock.advance(1_000);
    expect(w.cache.keys('rows')).toEqual(upTo(MANY - 498, MANY + 2).map((seq) => `${CHANNEL}/${String(seq).padStart(12, '0')}`));
    expect(w.cache.writes.slice(before).flat().filter((change) => change.collection === 'rows')).toMatchObject([{ deleteRange: true }, { value: { seq: MANY + 2 } }]);
    expect(await w.cache.get('channels', CHANNEL)).toMatchObject({ ranges: [{ fromSeq: MANY - 498, toSeq: MANY + 2 }], rowCount: 501, cursor: MANY + 2 });
  });
  it('CAC7 what came ahead of the head stays', () => {
    const channel = new ChannelReplica({ id: CHANNEL, cursor: 9, headSeq: 9, stayId: 's', ranges: [{ fromSeq: 1, toSeq: 9, validRev: 9, missingTo: 0 }] }, ME);
    for (const seq of upTo(1, 9)) channel.applyMessage(message(seq, seq));
    channel.applyMessage(message(11, 20));
    channel.applySent(message(12, 21, { author_id: ME }));
    channel.trim(3);
    expect(channel.rows.seqs()).toEqual([11, 12]);
  });
  it('CAC8 who was on screen last is read first, everybody else after', async () => {
    const w = await new World().live();
    const people = upTo(1, 30).map((n) => ({ ...meUser, id: idOf(n), username: `u${n}`, display_name: `User ${n}` }));
    w.server.socket.say({ type: 'people', users: people });
    w.engine.user(idOf(3)).subscribe(() => {});
    await w.clock.advance(1_000);
    await w.engine.stop();
    w.server.on('me', () => 'never').on('sync', () => 'never');
    const asked: string[] = [];
    const range = w.cache.range.bind(w.cache);
    w.cache.range = (collection, ...rest) => {
      asked.push(collection);
      return range(collection, ...rest);
    };
    await w.start();
    expect([w.engine.user(idOf(3)).get()?.display_name, w.engine.user(idOf(4)).get(), asked.includes('users')]).toEqual(['User 3', null, false]);
    let told = 0;
    w.engine.user(idOf(4)).subscribe(() => { told += 1; });
    await w.clock.advance(1_000);
    expect([w.engine.user(idOf(4)).get()?.display_name, told]).toEqual(['User 4', 1]);
  });
});

it('CON7 a refused greeting signs out only when a call says so too', async () => {
  const w = await new World().live();
  w.server.socket.events.closed(4001, '');
  await w.clock.advance(100);
  expect(w.engine.connection.get().kind).toBe('waiting');
  w.server.on('me', () => problem(401, 'not_authenticated'));
  await w.clock.advance(5_000);
  w.server.socket.events.closed(4001, '');
  await w.clock.advance(100);
  expect(w.engine.connection.get()).toMatchObject({ kind: 'signed_out', reason: 'expired' });
});

it('CUR6 a stream that is gone says so and shows nothing', async () => {
  const w = await new World().live();
  const timeline = w.engine.timeline(CHANNEL);
  await w.clock.advance(100);
  w.server.on('sync', () => ok({ server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION, channels: [], streams: { [`channel:${CHANNEL}`]: { from: 3, to: 0, head: 0, entities: [], has_more: false, gone: true } } }));
  w.server.socket.say({ type: 'delta', stream: `channel:${CHANNEL}`, from: 0, to: 0, head: 0, entities: [], has_more: false, gone: true });
  await w.clock.advance(500);
  expect([timeline.get().gone, timeline.get().messages]).toEqual([true, []]);
});
