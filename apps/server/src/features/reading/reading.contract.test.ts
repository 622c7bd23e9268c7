import { openDm, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { deleteMessage, editMessage, followThread, unfollowThread } from '@parley/shared/protocol/calls/messages';
import { ack, ackMany, getReceipts, markUnread, sync } from '@parley/shared/protocol/calls/reading';
import type { Message, Thread } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

describe.each(STORES)('reading on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('reading', [talk.alice, talk.bob]);
  });
  afterEach(() => talk.close());

  const read = (by: TestUser, message: Message, more: { thread_root_id?: string; read_epoch?: number; kind?: 'read' | 'delivered' } = {}) => talk.as(by).call(ack, { device_id: by.device_id, message_id: message.id, ...more });
  const several = async (n: number, by = talk.alice): Promise<Message[]> => {
    const sent: Message[] = [];
    for (let i = 0; i < n; i++) sent.push(await talk.send(by, room, `m${i}`));
    return sent;
  };
  const thread = async (of: TestUser, root: Message): Promise<Thread | undefined> => {
    await talk.settle();
    const answer = await talk.as(of).call(sync, { cursors: {} });
    return answer.streams[`user:${of.id}`]!.entities.find((e) => e.type === 'thread' && e.id === root.id) as Thread | undefined;
  };

  it('refuses nobody, other people\'s devices, strangers', async () => {
    const [message] = await several(1);
    const input = { device_id: talk.bob.device_id, message_id: message!.id };
    expect(await talk.world.as(null).refused(ack, input)).toMatchObject({ code: 'not_authenticated' });
    expect(await talk.as(talk.alice).refused(ack, input)).toMatchObject({ code: 'invalid_request', errors: [{ path: 'device_id' }] });
    const carol = await talk.world.createUser('carol');
    expect(await talk.as(carol).refused(ack, { device_id: carol.device_id, message_id: message!.id })).toMatchObject({ code: 'forbidden' });
    expect(await talk.as(talk.guest).refused(markUnread, { channel_id: room.id, seq: 1 })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(talk.guest).call(ackMany, { positions: [{ channel_id: room.id, read_epoch: 0, seq: 1 }] })).toMatchObject({ positions: [] });
  });

  it('INV6 positions only move forward', async () => {
    const sent = await several(4);
    expect(await read(talk.bob, sent[2]!)).toMatchObject({ channel_id: room.id, read_epoch: 0, read_seq: 3, unread: 1 });
    expect(await read(talk.bob, sent[0]!)).toMatchObject({ read_seq: 3, unread: 1 });
    const many = await talk.as(talk.bob).call(ackMany, { positions: [{ channel_id: room.id, read_epoch: 0, seq: 2 }, { channel_id: room.id, read_epoch: 0, seq: 999 }] });
    expect(many.positions.at(-1)).toMatchObject({ read_seq: 4, unread: 0 });
  });

  it('INV6 mark unread takes the next epoch and wins over late acks', async () => {
    const sent = await several(4);
    await read(talk.bob, sent[3]!);
    expect(await talk.as(talk.bob).call(markUnread, { channel_id: room.id, seq: 2, from_epoch: 0 })).toMatchObject({ read_epoch: 1, read_seq: 1, unread: 3 });
    expect(await read(talk.bob, sent[3]!, { read_epoch: 0 })).toMatchObject({ read_epoch: 1, read_seq: 1 });
    expect(await talk.as(talk.bob).call(markUnread, { channel_id: room.id, seq: 4, from_epoch: 0 })).toMatchObject({ read_epoch: 1, read_seq: 1 });
    expect(await read(talk.bob, sent[3]!, { read_epoch: 7 })).toMatchObject({ read_epoch: 1, read_seq: 1 });
    expect(await read(talk.bob, sent[2]!, { read_epoch: 1 })).toMatchObject({ read_epoch: 1, read_seq: 3, unread: 1 });
    expect(await read(talk.bob, sent[3]!)).toMatchObject({ read_epoch: 1, read_seq: 4, unread: 0 });
  });

  it('INV6 a rejoiner\'s epoch goes on, so that acks of the last stay move nothing', async () => {
    const sent = await several(2);
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.bob.id] });
    const later = await talk.send(talk.alice, room, 'while away');
    await talk.join(talk.bob, room);
    const last = await talk.send(talk.alice, room, 'back');
    expect(await read(talk.bob, last, { read_epoch: 0 })).toMatchObject({ read_epoch: 1, unread: 1 });
    expect(await talk.as(talk.bob).call(markUnread, { channel_id: room.id, seq: sent[0]!.seq })).toMatchObject({ read_epoch: 2, unread: 4 });
    expect(later.seq).toBeLessThan(last.seq);
  });

  it('INV7 what counts: not one\'s own, quiet, replies or tombstones; broadcasts do', async () => {
    const root = await talk.send(talk.alice, room, 'root');
    await talk.send(talk.bob, room, 'own');
    await talk.send(talk.alice, room, 'quiet', { quiet: true });
    await talk.send(talk.alice, room, `reply <@${talk.bob.id}>`, { parent: root });
    expect(await talk.unread(talk.bob, room)).toEqual({ unread: 1, mentions: 0 });
    const broadcast = await talk.send(talk.alice, room, `all <@${talk.bob.id}>`, { parent: root, broadcast: true });
    expect(await talk.unread(talk.bob, room)).toEqual({ unread: 2, mentions: 1 });
    const both = await talk.send(talk.alice, room, `<!channel> and <@${talk.bob.id}>`);
    expect(await talk.unread(talk.bob, room)).toEqual({ unread: 3, mentions: 2 });
    await talk.as(talk.alice).call(editMessage, { message_id: both.id, content: `<@${talk.bob.id}>` });
    expect(await talk.unread(talk.bob, room)).toEqual({ unread: 3, mentions: 2 });
    await talk.as(talk.alice).call(deleteMessage, { message_id: broadcast.id });
    await talk.as(talk.alice).call(deleteMessage, { message_id: both.id });
    expect(await talk.unread(talk.bob, room)).toEqual({ unread: 1, mentions: 0 });
  });

  it('INV7 <!channel> names only those whose stay had begun', async () => {
    await talk.send(talk.alice, room, '<!channel> early');
    const carol = await talk.world.createUser('carol');
    await talk.join(carol, room);
    await talk.send(talk.alice, room, '<!channel> late');
    expect(await talk.unread(carol, room)).toEqual({ unread: 1, mentions: 1 });
    expect(await talk.as(carol).call(markUnread, { channel_id: room.id, seq: 1 })).toMatchObject({ unread: 2, mentions: 1 });
  });

  describe('threads', () => {
    it('who starts, replies or is named follows, with positions apart from the channel\'s', async () => {
      const root = await talk.send(talk.alice, room, 'root');
      expect(await thread(talk.alice, root)).toBeUndefined();
      const one = await talk.send(talk.bob, room, `<@${talk.olivia.id}> look`, { parent: root });
      expect(await thread(talk.alice, root)).toMatchObject({ following: true, unread: 1, channel_id: room.id });
      expect(await thread(talk.bob, root)).toMatchObject({ following: true, unread: 0 });
      expect(await thread(talk.olivia, root)).toMatchObject({ following: true, unread: 1 });
      const two = await talk.send(talk.bob, room, 'two', { parent: root, broadcast: true });
      expect(await thread(talk.alice, root)).toMatchObject({ unread: 2 });
      expect(await talk.unread(talk.alice, room)).toEqual({ unread: 1, mentions: 0 });
      expect(await read(talk.alice, two, { thread_root_id: root.id })).toMatchObject({ thread_root_id: root.id, read_seq: two.seq, unread: 0, mentions: 0 });
      expect(await talk.unread(talk.alice, room)).toEqual({ unread: 1, mentions: 0 });
      expect(await read(talk.alice, two)).toMatchObject({ unread: 0 });
      expect(await talk.as(talk.alice).call(markUnread, { channel_id: room.id, thread_root_id: root.id, seq: two.seq })).toMatchObject({ read_epoch: 1, unread: 1 });
      expect(await read(talk.alice, two, { thread_root_id: root.id, read_epoch: 0 })).toMatchObject({ unread: 1 });
      await talk.as(talk.bob).call(deleteMessage, { message_id: two.id });
      expect(await thread(talk.alice, root)).toMatchObject({ unread: 0, read_epoch: 1 });
      expect(one.seq).toBe(2);
    });

    it('a choice wins over following by itself; recounting twice is once', async () => {
      const root = await talk.send(talk.alice, room, 'root');
      expect(await talk.as(talk.alice).call(unfollowThread, { message_id: root.id })).toMatchObject({ following: false });
      const reply = await talk.send(talk.bob, room, `<@${talk.alice.id}>`, { parent: root });
      expect(await thread(talk.alice, root)).toMatchObject({ following: false, unread: 0 });
      expect(await talk.as(talk.alice).call(followThread, { channel_id: room.id, message_id: reply.id })).toMatchObject({ root_id: root.id, following: true, unread: 1 });
      await talk.send(talk.bob, room, 'more', { parent: root });
      const before = await thread(talk.alice, root);
      expect(before).toMatchObject({ unread: 2 });
      await talk.store.run('threads.recount', { channel_id: room.id, root_id: root.id, after: null });
      expect(await thread(talk.alice, root)).toEqual(before);
      expect(await talk.as(talk.guest).refused(followThread, { message_id: root.id })).toMatchObject({ code: 'not_found' });
    });

    it('leaving takes the threads along, and coming back begins them read', async () => {
      const root = await talk.send(talk.alice, room, 'root');
      await talk.send(talk.bob, room, 'one', { parent: root });
      expect(await thread(talk.alice, root)).toMatchObject({ unread: 1, read_epoch: 0 });
      await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] });
      expect(await thread(talk.alice, root)).toMatchObject({ deleted: true });
      await talk.send(talk.bob, room, 'two', { parent: root });
      await talk.join(talk.alice, room);
      const three = await talk.send(talk.bob, room, 'three', { parent: root });
      expect(await thread(talk.alice, root)).toMatchObject({ following: true, unread: 1, read_epoch: 1 });
      expect(await read(talk.alice, three, { thread_root_id: root.id, read_epoch: 0 })).toMatchObject({ unread: 1 });
    });
  });

  describe('receipts', () => {
    it('tells who received and who read, also past the message', async () => {
      const dm = await talk.as(talk.alice).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.bob.id] });
      const [one, two] = [await talk.send(talk.alice, dm, '1'), await talk.send(talk.alice, dm, '2')];
      expect(await talk.as(talk.alice).call(getReceipts, { message_id: one.id })).toEqual({ delivered: [], read: [] });
      await read(talk.bob, two, { kind: 'delivered' });
      const delivered = await talk.as(talk.alice).call(getReceipts, { message_id: one.id, channel_id: dm.id });
      expect(delivered).toMatchObject({ delivered: [{ user_id: talk.bob.id, device_id: talk.bob.device_id }], read: [] });
      await read(talk.bob, two);
      expect((await talk.as(talk.alice).call(getReceipts, { message_id: one.id })).read).toMatchObject([{ user_id: talk.bob.id }]);
      expect(await talk.as(talk.olivia).refused(getReceipts, { message_id: one.id })).toMatchObject({ code: 'not_found' });
    });

    it('not in channels of over 50 members', async () => {
      const people: TestUser[] = [];
      for (let i = 0; i < 50; i++) people.push(await talk.world.createUser(`p${i}`));
      const big = await talk.room('big', people);
      const message = await talk.send(talk.olivia, big, 'x');
      expect(await talk.as(people[0]!).refused(getReceipts, { message_id: message.id })).toMatchObject({ code: 'forbidden' });
    });
  });
});
