import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { until } from './until.ts';
import { ClusterWorld } from './world.ts';

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('chat through a cluster', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' }, processes: [{ name: 'all-1', roles: ['api', 'gateway', 'dispatcher', 'worker'], env: { PARLEY_REDIS_URL: '' } }] });
    world = await ClusterWorld.make(cluster);
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });

  it('a message sent on one device is shown on every other, live', async () => {
    const [first, ...others] = world.devices;
    const channelId = world.channels[0]!;
    await first!.engine!.send({ channelId, content: 'hello everybody' });
    for (const device of others) await until(() => device.look(channelId).get().messages.some((m) => m.message.content === 'hello everybody'), { ms: 5_000, what: () => `${device.name} sees it` });
  });

  it('under load every device shows what the store holds', async () => {
    const load = world.load({ rate: 40 });
    await load.more(120);
    await load.stop();
    expect(world.ledger.acknowledged.length).toBe(world.ledger.sent.length);
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
