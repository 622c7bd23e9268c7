import { randomUUID } from 'node:crypto';
import { truncateSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup } from '../cli/backup.ts';
import { output } from '../cli/output.ts';
import { restore, restored } from '../cli/restore.ts';
import { hasMongod, startMongod } from '../storage/mongodb/testing.mongod.ts';
import { ClusterDevice } from '../testing/cluster/device.ts';
import { until } from '../testing/cluster/until.ts';
import { callServer, startServerProcess, type ServerProcess } from '../testing/server-process.ts';

interface Message { id: string; seq: number; content: string; client_msg_id: string }
interface Session { token: string; device_id: string; user: { id: string }; workspace: { id: string } }

describe('backup and restore', () => {
  let home: string;
  const servers: ServerProcess[] = [];
  beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), 'parley-backup-'))));
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.kill('SIGKILL');
      await server.ended;
    }
    await rm(home, { recursive: true, force: true });
  });

  const start = async (data: string, env: Record<string, string> = {}): Promise<ServerProcess> => {
    const server = await startServerProcess(data, env);
    servers.push(server);
    return server;
  };
  const stop = async (server: ServerProcess): Promise<void> => {
    server.kill('SIGTERM');
    await server.ended;
  };
  const said = async (work: (out: ReturnType<typeof output>) => Promise<unknown>): Promise<Record<string, unknown>> => {
    let text = '';
    await work(output(true, (part) => (text += part)));
    return JSON.parse(text) as Record<string, unknown>;
  };
  const env = (data: string, more: Record<string, string> = {}) => ({ PARLEY_DATA: data, ...more });
  const setUp = async (server: ServerProcess): Promise<{ session: Session; channelId: string }> => {
    const { body: session } = await callServer<Session>(server.url, 'POST', 'set_up', { body: { workspace_name: 'Acme', username: 'ada', display_name: 'Ada', email: 'ada@example.org', password: 'long enough' } });
    const { body: channel } = await callServer<{ id: string }>(server.url, 'POST', 'create_channel', { token: session.token, body: { workspace_id: session.workspace.id, name: 'lounge' } });
    return { session, channelId: channel.id };
  };
  const send = (server: ServerProcess, token: string, channelId: string, content: string, clientMsgId: string = randomUUID()) =>
    callServer<{ message_id: string; seq: number }>(server.url, 'POST', 'send_message', { token, body: { channel_id: channelId, content, client_msg_id: clientMsgId } });
  const history = async (server: ServerProcess, token: string, channelId: string): Promise<Message[]> => {
    const all: Message[] = [];
    for (;;) {
      const { body } = await callServer<{ messages: Message[]; has_more_after: boolean }>(server.url, 'GET', 'messages', { token, query: { channel_id: channelId, after_seq: String(all.at(-1)?.seq ?? 0), page_size: '200' } });
      all.push(...body.messages);
      if (!body.has_more_after) return all;
    }
  };

  it('a backup taken under load restores what was acknowledged before it, whole, with files, and clients with newer cursors follow', async () => {
    const data = join(home, 'one');
    const server = await start(data);
    const { session, channelId } = await setUp(server);
    const picture = Buffer.from('not a picture, but bytes');
    const uploaded = (await (await fetch(`${server.url}/api/v1/files?name=notes.txt`, { method: 'POST', body: picture, headers: { authorization: `Bearer ${session.token}`, 'content-type': 'text/plain' } })).json()) as { id: string };
    await callServer(server.url, 'POST', 'send_message', { token: session.token, body: { channel_id: channelId, content: 'with a file', client_msg_id: randomUUID(), file_ids: [uploaded.id] } });
    let address = server.url;
    const device = new ClusterDevice('desk', { id: session.user.id, username: 'ada', token: session.token, device_id: session.device_id }, () => address);
    await device.start();
    const shown = (): string[] => device.look(channelId).get().messages.map((m) => m.message.content);

    let going = true;
    const acknowledged: { seq: number; content: string; at: number }[] = [];
    const senders = Array.from({ length: 4 }, async (_, s) => {
      for (let n = 0; going; n++) {
        const content = `${s}-${n}`;
        const { body } = await send(server, session.token, channelId, content);
        acknowledged.push({ seq: body.seq, content, at: acknowledged.length });
      }
    });
    await until(() => acknowledged.length > 200, { ms: 20_000, what: () => 'sends are under way' });
    const before = acknowledged.length;
    const file = join(home, 'parley.zip');
    const made = await said((out) => backup(out, file, { env: env(data), json: true }));
    await until(() => acknowledged.length > before + 20, { ms: 20_000, what: () => 'sends go on' });
    going = false;
    await Promise.all(senders);
    await until(() => shown().includes(acknowledged.at(-1)!.content), { ms: 20_000, what: () => 'the device shows the last one' });
    await stop(server);
    expect(made['files']).toBe(1);

    const again = join(home, 'two');
    expect(await said((out) => restore(out, file, { env: env(again), json: true }))).toMatchObject({ ok: true, files: 1, missing: [] });
    const restored = await start(again);
    const messages = await history(restored, session.token, channelId);
    expect(messages.map((m) => m.seq)).toEqual(messages.map((_, i) => i + 1));
    const contents = new Map(messages.map((m) => [m.seq, m.content]));
    for (const sent of acknowledged.slice(0, before)) expect(contents.get(sent.seq), `seq ${sent.seq}`).toBe(sent.content);
    const [a, b] = [await callServer<{ incarnation: string }>(restored.url, 'GET', 'server'), made['incarnation']];
    expect(a.body.incarnation).not.toBe(b);
    const bytes = await fetch(`${restored.url}/api/v1/files/${uploaded.id}`, { headers: { authorization: `Bearer ${session.token}` } });
    expect([bytes.status, Buffer.from(await bytes.arrayBuffer()).equals(picture)]).toEqual([200, true]);
    expect(await readFile(join(again, 'server.key'))).toEqual(await readFile(join(data, 'server.key')));

    // The device knows what the backup does not; it forgets that, and what it says next is there once.
    address = restored.url;
    device.cut();
    await device.engine!.send({ channelId, content: 'after the restore' });
    await until(() => shown().includes('after the restore') && shown().every((content) => content === 'after the restore' || messages.some((m) => m.content === content)), { ms: 30_000, what: () => `the device follows: ${shown().slice(-5).join(' | ')}` });
    const now = await history(restored, session.token, channelId);
    expect(now.filter((m) => m.content === 'after the restore')).toHaveLength(1);
    expect(device.shownWrong).toEqual([]);
    await device.stop();
  }, 120_000);

  it.skipIf(!hasMongod())('a backup of the embedded store restores into MongoDB, and one of MongoDB into the embedded store', async () => {
    const mongod = await startMongod();
    try {
      const data = join(home, 'one');
      const server = await start(data);
      const { session, channelId } = await setUp(server);
      for (let i = 0; i < 5; i++) await send(server, session.token, channelId, `hello ${i}`);
      const first = join(home, 'first.zip');
      await said((out) => backup(out, first, { env: env(data), json: true }));
      const before = await history(server, session.token, channelId);
      await stop(server);

      const other = join(home, 'two');
      const mongo = { PARLEY_MONGODB_URL: mongod.url('restored') };
      expect(await said((out) => restore(out, first, { env: env(other, mongo), json: true }))).toMatchObject({ ok: true });
      const two = await start(other, mongo);
      expect(await history(two, session.token, channelId)).toEqual(before);
      await send(two, session.token, channelId, 'on MongoDB');
      const second = join(home, 'second.zip');
      await said((out) => backup(out, second, { env: env(other, mongo), json: true }));
      await stop(two);

      const third = join(home, 'three');
      expect(await said((out) => restore(out, second, { env: env(third), json: true }))).toMatchObject({ ok: true });
      const three = await start(third);
      expect((await history(three, session.token, channelId)).map((m) => m.content)).toEqual([...before.map((m) => m.content), 'on MongoDB']);
    } finally {
      await mongod.stop();
    }
  }, 120_000);

  it('refuses what is cut short, damaged or no backup, a target that holds anything, and to overwrite; a database restored otherwise is told so', async () => {
    const data = join(home, 'one');
    const server = await start(data);
    await setUp(server);
    const file = join(home, 'parley.zip');
    await said((out) => backup(out, file, { env: env(data), json: true }));
    await expect(said((out) => backup(out, file, { env: env(data), json: true }))).rejects.toThrow('is there already');
    await expect(said((out) => restore(out, file, { env: env(data), json: true }))).rejects.toThrow('Parley is running');
    await stop(server);
    await expect(said((out) => restore(out, file, { env: env(data), json: true }))).rejects.toThrow('the target is not empty');

    const cut = join(home, 'cut.zip');
    await writeFile(cut, await readFile(file));
    truncateSync(cut, statSync(cut).size - 100);
    await expect(said((out) => restore(out, cut, { env: env(join(home, 'two')), json: true }))).rejects.toThrow('is no whole backup');
    await writeFile(cut, 'hello');
    await expect(said((out) => restore(out, cut, { env: env(join(home, 'two')), json: true }))).rejects.toThrow('is no whole backup');
    const earlier = await said((out) => restored(out, { env: env(data), json: true }));
    const other = await start(data);
    expect((await callServer<{ incarnation: string }>(other.url, 'GET', 'server')).body.incarnation).toBe(earlier['incarnation']);
    // None of it was begun: the right file still goes in.
    expect(await said((out) => restore(out, file, { env: env(join(home, 'two')), json: true }))).toMatchObject({ ok: true });
  }, 120_000);
});
