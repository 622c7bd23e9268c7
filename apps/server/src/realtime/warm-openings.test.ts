import { describe, expect, it } from 'vitest';
import { entities } from '../storage/tables.ts';
import { channelStream, RealtimeKit, userStream, type Person } from '../testing/realtime-kit.ts';

/** A kit that counts how often memberships are read. */
async function counting(): Promise<{ kit: RealtimeKit; reads: () => number }> {
  const kit = await new RealtimeKit().start();
  let reads = 0;
  const read = kit.store.read.bind(kit.store);
  kit.store.read = (work) => read((tx) => work({ ...tx, get: tx.get.bind(tx), count: tx.count.bind(tx), find: (table, range) => {
    if ((table as unknown) === entities && range.prefix?.[1] === 'membership') reads++;
    return tx.find(table, range);
  } } as typeof tx));
  return { kit, reads: () => reads };
}

async function setting() {
  const { kit, reads } = await counting();
  const [ada, bob] = [await kit.person(), await kit.person()];
  const [channel, other] = [await kit.channel([ada, bob]), await kit.channel([bob])];
  const first = await kit.connect(ada, { cursors: { [userStream(ada.id)]: 1, [channelStream(channel)]: 2 }, looking_at: [channel] });
  const back = async (who: Person = ada) => kit.connect(who, { cursors: { [userStream(ada.id)]: await kit.rev(userStream(ada.id)), [channelStream(channel)]: await kit.rev(channelStream(channel)) }, looking_at: [channel] });
  return { kit, reads, ada, bob, channel, other, first, back };
}

describe('coming back within seconds', () => {
  it('follows what was followed before without reading memberships again, and is live', async () => {
    const { kit, reads, bob, channel, first, back } = await setting();
    first.close(1006);
    const before = reads();
    const socket = await back();
    expect(reads()).toBe(before);
    expect(Object.keys(socket.of('heads')[0]!.streams).sort()).toEqual(Object.keys(first.of('heads')[0]!.streams).sort());
    expect(socket.of('delta')).toHaveLength(2);
    await kit.post(channel, bob, 'live');
    expect(socket.of('live').map((f) => f.entities[0].content)).toEqual(['live']);
  });

  it('what was missed is read once for all who come back with the same cursor', async () => {
    const { kit, ada, bob, channel, first } = await setting();
    const second = await kit.connect(bob);
    first.close(1006);
    second.close(1006);
    await kit.post(channel, bob, 'missed');
    for (const person of [ada, bob]) {
      const socket = await kit.connect(person, { cursors: { [channelStream(channel)]: 2 }, looking_at: [channel] });
      expect(socket.of('delta')).toMatchObject([{ from: 2, to: 3, head: 3, entities: [{ content: 'missed' }] }]);
    }
    await kit.post(channel, bob, 'more');
    const socket = await kit.connect(ada, { cursors: { [channelStream(channel)]: 2 }, looking_at: [channel] });
    expect(socket.of('delta')[0]!.entities.map((e: { content: string }) => e.content)).toEqual(['missed', 'more']);
  });

  it('invariant 8: who left meanwhile does not follow, though the projection is late', async () => {
    const { kit, ada, bob, channel, first, back } = await setting();
    const stays = await kit.connect(bob);
    first.close(1006);
    await kit.part(channel, ada);
    const socket = await back();
    await kit.post(channel, bob, 'secret');
    expect(JSON.stringify(socket.frames)).not.toContain('secret');
    expect(stays.of('live').length).toBeGreaterThan(0);
    expect(socket.of('delta').find((f) => f.stream === channelStream(channel))).toMatchObject({ gone: true });
  });

  it('who joined meanwhile follows the new channel too', async () => {
    const { kit, ada, bob, other, first, back } = await setting();
    first.close(1006);
    await kit.join(other, ada);
    const socket = await back();
    await kit.post(other, bob, 'hi');
    expect(socket.of('live').map((f) => f.stream)).toEqual([channelStream(other)]);
  });

  it('invariant 8: a session revoked meanwhile is not let in', async () => {
    const { kit, ada, first, back } = await setting();
    first.close(1006);
    await kit.revoke(ada);
    expect((await back()).closed).toBe(4001);
  });

  it('after the hubs were let go everything is read again', async () => {
    const { kit, reads, first, back } = await setting();
    first.close(1006);
    await kit.clock.advance(20_000);
    const before = reads();
    await back();
    expect(reads()).toBeGreaterThan(before);
  });
});
