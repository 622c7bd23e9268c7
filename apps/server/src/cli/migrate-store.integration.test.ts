import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openServices, startApplication, type Application } from '../compose.ts';
import { loadConfig } from '../config/load-config.ts';
import { openMongoStore } from '../storage/mongodb/mongodb-store.ts';
import { hasMongod, startMongod, type Mongod } from '../storage/mongodb/testing.mongod.ts';
import { StoreMovedError } from '../storage/move/move-mark.ts';
import { callServer } from '../testing/server-process.ts';
import { prepareDemo } from './demo.ts';
import { migrateStore } from './migrate-store.ts';
import { output } from './output.ts';

const ARCHIVE = fileURLToPath(new URL('../../../../samples/irc-small-slack-export.zip', import.meta.url));

describe.skipIf(!hasMongod())('migrate-store, with real history', () => {
  let mongod: Mongod;
  let data: string;
  const env = (mongo: boolean) => ({ PARLEY_PORT: '0', PARLEY_RATE_LIMITS: 'off', PARLEY_DATA: data, ...(mongo ? { PARLEY_MONGODB_URL: mongod.url('moved') } : {}) });
  const start = async (mongo: boolean): Promise<Application> => startApplication(await openServices({ ...loadConfig(env(mongo)), logLevel: 'silent' }));
  beforeAll(async () => {
    mongod = await startMongod();
    data = await mkdtemp(`${tmpdir()}/parley-move-`);
  });
  afterAll(async () => {
    await mongod?.stop();
    if (data) await rm(data, { recursive: true });
  });

  /** What a person's new device sees: everything but the time. */
  async function seen(app: Application, token: string): Promise<Record<string, unknown>> {
    const { body } = await callServer<Record<string, unknown> & { channels: { channel_id: string; channel: { member_count: number } }[] }>(app.url, 'POST', 'sync', { token, body: { cursors: {} } });
    const { server_time: _, ...rest } = body;
    const busy = body.channels.reduce((a, b) => (b.channel.member_count > a.channel.member_count ? b : a));
    const { body: page } = await callServer<unknown>(app.url, 'GET', 'messages', { token, query: { channel_id: busy.channel_id, page_size: '100' } });
    return { ...rest, page };
  }

  async function moved(from: string, to: string, more: { replace?: boolean } = {}): Promise<Record<string, unknown>> {
    let text = '';
    const lines: string[] = [];
    expect(await migrateStore(output(true, (part) => (text += part)), { from, to, json: true, env: env(true), progress: (line) => void lines.push(line), ...more })).toBe(true);
    expect(lines.join('\n')).toMatch(/loading messages .* rows[\s\S]*verifying messages/);
    return JSON.parse(text) as Record<string, unknown>;
  }
  const refused = (from: string, to: string): Promise<unknown> => migrateStore(output(true, () => undefined), { from, to, env: env(true), progress: () => undefined });

  it('moves there and back: people see the same, nobody writes meanwhile, and the one left is shut', async () => {
    await expect(refused('sqlite', 'mongodb')).rejects.toThrow('has no parley.db');
    await expect(refused('sqlite', 'redis')).rejects.toThrow('--to must be one of sqlite, mongodb');
    let app = await start(false);
    await prepareDemo(app, ARCHIVE, true);
    const { token } = (await callServer<{ token: string }>(app.url, 'POST', 'sign_in', { body: { login: 'demo', password: 'parley-demo' } })).body;
    const before = await seen(app, token);
    await expect(refused('sqlite', 'mongodb')).rejects.toThrow('Parley is running');
    await app.stop();

    const other = await openMongoStore({ url: mongod.url('moved') });
    await expect(refused('sqlite', 'mongodb')).rejects.toThrow('a Parley process at 127.0.0.1 is connected');
    await other.close();
    const there = await moved('sqlite', 'mongodb');
    expect(there).toMatchObject({ ok: true, incarnation: before['incarnation'] });
    expect((there['tables'] as { table: string; rows: number }[]).find((t) => t.table === 'messages')!.rows).toBeGreaterThan(1_000);
    await expect(start(false)).rejects.toThrow(StoreMovedError);

    app = await start(true);
    expect(await seen(app, token)).toEqual(before);
    const channel = (before['channels'] as { channel_id: string; channel: { name: string } }[]).find((c) => c.channel.name === 'general')!.channel_id;
    expect((await callServer(app.url, 'POST', 'send_message', { token, body: { channel_id: channel, content: 'from the other side', client_msg_id: 'there' } })).status).toBe(201);
    const after = await seen(app, token);
    await app.stop();

    await moved('mongodb', 'sqlite', { replace: true });
    await expect(start(true)).rejects.toThrow(StoreMovedError);
    app = await start(false);
    expect(await seen(app, token)).toEqual(after);
    await app.stop();
  });
});
