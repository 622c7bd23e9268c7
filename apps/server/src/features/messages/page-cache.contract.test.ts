import { leaveChannel } from '@parley/shared/protocol/calls/channels';
import { deleteMessage, editMessage, getMessages, react } from '@parley/shared/protocol/calls/messages';
import { sync } from '@parley/shared/protocol/calls/reading';
import type { Message } from '@parley/shared/protocol/entities';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noMetrics } from '../../platform/metrics.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import { testWorld, type TestUser, type World } from '../../testing/test-core.ts';
import { PageCache } from './page-cache.ts';

/** A server with the cache beside one without, over one store. */
describe.each(STORES)('cached pages on $adapter', (adapter) => {
  let talk: Conversation;
  let plain: World;
  let cached: World;
  let hits: number;
  beforeEach(async () => {
    hits = 0;
    talk = await Conversation.open(adapter);
    const pages = new PageCache({ ...noMetrics, count: (_name, _by, labels) => void (labels?.['outcome'] === 'hit' && hits++) });
    plain = testWorld({ clock: talk.world.clock, random: talk.world.random, store: talk.store, deps: { pages: undefined } });
    cached = testWorld({ clock: talk.world.clock, random: talk.world.random, store: talk.store, deps: { pages } });
  });
  afterEach(() => talk.close());

  const both = async (user: TestUser, ask: (world: World) => Promise<unknown>): Promise<void> => {
    const answer = (world: World) => ask(world).catch((error: unknown) => String(error));
    const [read, kept] = [await answer(plain), await answer(cached)];
    expect(kept, user.username).toEqual(read);
  };

  it('answer each reader what the store answers, through every kind of change and every kind of reader', async () => {
    const room = await talk.room('storm', [talk.alice]);
    const people = [talk.olivia, talk.alice, talk.bob, talk.guest];
    const random = new SeededRandom(5);
    const pick = (n: number): number => random.bytes(1)[0]! % n;
    const sent: Message[] = [];
    const cursors = [0, 3];
    for (let step = 0; step < 60; step++) {
      const [act, message] = [pick(7), sent[pick(Math.max(1, sent.length))]];
      if (act <= 1 || !message) sent.push(await talk.send(talk.alice, room, `m ${step}`, message && act === 1 && !message.parent_message_id && !message.deleted ? { parent: message } : {}).catch(() => message!));
      else if (act === 2) await talk.as(talk.alice).call(editMessage, { channel_id: room.id, message_id: message.id, content: `changed ${step}` }).catch(() => undefined);
      else if (act === 3) await talk.as(talk.alice).call(deleteMessage, { channel_id: room.id, message_id: message.id }).catch(() => undefined);
      else if (act === 4) await talk.as(talk.olivia).call(react, { channel_id: room.id, message_id: message.id, emoji: '👍' }).catch(() => undefined);
      else if (act === 5) await talk.invite(talk.olivia, room, pick(2) === 0 ? talk.bob : talk.guest, 'now').catch(() => undefined);
      else await talk.as(pick(2) === 0 ? talk.bob : talk.guest).call(leaveChannel, { channel_id: room.id }).catch(() => undefined);
      await talk.settle();
      for (const user of people) {
        for (const query of [{}, { page_size: 5 }, { view: 'timeline' as const, page_size: 5 }]) await both(user, (world) => world.as(user).call(getMessages, { channel_id: room.id, ...query }));
        for (const cursor of cursors) await both(user, async (world) => (await world.as(user).call(sync, { cursors: { [`channel:${room.id}`]: cursor } })).streams);
      }
      if (step % 10 === 0) cursors[1] = step;
    }
    expect(hits).toBeGreaterThan(500);
  });

  it('a right that has just gone is gone, though the page is still kept', async () => {
    const room = await talk.room('closed', [talk.alice, talk.bob], { is_private: true });
    await talk.send(talk.alice, room, 'secret');
    const ask = (user: TestUser) => cached.as(user).call(getMessages, { channel_id: room.id });
    expect((await ask(talk.alice)).messages.map(({ content }) => content)).toContain('secret');
    await talk.as(talk.bob).call(leaveChannel, { channel_id: room.id });
    await expect(ask(talk.bob)).rejects.toThrow('not_found');
    expect((await ask(talk.alice)).messages.map(({ content }) => content)).toContain('secret');
  });
});
