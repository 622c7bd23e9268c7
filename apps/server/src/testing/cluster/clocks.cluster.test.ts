import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendMessage } from '@parley/shared/protocol/calls/messages';
import { systemClock } from '../../platform/system.ts';
import { Cluster, TOPOLOGY } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { ClusterDevice } from './device.ts';
import { brokenInvariants } from './invariants.ts';
import { withMember } from './mongo.ts';
import { LiveClient } from '../live-client.ts';
import { openMongoStore } from '../../storage/mongodb/mongodb-store.ts';
import { noMetrics } from '../../platform/metrics.ts';
import { ClusterWorld } from './world.ts';

const DAY_MS = 86_400_000;
/** Shifts the clock of a process that is started with it. */
const shifted = (ms: number): string => `--import data:text/javascript,${encodeURIComponent(`const now=Date.now;Date.now=()=>now()+${ms};const D=Date;globalThis.Date=class extends D{constructor(...a){super(...(a.length?a:[now()+${ms}]))}}`)}`;

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('clocks, versions and restores', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({
      env: { PARLEY_RATE_LIMITS: 'off' },
      processes: TOPOLOGY.map((plan) => (plan.name === 'gateway-2' ? { ...plan, env: { NODE_OPTIONS: shifted(5_000) } } : plan.name === 'dispatcher-2' ? { ...plan, env: { NODE_OPTIONS: shifted(-5_000) } } : plan)),
    });
    const second = cluster.process('gateway-2').url;
    world = await ClusterWorld.make(cluster, { people: ['alice', 'bob'], devicesEach: 2, address: (device) => (device % 2 === 0 ? cluster.process('gateway-1').url : second) });
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });

  it('servers whose clocks are 5 s apart, and a device that is a day ahead: time runs with seq, and all show the same', async () => {
    const [person] = world.people;
    const ahead = new ClusterDevice('ahead', person!, () => cluster.url, { now: () => Date.now() + DAY_MS, setTimer: (ms, task) => systemClock.setTimer(ms, task) });
    world.devices.push(ahead);
    await ahead.start();
    ahead.look(world.channels[0]!);
    await ahead.engine!.send({ channelId: world.channels[0]!, content: 'from tomorrow' });
    const load = world.load({ rate: 60 });
    await load.more(200);
    await load.stop();
    await world.shown('from tomorrow', world.devices, 10_000);
    expect(world.ledger.sent.flatMap((s) => s.failures)).toEqual([]);
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it('a client of an earlier wire version beside those of today', async () => {
    const [person] = world.people;
    const old = await LiveClient.connect(cluster.process('gateway-1').url, person!.token, { looking_at: [world.channels[0]!], protocol: 1 });
    const { rev } = await world.say('read by old and new');
    await old.says('read by old and new');
    old.socket.send(JSON.stringify({ type: 'ack', cursors: { [`channel:${world.channels[0]!}`]: rev } }));
    await world.shown('read by old and new', world.devices, 10_000);
    old.close();
  });

  it('a restore of a backup that was taken under load, under clients that know more: they follow, and what they say next is there once', async () => {
    const load = world.load({ rate: 60 });
    await load.more(100);
    const copy = join(cluster.directory, 'copy');
    const data = join(cluster.directory, 'mongod', 'mongod-1');
    await withMember(cluster.mongoPorts[0]!, async (client) => {
      await client.db('admin').command({ fsync: 1, lock: true });
      try {
        await cp(data, copy, { recursive: true });
      } finally {
        await client.db('admin').command({ fsyncUnlock: 1 });
      }
    });
    await load.more(100);
    await load.stop();
    expect(await brokenInvariants(world)).toEqual([]);

    await Promise.all([...cluster.processes.values()].map(({ part }) => part.stop()));
    await cluster.mongo[0]!.stop();
    await rm(data, { recursive: true });
    await cp(copy, data, { recursive: true });
    await rm(join(data, 'mongod.lock'), { force: true });
    await cluster.mongo[0]!.start();
    const store = await openMongoStore({ url: cluster.mongodbUrl, metrics: noMetrics });
    await store.run('store.restored', {});
    await store.close();
    await Promise.all([...cluster.processes.values()].map(({ part }) => part.start()));
    await world.reopen();
    // What was said behind the backup is gone for everybody; the ledger knows only what is older.
    await world.forgetWhatIsGone();
    const [device] = world.devices;
    await device!.engine!.send({ channelId: world.channels[0]!, content: 'after the restore' });
    await world.shown('after the restore', world.devices, 40_000);
    const again = await world.call(world.people[0]!, sendMessage, { channel_id: world.channels[0]!, content: 'and by hand', client_msg_id: randomUUID() });
    expect(again.seq).toBeGreaterThan(0);
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
