import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServices, startApplication, type Application } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { hasMongod, startMongod, type Mongod } from '../storage/mongodb/testing.mongod.ts';
import { callServer } from './server-process.ts';

interface SetUp {
  token: string;
  workspace: { id: string };
}
interface Message {
  id: string;
  seq: number;
  content: string;
}

describe.skipIf(!hasMongod())('one process with its store in MongoDB and all else embedded', () => {
  let mongod: Mongod;
  let data: string;
  let app: Application;
  const start = async (): Promise<Application> => startApplication(await openServices({ ...loadConfig({ PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off', PARLEY_MONGODB_URL: mongod.url('chat') }, { data }), logLevel: 'silent' }));
  beforeAll(async () => {
    mongod = await startMongod();
    data = await mkdtemp(`${tmpdir()}/parley-app-`);
    app = await start();
  });
  afterAll(async () => {
    await app?.stop();
    await mongod?.stop();
    if (data) await rm(data, { recursive: true });
  });

  it('is set up, takes a message once however often it is sent, and has it after a restart', async () => {
    const body = { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' };
    const { token, workspace } = (await callServer<SetUp>(app.url, 'POST', 'set_up', { body })).body;
    const [general] = (await callServer<{ items: { id: string }[] }>(app.url, 'GET', 'channels', { token, query: { workspace_id: workspace.id } })).body.items;
    const send = { channel_id: general!.id, content: 'hello there', client_msg_id: 'c-1' };
    const first = await callServer<{ message_id: string; seq: number }>(app.url, 'POST', 'send_message', { token, body: send });
    const second = await callServer<{ message_id: string; seq: number }>(app.url, 'POST', 'send_message', { token, body: send });
    expect([first.status, second.status, second.body.message_id]).toEqual([201, 200, first.body.message_id]);

    await app.stop();
    app = await start();
    const { messages } = (await callServer<{ messages: Message[] }>(app.url, 'GET', 'messages', { token, query: { channel_id: general!.id } })).body;
    expect(messages.map(({ id, seq, content }) => ({ id, seq, content }))).toEqual([{ id: first.body.message_id, seq: first.body.seq, content: 'hello there' }]);
    expect(await (await fetch(`${app.url}/readyz`)).json()).toMatchObject({ ready: true, store: { adapter: 'mongodb', settings: { replica_set: 'rs0', write_concern: 'majority, journaled' } } });
  });
});
