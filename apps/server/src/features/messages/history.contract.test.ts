import { deleteMessage, editMessage, getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import type { InputOf } from '@parley/shared/protocol/call';
import type { Message } from '@parley/shared/protocol/entities';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Conversation, STORES } from '../../testing/conversation-world.ts';

/** Twenty messages; 5, 10 and 15 are replies to 2, 10 is broadcast. */
describe.each(STORES)('history on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  const sent: Message[] = [];
  beforeAll(async () => {
    sent.length = 0;
    talk = await Conversation.open(adapter);
    room = await talk.room('history', [talk.alice]);
    for (let i = 1; i <= 20; i++) sent.push(await talk.send(talk.alice, room, `m ${i}`, i % 5 === 0 && i < 20 ? { parent: sent[1], broadcast: i === 10 } : {}));
  });
  afterAll(() => talk.close());

  const ask = async (query: Partial<InputOf<typeof getMessages>>) => {
    const page = await talk.as(talk.bob).call(getMessages, { channel_id: room.id, ...query });
    return { seqs: page.messages.map((m) => m.seq), before: page.has_more_before, after: page.has_more_after, page };
  };
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  it.each<[string, Partial<InputOf<typeof getMessages>>, number[], boolean, boolean]>([
    ['the newest page', { page_size: 5 }, range(16, 20), true, false],
    ['everything', {}, range(1, 20), false, false],
    ['after', { after_seq: 3, page_size: 4 }, range(4, 7), true, true],
    ['after, to the end', { after_seq: 17 }, range(18, 20), true, false],
    ['after the end', { after_seq: 20 }, [], true, false],
    ['after far beyond the end', { after_seq: 900 }, [], true, false],
    ['before', { before_seq: 8, page_size: 4 }, range(4, 7), true, true],
    ['before, to the beginning', { before_seq: 4 }, range(1, 3), false, true],
    ['before the beginning', { before_seq: 1 }, [], false, true],
    ['between', { after_seq: 3, before_seq: 7 }, range(4, 6), false, false],
    ['between, in pages', { after_seq: 3, before_seq: 12, page_size: 3 }, range(4, 6), false, true],
    ['between neighbours', { after_seq: 3, before_seq: 4 }, [], false, false],
    ['around', { around_seq: 10, page_size: 5 }, range(8, 12), true, true],
    ['around the beginning', { around_seq: 1, page_size: 5 }, range(1, 5), false, true],
    ['around the end', { around_seq: 20, page_size: 5 }, range(16, 20), true, false],
    ['around beyond the end', { around_seq: 99, page_size: 5 }, range(16, 20), true, false],
    ['the timeline', { view: 'timeline' }, range(1, 20).filter((s) => s !== 5 && s !== 15), false, false],
    ['the timeline around a reply', { view: 'timeline', around_seq: 5, page_size: 4 }, [3, 4, 6, 7], true, true],
  ])('%s', async (_name, query, seqs, before, after) => {
    const answer = await ask(query);
    expect(answer.seqs).toEqual(seqs);
    expect([answer.before, answer.after]).toEqual([before, after]);
    expect(answer.page).toMatchObject({ head_seq: 20 });
  });

  it('around a message, and not around one of another channel', async () => {
    expect((await ask({ message_id: sent[9]!.id, page_size: 3 })).seqs).toEqual([9, 10, 11]);
    const other = await talk.room('other', [talk.alice]);
    expect(await talk.as(talk.alice).refused(getMessages, { channel_id: other.id, message_id: sent[9]!.id })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(talk.alice).refused(getMessages, { channel_id: room.id, around_seq: 3, after_seq: 2 })).toMatchObject({ code: 'invalid_request' });
  });

  it('from a time, in both forms', async () => {
    const at = sent[6]!.created_at;
    expect((await ask({ since_ts: at, page_size: 3 })).seqs).toEqual([7, 8, 9]);
    const between = (await ask({ since_ts: Date.parse(at) + 1, page_size: 2 })).seqs;
    expect(between).toEqual([8, 9]);
    expect(await ask({ since_ts: '2099-01-01T00:00:00Z' })).toMatchObject({ seqs: [], before: true, after: false });
    expect((await ask({ since_ts: 0, page_size: 1 })).seqs).toEqual([1]);
  });

  it('one thread with its root', async () => {
    expect(await ask({ parent_message_id: sent[1]!.id })).toMatchObject({ seqs: [2, 5, 10, 15], before: false, after: false });
    expect(await ask({ parent_message_id: sent[1]!.id, page_size: 3 })).toMatchObject({ seqs: [2, 10, 15], before: true, after: false });
    expect(await ask({ parent_message_id: sent[1]!.id, after_seq: 5 })).toMatchObject({ seqs: [10, 15], before: true });
    expect(await ask({ parent_message_id: sent[2]!.id })).toMatchObject({ seqs: [3], before: false, after: false });
    expect(await talk.as(talk.alice).refused(getMessages, { channel_id: room.id, parent_message_id: sent[4]!.id })).toMatchObject({ code: 'invalid_request' });
    expect(await talk.as(talk.alice).refused(getMessages, { channel_id: room.id, parent_message_id: room.id })).toMatchObject({ code: 'not_found' });
  });

  it('only what changed since a rev', async () => {
    const { page } = await ask({ page_size: 1 });
    const since = page.head_rev;
    expect((await ask({ changed_since: since })).seqs).toEqual([]);
    for (const seq of [3, 7, 12, 17]) await talk.as(talk.alice).call(editMessage, { message_id: sent[seq - 1]!.id, content: `edited ${seq}` });
    await talk.as(talk.alice).call(deleteMessage, { message_id: sent[7]!.id });
    expect(await ask({ changed_since: since })).toMatchObject({ seqs: [3, 7, 8, 12, 17], before: false, after: false });
    expect(await ask({ changed_since: since, after_seq: 5, before_seq: 13 })).toMatchObject({ seqs: [7, 8, 12], before: false, after: false });
    expect(await ask({ changed_since: since, after_seq: 5, before_seq: 13, page_size: 2 })).toMatchObject({ seqs: [7, 8], before: false, after: true });
    expect(await ask({ changed_since: since, page_size: 2 })).toMatchObject({ seqs: [12, 17], before: true, after: false });
    const tombstone = (await ask({ around_seq: 8, page_size: 1 })).page.messages[0]!;
    expect(tombstone).toMatchObject({ seq: 8, deleted: true, content: '' });
  });

  it('who came "from now" sees nothing from before', async () => {
    const secret = await talk.room('secret', [talk.alice], { is_private: true });
    const root = await talk.send(talk.alice, secret, 'before');
    await talk.invite(talk.olivia, secret, talk.bob, 'now');
    await talk.send(talk.alice, secret, 'after');
    const seen = await talk.as(talk.bob).call(getMessages, { channel_id: secret.id });
    expect(seen.messages.map((m) => m.content)).toEqual([expect.stringContaining('added'), 'after']);
    expect(seen.has_more_before).toBe(false);
    expect(await talk.as(talk.bob).refused(getMessages, { channel_id: secret.id, message_id: root.id })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(talk.bob).refused(sendMessage, { channel_id: secret.id, content: 'x', client_msg_id: 'x', parent_message_id: root.id })).toMatchObject({ code: 'not_found' });
    await talk.invite(talk.olivia, secret, talk.guest);
    expect((await talk.as(talk.guest).call(getMessages, { channel_id: secret.id })).messages[0]!.content).toBe('before');
  });
});
