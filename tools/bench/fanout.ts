import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Order } from './fanout.child.clients.ts';
import { messageDoc } from './fanout.child.commands.ts';
import { CONTENT, openWorld } from './fanout.child.world.ts';

/** Deliveries a second of committed messages to sockets, beside a broadcast by nothing but `ws`. */
export interface FanoutFigures {
  sockets: number;
  /** Messages that wait together for each socket. */
  together: number;
  own_per_s: number;
  bare_per_s: number;
  ratio: number;
  /** The server's processor time for one delivery. */
  own_cpu_us: number;
  bare_cpu_us: number;
  cpu_ratio: number;
}

/** Messages under way at most. */
const WINDOW = 128;

export async function run(args: string[] = []): Promise<{ name: 'fanout'; figures: FanoutFigures[] }> {
  const deliveries = Number(args[0] ?? 400_000);
  const figures: FanoutFigures[] = [];
  for (const sockets of [100, 1_000]) {
    for (const together of [1, 16]) {
      const messages = Math.max(256, Math.ceil(deliveries / sockets / 64) * 64);
      const bare = await bareFanout(sockets, messages, together);
      const own = await ownFanout(sockets, messages, together);
      figures.push({
        sockets, together, own_per_s: Math.round(own.rate), bare_per_s: Math.round(bare.rate), ratio: round(own.rate / bare.rate),
        own_cpu_us: round(own.cpu), bare_cpu_us: round(bare.cpu), cpu_ratio: round(bare.cpu / own.cpu),
      });
    }
  }
  console.table(figures);
  return { name: 'fanout', figures };
}

const round = (n: number): number => Number(n.toFixed(2));

export async function startClients(): Promise<ChildProcess> {
  const child = fork(new URL('./fanout.child.clients.ts', import.meta.url), { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
  await reply(child, 'up');
  return child;
}

export async function ask<T>(child: ChildProcess, order: Order, kind: string): Promise<T> {
  const answer = reply<T>(child, kind);
  child.send(order);
  return answer;
}

export function reply<T>(child: ChildProcess, kind: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const listen = (message: { kind: string }) => {
      if (message.kind !== kind) return;
      child.off('message', listen);
      child.off('exit', died);
      resolve(message as T);
    };
    const died = () => reject(new Error('the clients died'));
    child.on('message', listen);
    child.on('exit', died);
  });
}

async function ownFanout(sockets: number, messages: number, together: number): Promise<{ rate: number; cpu: number }> {
  const world = await openWorld({ people: sockets, store: 'memory' });
  const child = await startClients();
  const hellos = world.people.map(({ token }) => JSON.stringify({ type: 'hello', token, cursors: {} }));
  await ask(child, { kind: 'connect', port: world.port, hellos, count: sockets }, 'connected');
  const result = await measure(child, sockets, messages, together, (n) => world.publish(n));
  child.disconnect();
  await world.close();
  return result;
}

async function bareFanout(sockets: number, messages: number, together: number): Promise<{ rate: number; cpu: number }> {
  const server = createServer();
  const wss = new WebSocketServer({ server, perMessageDeflate: false });
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  const child = await startClients();
  await ask(child, { kind: 'connect', port: (server.address() as AddressInfo).port, hellos: null, count: sockets }, 'connected');
  const id = '00000000-0000-7000-8000-000000000001';
  let rev = 0;
  const result = await measure(child, sockets, messages, together, async (n) => {
    for (let i = 0; i < n; i++) {
      rev++;
      const frame = JSON.stringify({ type: 'live', stream: `channel:${id}`, from: rev - 1, rev, entities: [{ type: 'message', ...messageDoc({ channel_id: id, author_id: id, id, content: CONTENT, rev, seq: rev }) }] });
      for (const socket of wss.clients as Set<WebSocket>) socket.send(frame);
    }
  });
  child.disconnect();
  for (const socket of wss.clients as Set<WebSocket>) socket.terminate();
  wss.close();
  server.close();
  return result;
}

/** `send(n)` gives `n` messages to all sockets; a turn of the event loop lies between. */
async function measure(child: ChildProcess, sockets: number, messages: number, together: number, send: (n: number) => Promise<void>): Promise<{ rate: number; cpu: number }> {
  const once = async (count: number): Promise<{ seconds: number; cpu: number }> => {
    await ask(child, { kind: 'expect', total: count, step: 16 }, 'expecting');
    let done = 0;
    let wake: () => void = () => {};
    const progress = (message: { kind: string; messages?: number }) => {
      if (message.kind !== 'progress') return;
      done = message.messages!;
      wake();
    };
    child.on('message', progress);
    const finished = reply<{ uneven: number }>(child, 'received');
    const cpu = process.cpuUsage();
    const started = performance.now();
    for (let sent = 0; sent < count; sent += together) {
      while (sent - done >= WINDOW) await new Promise<void>((resolve) => (wake = resolve));
      await send(together);
      await turn();
    }
    const { uneven } = await finished;
    const seconds = (performance.now() - started) / 1_000;
    const spent = process.cpuUsage(cpu);
    child.off('message', progress);
    if (uneven > 0) throw new Error(`${uneven} sockets lost frames or had too many`);
    return { seconds, cpu: spent.user + spent.system };
  };
  await once(Math.max(together * 4, Math.ceil(messages / 8 / together) * together));
  const { seconds, cpu } = await once(messages);
  return { rate: (messages * sockets) / seconds, cpu: cpu / (messages * sockets) };
}
