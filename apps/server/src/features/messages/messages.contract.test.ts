import { deleteMessage, editMessage, getMessages, react, sendMessage } from '@parley/shared/protocol/calls/messages';
import { markUnread } from '@parley/shared/protocol/calls/reading';
import { archiveChannel, removeFromChannel, updateChannel } from '@parley/shared/protocol/calls/channels';
import type { Message } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { headOf } from '../../storage/streams.ts';
import { messageVersions, messages } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';

const NOBODY = '0190a000-0000-7000-8000-0000000000ff';

describe.each(STORES)('messages on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('talk', [talk.alice, talk.bob, talk.guest]);
  });
  afterEach(() => talk.close());

  describe('who may not', () => {
    it('sends as nobody, malformed, or where it is not for them', async () => {
      const input = { channel_id: room.id, content: 'x', client_msg_id: 'c1' };
      expect(await talk.world.as(null).refused(sendMessage, input)).toMatchObject({ code: 'not_authenticated' });
      expect(await talk.as(talk.alice).refused(sendMessage, { ...input, content: '' })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'content' }] });
      expect(await talk.as(talk.alice).refused(sendMessage, { ...input, content: '>'.repeat(30) })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'content' }] });
      expect(await talk.as(talk.alice).refused(sendMessage, { ...input, file_ids: [NOBODY] })).toMatchObject({ code: 'invalid_request' });
      expect(await talk.as(talk.alice).refused(sendMessage, { ...input, channel_id: NOBODY })).toMatchObject({ code: 'not_found' });
      expect(await talk.as(talk.alice).refused(sendMessage, { ...input, parent_message_id: NOBODY })).toMatchObject({ code: 'not_found' });
      const carol = await talk.world.createUser('carol');
      expect(await talk.as(carol).refused(sendMessage, input)).toMatchObject({ code: 'forbidden' });
      const secret = await talk.room('secret', [talk.alice], { is_private: true });
      expect(await talk.as(talk.bob).refused(sendMessage, { ...input, channel_id: secret.id })).toMatchObject({ code: 'not_found' });
      expect(talk.world.failures).toEqual([]);
    });

    it('posts where posting is for moderators, or the channel is archived', async () => {
      await talk.as(talk.olivia).call(updateChannel, { channel_id: room.id, posting: 'moderators' });
      expect(await talk.as(talk.alice).refused(sendMessage, { channel_id: room.id, content: 'x', client_msg_id: 'c' })).toMatchObject({ code: 'forbidden' });
      await talk.send(talk.olivia, room, 'as a moderator');
      await talk.as(talk.olivia).call(archiveChannel, { channel_id: room.id });
      expect(await talk.as(talk.olivia).refused(sendMessage, { channel_id: room.id, content: 'x', client_msg_id: 'c' })).toMatchObject({ code: 'forbidden' });
    });

    it('names everybody as a guest', async () => {
      expect(await talk.as(talk.guest).refused(sendMessage, { channel_id: room.id, content: '<!channel>', client_msg_id: 'c' })).toMatchObject({ code: 'forbidden' });
      await talk.send(talk.guest, room, '`<!channel>` in code names nobody');
    });
  });

  describe('INV3 idempotent sends', () => {
    it('INV3 a repeat is the same message, with other content a conflict', async () => {
      const input = { channel_id: room.id, content: 'once', client_msg_id: 'same' };
      const first = await talk.as(talk.alice).send(sendMessage, input);
      expect(first.status).toBe(201);
      const again = await talk.as(talk.alice).send(sendMessage, { ...input, quiet: false });
      expect(again.status).toBe(200);
      expect(again.body).toEqual(first.body);
      expect(await talk.as(talk.alice).refused(sendMessage, { ...input, content: 'twice' })).toMatchObject({ code: 'conflict', message: { content: 'once' } });
      const ofBob = await talk.as(talk.bob).call(sendMessage, input);
      expect(ofBob.message_id).not.toBe((first.body as { message_id: string }).message_id);
    });

    it('INV3 many repeats at once make one message', async () => {
      const answers = await Promise.all(Array.from({ length: 20 }, () => talk.as(talk.alice).send(sendMessage, { channel_id: room.id, content: 'burst', client_msg_id: 'burst' })));
      expect(new Set(answers.map((a) => (a.body as { message_id: string }).message_id)).size).toBe(1);
      expect(answers.filter((a) => a.status === 201)).toHaveLength(1);
      expect((await talk.store.read((tx) => headOf(tx, `channel:${room.id}`))).seq).toBe(1);
    });

    it('INV3 holds for edited and deleted messages', async () => {
      const message = await talk.send(talk.alice, room, 'before', { client_msg_id: 'x1' });
      await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: 'after' });
      const input = { channel_id: room.id, content: 'before', client_msg_id: 'x1' };
      expect((await talk.as(talk.alice).call(sendMessage, input)).message.content).toBe('after');
      await talk.as(talk.alice).call(deleteMessage, { message_id: message.id });
      expect((await talk.as(talk.alice).call(sendMessage, input)).message).toMatchObject({ id: message.id, deleted: true });
    });
  });

  it('INV2 revs and seqs are taken one after the other, without holes, in time', async () => {
    await Promise.all(Array.from({ length: 60 }, (_, i) => talk.as([talk.alice, talk.bob, talk.olivia][i % 3]!).call(sendMessage, { channel_id: room.id, content: `n ${i}`, client_msg_id: `n${i}` })));
    const rows = await talk.store.read((tx) => tx.find(messages, { prefix: [room.id], limit: 100 }));
    expect(rows.map((r) => r.seq)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect(rows.every((r, i) => i === 0 || (r.rev === rows[i - 1]!.rev + 1 && r.created_us > rows[i - 1]!.created_us))).toBe(true);
    const ofRoom = talk.events.filter((e) => e.stream === `channel:${room.id}`);
    for (let i = 1; i < ofRoom.length; i++) expect(ofRoom[i]!.from).toBe(ofRoom[i - 1]!.rev);
  });

  it('time runs with seq though the clock stands still or goes back', async () => {
    const one = await talk.send(talk.alice, room, '1');
    const clock = talk.world.clock.now();
    const [two, three] = [await talk.as(talk.alice).call(sendMessage, { channel_id: room.id, content: '2', client_msg_id: 't2' }), await talk.as(talk.alice).call(sendMessage, { channel_id: room.id, content: '3', client_msg_id: 't3' })];
    expect(talk.world.clock.now()).toBe(clock);
    expect([one.created_at, two.message.created_at, three.message.created_at].every((t, i, all) => i === 0 || t > all[i - 1]!)).toBe(true);
    expect(two.message.created_at).toMatch(/\.\d{6}Z$/);
  });

  describe('edit and delete', () => {
    it('only one\'s own is edited; an older base_rev is a conflict; versions are kept', async () => {
      const message = await talk.send(talk.alice, room, 'v1');
      expect(await talk.as(talk.olivia).refused(editMessage, { message_id: message.id, content: 'x' })).toMatchObject({ code: 'forbidden' });
      const edited = await talk.as(talk.alice).call(editMessage, { channel_id: room.id, message_id: message.id, content: 'v2', base_rev: message.rev });
      expect(edited).toMatchObject({ content: 'v2', seq: message.seq, created_at: message.created_at });
      expect(edited.rev).toBeGreaterThan(message.rev);
      expect(edited.edited_at).not.toBeNull();
      expect(await talk.as(talk.alice).refused(editMessage, { message_id: message.id, content: 'v3', base_rev: message.rev })).toMatchObject({ code: 'conflict', message: { content: 'v2' } });
      expect(await talk.as(talk.alice).refused(editMessage, { channel_id: NOBODY, message_id: message.id, content: 'v3' })).toMatchObject({ code: 'not_found' });
      const same = await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: 'v2' });
      expect(same.rev).toBe(edited.rev);
      const kept = await talk.store.read((tx) => tx.find(messageVersions, { prefix: [room.id, message.id], limit: 10 }));
      expect(kept.map((v) => v.content)).toEqual(['v1']);
    });

    it('deleting leaves a tombstone that keeps author, mentions and place', async () => {
      const message = await talk.send(talk.alice, room, `hi <@${talk.bob.id}>`);
      await talk.as(talk.bob).call(react, { message_id: message.id, emoji: '👍' });
      expect(await talk.as(talk.bob).refused(deleteMessage, { message_id: message.id })).toMatchObject({ code: 'forbidden' });
      const gone = await talk.as(talk.olivia).call(deleteMessage, { message_id: message.id });
      expect(gone).toMatchObject({ deleted: true, content: '', files: [], reactions: [], author_id: talk.alice.id, mentions: { user_ids: [talk.bob.id] }, seq: message.seq });
      expect(await talk.as(talk.alice).call(deleteMessage, { message_id: message.id })).toEqual(gone);
      expect(await talk.as(talk.alice).refused(editMessage, { message_id: message.id, content: 'x' })).toMatchObject({ code: 'conflict', message: { deleted: true } });
      expect(await talk.as(talk.alice).refused(react, { message_id: message.id, emoji: '👍' })).toMatchObject({ code: 'conflict' });
      expect(await talk.unread(talk.bob, room)).toEqual({ unread: 0, mentions: 0 });
    });

    it('an edit resolves mentions again', async () => {
      const message = await talk.send(talk.alice, room, `hi <@${talk.bob.id}> <@${NOBODY}>`);
      expect(message.mentions.user_ids).toEqual([talk.bob.id]);
      expect(await talk.unread(talk.bob, room)).toEqual({ unread: 1, mentions: 1 });
      await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: `hi <@${talk.olivia.id}>` });
      expect(await talk.unread(talk.bob, room)).toEqual({ unread: 1, mentions: 0 });
      expect(await talk.unread(talk.olivia, room)).toEqual({ unread: 1, mentions: 1 });
      await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: '<!channel>' });
      expect(await talk.unread(talk.bob, room)).toEqual({ unread: 1, mentions: 1 });
      expect(await talk.unread(talk.alice, room)).toEqual({ unread: 0, mentions: 0 });
    });
  });

  describe('reactions', () => {
    it('adds and removes one\'s own, once each', async () => {
      let message: Message = await talk.send(talk.alice, room, 'x');
      message = await talk.as(talk.bob).call(react, { message_id: message.id, emoji: '👍' });
      const again = await talk.as(talk.bob).call(react, { message_id: message.id, emoji: '👍' });
      expect(again.rev).toBe(message.rev);
      message = await talk.as(talk.guest).call(react, { channel_id: room.id, message_id: message.id, emoji: '👍' });
      expect(message.reactions).toEqual([{ emoji: '👍', count: 2, user_ids: [talk.bob.id, talk.guest.id] }]);
      message = await talk.as(talk.bob).call(react, { message_id: message.id, emoji: '👍', remove: true });
      expect(message.reactions).toEqual([{ emoji: '👍', count: 1, user_ids: [talk.guest.id] }]);
      message = await talk.as(talk.guest).call(react, { message_id: message.id, emoji: '👍', remove: true });
      expect(message.reactions).toEqual([]);
    });

    it('at most 50 emoji', async () => {
      const message = await talk.send(talk.alice, room, 'x');
      for (let i = 0; i < 50; i++) await talk.as(talk.bob).call(react, { message_id: message.id, emoji: `e${i}` });
      expect(await talk.as(talk.bob).refused(react, { message_id: message.id, emoji: 'e50' })).toMatchObject({ code: 'invalid_request' });
      expect((await talk.as(talk.alice).call(react, { message_id: message.id, emoji: 'e3' })).reactions[3]!.count).toBe(2);
    });
  });

  it('<!here> means the members who are here at the time', async () => {
    const { presence } = talk.world.deps;
    talk.world.deps.presence = Object.assign(Object.create(presence) as typeof presence, { statesOf: async (ids: readonly string[]) => new Map(ids.filter((id) => id === talk.bob.id || id === talk.alice.id).map((id) => [id, 'online' as const])) });
    const message = await talk.send(talk.alice, room, '<!here> hello');
    talk.world.deps.presence = presence;
    expect(message.mentions).toMatchObject({ everyone: 'here', target_ids: [talk.bob.id] });
    expect((await talk.unread(talk.bob, room)).mentions).toBe(1);
    expect((await talk.unread(talk.olivia, room)).mentions).toBe(0);
    await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: '<!here> hello again' });
    expect((await talk.unread(talk.bob, room)).mentions).toBe(1);
    await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: 'hello' });
    expect((await talk.unread(talk.bob, room)).mentions).toBe(0);
  });

  it('an edit to <!channel> names and lists those who were members at its place', async () => {
    const lounge = await talk.room('lounge', [talk.alice]);
    const message = await talk.send(talk.alice, lounge, 'hello');
    await talk.join(talk.bob, lounge);
    await talk.as(talk.bob).call(markUnread, { channel_id: lounge.id, seq: message.seq });
    const edited = await talk.as(talk.alice).call(editMessage, { message_id: message.id, content: '<!channel> hello' });
    expect([edited.mentions.everyone, edited.mentions.target_ids?.includes(talk.bob.id)]).toEqual(['channel', false]);
    expect((await talk.unread(talk.bob, lounge)).mentions).toBe(0);
    const next = await talk.send(talk.alice, lounge, '<!channel> again');
    expect(next.mentions.target_ids).toContain(talk.bob.id);
    expect((await talk.unread(talk.bob, lounge)).mentions).toBe(1);
  });

  describe('threads', () => {
    it('a reply moves its root, and deleting it moves it back', async () => {
      const root = await talk.send(talk.alice, room, 'root');
      const one = await talk.send(talk.bob, room, 'one', { parent: root });
      const two = await talk.send(talk.olivia, room, 'two', { parent: root, broadcast: true });
      const thread = async () => (await talk.as(talk.alice).call(getMessages, { channel_id: room.id, parent_message_id: root.id })).messages;
      expect((await thread()).map((m) => m.id)).toEqual([root.id, one.id, two.id]);
      expect((await thread())[0]!.thread).toEqual({ reply_count: 2, last_reply_seq: two.seq, last_reply_at: two.created_at, participant_ids: [talk.bob.id, talk.olivia.id] });
      await talk.as(talk.olivia).call(deleteMessage, { message_id: two.id });
      expect((await thread())[0]!.thread).toMatchObject({ reply_count: 1, last_reply_seq: one.seq });
      await talk.as(talk.bob).call(deleteMessage, { message_id: one.id });
      expect((await thread())[0]!.thread).toBeNull();
      expect(await talk.as(talk.alice).refused(sendMessage, { channel_id: room.id, content: 'x', client_msg_id: 'r', parent_message_id: one.id })).toMatchObject({ code: 'invalid_request' });
    });
  });

  it('who was removed finds nothing there any more', async () => {
    const secret = await talk.room('secret', [talk.alice, talk.bob], { is_private: true });
    const message = await talk.send(talk.alice, secret, 'x');
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: secret.id, user_ids: [talk.alice.id] });
    for (const [call, input] of [[sendMessage, { channel_id: secret.id, content: 'x', client_msg_id: 'z' }], [getMessages, { channel_id: secret.id }], [editMessage, { message_id: message.id, content: 'y' }], [deleteMessage, { message_id: message.id }]] as const) {
      expect(await talk.as(talk.alice).refused(call, input), call.path).toMatchObject({ code: 'not_found' });
    }
  });
});
