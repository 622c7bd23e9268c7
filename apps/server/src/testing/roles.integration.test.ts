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
  const send = (url: string, token: string, channel_id: string, content: string) => callServer<{ message_id: string; seq: number }>(url, 'POST', 'send_message', { token, body: { channel_id, content, client_msg_id: content.replaceAll(' ', '-') } });
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
});
