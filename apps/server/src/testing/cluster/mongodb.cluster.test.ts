import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { primaryPort, withMember } from './mongo.ts';
import { until } from './until.ts';
import { ClusterWorld } from './world.ts';

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('MongoDB of three members', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({ members: 3, env: { PARLEY_RATE_LIMITS: 'off' } });
    world = await ClusterWorld.make(cluster);
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });
  const primary = async (): Promise<number> => {
    await until(async () => (await primaryPort(cluster.mongoPorts)) !== null, { ms: 30_000, what: () => 'there is a primary' });
    return (await primaryPort(cluster.mongoPorts))!;
  };

  it('a primary that steps down in mid-burst: nothing acknowledged is lost, nothing is there twice', async () => {
    const load = world.load({ rate: 60 });
    await load.more(120);
    const before = await primary();
    // It closes the connection that asks.
    await withMember(before, (client) => client.db('admin').command({ replSetStepDown: 20, secondaryCatchUpPeriodSecs: 5 })).catch(() => undefined);
    await load.more(240);
    expect(await primary()).not.toBe(before);
    await load.stop();
    expect(world.ledger.sent.filter((s) => s.ack === null)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('a primary that is killed in mid-burst, and comes back as a follower', async () => {
    const load = world.load({ rate: 60 });
    await load.more(120);
    const victim = cluster.mongo[cluster.mongoPorts.indexOf(await primary())]!;
    await victim.kill();
    await load.more(240);
    await victim.start();
    await load.more(60);
    await load.stop();
    expect(world.ledger.sent.filter((s) => s.ack === null)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
