import { describe, expect, it } from 'vitest';
import type { StreamName } from '@parley/shared/domain/streams';
import { partitionOf } from '../log/partition.ts';
import { outbox } from '../storage/tables.ts';
import type { Consumer } from './consumers.ts';
import { changesSince } from './changes.ts';
import { channelStream, RealtimeKit, userStream, type StoredEvent } from '../testing/realtime-kit.ts';
import { judge, newTrack } from './stream-track.ts';

const started = (options = {}) => new RealtimeKit(options).start();
const outboxRows = (kit: RealtimeKit) => kit.store.read((tx) => tx.find(outbox, { limit: 1_000 }));
const event = (from: number, rev: number, more: Partial<StoredEvent> = {}): StoredEvent => ({ outbox_id: '00000000000001', stream: 'channel:1' as StreamName, from, rev, seq: rev, entities: [], ...more });

/** What a kit's commit told, kept from the log so that a test may lose, repeat or reorder it. */
function intercept(kit: RealtimeKit): StoredEvent[] {
  const kept: StoredEvent[] = [];
  kit.log.append = async (_partition, events) => void kept.push(...events);
  return kept;
}
function letThrough(kit: RealtimeKit): void {
  delete (kit.log as { append?: unknown }).append;
}

describe('dispatcher: one event', () => {
  const track = (done: number) => ({ ...newTrack('channel:1'), done });

  it('from = done: forward, and done moves', () => {
    const t = track(4);
    expect(judge(t, event(4, 6)).kind).toBe('forward');
    expect(t.done).toBe(6);
  });
  it('from > done: hold; rev ≤ done: drop', () => {
    expect(judge(track(4), event(5, 6)).kind).toBe('hold');
    expect(judge(track(4), event(3, 4)).kind).toBe('drop');
  });
  it('without entities: read them from the store; late with entries for gateways: have everybody checked', () => {
    expect(judge(track(4), event(4, 5, { entities: undefined })).kind).toBe('read');
    expect(judge(track(4), event(3, 4, { entities: undefined, control: [{ kind: 'left', user_id: 'u' }] })).kind).toBe('verify');
  });
  it('while the head is read nothing goes out', () => {
    expect(judge(track(-1), event(0, 1)).kind).toBe('hold');
  });
});

describe('dispatcher', () => {
  it('reordered entries are put in order within 50 ms, without reading the store', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    const kept = intercept(kit);
    await kit.post(channel, bob, 'one');
    await kit.post(channel, bob, 'two');
    letThrough(kit);
    await kit.log.append(partitionOf(channelStream(channel)), [kept[1]!]);
    await kit.clock.advance(40);
    expect(socket.of('live')).toEqual([]);
    await kit.log.append(partitionOf(channelStream(channel)), [kept[0]!]);
    await kit.clock.advance(0);
    expect(socket.of('live').map((f) => f.entities[0].content)).toEqual(['one', 'two']);
    expect(socket.of('live').map((f) => [f.from, f.rev])).toEqual([[2, 3], [3, 4]]);
  });

  it('a hole is read from the store after 50 ms, and repeated entries are dropped', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    const kept = intercept(kit);
    await kit.post(channel, bob, 'lost');
    await kit.post(channel, bob, 'told');
    letThrough(kit);
    await kit.log.append(partitionOf(channelStream(channel)), [kept[1]!]);
    await kit.clock.advance(60);
    expect(socket.of('live').map((f) => [f.from, f.rev, f.entities.length])).toEqual([[2, 4, 2]]);
    await kit.log.append(partitionOf(channelStream(channel)), kept);
    await kit.clock.advance(100);
    expect(socket.of('live')).toHaveLength(1);
  });

  it('invariant 8: a leaver whose entry was lost is dropped before what is read instead goes out', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const [gone, stays] = [await kit.connect(ada), await kit.connect(bob)];
    const kept = intercept(kit);
    await kit.part(channel, ada);
    await kit.post(channel, bob, 'secret');
    letThrough(kit);
    await kit.log.append(partitionOf(channelStream(channel)), [kept.at(-1)!]);
    await kit.clock.advance(100);
    expect(stays.of('live').some((f) => JSON.stringify(f).includes('secret'))).toBe(true);
    expect(JSON.stringify(gone.frames)).not.toContain('secret');
  });

  it('invariant 4: a lost last event comes by the sweeper', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    kit.log.append = async () => Promise.reject(new Error('away'));
    await kit.post(channel, bob, 'lost');
    letThrough(kit);
    await kit.clock.advance(4_000);
    expect(socket.of('live').map((f) => f.entities[0].content)).toEqual(['lost']);
    expect(await outboxRows(kit)).toEqual([]);
  });

  it('a new incarnation of the log: what it lost is logged again', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    const append = kit.log.append.bind(kit.log);
    kit.log.append = async () => {};
    await kit.post(channel, bob, 'swallowed');
    kit.log.append = append;
    await kit.clock.advance(10_000);
    expect(socket.of('live')).toEqual([]);
    kit.log.forget();
    await kit.clock.advance(2_000);
    expect(socket.of('live')).toHaveLength(1);
  });

  it('what an earlier process left in the outbox is logged at boot', async () => {
    const seen: string[] = [];
    const consumer: Consumer = { name: 'probe', wants: () => true, consume: async (e) => void seen.push(`${e.stream} ${e.rev}`) };
    const kit = new RealtimeKit({ consumers: [consumer] });
    const ada = await kit.person();
    await kit.run('kit.entity', { stream: userStream(ada.id), entity: { type: 'preference', id: 'x' } });
    expect(await outboxRows(kit)).toHaveLength(1);
    await kit.start();
    await kit.clock.advance(500);
    expect(seen).toEqual([`${userStream(ada.id)} 1`]);
    expect(await outboxRows(kit)).toEqual([]);
  });

  it('an outbox row goes when its consumers are done, not when it is logged; a failing consumer is asked again until it is', async () => {
    let broken = true;
    const done: string[] = [];
    const consumers: Consumer[] = [
      { name: 'fine', wants: () => true, consume: async () => {} },
      { name: 'flaky', wants: () => true, consume: async (e) => (broken ? Promise.reject(new Error('no')) : void done.push(e.outbox_id)) },
    ];
    const kit = await started({ consumers });
    const ada = await kit.person();
    await kit.run('kit.entity', { stream: userStream(ada.id), entity: { type: 'preference', id: 'x' } });
    await kit.clock.advance(5_000);
    expect(await outboxRows(kit)).toMatchObject([{ done: ['fine'] }]);
    broken = false;
    await kit.clock.advance(10_000);
    expect(done.length).toBeGreaterThan(0);
    expect(await outboxRows(kit)).toEqual([]);
  });

  it('live frames do not wait for consumers', async () => {
    const kit = await started({ consumers: [{ name: 'stuck', wants: () => true, consume: () => new Promise<void>(() => {}) }] });
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    await kit.post(channel, bob, 'hi');
    expect(socket.of('live')).toHaveLength(1);
  });

  it('one partition, one dispatcher: a successor takes over with a higher token, and nothing is lost or told twice', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    await kit.post(channel, bob, 'one');
    const successor = kit.make();
    await successor.start();
    await kit.post(channel, bob, 'two');
    await kit.clock.advance(1_000);
    expect(socket.of('live').map((f) => f.entities[0]?.content)).toEqual(['one', 'two']);
  });

  it('more changes than a frame holds are told by a head', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    const kept = intercept(kit);
    for (let i = 0; i < 502; i++) await kit.run('kit.post', { channel_id: channel, id: kit.id(), author_id: bob.id, content: 'm' });
    letThrough(kit);
    await kit.log.append(partitionOf(channelStream(channel)), [kept.at(-1)!]);
    await kit.clock.advance(100);
    expect(socket.of('live')).toEqual([]);
    expect(socket.of('head')).toMatchObject([{ head_rev: 504, head_seq: 502 }]);
  });

  it('changes since a rev are the entities as they are now, in rev order', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    await kit.post(channel, bob, 'one');
    await kit.post(channel, bob, 'two');
    await kit.run('kit.edit', { channel_id: channel, seq: 1, content: 'one, edited' });
    await kit.run('kit.channel', { channel_id: channel, change: { topic: 't' } });
    const changes = await kit.store.read((tx) => changesSince(tx, channelStream(channel), 2, 10));
    expect(changes).toMatchObject({ rev: 6, seq: 2, entities: [{ content: 'two', rev: 4 }, { content: 'one, edited', rev: 5 }, { type: 'channel', topic: 't', rev: 6 }] });
    expect((await kit.store.read((tx) => changesSince(tx, channelStream(channel), 2, 1))).entities).toBeNull();
  });
});

describe('gateway links', () => {
  it('a gap in a link\'s numbers makes the gateway compare heads', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const attach = kit.registry.attachGateway.bind(kit.registry);
    let losing = false;
    kit.registry.attachGateway = (id, inbox) => attach(id, { ...inbox, deliver: (m) => (losing && m.body.kind === 'events' ? undefined : inbox.deliver(m)) });
    const second = kit.make();
    await second.start();
    kit.realtime = second;
    const socket = await kit.connect(ada);
    losing = true;
    await kit.post(channel, bob, 'lost on the link');
    losing = false;
    expect(socket.of('live')).toEqual([]);
    await kit.clock.advance(2_500);
    expect(socket.of('head')).toMatchObject([{ stream: channelStream(channel), head_rev: 3 }]);
  });

  it('without a dispatcher: polling, looked-at heads within 5 s, revoked sessions within a second', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const one = await kit.connect(ada, { looking_at: [channel] });
    await kit.stopDispatching();
    await kit.clock.advance(8_000);
    await kit.post(channel, bob, 'unheard');
    await kit.clock.advance(6_000);
    expect(one.of('head')).toMatchObject([{ stream: channelStream(channel), head_rev: 3 }]);
    const late = await kit.connect(bob);
    expect(one.closed).toBeNull();
    expect(late.closed).toBeNull();
    await kit.revoke(ada);
    await kit.clock.advance(1_100);
    expect(one.closed).toBe(4003);
  });
});
