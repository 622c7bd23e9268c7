import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import { ask, startClients } from './fanout.ts';
import { openWorld } from './fanout.child.world.ts';

/** What one more idle socket costs the server: the slope of its memory between 1,000 and 5,000 sockets. */
export interface IdleFigures {
  own_kib: number;
  own_heap_kib: number;
  bare_kib: number;
  bare_heap_kib: number;
  ratio: number;
}

const FEW = 1_000;
const MANY = 5_000;

export async function run(args: string[] = []): Promise<{ name: 'idle'; figures: IdleFigures }> {
  // Each server in its own process would hide what the other left; here the bare one goes first and is gone before.
  const bare = args.includes('--own-only') ? { rss: Number.NaN, heap: Number.NaN } : await bareSlope();
  const own = await ownSlope();
  const figures = { own_kib: kib(own.rss), own_heap_kib: kib(own.heap), bare_kib: kib(bare.rss), bare_heap_kib: kib(bare.heap), ratio: Number((own.rss / bare.rss).toFixed(2)) };
  console.table([figures]);
  return { name: 'idle', figures };
}

const kib = (bytes: number): number => Number((bytes / 1_024).toFixed(1));

async function ownSlope(): Promise<{ rss: number; heap: number }> {
  const world = await openWorld({ people: MANY, store: 'sqlite' });
  const child = await startClients();
  const hellos = world.people.map(({ token }) => JSON.stringify({ type: 'hello', token, cursors: {} }));
  const slope = await measure(async (from, to) => void (await ask(child, { kind: 'connect', port: world.port, hellos: hellos.slice(from, to), count: to - from }, 'connected')));
  if (world.connections() !== MANY) throw new Error(`${MANY - world.connections()} sockets were lost`);
  child.disconnect();
  await world.close();
  return slope;
}

async function bareSlope(): Promise<{ rss: number; heap: number }> {
  const server = createServer();
  const wss = new WebSocketServer({ server, perMessageDeflate: false });
  server.listen(0, '127.0.0.1', 4_096);
  await once(server, 'listening');
  const child = await startClients();
  const slope = await measure(async (from, to) => void (await ask(child, { kind: 'connect', port: (server.address() as AddressInfo).port, hellos: null, count: to - from }, 'connected')));
  child.disconnect();
  for (const socket of wss.clients as Set<WebSocket>) socket.terminate();
  wss.close();
  server.close();
  await pause(1_000);
  return slope;
}

async function measure(connect: (from: number, to: number) => Promise<void>): Promise<{ rss: number; heap: number }> {
  await connect(0, FEW);
  const few = await settled();
  await connect(FEW, MANY);
  const many = await settled();
  return { rss: (many.rss - few.rss) / (MANY - FEW), heap: (many.heap - few.heap) / (MANY - FEW) };
}

/** After garbage is collected and freed pages went back. */
async function settled(): Promise<{ rss: number; heap: number }> {
  for (let i = 0; i < 5; i++) {
    (globalThis as { gc?: () => void }).gc?.();
    await pause(300);
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}
