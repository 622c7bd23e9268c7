import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { withMember } from './mongo.ts';
import { until } from './until.ts';
import { ClusterWorld } from './world.ts';

/** Longer than a lease of partitions and a heartbeat, so that everybody takes it for gone. */
const PAUSE_MS = 10_000;

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('processes that are cut off', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' }, wires: ['redis', 'mongodb', 'http'] });
    const second = cluster.process('gateway-2').url;
    world = await ClusterWorld.make(cluster, { people: ['alice', 'bob'], devicesEach: 2, address: (device) => (device % 2 === 0 ? cluster.url : second) });
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });
  const partitionsOf = async (name: string): Promise<number> => {
    const text = await (await fetch(`${cluster.process(name).url}/metrics`)).text();
    return Number(/^parley_dispatcher_partitions (\d+)/m.exec(text)?.[1] ?? 0);
  };

  it('a dispatcher that sleeps beyond its lease and goes on: what it says under the old token is not believed', async () => {
    const [sleeper, other] = ['dispatcher-1', 'dispatcher-2'];
    await until(async () => (await partitionsOf(sleeper!)) > 0, { ms: 20_000, what: () => 'it has partitions' });
    const load = world.load({ rate: 60 });
    await load.more(60);
    cluster.process(sleeper!).part.pause();
    await until(async () => (await partitionsOf(other!)) === 64, { ms: 20_000, what: () => 'the other has all partitions' });
    await load.more(60 * (PAUSE_MS / 1_000) / 2);
    cluster.process(sleeper!).part.resume();
    await load.more(120);
    await load.stop();
    // Both share again.
    await until(async () => (await partitionsOf(sleeper!)) === 32 && (await partitionsOf(other!)) === 32, { ms: 30_000, what: () => 'both have half' });
    expect(world.ledger.sent.flatMap((s) => s.failures)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('an api process whose words do not reach Redis goes on committing and acknowledging, and the sweeper tells the rest', async () => {
    const wire = cluster.process('gateway-1').wire('redis');
    const load = world.load({ rate: 40, address: () => cluster.process('gateway-1').url });
    await load.more(40);
    wire.hold('up');
    await load.more(160);
    wire.heal();
    await load.more(40);
    await load.stop();
    expect(world.ledger.sent.filter((s) => s.ack === null)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('sockets that are half open: devices notice by silence, come back, and have everything once', async () => {
    const wire = cluster.process('gateway-1').wire('http');
    const load = world.load({ rate: 40, address: () => cluster.process('gateway-2').url });
    wire.swallow('down');
    await load.more(80);
    wire.heal();
    await load.stop();
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('a write whose answer MongoDB loses is settled by its client_msg_id', async () => {
    const victim = cluster.process('gateway-1');
    const [id, content] = [randomUUID(), 'written, and nobody knows'];
    // The commit is done, but its answer says that nobody knows.
    const failPoint = (mode: unknown) => withMember(cluster.mongoPorts[0]!, (client) => client.db('admin').command({ configureFailPoint: 'failCommand', mode, ...(mode === 'off' ? {} : { data: { failCommands: ['commitTransaction'], writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } } }) }));
    await failPoint('alwaysOn');
    const first = world.sendOnce(victim.url, content, id);
    await world.committed(id);
    await failPoint('off');
    expect(['unknown', 'acknowledged', 'repeated']).toContain(await first);
    expect(await world.sendOnce(cluster.process('gateway-2').url, content, id)).toBe('repeated');
    await world.shown(content, world.devices, 20_000);
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
