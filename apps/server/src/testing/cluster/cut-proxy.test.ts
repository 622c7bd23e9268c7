import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CutProxy } from './cut-proxy.ts';
import { until } from './until.ts';

let server: Server;
let proxy: CutProxy;
const heard: string[] = [];
const served: Socket[] = [];
beforeEach(async () => {
  heard.length = served.length = 0;
  server = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      heard.push(chunk.toString());
      socket.write(`re:${chunk.toString()}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await CutProxy.open((server.address() as AddressInfo).port);
});
afterEach(async () => {
  await proxy.close();
  for (const socket of served) socket.destroy();
  server.close();
});

async function client(): Promise<{ socket: Socket; answers: string[]; say(text: string): void }> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  const answers: string[] = [];
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => answers.push(chunk.toString()));
  await once(socket, 'connect');
  return { socket, answers, say: (text) => void socket.write(text) };
}
const come = (list: string[], text: string): Promise<void> => until(() => list.join('').includes(text), { ms: 2_000, what: () => `${text} in ${list.join('')}`, everyMs: 1 });

it('passes both ways', async () => {
  const { answers, say } = await client();
  say('one');
  await come(answers, 're:one');
});

it('a held direction waits and arrives when it heals, the other goes on', async () => {
  const { answers, say } = await client();
  say('one');
  await come(answers, 're:one');
  proxy.hold('down');
  say('two');
  await come(heard, 'two');
  expect(answers.join('')).toBe('re:one');
  proxy.heal();
  await come(answers, 're:two');

  proxy.hold('up');
  say('three');
  served[0]!.write('by itself');
  await come(answers, 'by itself');
  expect(heard.join('')).not.toContain('three');
  proxy.heal();
  await come(answers, 're:three');
});

it('one that connects while a direction is held waits too', async () => {
  proxy.hold('up');
  const { answers, say } = await client();
  say('early');
  await until(() => served.length === 1, { ms: 2_000, what: () => 'the target is connected to' });
  served[0]!.write('by itself');
  await come(answers, 'by itself');
  expect(heard).toEqual([]);
  proxy.heal();
  await come(answers, 're:early');
});

it('a swallowed direction loses what was sent, tells nobody, and its connections end when it heals', async () => {
  const { socket, answers, say } = await client();
  say('one');
  await come(answers, 're:one');
  proxy.swallow('up');
  say('lost');
  served[0]!.write('by itself');
  await come(answers, 'by itself');
  expect(socket.destroyed).toBe(false);
  const closed = once(socket, 'close');
  proxy.heal();
  await closed;
  expect(heard.join('')).toBe('one');
  const next = await client();
  next.say('again');
  await come(next.answers, 're:again');
});

it('cut breaks every connection, and refuse lets none in', async () => {
  const first = await client();
  first.say('one');
  await come(first.answers, 're:one');
  const closed = once(first.socket, 'close');
  proxy.cut();
  await closed;
  proxy.refuse();
  const refused = await client();
  await once(refused.socket, 'close');
  proxy.heal();
  const next = await client();
  next.say('two');
  await come(next.answers, 're:two');
});

it('what a peer says before it ends still arrives', async () => {
  const { socket, answers } = await client();
  await until(() => served.length === 1, { ms: 2_000, what: () => 'the target is connected to' });
  served[0]!.end('x'.repeat(300_000));
  await once(socket, 'close');
  expect(answers.join('')).toHaveLength(300_000);
});
