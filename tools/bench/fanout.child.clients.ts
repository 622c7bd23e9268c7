import { connect, type Socket } from 'node:net';
import { randomBytes } from 'node:crypto';

/**
 * The other end of the benchmarks, in a process of its own: sockets that shake hands, say hello and count frames. Frames
 * are told apart by their first letters only, so that the server is what is measured.
 */
export type Order =
  | { kind: 'connect'; port: number; hellos: string[] | null; count: number }
  /** Answers when every socket has had `total` live frames since it connected, and on the way every `step` of them. */
  | { kind: 'expect'; total: number; step: number }
  | { kind: 'drop' }
  /** Drops all, connects all again with these hellos, and answers when each had `delta` frames and `entities` messages in them. */
  | { kind: 'reconnect'; port: number; hellos: string[]; entities: number };

interface Client { socket: Socket; rest: Buffer | null; upgraded: boolean; ready: number; live: number; entities: number; hello: Buffer | null }

const clients: Client[] = [];
let onFrame: (client: Client, frame: Buffer, start: number, end: number) => void = () => {};

function open(port: number, hello: string | null, opened: (c: Client) => void): Client {
  const client: Client = { socket: connect({ port, host: '127.0.0.1', noDelay: true }), rest: null, upgraded: false, ready: 0, live: 0, entities: 0, hello: hello === null ? null : masked(hello) };
  const key = randomBytes(16).toString('base64');
  client.socket.write(`GET /api/v1/connect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
  client.socket.on('data', (chunk) => take(client, chunk, opened));
  client.socket.on('error', () => {});
  return client;
}

function take(client: Client, chunk: Buffer, opened: (c: Client) => void): void {
  let data = client.rest ? Buffer.concat([client.rest, chunk]) : chunk;
  client.rest = null;
  if (!client.upgraded) {
    const end = data.indexOf('\r\n\r\n');
    if (end < 0) return void (client.rest = data);
    client.upgraded = true;
    if (client.hello) client.socket.write(client.hello);
    opened(client);
    data = data.subarray(end + 4);
  }
  let at = 0;
  while (at + 2 <= data.length) {
    let length = data[at + 1]! & 0x7f;
    let start = at + 2;
    if (length === 126) {
      if (at + 4 > data.length) break;
      length = data.readUInt16BE(at + 2);
      start = at + 4;
    } else if (length === 127) {
      if (at + 10 > data.length) break;
      length = Number(data.readBigUInt64BE(at + 2));
      start = at + 10;
    }
    if (start + length > data.length) break;
    if ((data[at]! & 0x0f) === 1) onFrame(client, data, start, start + length);
    at = start + length;
  }
  if (at < data.length) client.rest = at === 0 ? data : data.subarray(at);
}

function masked(text: string): Buffer {
  const body = Buffer.from(text);
  const head = body.length < 126 ? Buffer.from([0x81, 0x80 | body.length]) : Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 255]);
  // A mask of zeros leaves the text as it is.
  return Buffer.concat([head, Buffer.alloc(4), body]);
}

/** `{"type":"live"`, `"heads"`, `"delta"`: the letters at 9 and 10 tell. */
const isLive = (b: Buffer, s: number): boolean => b[s + 9] === 0x6c;
const isHeads = (b: Buffer, s: number): boolean => b[s + 9] === 0x68 && b[s + 13] === 0x73;
const isDelta = (b: Buffer, s: number): boolean => b[s + 9] === 0x64;

process.on('message', (order: Order) => {
  switch (order.kind) {
    case 'connect': {
      let ready = 0;
      const done = () => {
        if (++ready === order.count) process.send!({ kind: 'connected' });
      };
      onFrame = (_client, frame, start) => {
        if (isHeads(frame, start)) done();
      };
      let next = 0;
      // A few at a time: the order of a big company's morning, not a flood.
      const more = () => {
        if (next >= order.count) return;
        clients.push(open(order.port, order.hellos?.[next++] ?? (next++, null), () => {
          if (order.hellos === null) done();
          more();
        }));
      };
      for (let i = 0; i < 50; i++) more();
      return;
    }
    case 'expect': {
      let received = 0;
      let told = 0;
      for (const client of clients) client.live = 0;
      const all = order.total * clients.length;
      onFrame = (client, frame, start) => {
        if (!isLive(frame, start)) return;
        client.live++;
        received++;
        const rounds = Math.floor(received / (clients.length * order.step));
        if (rounds > told) process.send!({ kind: 'progress', messages: (told = rounds) * order.step });
        if (received === all) process.send!({ kind: 'received', uneven: clients.filter((c) => c.live !== order.total).length });
      };
      process.send!({ kind: 'expecting' });
      return;
    }
    case 'drop':
      for (const { socket } of clients.splice(0)) socket.destroy();
      process.send!({ kind: 'dropped' });
      return;
    case 'reconnect': {
      for (const { socket } of clients.splice(0)) socket.destroy();
      const started = performance.now();
      const times: number[] = [];
      onFrame = (client, frame, start, end) => {
        if (!isDelta(frame, start)) return;
        const text = frame.toString('latin1', start, end);
        if (!text.includes('"stream":"channel:')) return;
        const n = text.split('"type":"message"').length - 1;
        client.entities += n;
        times.push(performance.now() - started);
        if (times.length === order.hellos.length) process.send!({ kind: 'back', ms: times.at(-1), median: times[times.length >> 1], missing: clients.filter((c) => c.entities !== order.entities).length });
      };
      for (const hello of order.hellos) clients.push(open(order.port, hello, () => {}));
      return;
    }
  }
});
process.on('disconnect', () => process.exit(0));
process.send!({ kind: 'up' });
