import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getImport } from '@parley/shared/protocol/calls/imports';
import { scheduleMessage } from '@parley/shared/protocol/calls/scheduled';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { zipOf } from '../../features/imports/testing.ts';
import { channels, messages } from '../../storage/tables.ts';
import { Cluster } from './cluster.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { until } from './until.ts';
import { ClusterWorld } from './world.ts';

const HISTORY = 1_500;

/** An export of one room, long enough to be interrupted. */
function archive(): Buffer {
  const said = Array.from({ length: HISTORY }, (_, i) => ({ type: 'message', user: 'U1', text: `history ${i}`, ts: `${1_500_000_000 + i}.000100` }));
  return zipOf({
    'users.json': JSON.stringify([{ id: 'U1', name: 'eve', profile: { real_name: 'Eve', email: 'eve@example.org' } }]),
    'channels.json': JSON.stringify([{ id: 'C1', name: 'archive', created: 1_500_000_000, creator: 'U1', members: ['U1'] }]),
    'archive/2017-07-14.json': JSON.stringify(said),
  });
}

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx', 'weed'))('a worker that dies in mid-job', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  beforeAll(async () => {
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' }, files: 's3' });
    world = await ClusterWorld.make(cluster);
  });
  afterAll(async () => {
    await world?.close();
    await cluster?.kill();
  });
  const contents = (channelId: string): Promise<string[]> => world.store.read(async (tx) => (await tx.find(messages, { prefix: [channelId], limit: 100_000 })).map((row) => row.doc.content));

  it('messages that are due meanwhile are sent once each', async () => {
    const [owner] = world.people;
    const channelId = world.channels[0]!;
    const due = Date.now() + 4_000;
    const texts = Array.from({ length: 40 }, (_, i) => `scheduled ${i}`);
    for (const content of texts) await world.call(owner!, scheduleMessage, { channel_id: channelId, content, client_msg_id: randomUUID(), send_at: new Date(due).toISOString() });
    await until(async () => (await contents(channelId)).some((c) => c.startsWith('scheduled')), { ms: 20_000, what: () => 'the first is sent' });
    await cluster.process('worker-1').part.kill();
    await cluster.process('worker-1').part.start();
    await until(async () => (await contents(channelId)).filter((c) => c.startsWith('scheduled')).length >= texts.length, { ms: 90_000, what: () => 'all are sent' });
    expect((await contents(channelId)).filter((c) => c.startsWith('scheduled')).sort()).toEqual([...texts].sort());
  });

  it('an import goes on where it was, on whichever worker, and brings everything once', async () => {
    const [owner] = world.people;
    const begin = async (): Promise<string> => {
      const answer = await fetch(`${cluster.url}${API_PREFIX}/imports?kind=slack&workspace_id=${world.workspaceId}`, { method: 'POST', body: new Uint8Array(archive()), headers: { authorization: `Bearer ${owner!.token}`, 'content-type': 'application/zip' } });
      expect(answer.status).toBe(202);
      return ((await answer.json()) as { import_id: string }).import_id;
    };
    const ended = async (id: string) => {
      await until(async () => ['done', 'failed'].includes((await world.call(owner!, getImport, { import_id: id })).state), { ms: 90_000, what: () => 'the import ends' });
      return world.call(owner!, getImport, { import_id: id });
    };
    const id = await begin();
    await until(async () => (await world.call(owner!, getImport, { import_id: id })).counts.messages > 0, { ms: 60_000, what: () => 'messages come' });
    expect((await world.call(owner!, getImport, { import_id: id })).state).toBe('running');
    await cluster.process('worker-1').part.kill();
    await cluster.process('worker-1').part.start();
    expect(await ended(id)).toMatchObject({ state: 'done' });
    const room = await world.store.read(async (tx) => (await tx.find(channels, { limit: 100 })).find((row) => row.doc.name === 'archive'));
    expect((await contents(room!.id)).filter((c) => c.startsWith('history'))).toEqual(Array.from({ length: HISTORY }, (_, i) => `history ${i}`));
    expect(await ended(await begin())).toMatchObject({ state: 'done', counts: { users: 0, channels: 0, messages: 0, replies: 0 } });
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
