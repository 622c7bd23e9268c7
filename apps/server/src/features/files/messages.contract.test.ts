import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getChannelFiles } from '@parley/shared/protocol/calls/files';
import { deleteMessage, editMessage, getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import { scheduleMessage } from '@parley/shared/protocol/calls/scheduled';
import { leaveChannel, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import type { Channel, File, Message } from '@parley/shared/protocol/entities';
import { channels, files } from '../../storage/tables.ts';
import { readableFile } from './file-access.ts';
import { FileWorld, idOf } from '../../testing/file-world.ts';
import { STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

const NOBODY = '0190a000-0000-7000-8000-00000000dead';

describe.each(STORES)('files of messages on $adapter', (adapter) => {
  let at: FileWorld;
  let alice: TestUser;
  let bob: TestUser;
  let room: Channel;
  let sent = 0;
  beforeEach(async () => {
    at = await FileWorld.open({}, adapter);
    ({ alice, bob } = at.talk);
    room = await at.talk.room('room', [alice, bob], { is_private: true });
  });
  afterEach(async () => {
    expect(at.world.failures).toEqual([]);
    await at.close();
  });
  const send = async (by: TestUser, file_ids: string[], more: { channel_id?: string; content?: string; client_msg_id?: string } = {}): Promise<Message> => (await at.world.as(by).call(sendMessage, { channel_id: room.id, content: '', client_msg_id: `f${++sent}`, file_ids, ...more })).message;
  const refused = (by: TestUser, file_ids: string[], content = 'hi') => at.world.as(by).refused(sendMessage, { channel_id: room.id, content, client_msg_id: `f${++sent}`, file_ids });
  const status = async (by: TestUser, file: File) => (await at.ask(by, 'GET', `files/${file.id}`)).status;

  it('refuses what is not there, not one\'s own, not whole, given twice, or too many', async () => {
    const [mine, theirs] = [await at.upload(alice, 'a', 'mine'), await at.upload(bob, 'b', 'theirs')];
    const half = idOf(await at.begin(alice, 10));
    for (const ids of [[NOBODY], [theirs.id], [half]]) expect(await refused(alice, [mine.id, ...ids])).toMatchObject({ code: 'invalid_request', errors: [{ path: 'file_ids.1' }] });
    expect(await refused(alice, [mine.id, mine.id])).toMatchObject({ errors: [{ path: 'file_ids.1', message: 'given twice' }] });
    expect(await refused(alice, Array.from({ length: 21 }, () => mine.id))).toMatchObject({ code: 'invalid_request' });
    expect(await refused(alice, [], ' ')).toMatchObject({ errors: [{ path: 'content' }] });
    expect((await at.world.as(alice).call(getMessages, { channel_id: room.id })).messages.some((m) => m.kind === 'text')).toBe(false);
  });

  it('a message carries them in their order, without words too; a repeat is the same, another file is a conflict', async () => {
    const [one, two] = [await at.upload(alice, 'a', '1'), await at.upload(alice, 'b', '2')];
    const message = await send(alice, [two.id, one.id], { client_msg_id: 'same' });
    expect([message.content, message.files]).toEqual(['', [two, one]]);
    expect((await send(alice, [two.id, one.id], { client_msg_id: 'same' })).id).toBe(message.id);
    expect(await at.world.as(alice).refused(sendMessage, { channel_id: room.id, content: '', client_msg_id: 'same', file_ids: [one.id] })).toMatchObject({ code: 'conflict', message: { id: message.id } });
    expect((await at.world.as(bob).call(getMessages, { channel_id: room.id })).messages.at(-1)!.files).toEqual([two, one]);
  });

  it('an edit keeps them, and may take the words away only where there are some', async () => {
    const file = await at.upload(alice, 'a', '1');
    const message = await send(alice, [file.id], { content: 'look' });
    const edit = (message_id: string, content: string) => at.world.as(alice).call(editMessage, { message_id, content });
    expect(await edit(message.id, 'look here')).toMatchObject({ content: 'look here', files: [file] });
    expect(await edit(message.id, '')).toMatchObject({ content: '', files: [file] });
    const plain = await at.talk.send(alice, room, 'words');
    expect(await at.world.as(alice).refused(editMessage, { message_id: plain.id, content: ' ' })).toMatchObject({ errors: [{ path: 'content' }] });
    expect(await status(bob, file)).toBe(200);
  });

  it('are read by those who may read the message, while they may', async () => {
    const file = await at.upload(alice, 'a', 'secret');
    expect(await status(bob, file)).toBe(404);
    await send(alice, [file.id]);
    const outsider = await at.world.createUser('oscar');
    expect([await status(alice, file), await status(bob, file), await status(outsider, file), await status(at.talk.guest, file)]).toEqual([200, 200, 404, 404]);
    await at.talk.as(at.talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [bob.id] });
    expect(await status(bob, file)).toBe(404);
    // Its uploader has no more rights to it than others have.
    await at.talk.as(alice).call(leaveChannel, { channel_id: room.id });
    expect(await status(alice, file)).toBe(404);
  });

  it('who sees a channel from now on sees no older file, and not another one for having seen one', async () => {
    const [older, newer] = [await at.upload(alice, 'a', 'older'), await at.upload(alice, 'b', 'newer')];
    await send(alice, [older.id]);
    const late = await at.world.createUser('late');
    await at.talk.invite(at.talk.olivia, room, late, 'now');
    await send(alice, [newer.id]);
    expect([await status(late, older), await status(late, newer)]).toEqual([404, 200]);
    expect((await at.world.as(late).call(getChannelFiles, { channel_id: room.id })).items.map((item) => item.file.id)).toEqual([newer.id]);
  });

  it('deleting the last message that carries one takes it away from everybody, its uploader too, and from later messages', async () => {
    const file = await at.upload(alice, 'a', '1');
    const open = await at.talk.room('open', [alice]);
    const [first, second] = [await send(alice, [file.id]), await send(alice, [file.id], { channel_id: open.id })];
    const outsider = await at.world.createUser('oscar');
    expect([await status(bob, file), await status(outsider, file)]).toEqual([200, 200]);
    expect((await at.world.as(alice).call(deleteMessage, { message_id: second.id })).files).toEqual([]);
    expect([await status(bob, file), await status(outsider, file)]).toEqual([200, 404]);
    await at.world.as(alice).call(deleteMessage, { message_id: first.id });
    for (const person of [alice, bob, at.talk.olivia]) for (const path of ['', '/info', '/thumb', '/large']) expect((await at.ask(person, 'GET', `files/${file.id}${path}`)).status).toBe(404);
    expect(await refused(alice, [file.id])).toMatchObject({ code: 'invalid_request' });
    expect((await at.drop(alice, file.id)).status).toBe(409);
  });

  it('what retention has purged is not there any more', async () => {
    const file = await at.upload(alice, 'a', '1');
    const { seq } = await send(alice, [file.id]);
    const who = { user_id: bob.id, server_role: 'member' as const };
    const read = (purged: number) => at.world.store.read((tx) => readableFile({
      find: (table, range) => tx.find(table, range), count: (table, range) => tx.count(table, range),
      get: async (table, key) => {
        const row = await tx.get(table, key);
        return row && table.name === channels.name ? { ...row, doc: { ...(row['doc'] as Channel), purged_through_seq: purged } } : row;
      },
    }, who, file.id));
    expect((await read(seq - 1)).id).toBe(file.id);
    await expect(read(seq)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('an uploader cannot take away what a message carries', async () => {
    const file = await at.upload(alice, 'a', '1');
    await send(alice, [file.id]);
    expect((await at.drop(alice, file.id)).status).toBe(409);
    expect(await status(bob, file)).toBe(200);
  });

  it('a channel lists its files newest first, in pages, permission-checked, and forgets deleted ones at once', async () => {
    const all: File[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e']) all.push(await at.upload(alice, name, name));
    const [first, second] = [await send(alice, [all[0]!.id, all[1]!.id]), await send(alice, [all[2]!.id, all[3]!.id, all[4]!.id])];
    const list = async (by: TestUser, more: { cursor?: string; page_size?: number } = {}) => at.world.as(by).call(getChannelFiles, { channel_id: room.id, ...more });
    const names = (page: Awaited<ReturnType<typeof list>>) => page.items.map(({ file, message_id }) => [file.name, message_id === first.id ? 1 : 2]);
    expect(names(await list(bob))).toEqual([['e', 2], ['d', 2], ['c', 2], ['b', 1], ['a', 1]]);
    const page = await list(bob, { page_size: 4 });
    expect([names(page).length, names(await list(bob, { page_size: 4, cursor: page.next_cursor! }))]).toEqual([4, [['a', 1]]]);
    expect((await list(bob)).next_cursor).toBeNull();
    expect((await list(bob)).items[0]).toMatchObject({ seq: second.seq, author_id: alice.id, at: second.created_at });
    await at.world.as(alice).call(deleteMessage, { message_id: second.id });
    expect(names(await list(bob))).toEqual([['b', 1], ['a', 1]]);
    const outsider = await at.world.createUser('oscar');
    expect(await at.world.as(outsider).refused(getChannelFiles, { channel_id: room.id })).toMatchObject({ code: 'not_found' });
    expect(await at.world.as(null).refused(getChannelFiles, { channel_id: room.id })).toMatchObject({ code: 'not_authenticated' });
    for (const cursor of ['x', '-1', '1.5', '1e400']) expect(await at.world.as(bob).refused(getChannelFiles, { channel_id: room.id, cursor })).toMatchObject({ code: 'invalid_request' });
  });

  it('files of a scheduled message wait for it', async () => {
    const file = await at.upload(alice, 'a', '1');
    const send_at = new Date(at.world.clock.now() + 60 * 86_400_000).toISOString();
    await at.world.as(alice).call(scheduleMessage, { channel_id: room.id, content: 'later', client_msg_id: NOBODY, file_ids: [file.id], send_at });
    const row = await at.world.store.read((tx) => tx.get(files, [file.id]));
    expect(row!.expires_at! / 1000).toBe(Date.parse(send_at) + 14 * 86_400_000);
    expect(await at.world.as(alice).refused(scheduleMessage, { channel_id: room.id, content: 'later', client_msg_id: file.id, file_ids: [NOBODY], send_at })).toMatchObject({ code: 'invalid_request' });
  });
});
