import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { ClusterWorld } from './world.ts';

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('Redis that is lost', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' } });
    world = await ClusterWorld.make(cluster, { devicesEach: 2 });
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });

  it('killed under load and restarted empty: sends go on meanwhile, and afterwards all is live again', async () => {
    const load = world.load({ rate: 60 });
    await load.more(120);
    await cluster.redis.kill();
    // Without it sends are still committed and acknowledged.
    await load.more(180);
    await cluster.redis.start();
    await load.more(180);
    await load.stop();
    expect(world.ledger.sent.filter((s) => s.ack === null)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
    await world.devices[0]!.engine!.send({ channelId: world.channels[0]!, content: 'live again' });
    await world.shown('live again', world.devices, 3_000);
  });
});
