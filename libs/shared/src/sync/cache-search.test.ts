import { expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { CHANNEL, channelDoc, DEVICE, FakeServer, idOf, INCARNATION, ME, membership, message, meUser, ok, OTHER, unreached, WORKSPACE } from '../testing/fake-server.ts';
import { MemoryKeyValue } from '../testing/memory-key-value.ts';
import { SeededRandom } from '../testing/seeded-random.ts';
import { createEngine } from './engine.ts';

const CONTENT = ['Die Müllers kommen', 'call foo.barBaz https://example.org', 'the apple', 'apple pie', 'gone apple'];

async function world() {
  const clock = new FakeClock();
  const cache = new MemoryKeyValue();
  const durable = new MemoryKeyValue();
  const server = new FakeServer();
  const rows = CONTENT.map((content, i) => message(i + 1, i + 1, { content, deleted: i === 4, ...(i === 3 ? { author_id: ME } : {}) }));
  server
    .on('sync', () => ok({
      server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION,
      streams: {
        [`user:${ME}`]: { from: 0, to: 1, head: 1, entities: [membership()], has_more: false },
        [`workspace:${WORKSPACE}`]: { from: 0, to: 1, head: 1, entities: [{ type: 'workspace', id: WORKSPACE, rev: 1, name: 'Acme', settings: {} }], has_more: false },
      },
      channels: [{ channel_id: CHANNEL, head_seq: 5, head_rev: 5, read_epoch: 0, read_seq: 0, unread: 0, mentions: 0, last_message_at: null, channel: channelDoc(5, 5) }],
    }))
    .on('me', () => ok({ user: meUser, server_role: 'member', device_id: DEVICE, workspaces: [] }))
    .on('messages', () => ok({ messages: rows, head_seq: 5, head_rev: 5, has_more_before: false, has_more_after: false }))
    .on('users', () => ok({ items: [{ ...meUser, id: OTHER, username: 'ana', display_name: 'Ana Lima' }], next_cursor: null }));
  const open = async () => {
    const engine = createEngine({ accountId: ME, deviceId: DEVICE, token: 't', transport: server, cache, durable, clock, random: new SeededRandom(1) });
    await engine.start();
    return engine;
  };
  const first = await open();
  await clock.advance(0);
  server.socket.welcome();
  await clock.advance(500);
  const timeline = first.timeline(CHANNEL);
  first.user(OTHER).get();
  await timeline.loadNewest();
  await clock.advance(1_000);
  timeline.close();
  await clock.advance(1_000);
  await first.stop();
  // From here on nothing is reached: the cache has to do.
  for (const path of ['sync', 'me', 'messages', 'users']) server.on(path, () => unreached);
  const engine = await open();
  engine.setOnline(false);
  return {
    server, engine, clock,
    find: async (q: string, more: object = {}) => {
      const asked = engine.searchCached({ workspaceId: WORKSPACE, q, timeZone: 'UTC', limit: 50, ...more });
      await clock.advance(0);
      return (await asked).map((hit) => hit.message.content);
    },
  };
}

it('SEA1 the cache is searched without a connection, by the words and filters of the server, newest first', async () => {
  const { find, engine, clock } = await world();
  expect(await find('apple')).toEqual(['apple pie', 'the apple']);
  expect(await find('mullers')).toEqual(['Die Müllers kommen']);
  expect(await find('mueller')).toEqual(['Die Müllers kommen']);
  for (const q of ['baz', 'foo.barbaz', 'has:link', 'call exam']) expect(await find(q), q).toEqual([CONTENT[1]]);
  expect(await find('from:me')).toEqual(['apple pie']);
  expect(await find('from:ana apple')).toEqual(['the apple']);
  expect(await find('from:"ana li" apple in:lounge')).toEqual(['the apple']);
  expect(await find('apple in:elsewhere')).toEqual([]);
  expect(await find('apple before:2023')).toEqual([]);
  expect(await find('apple on:2023')).toHaveLength(2);
  expect(await find('apple', { limit: 1 })).toEqual(['apple pie']);
  expect(await find('apple', { kind: 'files' })).toEqual([]);
  expect(await find('')).toEqual([]);
  const asked = engine.searchCached({ workspaceId: WORKSPACE, q: 'pie', timeZone: 'UTC', limit: 5 });
  await clock.advance(0);
  const [hit] = await asked;
  expect(hit?.highlights).toEqual([{ start: 6, end: 9 }]);
});

it('SEA2 nothing deleted, of another workspace, or of a channel that one lost is found', async () => {
  const { find, server, engine, clock } = await world();
  expect(await find('gone')).toEqual([]);
  expect(await find('apple', { workspaceId: idOf(77) })).toEqual([]);
  server.on('sync', () => ok({ server_time: '2025-01-01T00:00:00.000Z', incarnation: INCARNATION, channels: [], streams: { [`channel:${CHANNEL}`]: { from: 5, to: 0, head: 0, entities: [], has_more: false, gone: true } } }));
  engine.setOnline(true);
  await clock.advance(60_000);
  server.socket.welcome();
  server.socket.say({ type: 'heads', streams: { [`channel:${CHANNEL}`]: [9, 9] } });
  await clock.advance(5_000);
  expect(await find('apple')).toEqual([]);
});
