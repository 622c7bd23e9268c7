import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { redisServer, TestRedis } from '../platform/redis/testing.redis.ts';
import { hasMongod, startMongod, type Mongod } from '../storage/mongodb/testing.mongod.ts';
import { LiveClient } from './live-client.ts';
import { callServer, startServerProcess, type ServerProcess } from './server-process.ts';

interface SetUp {
  token: string;
  workspace: { id: string };
}
interface Ready {
  ready: boolean;
  reasons: string[];
  degraded: string[];
  roles: string[];
  partitions: number | null;
}

const person = { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough', set_up_code: 'code-for-tests' };

describe.skipIf(!hasMongod() || redisServer() === null)('one server of several processes', () => {
  let mongod: Mongod;
  let redis: TestRedis;
  let data: string;
  let running: ServerProcess[] = [];
  const clients: LiveClient[] = [];
  beforeAll(async () => {
    [mongod, redis] = await Promise.all([startMongod(), TestRedis.start()]);
    data = mkdtempSync(join(tmpdir(), 'parley-roles-'));
  }, 60_000);
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const one of running) one.kill('SIGKILL');
    await Promise.all(running.map((one) => one.ended));
    running = [];
  });
  afterAll(async () => {
    await redis?.stop();
    await mongod?.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const start = async (database: string, roles: string, env: Record<string, string> = {}): Promise<ServerProcess> => {
    const one = await startServerProcess(join(data, database), { PARLEY_MONGODB_URL: mongod.url(database), PARLEY_REDIS_URL: redis.url, PARLEY_FILES: 'disk-shared', PARLEY_ROLES: roles, PARLEY_SET_UP_CODE: 'code-for-tests', ...env });
    running.push(one);
    return one;
  };
  const connect = async (url: string, token: string): Promise<LiveClient> => {
    const client = await LiveClient.connect(url, token);
    clients.push(client);
    return client;
  };
  const ready = async (one: ServerProcess): Promise<Ready> => (await (await fetch(`${one.url}/readyz`)).json()) as Ready;
  const setUp = async (url: string): Promise<{ token: string; channel: string }> => {
    const { token, workspace } = (await callServer<SetUp>(url, 'POST', 'set_up', { body: person })).body;
    const { items } = (await callServer<{ items: { id: string }[] }>(url, 'GET', 'channels', { token, query: { workspace_id: workspace.id } })).body;
    return { token, channel: items[0]!.id };
  };
  const workspaceOf = async (url: string, token: string): Promise<string> => (await callServer<{ workspaces: { workspace: { id: string } }[] }>(url, 'GET', 'me', { token })).body.workspaces[0]!.workspace.id;
  const send = (url: string, token: string, channel_id: string, content: string) => callServer<{ message_id: string; seq: number }>(url, 'POST', 'send_message', { token, body: { channel_id, content, client_msg_id: content.replaceAll(' ', '-') } });
  /** Asks until it is so; a limit of its own makes the reason visible. */
  const until = async (what: string, test: () => Promise<boolean>, ms = 10_000): Promise<number> => {
    const began = performance.now();
    while (!(await test())) {
      if (performance.now() - began > ms) throw new Error(`not in ${ms} ms: ${what}\n${running.map((one) => one.log()).join('\n---\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return performance.now() - began;
  };

  it('what is sent through one process is shown at a socket of another, with dispatcher and worker in a third', async () => {
    const back = await start('roles_a', 'dispatcher,worker');
    const [front, other] = await Promise.all([start('roles_a', 'api,gateway'), start('roles_a', 'gateway')]);
    expect(await ready(back)).toMatchObject({ ready: true, reasons: [], degraded: [], roles: ['dispatcher', 'worker'], partitions: 64 });
    expect(await ready(front)).toMatchObject({ ready: true, roles: ['api', 'gateway'], partitions: null });
    const { token, channel } = await setUp(front.url);
    const [here, there] = [await connect(front.url, token), await connect(other.url, token)];
    for (let i = 0; i < 20; i++) expect((await send(front.url, token, channel, `text ${i}`)).status).toBe(201);
    for (const client of [here, there]) {
      await client.says('text 19');
      expect(client.texts(`channel:${channel}`)).toEqual(Array.from({ length: 20 }, (_, i) => `text ${i}`));
    }
    // Roles decide what is answered where.
    expect((await callServer<{ code: string }>(other.url, 'GET', 'server')).body.code).toBe('unavailable');
    expect((await callServer<{ code: string }>(back.url, 'GET', 'server')).status).toBe(503);
    await expect(LiveClient.connect(back.url, token)).rejects.toThrow();
  }, 90_000);

  it('dispatchers share the partitions: one that comes gets its half, one that goes leaves it, and one that is killed is taken over within 3 s', async () => {
    const front = await start('roles_b', 'api,gateway,worker');
    const first = await start('roles_b', 'dispatcher');
    const { token, channel } = await setUp(front.url);
    const client = await connect(front.url, token);
    await send(front.url, token, channel, 'with one');
    await client.says('with one');

    const second = await start('roles_b', 'dispatcher');
    await until('both have half', async () => (await ready(first)).partitions === 32 && (await ready(second)).partitions === 32);
    // In all partitions, so that those of both are among them.
    const rooms: string[] = [];
    for (let i = 0; i < 12; i++) rooms.push((await callServer<{ id: string }>(front.url, 'POST', 'create_channel', { token, body: { workspace_id: (await workspaceOf(front.url, token)), name: `room-${i}` } })).body.id);
    const say = async (round: string): Promise<void> => {
      const sent = await Promise.all(rooms.map((room, i) => send(front.url, token, room, `${round} ${i}`)));
      expect(sent.map(({ status }) => status)).toEqual(rooms.map(() => 201));
      await Promise.all(rooms.map((room, i) => client.told(`channel:${room}`, sent[i]!.body.seq)));
    };
    await say('two');

    first.kill('SIGKILL');
    const began = performance.now();
    const said = say('killed').then(() => performance.now() - began);
    const took = await until('one has all', async () => (await ready(second)).partitions === 64);
    const shown = await said;
    console.log(`takeover of a killed dispatcher: ${Math.round(took)} ms; everything sent meanwhile shown after ${Math.round(shown)} ms`);
    expect(took).toBeLessThan(3_000);

    const third = await start('roles_b', 'dispatcher');
    await until('the third has half', async () => (await ready(third)).partitions === 32);
    const asked = performance.now();
    second.kill('SIGTERM');
    await until('it left its half', async () => (await ready(third)).partitions === 64);
    console.log(`handover of a dispatcher that stops: ${Math.round(performance.now() - asked)} ms`);
    expect(await second.ended).toEqual({ code: 0, signal: null });
    await say('handed over');
  }, 90_000);
});
