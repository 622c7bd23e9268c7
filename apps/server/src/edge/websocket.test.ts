import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Clock } from '@parley/shared/domain/clock';
import { silentLogger } from '../platform/logger.ts';
import type { Gateway, SocketEvents, SocketLink } from '../realtime/link.ts';
import { encodeTextFrame, FrameEncoder } from './frame-encoder.ts';
import { attachWebSockets } from './websocket.ts';

interface Accepted { link: SocketLink; cookieToken: string | null; texts: string[]; gone: boolean }

const clock: Clock = {
  now: () => Date.now(),
  setTimer: (ms, task) => {
    const t = setTimeout(task, ms);
    return { cancel: () => clearTimeout(t) };
  },
};

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

async function serve(): Promise<{ url: string; accepted: Accepted[]; server: Server; next: () => Promise<Accepted> }> {
  const accepted: Accepted[] = [];
  const waiting: ((a: Accepted) => void)[] = [];
  const gateway: Gateway = {
    accept(link, peer): SocketEvents {
      const entry: Accepted = { link, cookieToken: peer.cookieToken, texts: [], gone: false };
      accepted.push(entry);
      waiting.shift()?.(entry);
      return { message: (text) => void entry.texts.push(text), closed: () => void (entry.gone = true) };
    },
    crowded: () => false,
    connections: () => accepted.length,
    drain: async () => {},
  };
  const server = createServer();
  const config = { origins: ['http://chat.example'], trustedProxies: [] };
  const attached = attachWebSockets(server, { config: config as never, logger: silentLogger, clock }, gateway);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  open.push(() => {
    attached.close();
    server.close();
  });
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, accepted, server, next: () => new Promise((resolve) => waiting.push(resolve)) };
}

const connect = (url: string, headers: Record<string, string> = {}) => new WebSocket(`${url}/api/v1/connect`, { headers });

describe('WebSocket carrier', () => {
  it('counts the session cookie only with an allowed Origin', async () => {
    const { url, next } = await serve();
    for (const [headers, token] of [
      [{ cookie: 'a=b; parley_session=tok', origin: 'http://chat.example' }, 'tok'],
      [{ cookie: 'parley_session=tok', origin: 'http://evil.example' }, null],
      [{ cookie: 'parley_session=tok' }, null],
      [{ origin: 'http://chat.example' }, null],
    ] as const) {
      const arrived = next();
      const socket = connect(url, headers);
      const opened = once(socket, 'open');
      expect((await arrived).cookieToken).toBe(token);
      await opened;
      socket.terminate();
    }
  });

  it('other paths are not found', async () => {
    const { url } = await serve();
    const socket = new WebSocket(`${url}/elsewhere`);
    socket.on('close', () => {});
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toContain('404');
  });

  it('sends frames of every length, alone and together, in order', async () => {
    const { url, next } = await serve();
    const arrived = next();
    const socket = connect(url);
    const got: string[] = [];
    socket.on('message', (data) => got.push((data as Buffer).toString()));
    await once(socket, 'open');
    const { link } = await arrived;
    const frames = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000].map((n) => 'ä'.repeat(Math.floor(n / 2)) + 'x'.repeat(n % 2));
    for (const frame of frames) link.send(frame);
    link.sendMany(frames);
    link.sendMany([]);
    link.send('last');
    while (got.at(-1) !== 'last') await once(socket, 'message');
    expect(got).toEqual([...frames, ...frames, 'last']);
  });

  it('hands texts to the gateway, takes binary for no frame, and says once that a socket is gone', async () => {
    const { url, next } = await serve();
    const arrived = next();
    const socket = connect(url);
    await once(socket, 'open');
    const entry = await arrived;
    socket.send('{"a":1}');
    socket.send(Buffer.from([1, 2]));
    socket.close(1000);
    await once(socket, 'close');
    while (!entry.gone) await new Promise((resolve) => setImmediate(resolve));
    expect(entry.texts).toEqual(['{"a":1}', '']);
    entry.link.send('nothing happens');
  });

  it('a message over 1 MiB closes with 1009', async () => {
    const { url } = await serve();
    const socket = connect(url);
    await once(socket, 'open');
    socket.send('x'.repeat(1_048_577));
    const [code] = (await once(socket, 'close')) as [number];
    expect(code).toBe(1009);
  });

  it('tells of a full buffer, and of its draining', async () => {
    const { url, next } = await serve();
    const arrived = next();
    const socket = connect(url);
    await once(socket, 'open');
    const { link } = await arrived;
    socket.pause();
    while (link.buffered() < 1_000_000) link.send('x'.repeat(100_000));
    let drained = false;
    link.whenBelow(65_536, () => (drained = true));
    expect(drained).toBe(false);
    socket.resume();
    while (!drained) await new Promise((resolve) => setImmediate(resolve));
    expect(link.buffered()).toBeLessThan(65_536);
  });

  it('the encoder makes one buffer for the same frames', () => {
    const encoder = new FrameEncoder();
    expect(encoder.one('a')).toBe(encoder.one('a'));
    expect(encoder.many(['a', 'b'])).toBe(encoder.many(['a', 'b']));
    expect(encoder.many(['a', 'c'])).toEqual(Buffer.concat([encodeTextFrame('a'), encodeTextFrame('c')]));
  });
});
