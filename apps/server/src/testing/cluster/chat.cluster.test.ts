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
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' } });
    const gateways = cluster.withRole('gateway').map((p) => p.url);
    world = await ClusterWorld.make(cluster, { devicesEach: 2, address: (device) => gateways[device % gateways.length]! });
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });

  it('a message sent at one gateway is shown at once on devices of every gateway', async () => {
    const [first, ...others] = world.devices;
    const channelId = world.channels[0]!;
    await first!.engine!.send({ channelId, content: 'hello everybody' });
    await Promise.all(others.map((device) => until(() => device.look(channelId).get().messages.some((m) => m.message.content === 'hello everybody'), { ms: 3_000, what: () => `${device.name} sees it` })));
  });

  it('under load every device shows what the store holds', async () => {
    const load = world.load({ rate: 60 });
    await load.more(240);
    await load.stop();
    expect(world.ledger.acknowledged.length).toBe(world.ledger.sent.length);
    expect(world.ledger.failures).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('every process stops in time when it is asked to', async () => {
    await world.close();
    const stopped = await Promise.all([...cluster.processes.values()].map(async ({ part }) => [part.name, await part.stop(10_000)]));
    expect(stopped).toEqual([...cluster.processes.keys()].map((name) => [name, true]));
  });
});
