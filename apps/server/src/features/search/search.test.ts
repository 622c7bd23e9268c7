import { createChannel, inviteToChannel, joinChannel, leaveChannel, openDm, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { deleteMessage, editMessage, react, sendMessage } from '@parley/shared/protocol/calls/messages';
import { search } from '@parley/shared/protocol/calls/search';
import type { InputOf } from '@parley/shared/protocol/call';
import { beforeEach, describe, expect, it } from 'vitest';
import { channels } from '../../storage/tables.ts';
import { testWorld, type TestUser, type World } from '../../testing/test-core.ts';
import { SearchIndexer } from './search-indexer.ts';

describe('search', () => {
  let world: World;
  let indexer: SearchIndexer;
  let ana: TestUser;
  let bo: TestUser;
  let open: string;
  let n = 0;

  beforeEach(async () => {
    world = await testWorld().setUp();
    indexer = new SearchIndexer(world.deps);
    ana = await world.createUser('ana');
    bo = await world.createUser('bo');
    open = (await world.as(ana).call(createChannel, { workspace_id: world.workspace.id, name: 'open' })).id;
  });

  const send = async (by: TestUser, channel_id: string, content: string, more: object = {}) => (await world.as(by).call(sendMessage, { channel_id, content, client_msg_id: `s${++n}`, ...more })).message;
  const ask = async (by: TestUser, q: string, more: Partial<InputOf<typeof search>> = {}) => {
    await indexer.catchUp();
    return world.as(by).call(search, { workspace_id: world.workspace.id, q, ...more });
  };
  const texts = async (by: TestUser, q: string, more: Partial<InputOf<typeof search>> = {}) => (await ask(by, q, more)).items.map((hit) => hit.message.content);
  const closed = async (by: TestUser, name: string, ...others: TestUser[]) => (await world.as(by).call(createChannel, { workspace_id: world.workspace.id, name, is_private: true, user_ids: others.map((u) => u.id) })).id;

  it('is refused without a session, with a bad field, and in a workspace of others', async () => {
    expect((await world.as(null).refused(search, { workspace_id: world.workspace.id, q: 'x' })).status).toBe(401);
    for (const bad of [{ q: 'x' }, { workspace_id: 'x', q: 'x' }, { workspace_id: world.workspace.id }, { workspace_id: world.workspace.id, q: 'x', sort: 'best' }, { workspace_id: world.workspace.id, q: 'x'.repeat(1_001) }, { workspace_id: world.workspace.id, q: 'x', page_size: 201 }, { workspace_id: world.workspace.id, q: 'x', more: '1' }]) {
      expect((await world.as(ana).refused(search, bad)).code, JSON.stringify(bad).slice(0, 80)).toBe('invalid_request');
    }
    for (const more of [{ cursor: 'n.x' }, { cursor: 'r.1.1' }, { time_zone: 'Mars/Base' }]) expect((await world.as(ana).refused(search, { workspace_id: world.workspace.id, q: 'x', ...more })).code).toBe('invalid_request');
    const other = await world.createWorkspace('Other');
    expect((await world.as(ana).refused(search, { workspace_id: other.id, q: 'x' })).status).toBe(404);
    expect(world.failures).toEqual([]);
  });

  it('answers messages with where the words stand', async () => {
    const message = await send(ana, open, 'Die **Müllers** kommen nach foo.barBaz');
    const { items, next_cursor } = await ask(bo, 'muellers baz');
    expect(items.map((i) => i.message)).toEqual([message]);
    expect(items[0]!.highlights.map((h) => message.content.slice(h.start, h.end))).toEqual(['Müllers', 'Baz']);
    expect(next_cursor).toBeNull();
  });

  it('never answers what one may not see: private channels, direct messages, other workspaces', async () => {
    const secret = await closed(ana, 'secret');
    const dm = (await world.as(ana).call(openDm, { workspace_id: world.workspace.id, user_ids: [world.owner.id] })).id;
    await send(ana, secret, 'needle in private');
    await send(ana, dm, 'needle in direct');
    const other = await world.createWorkspace('Other');
    const away = await world.createUser('away', { workspace_id: other.id });
    const far = (await world.as(away).call(createChannel, { workspace_id: other.id, name: 'far' })).id;
    await send(away, far, 'needle elsewhere');
    for (const q of ['needle', 'needle in:secret', `needle in:${secret}`, `needle in:${dm}`, 'from:ana', 'after:2000', `in:${far}`]) for (const sort of ['newest', 'relevance'] as const) expect(await texts(bo, q, { sort }), q).toEqual([]);
    expect(await texts(ana, 'needle')).toEqual(['needle in direct', 'needle in private']);
    expect(await texts(world.owner, 'needle')).toEqual(['needle in direct']);
  });

  it('asks can() at answer time: an index that knows of no change shows nothing that is no longer allowed', async () => {
    const secret = await closed(ana, 'secret', bo);
    await send(ana, secret, 'needle one');
    expect(await texts(bo, 'needle')).toEqual(['needle one']);
    await world.as(ana).call(removeFromChannel, { channel_id: secret, user_ids: [bo.id] });
    expect((await world.as(bo).call(search, { workspace_id: world.workspace.id, q: 'needle' })).items).toEqual([]);
    const left = await closed(ana, 'left', bo);
    await send(ana, left, 'needle two');
    await indexer.catchUp();
    await world.as(bo).call(leaveChannel, { channel_id: left });
    expect((await world.as(bo).call(search, { workspace_id: world.workspace.id, q: 'needle' })).items).toEqual([]);
  });

  it('keeps to what a stay may see, and leaves out what retention purged', async () => {
    const secret = await closed(ana, 'secret');
    await send(ana, secret, 'needle before');
    await world.as(ana).call(inviteToChannel, { channel_id: secret, user_ids: [bo.id], history: 'now' });
    await send(ana, secret, 'needle after');
    expect(await texts(bo, 'needle')).toEqual(['needle after']);
    const first = await send(ana, open, 'needle old');
    await send(ana, open, 'needle new');
    await indexer.catchUp();
    const purged = world.deps.store;
    const read = purged.read.bind(purged);
    // Retention is still to come: the channel is read as it will be then.
    purged.read = (work) => read((tx) => work({ ...tx, find: tx.find.bind(tx), count: tx.count.bind(tx), get: async (table, key) => {
      const row = await tx.get(table, key);
      return table.name === channels.name && key[0] === open && row ? { ...row, doc: { ...(row as { doc?: object }).doc, purged_through_seq: first.seq } } : row;
    } }));
    expect((await world.as(ana).call(search, { workspace_id: world.workspace.id, q: 'needle in:open' })).items.map((i) => i.message.content)).toEqual(['needle new']);
    purged.read = read;
  });

  it('shows guests only what they are in', async () => {
    const gus = await world.createUser('gus', { role: 'guest' });
    await send(ana, open, 'needle');
    expect(await texts(gus, 'needle')).toEqual([]);
    await world.as(ana).call(inviteToChannel, { channel_id: open, user_ids: [gus.id] });
    expect(await texts(gus, 'needle')).toEqual(['needle']);
  });

  it('follows edits, deletions and reactions, also before the index does', async () => {
    const message = await send(ana, open, 'apple');
    await send(ana, open, 'apple too');
    await indexer.catchUp();
    await world.as(ana).call(editMessage, { message_id: message.id, content: 'pear' });
    expect((await world.as(bo).call(search, { workspace_id: world.workspace.id, q: 'apple' })).items.map((i) => i.message.content)).toEqual(['apple too']);
    expect(await texts(bo, 'pear is:edited')).toEqual(['pear']);
    await world.as(bo).call(joinChannel, { channel_id: open });
    await world.as(bo).call(react, { message_id: message.id, emoji: '👍' });
    expect(await texts(bo, 'has:reaction')).toEqual(['pear']);
    await world.as(ana).call(deleteMessage, { message_id: message.id });
    expect((await world.as(bo).call(search, { workspace_id: world.workspace.id, q: 'pear' })).items).toEqual([]);
    expect(await texts(bo, 'has:reaction')).toEqual([]);
  });

  it('filters by person, channel, trait and day', async () => {
    const root = await send(ana, open, 'plan https://example.org');
    await world.as(bo).call(joinChannel, { channel_id: open });
    await send(bo, open, 'plan reply', { parent_message_id: root.id });
    const dm = (await world.as(ana).call(openDm, { workspace_id: world.workspace.id, user_ids: [bo.id] })).id;
    await send(bo, dm, 'plan b');
    const everything = ['plan b', 'plan reply', 'plan https://example.org'];
    expect(await texts(ana, 'plan')).toEqual(everything);
    expect(await texts(ana, 'plan from:me')).toEqual([everything[2]]);
    expect(await texts(ana, 'from:@bo plan')).toEqual(everything.slice(0, 2));
    expect(await texts(ana, 'from:"Bo" from:ana')).toEqual(everything);
    expect(await texts(ana, 'in:#open plan')).toEqual(everything.slice(1));
    expect(await texts(ana, 'in:@bo')).toEqual(['plan b']);
    expect(await texts(ana, 'is:dm')).toEqual(['plan b']);
    expect(await texts(ana, 'has:link')).toEqual([everything[2]]);
    expect(await texts(ana, 'is:thread')).toEqual(everything.slice(1));
    expect(await texts(ana, 'has:thread')).toEqual([everything[2]]);
    expect(await texts(ana, 'plan on:today')).toEqual(everything);
    expect(await texts(ana, 'plan before:today')).toEqual([]);
    expect(await texts(ana, 'plan after:yesterday', { time_zone: 'Pacific/Chatham' })).toEqual(everything);
    for (const q of ['from:nobody plan', 'in:nowhere plan', 'in:@nobody', 'plan', 'from:']) expect(await texts(ana, q, { kind: 'files' }), q).toEqual([]);
    for (const q of ['from:nobody', 'in:nowhere', '', '   ', '...', 'from:']) expect(await texts(ana, q), q).toEqual([]);
  });

  it('pages with a cursor, newest first and by relevance, past hits of others', async () => {
    const secret = await closed(ana, 'secret');
    for (let i = 0; i < 30; i++) await send(ana, i % 3 === 0 ? open : secret, `apple ${i}`);
    for (const sort of ['newest', 'relevance'] as const) {
      const paged: string[] = [];
      let cursor: string | undefined;
      for (;;) {
        const { items, next_cursor } = await ask(bo, 'apple', { page_size: 3, sort, cursor });
        paged.push(...items.map((i) => i.message.content));
        if (next_cursor === null) break;
        cursor = next_cursor;
      }
      expect([...paged].sort()).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27].map((i) => `apple ${i}`).sort());
      if (sort === 'newest') expect(paged[0]).toBe('apple 27');
    }
  });
});
