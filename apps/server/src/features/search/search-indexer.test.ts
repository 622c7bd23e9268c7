import { createChannel } from '@parley/shared/protocol/calls/channels';
import { editMessage, sendMessage } from '@parley/shared/protocol/calls/messages';
import { search } from '@parley/shared/protocol/calls/search';
import { expect, it } from 'vitest';
import { EmbeddedLog } from '../../log/embedded/embedded-log.ts';
import { createRealtime } from '../../realtime/realtime.ts';
import type { EmbeddedRegistry } from '../../registry/embedded/embedded-registry.ts';
import { MemorySearchIndex } from '../../search/memory/memory-index.ts';
import type { ReadTx, Store, StoredEvent } from '../../storage/port.ts';
import { outbox } from '../../storage/tables.ts';
import { testWorld } from '../../testing/test-core.ts';
import { SearchIndexer } from './search-indexer.ts';

class FailingIndex extends MemorySearchIndex {
  failing = 0;
  writes = 0;
  override async write(...args: Parameters<MemorySearchIndex['write']>): Promise<void> {
    if (this.failing-- > 0) throw new Error('no');
    this.writes++;
    return super.write(...args);
  }
}

async function started() {
  const index = new FailingIndex();
  const world = await testWorld({ deps: { search: index } }).setUp();
  const realtime = createRealtime(world.deps, { log: new EmbeddedLog(world), registry: world.deps.presence as EmbeddedRegistry, alone: true });
  await realtime.start();
  const channel = await world.as(world.owner).call(createChannel, { workspace_id: world.workspace.id, name: 'open' });
  let n = 0;
  return {
    index, world, realtime, channel,
    send: (content: string) => world.as(world.owner).call(sendMessage, { channel_id: channel.id, content, client_msg_id: `m${++n}` }),
    texts: async (q: string) => (await world.as(world.owner).call(search, { workspace_id: world.workspace.id, q })).items.map((i) => i.message.content),
    left: () => world.store.read((tx) => tx.find(outbox, { limit: 100 })),
  };
}

it('is fed by the outbox within two seconds, and rows leave it only then', async () => {
  const { world, realtime, send, texts, left } = await started();
  const { message } = await send('apple');
  await world.clock.advance(1_000);
  expect(await texts('apple')).toEqual(['apple']);
  await world.as(world.owner).call(editMessage, { message_id: message.id, content: 'pear' });
  await world.clock.advance(1_000);
  expect([await texts('apple'), await texts('pear')]).toEqual([[], ['pear']]);
  expect(await left()).toEqual([]);
  await realtime.stop();
});

it('goes on by itself when the index fails for a while, and the outbox does not wait for it', async () => {
  const { index, world, realtime, send, texts, left } = await started();
  await world.clock.advance(1_000);
  index.failing = 20;
  await send('apple');
  await world.clock.advance(4_000);
  expect(await left()).toEqual([]);
  expect(await texts('apple')).toEqual([]);
  index.failing = 0;
  await world.clock.advance(70_000);
  expect(await texts('apple')).toEqual(['apple']);
  expect(await left()).toEqual([]);
  await realtime.stop();
});

it('the same event twice writes nothing', async () => {
  const { index, world, realtime, send, channel } = await started();
  const { rev, seq } = await send('apple');
  await world.clock.advance(1_000);
  const before = index.writes;
  const indexer = new SearchIndexer(world.deps);
  await indexer.consume({ outbox_id: 'x', stream: `channel:${channel.id}`, from: rev - 1, rev, seq });
  await indexer.idle();
  expect(index.writes).toBe(before);
  await realtime.stop();
});

it('nobody waits for the index, which ends whole however much there is', async () => {
  const { index, world, realtime, send, channel, texts } = await started();
  await realtime.stop();
  for (let i = 0; i < 1_200; i++) await send(`apple ${i}`);
  const indexer = new SearchIndexer(world.deps);
  await indexer.consume({ outbox_id: 'x', stream: `channel:${channel.id}`, from: 1_199, rev: 1_200, seq: 1_200 });
  expect((await index.cursors()).get(channel.id) ?? 0).toBeLessThan(1_200);
  await indexer.idle();
  expect(await texts('apple 0')).toContain('apple 0');
  expect(await texts('apple 1199')).toEqual(['apple 1199']);
});

it('a start finds what an earlier process left undone, and a rebuild makes all anew', async () => {
  const { index, world, realtime, send, texts } = await started();
  await realtime.stop();
  await send('apple');
  const indexer = new SearchIndexer(world.deps);
  index.failing = 1;
  indexer.start();
  await world.clock.advance(10_000);
  await indexer.idle();
  expect(await texts('apple')).toEqual(['apple']);
  await index.clear();
  expect(await texts('apple')).toEqual([]);
  let told = 0;
  await indexer.rebuild((progress) => (told = progress.messages));
  expect(await texts('apple')).toEqual(['apple']);
  expect(told).toBeGreaterThan(0);
  await indexer.stop();
});

it('takes what events tell, and reads the store where they leave a hole', async () => {
  const { world, realtime, send, channel, texts } = await started();
  await world.clock.advance(1_000);
  await realtime.stop();
  const events: StoredEvent[] = [];
  world.store.onCommitted((committed) => void events.push(...committed.filter((e) => e.stream === `channel:${channel.id}`)));
  let messagesRead = 0;
  const store: Store = Object.assign(Object.create(world.store) as Store, {
    read: async <T>(work: (tx: ReadTx) => Promise<T>): Promise<T> => world.store.read((tx) => work(Object.assign(Object.create(tx) as ReadTx, {
      find: async (...[table, range]: Parameters<ReadTx['find']>) => {
        if (table.name === 'messages') messagesRead++;
        return tx.find(table, range);
      },
    }))),
  });
  const indexer = new SearchIndexer({ ...world.deps, store });
  const told = async (...which: StoredEvent[]): Promise<number> => {
    const before = messagesRead;
    for (const event of which) await indexer.consume(event);
    await indexer.idle();
    return messagesRead - before;
  };
  for (const word of ['apple', 'pear', 'plum', 'quince', 'fig']) await send(word);
  expect(await told(events[0]!, events[0]!, events[1]!)).toBe(0);
  expect([await texts('apple'), await texts('pear'), await texts('plum')]).toEqual([['apple'], ['pear'], []]);
  expect(await told(events[3]!, events[1]!)).toBeGreaterThan(0);
  expect([await texts('plum'), await texts('quince'), await texts('fig')]).toEqual([['plum'], ['quince'], ['fig']]);
  expect(await told(events[4]!)).toBe(0);
  await indexer.stop();
});
