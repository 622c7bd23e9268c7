import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { callServer, startServerProcess, type ServerProcess } from '../testing/server-process.ts';

type Frame = { type: string } & Record<string, unknown>;
interface Live extends Frame { stream: string; from: number; rev: number; entities: { type: string; content?: string; user_id?: string }[] }

const cleanUp: (() => void | Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function server(data?: string): Promise<{ process: ServerProcess; data: string }> {
  const directory = data ?? mkdtempSync(join(tmpdir(), 'parley-live-'));
  if (data === undefined) cleanUp.push(() => rmSync(directory, { recursive: true, force: true }));
  const process = await startServerProcess(directory);
  cleanUp.push(() => {
    process.kill('SIGKILL');
    return process.ended;
  });
  return { process, data: directory };
}

/** A client that keeps every frame and waits for one. */
class Client {
  readonly frames: Frame[] = [];
  readonly closed: Promise<number>;
  #waiting: (() => void)[] = [];

  constructor(readonly socket: WebSocket) {
    this.closed = new Promise((resolve) => socket.once('close', (code) => resolve(code)));
    socket.on('message', (data) => {
      this.frames.push(JSON.parse((data as Buffer).toString()) as Frame);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async frame<F extends Frame>(test: (frame: F) => boolean): Promise<F> {
    for (;;) {
      const found = this.frames.find((f) => test(f as F));
      if (found) return found as F;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

async function connect(url: string, token: string, cursors: Record<string, number> = {}): Promise<Client> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/api/v1/connect`);
  const client = new Client(socket);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'hello', token, cursors }));
  await client.frame((f) => f.type === 'heads');
  return client;
}

const says = (content: string) => (f: Live) => f.type === 'live' && f.entities.some((e) => e.content === content);

it('a running server: what one sends both sockets get live, revoking closes with 4003, SIGTERM closes with 1012', async () => {
  const { process, data } = await server();
  const { url } = process;
  const password = 'correct horse battery';
  const setUp = await callServer<{ token: string; user: { id: string }; workspace: { id: string } }>(url, 'POST', 'set_up', { body: { workspace_name: 'W', username: 'ada', display_name: 'Ada', email: 'ada@example.org', password } });
  expect(setUp.status).toBe(201);
  const { token, workspace } = setUp.body;
  await callServer(url, 'POST', 'create_user', { token, body: { workspace_id: workspace.id, username: 'bob', display_name: 'Bob', email: 'bob@example.org', password } });
  const bob = await callServer<{ token: string; device_id: string }>(url, 'POST', 'sign_in', { body: { login: 'bob', password } });
  const second = await callServer<{ token: string; device_id: string }>(url, 'POST', 'sign_in', { body: { login: 'bob', password } });
  const channel = await callServer<{ id: string }>(url, 'POST', 'create_channel', { token, body: { workspace_id: workspace.id, name: 'live' } });
  const [one, two, revoked] = await Promise.all([connect(url, token), connect(url, bob.body.token), connect(url, second.body.token)]);

  // Bob joins while connected: the channel is named in heads after his membership, then it is live.
  await callServer(url, 'POST', 'join_channel', { token: bob.body.token, body: { channel_id: channel.body.id } });
  await two.frame<Frame & { streams: Record<string, unknown> }>((f) => f.type === 'heads' && `channel:${channel.body.id}` in f.streams);
  const sent = await callServer<{ rev: number }>(url, 'POST', 'send_message', { token, body: { channel_id: channel.body.id, content: 'hello both', client_msg_id: 'm1' } });
  const frames = await Promise.all([one.frame(says('hello both')), two.frame(says('hello both'))]);
  expect(frames.map((f) => f.rev)).toEqual([sent.body.rev, sent.body.rev]);

  const started = performance.now();
  await callServer(url, 'POST', 'revoke_device', { token: bob.body.token, body: { device_id: second.body.device_id } });
  expect(await revoked.closed).toBe(4003);
  expect(performance.now() - started).toBeLessThan(1_000);

  process.kill('SIGTERM');
  expect(await Promise.all([one.closed, two.closed])).toEqual([1012, 1012]);
  expect(one.frames.at(-1)).toMatchObject({ type: 'bye', code: 1012 });
  expect(await process.ended).toMatchObject({ code: 0 });

  // What is sent after the restart comes live again, and the device catches up from its cursor.
  const again = await server(data);
  await callServer(again.process.url, 'POST', 'send_message', { token, body: { channel_id: channel.body.id, content: 'while away', client_msg_id: 'm2' } });
  const back = await connect(again.process.url, bob.body.token, { [`channel:${channel.body.id}`]: sent.body.rev });
  await back.frame<Frame & { stream: string }>((f) => f.type === 'head' && f.stream === `channel:${channel.body.id}`);
  await callServer(again.process.url, 'POST', 'send_message', { token, body: { channel_id: channel.body.id, content: 'live again', client_msg_id: 'm3' } });
  await back.frame(says('live again'));
});

it('a server killed without warning is live again at once: its lease does not keep the next one waiting', async () => {
  const { process, data } = await server();
  const setUp = await callServer<{ token: string; workspace: { id: string } }>(process.url, 'POST', 'set_up', { body: { workspace_name: 'W', username: 'ada', display_name: 'Ada', email: 'ada@example.org', password: 'correct horse battery' } });
  const { token, workspace } = setUp.body;
  const channel = await callServer<{ id: string }>(process.url, 'POST', 'create_channel', { token, body: { workspace_id: workspace.id, name: 'live' } });
  process.kill('SIGKILL');
  await process.ended;
  const next = await server(data);
  const client = await connect(next.process.url, token);
  const started = performance.now();
  await callServer(next.process.url, 'POST', 'send_message', { token, body: { channel_id: channel.body.id, content: 'after the kill', client_msg_id: 'm1' } });
  await client.frame(says('after the kill'));
  expect(performance.now() - started).toBeLessThan(2_000);
});
