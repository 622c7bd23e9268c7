import { acceptInvite, createInvite, createWorkspace } from '@parley/shared/protocol/calls/accounts';
import { createChannel, inviteToChannel, leaveChannel, openDm, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { getInbox, markInbox } from '@parley/shared/protocol/calls/inbox';
import { deleteMessage, editMessage, react } from '@parley/shared/protocol/calls/messages';
import { remind, setPreference } from '@parley/shared/protocol/calls/personal';
import { ack, markUnread } from '@parley/shared/protocol/calls/reading';
import type { Channel, InboxEntry, Message } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { entities as storedEntities } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { reminderJob } from '../saved/saved.routes.ts';
import { inboxConsumer, inboxJob } from './inbox.service.ts';

describe.each(STORES)('the inbox on $adapter', (adapter) => {
  let talk: Conversation;
  let room: Channel;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('room', [talk.alice, talk.bob], { is_private: true });
    await talk.settle();
    await talk.as(talk.alice).call(markInbox, { read: true });
    await talk.as(talk.bob).call(markInbox, { read: true });
  });
  afterEach(() => talk.close());

  const entries = async (of: TestUser, more: object = {}): Promise<InboxEntry[]> => {
    await talk.settle();
    return (await talk.as(of).call(getInbox, { unread: true, ...more })).items;
  };
  const kinds = async (of: TestUser): Promise<string[]> => (await entries(of)).map((entry) => entry.kind);
  const read = (by: TestUser, message: Message, thread_root_id?: string) => talk.as(by).call(ack, { device_id: by.device_id, message_id: message.id, channel_id: message.channel_id, thread_root_id });
  const at = (of: TestUser): string => `<@${of.id}>`;

  it('refuses strangers and what is malformed', async () => {
    expect(await talk.world.as(null).refused(getInbox, {})).toMatchObject({ code: 'not_authenticated' });
    expect(await talk.world.as(null).refused(markInbox, { read: true })).toMatchObject({ code: 'not_authenticated' });
    for (const bad of [{ kind: 'x' }, { cursor: 'x' }, { page_size: 0 }, { more: 1 }]) expect(await talk.as(talk.alice).refused(getInbox, bad)).toMatchObject({ code: 'invalid_request' });
    for (const bad of [{}, { read: 'yes' }, { read: true, ids: [''] }]) expect(await talk.as(talk.alice).refused(markInbox, bad)).toMatchObject({ code: 'invalid_request' });
  });

  it('holds who is named, not the author, not the quiet, and lets them go with the text', async () => {
    const message = await talk.send(talk.olivia, room, `${at(talk.alice)} and ${at(talk.olivia)}`);
    await talk.send(talk.olivia, room, at(talk.bob), { quiet: true });
    await talk.send(talk.olivia, room, 'nobody in particular');
    expect(await entries(talk.alice)).toMatchObject([{ id: `mention:${message.id}`, kind: 'mention', channel_id: room.id, message_id: message.id, seq: message.seq, actor_ids: [talk.olivia.id], at: message.created_at, read: false }]);
    expect([await kinds(talk.bob), await kinds(talk.olivia)]).toEqual([[], []]);
    await talk.as(talk.olivia).call(editMessage, { message_id: message.id, content: at(talk.bob) });
    expect([await kinds(talk.alice), await kinds(talk.bob)]).toEqual([[], ['mention']]);
    await talk.as(talk.olivia).call(deleteMessage, { message_id: message.id });
    expect(await kinds(talk.bob)).toEqual([]);
  });

  it('names everybody by <!channel>, a page of people at a time', async () => {
    await talk.send(talk.olivia, room, '<!channel> come in');
    expect([await kinds(talk.alice), await kinds(talk.bob), await kinds(talk.olivia), await kinds(talk.guest)]).toEqual([['mention'], ['mention'], [], []]);
  });

  it('is read where it was read, and unread again when that is taken back', async () => {
    const message = await talk.send(talk.olivia, room, at(talk.alice));
    expect(await kinds(talk.alice)).toEqual(['mention']);
    await read(talk.alice, message);
    expect(await kinds(talk.alice)).toEqual([]);
    expect((await talk.as(talk.alice).call(getInbox, { kind: 'mention' })).items).toMatchObject([{ read: true }]);
    await talk.as(talk.alice).call(markUnread, { channel_id: room.id, seq: message.seq });
    expect(await kinds(talk.alice)).toEqual(['mention']);
  });

  it('has one entry a conversation, which moves to the newest message', async () => {
    const dm = await talk.as(talk.olivia).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    await talk.send(talk.olivia, dm, 'one');
    const second = await talk.send(talk.olivia, dm, `two ${at(talk.alice)}`);
    expect(await entries(talk.alice)).toMatchObject([{ id: `dm:${dm.id}`, kind: 'dm', message_id: second.id }]);
    await read(talk.alice, second);
    const third = await talk.send(talk.olivia, dm, 'three');
    expect(await entries(talk.alice)).toMatchObject([{ id: `dm:${dm.id}`, message_id: third.id }]);
  });

  it('has one entry a followed thread, read by reading the thread', async () => {
    const root = await talk.send(talk.alice, room, 'a question');
    await talk.send(talk.bob, room, 'an answer', { parent: root });
    const reply = await talk.send(talk.olivia, room, 'another', { parent: root });
    expect(await entries(talk.alice)).toMatchObject([{ id: `thread:${root.id}`, kind: 'thread', message_id: reply.id, thread_root_id: root.id, actor_ids: [talk.olivia.id, talk.bob.id] }]);
    expect(await kinds(talk.bob)).toEqual(['thread']);
    await read(talk.alice, reply);
    expect(await kinds(talk.alice)).toEqual(['thread']);
    await read(talk.alice, reply, root.id);
    expect(await kinds(talk.alice)).toEqual([]);
  });

  it('steps back to the newest that is left when a message of a conversation or thread is deleted', async () => {
    const dm = await talk.as(talk.olivia).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    const [one, two] = [await talk.send(talk.olivia, dm, 'one'), await talk.send(talk.olivia, dm, 'two')];
    const root = await talk.send(talk.alice, room, 'a question');
    const [first, second] = [await talk.send(talk.bob, room, 'first', { parent: root }), await talk.send(talk.bob, room, 'second', { parent: root })];
    expect((await entries(talk.alice)).map((entry) => entry.message_id)).toEqual([second.id, two.id]);
    await talk.as(talk.olivia).call(deleteMessage, { message_id: two.id });
    await talk.as(talk.bob).call(deleteMessage, { message_id: second.id });
    expect((await entries(talk.alice)).map((entry) => entry.message_id)).toEqual([first.id, one.id]);
    await talk.as(talk.olivia).call(deleteMessage, { message_id: one.id });
    expect((await entries(talk.alice)).map((entry) => entry.message_id)).toEqual([first.id]);
  });

  it('an old edit that named somebody away changes nothing for who is named again', async () => {
    const message = await talk.send(talk.olivia, room, at(talk.alice));
    for (const content of ['nobody', `${at(talk.alice)} again`]) await talk.as(talk.olivia).call(editMessage, { message_id: message.id, content });
    expect(await kinds(talk.alice)).toEqual(['mention']);
    await talk.as(talk.alice).call(markInbox, { read: true });
    const consumer = inboxConsumer(talk.store);
    for (const event of [...talk.events]) if (consumer.wants(event)) await consumer.consume(event);
    expect(await kinds(talk.alice)).toEqual([]);
  });

  it('groups reactions by message; somebody new makes it unread again, taking back does not', async () => {
    const message = await talk.send(talk.alice, room, 'shipped');
    const set = async (by: TestUser, emoji: string, remove = false) => {
      await talk.world.clock.advance(1);
      return talk.as(by).call(react, { message_id: message.id, emoji, ...(remove ? { remove } : {}) });
    };
    await set(talk.alice, '🎉');
    expect(await kinds(talk.alice)).toEqual([]);
    await set(talk.bob, '🎉');
    expect(await entries(talk.alice)).toMatchObject([{ id: `reaction:${message.id}`, actor_ids: [talk.bob.id] }]);
    await talk.as(talk.alice).call(markInbox, { read: true, ids: [`reaction:${message.id}`] });
    await set(talk.bob, '🚀');
    expect(await kinds(talk.alice)).toEqual([]);
    await set(talk.olivia, '🎉');
    expect(await entries(talk.alice)).toMatchObject([{ actor_ids: [talk.olivia.id, talk.bob.id] }]);
    await set(talk.olivia, '🎉', true);
    await set(talk.bob, '🎉', true);
    await set(talk.bob, '🚀', true);
    expect((await entries(talk.alice, { unread: false })).filter((entry) => entry.kind === 'reaction')).toEqual([]);
  });

  it('tells of an invitation and a reminder', async () => {
    const other = await talk.room('other', [], { is_private: true });
    await talk.as(talk.olivia).call(inviteToChannel, { channel_id: other.id, user_ids: [talk.alice.id] });
    const message = await talk.send(talk.bob, room, 'water the plants');
    await talk.as(talk.alice).call(remind, { message_id: message.id, at: new Date(talk.world.clock.now() + 1_000).toISOString() });
    await talk.world.clock.advance(1_000);
    const queue = new StoreJobs(talk.store);
    for (const job of await queue.lease(10, 1_000)) await reminderJob({ store: talk.store })(job, new AbortController().signal);
    expect((await entries(talk.alice)).map((e) => [e.kind, e.channel_id, e.actor_ids])).toEqual([['reminder', room.id, []], ['invitation', other.id, [talk.olivia.id]]]);
    await talk.as(talk.alice).call(leaveChannel, { channel_id: other.id });
    expect(await kinds(talk.alice)).toEqual(['reminder']);
  });

  const choose = (by: TestUser, ...keywords: string[]) => talk.as(by).call(setPreference, { key: 'notify_keywords', value: keywords });

  it('holds who watches for a word of it: members of the channel, once, and not who is told anyway', async () => {
    await choose(talk.alice, 'harbour', 'pull request');
    await choose(talk.bob, 'Harbour');
    await choose(talk.guest, 'harbour');
    const message = await talk.send(talk.olivia, room, `The HARBOUR, ${at(talk.bob)}, has a pull request`);
    expect(await entries(talk.alice)).toMatchObject([{ id: `keyword:${message.id}`, kind: 'keyword', keyword: 'harbour', channel_id: room.id, message_id: message.id, seq: message.seq, actor_ids: [talk.olivia.id], read: false }]);
    expect([await kinds(talk.bob), await kinds(talk.guest)]).toEqual([['mention'], []]);
    await read(talk.alice, message);
    expect(await kinds(talk.alice)).toEqual([]);
  });

  it('no keyword is found in code, in what is quiet, one wrote oneself or stands in a direct conversation', async () => {
    await choose(talk.alice, 'harbour');
    const dm = await talk.as(talk.olivia).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    await talk.send(talk.olivia, dm, 'harbour');
    await talk.send(talk.olivia, room, '`harbour` and harbours');
    await talk.send(talk.olivia, room, 'harbour', { quiet: true });
    await talk.send(talk.alice, room, 'harbour');
    expect(await kinds(talk.alice)).toEqual(['dm']);
  });

  it('a keyword entry comes with the word and goes with it, by an edit, the deletion, or the keyword itself', async () => {
    await choose(talk.alice, 'harbour');
    await choose(talk.bob, 'lighthouse', 'port');
    const message = await talk.send(talk.olivia, room, 'nothing yet');
    const becomes = async (content: string): Promise<string[][]> => {
      await talk.as(talk.olivia).call(editMessage, { message_id: message.id, content });
      return [await kinds(talk.alice), await kinds(talk.bob)];
    };
    expect(await becomes('the harbour')).toEqual([['keyword'], []]);
    expect(await becomes('the lighthouse')).toEqual([[], ['keyword']]);
    expect(await becomes('the port')).toEqual([[], ['keyword']]);
    expect(await becomes('nobody wants this')).toEqual([[], []]);
    expect(await becomes('harbour and port')).toEqual([['keyword'], ['keyword']]);
    await choose(talk.bob);
    await talk.as(talk.olivia).call(deleteMessage, { message_id: message.id });
    expect([await kinds(talk.alice), await kinds(talk.bob)]).toEqual([[], []]);
    await talk.send(talk.olivia, room, 'port');
    expect(await kinds(talk.bob)).toEqual([]);
  });

  it('keywords are known in a workspace that is joined later, and events that come again tell nobody twice', async () => {
    const carol = await talk.world.createUser('carol');
    await choose(carol, 'harbour');
    const other = await talk.as(talk.olivia).call(createWorkspace, { name: 'Other' });
    const { invite_token } = await talk.as(talk.olivia).call(createInvite, { workspace_id: other.id });
    await talk.as(carol).call(acceptInvite, { invite_token });
    const quay = await talk.as(talk.olivia).call(createChannel, { workspace_id: other.id, name: 'quay', user_ids: [carol.id] });
    await talk.send(talk.olivia, quay, 'the harbour');
    expect(await kinds(carol)).toEqual(['keyword']);
    await talk.as(carol).call(markInbox, { read: true });
    const consumer = inboxConsumer(talk.store);
    for (const event of [...talk.events].reverse()) if (consumer.wants(event)) await consumer.consume(event);
    expect(await kinds(carol)).toEqual([]);
  });

  it('<!channel> in a large channel is told by a job, and taken back when an edit names nobody', async () => {
    const consumer = inboxConsumer(talk.store, 2);
    const queue = new StoreJobs(talk.store);
    const work = async (): Promise<number> => {
      const jobs = await queue.lease(10, 1_000);
      for (const job of jobs) {
        await inboxJob({ store: talk.store })(job, new AbortController().signal);
        await queue.complete(job);
      }
      return jobs.length;
    };
    let done = talk.events.length;
    const settle = async (): Promise<void> => { for (const event of talk.events.slice(done)) if (consumer.wants(event)) await consumer.consume(event); done = talk.events.length; };
    const unread = async (of: TestUser): Promise<string[]> => (await talk.as(of).call(getInbox, { unread: true })).items.map((entry) => entry.kind);
    const message = await talk.send(talk.olivia, room, '<!channel> come in');
    await settle();
    expect(await unread(talk.alice)).toEqual([]);
    expect(await work()).toBe(1);
    expect([await unread(talk.alice), await unread(talk.bob), await unread(talk.olivia)]).toEqual([['mention'], ['mention'], []]);
    await talk.as(talk.olivia).call(editMessage, { message_id: message.id, content: `only ${at(talk.bob)}` });
    await settle();
    await work();
    expect([await unread(talk.alice), await unread(talk.bob)]).toEqual([[], ['mention']]);
  });

  it('marking what was seen leaves what has moved on since', async () => {
    const dm = await talk.as(talk.olivia).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    await talk.send(talk.olivia, dm, 'one');
    const [seen] = await entries(talk.alice);
    await talk.send(talk.olivia, dm, 'two');
    await talk.settle();
    expect(await talk.as(talk.alice).call(markInbox, { read: true, ids: [seen!.id], up_to: seen!.at })).toEqual({ ids: [] });
    const [now] = await entries(talk.alice);
    expect(await talk.as(talk.alice).call(markInbox, { read: true, ids: [now!.id], up_to: now!.at })).toEqual({ ids: [now!.id] });
  });

  it('a sixth person who reacts is news too', async () => {
    const message = await talk.send(talk.alice, room, 'shipped');
    for (let n = 1; n <= 7; n++) {
      const fan = await talk.world.createUser(`fan${n}`);
      await talk.invite(talk.olivia, room, fan);
      await talk.world.clock.advance(1);
      await talk.as(fan).call(react, { message_id: message.id, emoji: n === 6 ? '🚀' : '🎉' });
      const [entry] = await entries(talk.alice);
      expect([n, entry?.actor_ids[0], entry?.actor_ids.length]).toEqual([n, fan.id, Math.min(n, 5)]);
      await talk.as(talk.alice).call(markInbox, { read: true });
      await talk.world.clock.advance(1);
      await talk.as(fan).call(react, { message_id: message.id, emoji: '👏' });
      expect(await kinds(talk.alice)).toEqual([]);
    }
  });

  it('who left a channel keeps no entry of it, and coming back brings none back', async () => {
    await talk.send(talk.olivia, room, at(talk.alice));
    await talk.settle();
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] });
    await talk.settle();
    const kept = async (): Promise<string[]> => (await talk.store.read((tx) => tx.find(storedEntities, { prefix: [`user:${talk.alice.id}`, 'inbox_entry'], limit: 100 }))).filter((row) => !(row.doc as { deleted?: boolean }).deleted).map((row) => (row.doc as InboxEntry).kind);
    expect(await kept()).not.toContain('mention');
    await talk.invite(talk.olivia, room, talk.alice, 'all');
    await talk.settle();
    const consumer = inboxConsumer(talk.store);
    for (const event of [...talk.events].reverse()) if (consumer.wants(event)) await consumer.consume(event);
    expect(await kept()).toEqual(['invitation']);
  });

  it('shows nothing of a channel that one is in no more', async () => {
    await talk.send(talk.olivia, room, at(talk.alice));
    expect(await kinds(talk.alice)).toEqual(['mention']);
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] });
    expect(await entries(talk.alice, { unread: undefined })).toEqual([]);
  });

  it('is the same when events come again, in any order', async () => {
    const root = await talk.send(talk.alice, room, `${at(talk.bob)} a question`);
    await talk.send(talk.bob, room, 'an answer', { parent: root });
    await talk.as(talk.olivia).call(react, { message_id: root.id, emoji: '👍' });
    const last = await talk.send(talk.bob, room, `${at(talk.alice)} more`, { parent: root, broadcast: true });
    await talk.as(talk.alice).call(markInbox, { read: true });
    const before = [await entries(talk.alice), (await talk.as(talk.bob).call(getInbox, {})).items];
    const consumer = inboxConsumer(talk.store);
    for (const event of [...talk.events].reverse()) if (consumer.wants(event)) await consumer.consume(event);
    expect([await entries(talk.alice), (await talk.as(talk.bob).call(getInbox, {})).items]).toEqual(before);
    expect(before[0]!.map((entry) => entry.message_id)).toContain(last.id);
  });

  it('comes in pages, and all of it can be marked and taken back', async () => {
    for (let i = 0; i < 5; i++) await talk.send(talk.olivia, room, `${at(talk.alice)} ${i}`);
    const all = await entries(talk.alice);
    expect(all).toHaveLength(5);
    const seen: InboxEntry[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await talk.as(talk.alice).call(getInbox, { unread: true, page_size: 2, cursor });
      seen.push(...page.items);
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(all);
    const { ids } = await talk.as(talk.alice).call(markInbox, { read: true });
    expect(ids).toHaveLength(5);
    expect(await kinds(talk.alice)).toEqual([]);
    await talk.as(talk.alice).call(markInbox, { read: false, ids });
    expect(await entries(talk.alice)).toMatchObject(all.map(({ id }) => ({ id })));
  });
});
