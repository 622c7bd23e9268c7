import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Message } from '@parley/shared/protocol/entities';
import { callServer, startServerProcess, type ServerProcess } from './server-process.ts';

interface Sent {
  channel_id: string;
  client_msg_id: string;
  /** As acknowledged; null while nobody knows. */
  ack: { message_id: string; seq: number; rev: number } | null;
}
interface SignedIn {
  token: string;
  workspace: { id: string };
}

const SENDERS = 16;
const CHANNELS = 3;
const person = { workspace_name: 'Acme', username: 'olivia', display_name: 'Olivia', email: 'olivia@example.org', password: 'long enough' };

let data: string;
let server: ServerProcess;
beforeEach(async () => {
  data = await mkdtemp(`${tmpdir()}/parley-kill-`);
  server = await startServerProcess(data);
});
afterEach(async () => {
  server.kill('SIGKILL');
  await server.ended;
  await rm(data, { recursive: true });
});

async function send(url: string, token: string, sent: Sent): Promise<number> {
  const { status, body } = await callServer<NonNullable<Sent['ack']>>(url, 'POST', 'send_message', { token, body: { channel_id: sent.channel_id, client_msg_id: sent.client_msg_id, content: `text of ${sent.client_msg_id}` } });
  if (status !== 200 && status !== 201) throw new Error(`${status} ${JSON.stringify(body)}`);
  const ack = { message_id: body.message_id, seq: body.seq, rev: body.rev };
  if (sent.ack) expect(ack).toEqual(sent.ack);
  sent.ack = ack;
  return status;
}

/** Sends from all senders until the server is gone, which is done to it after `acks` acknowledgements. */
async function burst(token: string, channels: string[], all: Sent[], acks: number, end: () => void): Promise<void> {
  let left = acks;
  await Promise.all(
    Array.from({ length: SENDERS }, async (_, sender) => {
      for (let n = 0; ; n++) {
        const sent: Sent = { channel_id: channels[(sender + n) % channels.length]!, client_msg_id: `${all.length}-${sender}-${n}`, ack: null };
        all.push(sent);
        try {
          await send(server.url, token, sent);
        } catch {
          // The connection broke: nobody knows whether the server has it. That is what the retry is for.
          return;
        }
        if (--left === 0) end();
      }
    }),
  );
}

async function historyOf(token: string, channel_id: string): Promise<Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const after = messages[messages.length - 1]?.seq ?? 0;
    const { body } = await callServer<{ messages: Message[]; has_more_after: boolean }>(server.url, 'GET', 'messages', { token, query: { channel_id, after_seq: String(after), page_size: '200' } });
    messages.push(...body.messages);
    if (!body.has_more_after) return messages;
  }
}

async function setUp(): Promise<{ token: string; channels: string[] }> {
  const { body } = await callServer<SignedIn>(server.url, 'POST', 'set_up', { body: person });
  const channels: string[] = [];
  for (let i = 0; i < CHANNELS; i++) {
    const made = await callServer<{ id: string }>(server.url, 'POST', 'create_channel', { token: body.token, body: { workspace_id: body.workspace.id, name: `room-${i}` } });
    channels.push(made.body.id);
  }
  return { token: body.token, channels };
}

it('a process killed in the middle of a burst has every acknowledged message, and each retried one once', async () => {
  const { token, channels } = await setUp();
  const before = new Map<string, number>();
  for (const id of channels) before.set(id, (await historyOf(token, id)).length);
  const all: Sent[] = [];
  for (const acks of [150, 40, 311]) {
    await burst(token, channels, all, acks, () => server.kill('SIGKILL'));
    expect((await server.ended).signal).toBe('SIGKILL');
    server = await startServerProcess(data);
    // Acknowledged ones first, untouched by any retry: they have to be there already.
    for (const id of channels) {
      const there = new Set((await historyOf(token, id)).map((m) => m.client_msg_id));
      for (const sent of all) if (sent.channel_id === id && sent.ack) expect(there).toContain(sent.client_msg_id);
    }
    const unknown = all.filter((sent) => sent.ack === null).length;
    const statuses = await Promise.all(all.map((sent) => send(server.url, token, sent)));
    expect(statuses.filter((status) => status === 201).length).toBeLessThanOrEqual(unknown);
  }
  for (const id of channels) {
    const messages = await historyOf(token, id);
    expect(messages.map((m) => m.seq)).toEqual(messages.map((_, i) => i + 1));
    const own = messages.filter((m) => m.kind === 'text');
    const expected = all.filter((sent) => sent.channel_id === id);
    expect(own.map((m) => m.client_msg_id).sort()).toEqual(expected.map((sent) => sent.client_msg_id).sort());
    for (const sent of expected) expect(own.find((m) => m.client_msg_id === sent.client_msg_id)).toMatchObject({ id: sent.ack!.message_id, seq: sent.ack!.seq, content: `text of ${sent.client_msg_id}` });
    expect(messages.length).toBe(expected.length + before.get(id)!);
  }
});

it('SIGTERM closes sockets with 1012, finishes what was begun and ends in time', async () => {
  const { token, channels } = await setUp();
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/api/v1/connect`);
  const welcomed = new Promise<void>((resolve) => socket.on('message', (frame: Buffer) => {
    if ((JSON.parse(frame.toString()) as { type: string }).type === 'welcome') resolve();
  }));
  socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token, cursors: {} })));
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  await welcomed;
  const all: Sent[] = [];
  let told = 0;
  await burst(token, channels, all, 60, () => {
    told = Date.now();
    server.kill('SIGTERM');
  });
  expect(await server.ended).toEqual({ code: 0, signal: null });
  expect(Date.now() - told).toBeLessThan(10_000);
  expect(await closed).toBe(1012);
  server = await startServerProcess(data);
  for (const id of channels) {
    const there = new Set((await historyOf(token, id)).map((m) => m.client_msg_id));
    for (const sent of all) if (sent.channel_id === id && sent.ack) expect(there).toContain(sent.client_msg_id);
  }
});

it('a second process on the same data directory is refused, and the first goes on', async () => {
  await expect(startServerProcess(data)).rejects.toThrow(/another Parley process uses/);
  expect((await callServer<{ set_up: boolean }>(server.url, 'GET', 'server')).body.set_up).toBe(false);
});

it('a bad environment stops the boot with every problem', async () => {
  await expect(startServerProcess(`${data}-2`, { PARLEY_LARGE_CHANNEL: 'many', PARLEY_RATE_LIMITS: 'maybe' })).rejects.toThrow(/PARLEY_LARGE_CHANNEL[\s\S]*PARLEY_RATE_LIMITS|PARLEY_RATE_LIMITS[\s\S]*PARLEY_LARGE_CHANNEL/);
});
