import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import { channelStream, userStream } from '@parley/shared/domain/streams';
import { ask, startClients } from './fanout.ts';
import { messageDoc } from './fanout.child.commands.ts';
import { CONTENT, openWorld } from './fanout.child.world.ts';

/** From the moment all sockets are cut to the moment each has what it missed, by its delta. */
export interface ReconnectFigures {
  clients: number;
  missed: number;
  all_back_ms: number;
  half_back_ms: number;
  server_cpu_ms: number;
  /** The same by nothing but `ws`, which answers each hello with frames of the same size out of memory, asking nobody's rights. */
  bare_ms: number;
  bare_cpu_ms: number;
}

const CLIENTS = 2_000;
const MISSED = 5;
const ROUNDS = 4;

export async function run(args: string[] = []): Promise<{ name: 'reconnect'; figures: ReconnectFigures[] }> {
  const count = Number(args[0] ?? CLIENTS);
  const bare = await bareReconnect(count);
  const world = await openWorld({ people: count, store: 'sqlite' });
  const child = await startClients();
  const stream = channelStream(world.channelId);
  const hellos = (rev: number) => world.people.map(({ id, token }) => JSON.stringify({ type: 'hello', token, cursors: { [stream]: rev, [userStream(id)]: 1 }, looking_at: [world.channelId] }));
  await ask(child, { kind: 'connect', port: world.port, hellos: hellos(1), count }, 'connected');
  const figures: ReconnectFigures[] = [];
  let rev = 1;
  for (let round = 0; round < ROUNDS; round++) {
    const before = rev;
    for (let i = 0; i < MISSED; i++) await world.post();
    rev += MISSED;
    const cpu = process.cpuUsage();
    const back = await ask<{ ms: number; median: number; missing: number }>(child, { kind: 'reconnect', port: world.port, hellos: hellos(before), entities: MISSED }, 'back');
    const spent = process.cpuUsage(cpu);
    if (back.missing > 0) throw new Error(`${back.missing} clients lack messages`);
    figures.push({ clients: count, missed: MISSED, all_back_ms: Math.round(back.ms), half_back_ms: Math.round(back.median), server_cpu_ms: Math.round((spent.user + spent.system) / 1_000), ...bare[round]! });
  }
  console.table(figures);
  child.disconnect();
  await world.close();
  return { name: 'reconnect', figures };
}

async function bareReconnect(count: number): Promise<{ bare_ms: number; bare_cpu_ms: number }[]> {
  const id = '00000000-0000-7000-8000-000000000001';
  const entities = Array.from({ length: MISSED }, (_, i) => ({ type: 'message', ...messageDoc({ channel_id: id, author_id: id, id, content: CONTENT, rev: i, seq: i }) }));
  const frames = [{ type: 'welcome', connection_id: id, user_id: id, server_time: '', incarnation: id }, { type: 'heads', streams: { [`user:${id}`]: [1, 0], [`channel:${id}`]: [1, 1] } }, { type: 'delta', stream: `user:${id}`, entities: [] }, { type: 'delta', stream: `channel:${id}`, from: 1, to: 6, head: 6, entities }].map((f) => JSON.stringify(f));
  const server = createServer();
  const wss = new WebSocketServer({ server, perMessageDeflate: false });
  wss.on('connection', (socket: WebSocket) => socket.on('message', () => frames.forEach((frame) => socket.send(frame))));
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const child = await startClients();
  const hellos = Array.from({ length: count }, () => JSON.stringify({ type: 'hello', token: 'x'.repeat(120), cursors: { [`channel:${id}`]: 1, [`user:${id}`]: 1 }, looking_at: [id] }));
  await ask(child, { kind: 'connect', port, hellos, count }, 'connected');
  const rounds: { bare_ms: number; bare_cpu_ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const cpu = process.cpuUsage();
    const back = await ask<{ ms: number }>(child, { kind: 'reconnect', port, hellos, entities: MISSED }, 'back');
    const spent = process.cpuUsage(cpu);
    rounds.push({ bare_ms: Math.round(back.ms), bare_cpu_ms: Math.round((spent.user + spent.system) / 1_000) });
  }
  child.disconnect();
  for (const socket of wss.clients as Set<WebSocket>) socket.terminate();
  wss.close();
  server.close();
  return rounds;
}
