import { once } from 'node:events';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_PREFIX } from '@parley/shared/protocol/version';
import { Cluster } from './cluster.ts';
import type { SignedIn } from './device.ts';
import { hasCommands } from './commands.ts';
import { brokenInvariants } from './invariants.ts';
import { until } from './until.ts';
import { ClusterWorld } from './world.ts';

const SLOW = 500;
/** 10,000 on a large machine; both ends of each socket run on these cores. */
const CROWD = 2_000;
const EACH = 50;
/** In which everybody is back and knows what was said meanwhile; the run fails beyond twice that, since machines differ (figures: docs/benchmarks.md). */
const BACK_MS = 10_000;

/** A socket that speaks just enough: it is caught up when it knows where the channel stands, and comes back when it is lost. */
class Member {
  socket: WebSocket | null = null;
  known = 0;
  connected = false;
  readonly closes: number[] = [];
  #gone = false;

  constructor(private readonly address: () => string, private readonly person: SignedIn, private readonly stream: string) {}

  connect(): void {
    if (this.#gone) return;
    const socket = new WebSocket(`${this.address().replace(/^http/, 'ws')}${API_PREFIX}/connect`);
    this.socket = socket;
    socket.on('error', () => undefined); // `close` says it.
    socket.on('open', () => socket.send(JSON.stringify({ type: 'hello', token: this.person.token, cursors: {} })));
    socket.on('close', (code) => {
      this.connected = false;
      this.closes.push(code);
      // As clients do: spread over a second.
      setTimeout(() => this.connect(), 100 + Math.random() * 900);
    });
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as { type: string; stream?: string; rev?: number; head_rev?: number; streams?: Record<string, [number, number]> };
      if (frame.type === 'heads') this.connected = true;
      const rev = frame.type === 'heads' ? frame.streams?.[this.stream]?.[0] : frame.stream === this.stream ? (frame.rev ?? frame.head_rev) : undefined;
      if (rev !== undefined) this.known = Math.max(this.known, rev);
    });
  }

  /** Takes nothing more of what the server sends. */
  stall(): void {
    this.socket?.pause();
  }

  end(): void {
    this.#gone = true;
    this.socket?.terminate();
  }
}

describe.skipIf(!hasCommands('mongod', 'redis', 'nginx'))('many sockets', () => {
  let cluster: Cluster;
  let world: ClusterWorld;
  const crowd: Member[] = [];
  beforeAll(async () => {
    cluster = await Cluster.start({ env: { PARLEY_RATE_LIMITS: 'off' } });
    world = await ClusterWorld.make(cluster, { people: Array.from({ length: CROWD / EACH - 1 }, (_, i) => `person${i}`), devicesEach: 0 });
  }, 180_000);
  afterAll(async () => {
    for (const member of crowd) member.end();
    await world?.close();
    await cluster?.kill();
  });
  const stream = (): string => `channel:${world.channels[0]!}`;
  const join = async (count: number): Promise<Member[]> => {
    const members = Array.from({ length: count }, (_, i) => new Member(() => cluster.url, world.people[i % world.people.length]!, stream()));
    crowd.push(...members);
    for (let i = 0; i < members.length; i += 100) {
      for (const member of members.slice(i, i + 100)) member.connect();
      await until(() => members.slice(0, i + 100).every((m) => m.connected), { ms: 60_000, what: () => `connected: ${members.filter((m) => m.connected).length}` });
    }
    return members;
  };
  const leave = async (): Promise<void> => {
    const closing = crowd.filter((m) => m.socket?.readyState === WebSocket.OPEN).map((m) => once(m.socket!, 'close'));
    for (const member of crowd.splice(0)) member.end();
    await Promise.all(closing);
  };
  const residentMb = async (name: string): Promise<number> => {
    const text = await (await fetch(`${cluster.process(name).url}/metrics`)).text();
    return Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1_048_576;
  };

  it(`${SLOW} readers that take nothing cost a bounded memory, are let go, and nobody else notices`, async () => {
    const slow = await join(SLOW);
    const watcher = new Member(() => cluster.url, world.people[0]!, stream());
    crowd.push(watcher);
    watcher.connect();
    await until(() => watcher.connected, { ms: 10_000, what: () => 'the watcher is there' });
    const before = await Promise.all(['gateway-1', 'gateway-2'].map(residentMb));
    for (const member of slow) member.stall();
    const load = world.load({ rate: 80, channels: [world.channels[0]!] });
    await load.more(400);
    await load.stop();
    const head = Math.max(...world.ledger.acknowledged.map((s) => s.ack!.rev));
    await until(() => watcher.known >= head, { ms: 5_000, what: () => `the watcher knows ${watcher.known} of ${head}` });
    const after = await Promise.all(['gateway-1', 'gateway-2'].map(residentMb));
    // 500 sockets of at most 1 MiB or 256 frames each, of which each gateway has half; frames are shared.
    for (const [i, mb] of after.entries()) expect(mb - before[i]!).toBeLessThan(300);
    expect(watcher.closes).toEqual([]);
    await leave();
    expect(await brokenInvariants(world)).toEqual([]);
  });

  it(`a gateway killed with half of ${CROWD} sockets: all are back in ${BACK_MS / 1_000} s, and know what was said meanwhile`, async () => {
    const members = await join(CROWD);
    const victim = cluster.process('gateway-1');
    const began = performance.now();
    await victim.part.kill();
    const lost = members.filter((m) => !m.connected).length;
    const { rev } = await world.say('said while they are away');
    await until(() => members.every((m) => m.connected && m.known >= rev), { ms: 60_000, what: () => `back: ${members.filter((m) => m.connected).length}, caught up: ${members.filter((m) => m.known >= rev).length}` });
    const took = performance.now() - began;
    console.log(`${members.filter((m) => m.closes.length > 0).length} of ${CROWD} sockets lost their gateway (${lost} at once) and were caught up in ${Math.round(took)} ms`);
    expect(took).toBeLessThan(2 * BACK_MS);
    await victim.part.start();
  });

  it(`all ${CROWD} at once, after nginx was killed: caught up in ${BACK_MS / 1_000} s`, async () => {
    const members = crowd;
    await cluster.nginx.kill();
    const { rev } = await world.say('said while nobody is there', cluster.process('gateway-2').url);
    await cluster.nginx.start();
    const began = performance.now();
    await until(() => members.every((m) => m.connected && m.known >= rev), { ms: 60_000, what: () => `back: ${members.filter((m) => m.connected).length}, caught up: ${members.filter((m) => m.known >= rev).length}` });
    const took = performance.now() - began;
    console.log(`${CROWD} sockets reconnected and were caught up in ${Math.round(took)} ms`);
    expect(took).toBeLessThan(2 * BACK_MS);
    expect(await brokenInvariants(world)).toEqual([]);
  });
});
