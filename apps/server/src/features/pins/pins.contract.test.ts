import { archiveChannel } from '@parley/shared/protocol/calls/channels';
import { deleteMessage } from '@parley/shared/protocol/calls/messages';
import { getPins, pinMessage, unpinMessage } from '@parley/shared/protocol/calls/pins';
import type { Message } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Conversation, STORES } from '../../testing/conversation-world.ts';

describe.each(STORES)('pins on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  let first: Message;
  let second: Message;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('room', [talk.alice], { is_private: true });
    first = await talk.send(talk.alice, room, 'one');
    second = await talk.send(talk.alice, room, 'two');
  });
  afterEach(() => talk.close());
  const pin = async (message: Message) => {
    await talk.world.clock.advance(5);
    return talk.as(talk.alice).call(pinMessage, { message_id: message.id });
  };
  const listed = async () => (await talk.as(talk.alice).call(getPins, { channel_id: room.id })).items.map((p) => [p.message.content, p.pinned_by === talk.alice.id]);

  it('refuses nobody, those outside, and what cannot be pinned', async () => {
    expect(await talk.world.as(null).refused(pinMessage, { message_id: first.id })).toMatchObject({ code: 'not_authenticated' });
    expect(await talk.as(talk.bob).refused(pinMessage, { message_id: first.id })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(talk.bob).refused(getPins, { channel_id: room.id })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(talk.alice).refused(getPins, { channel_id: room.id, cursor: 'x' })).toMatchObject({ code: 'invalid_request' });
    await talk.as(talk.olivia).call(archiveChannel, { channel_id: room.id });
    expect(await talk.as(talk.alice).refused(pinMessage, { message_id: first.id })).toMatchObject({ code: 'forbidden' });
  });

  it('lists the newest pin first, in pages; a repeat takes no rev', async () => {
    const once = await pin(first);
    expect(once).toMatchObject({ pinned: true, rev: once.rev });
    await pin(second);
    expect(await talk.as(talk.alice).call(pinMessage, { message_id: first.id })).toMatchObject({ rev: once.rev });
    expect(await listed()).toEqual([['two', true], ['one', true]]);
    const page = await talk.as(talk.alice).call(getPins, { channel_id: room.id, page_size: 1 });
    expect((await talk.as(talk.alice).call(getPins, { channel_id: room.id, page_size: 1, cursor: page.next_cursor! })).items.map((p) => p.message.content)).toEqual(['one']);
    expect(await talk.as(talk.alice).call(unpinMessage, { message_id: second.id })).toMatchObject({ pinned: false });
    expect(await listed()).toEqual([['one', true]]);
  });

  it('a deleted message loses its pin and gets none', async () => {
    await pin(first);
    await talk.as(talk.alice).call(deleteMessage, { message_id: first.id });
    expect(await listed()).toEqual([]);
    expect(await talk.as(talk.alice).refused(pinMessage, { message_id: first.id })).toMatchObject({ code: 'conflict' });
  });

  it('who sees the channel only from now on does not see older pins', async () => {
    await pin(first);
    await talk.invite(talk.olivia, room, talk.bob, 'now');
    expect((await talk.as(talk.bob).call(getPins, { channel_id: room.id })).items).toEqual([]);
  });
});
