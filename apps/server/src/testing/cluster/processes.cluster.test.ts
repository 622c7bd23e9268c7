import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { ClusterWorld } from './world.ts';

/** Clients at gateway-1 are those that its death touches; the others stay connected to gateway-2. */
describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('processes that die', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' }, wires: ['redis', 'http'] });
    const second = cluster.process('gateway-2').url;
    world = await ClusterWorld.make(cluster, { people: ['alice', 'bob'], devicesEach: 2, address: (device) => (device % 2 === 0 ? cluster.url : second) });
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });
  const atSecond = () => world.devices.filter((_, i) => i % 2 === 1);

  it('an api process killed between commit and answer: the repeat is answered as the first would have been, and everybody has it once', async () => {
    const victim = cluster.process('gateway-1');
    const [id, content] = [randomUUID(), 'committed and not answered'];
    victim.wire('http').hold('down');
    const first = world.sendOnce(`http://127.0.0.1:${victim.wire('http').port}`, content, id);
    await world.committed(id);
    await victim.part.kill();
    victim.wire('http').cut();
    victim.wire('http').heal();
    expect(await first).toBe('unknown');
    expect(await world.sendOnce(cluster.process('gateway-2').url, content, id)).toBe('repeated');
    await world.shown(content, world.devices, 15_000);
    await victim.part.start();
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('an api process killed between commit and log: the sweeper logs it, and everybody has it once', async () => {
    const victim = cluster.process('gateway-1');
    const [id, content] = [randomUUID(), 'committed and not logged'];
    // What it would write to the log does not get there.
    victim.wire('redis').hold('up');
    const first = world.sendOnce(victim.url, content, id);
    await world.committed(id);
    await victim.part.kill();
    victim.wire('redis').cut();
    victim.wire('redis').heal();
    await first;
    // Devices at the other gateway stay connected: nothing but a live frame tells them.
    await world.shown(content, atSecond(), 15_000);
    expect(await world.sendOnce(cluster.process('gateway-2').url, content, id)).toBe('repeated');
    await victim.part.start();
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('a dispatcher killed under load: the other takes its partitions over, nothing is lost, doubled or out of order', async () => {
    const load = world.load({ rate: 60 });
    await load.more(120);
    await cluster.process('dispatcher-1').part.kill();
    await load.more(240);
    await cluster.process('dispatcher-1').part.start();
    await cluster.process('dispatcher-2').part.kill();
    await load.more(240);
    await cluster.process('dispatcher-2').part.start();
    await load.more(60);
    await load.stop();
    // Nobody who sends notices.
    expect(world.ledger.sent.slice(-600).flatMap((s) => s.failures)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('every process restarted in turn under load: each send is acknowledged, once', async () => {
    const load = world.load({ rate: 60 });
    await load.more(60);
    for (const { part } of cluster.processes.values()) {
      expect(await part.stop(), `${part.name} ends by itself`).toBe(true);
      await part.start();
      await load.more(60);
    }
    await load.stop();
    expect(world.ledger.sent.filter((s) => s.ack === null && !s.content.startsWith('committed'))).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
