import { setRole } from '@parley/shared/protocol/calls/accounts';
import * as calls from '@parley/shared/protocol/calls/channels';
import { getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import { sync } from '@parley/shared/protocol/calls/reading';
import type { MembershipEntity } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { members, stays } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

describe.each(STORES)('channels on $adapter', (adapter) => {
  let talk: Conversation;
  let ws: string;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    ws = talk.world.workspace.id;
  });
  afterEach(() => talk.close());

  const membership = async (of: TestUser, channelId: string): Promise<MembershipEntity | undefined> => {
    const answer = await talk.as(of).call(sync, { cursors: {} });
    return answer.streams[`user:${of.id}`]!.entities.find((e) => e.type === 'membership' && e.id === channelId) as MembershipEntity | undefined;
  };
  const contents = async (channelId: string) => (await talk.as(talk.olivia).call(getMessages, { channel_id: channelId })).messages;

  it('refuses nobody, guests, bad names and taken names', async () => {
    const input = { workspace_id: ws, name: 'plans' };
    expect(await talk.world.as(null).refused(calls.createChannel, input)).toMatchObject({ code: 'not_authenticated' });
    expect(await talk.as(talk.alice).refused(calls.createChannel, { ...input, name: 'Not Good' })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'name' }] });
    expect(await talk.as(talk.guest).refused(calls.createChannel, input)).toMatchObject({ code: 'forbidden' });
    const other = await talk.world.createWorkspace('Other');
    expect(await talk.as(talk.alice).refused(calls.createChannel, { ...input, workspace_id: other.id })).toMatchObject({ code: 'not_found' });
    await talk.as(talk.alice).call(calls.createChannel, input);
    expect(await talk.as(talk.bob).refused(calls.createChannel, input)).toMatchObject({ code: 'conflict' });
    expect(await talk.as(talk.bob).refused(calls.createChannel, { ...input, name: 'general' })).toMatchObject({ code: 'conflict' });
  });

  it('its maker moderates it, and reads the membership at once', async () => {
    const channel = await talk.as(talk.alice).call(calls.createChannel, { workspace_id: ws, name: 'plans', topic: 't', user_ids: [talk.bob.id] });
    expect(channel).toMatchObject({ kind: 'public', name: 'plans', topic: 't', member_count: 2, archived: false, head_seq: 0, creator_id: talk.alice.id });
    expect(await membership(talk.alice, channel.id)).toMatchObject({ role: 'moderator', read_epoch: 0, read_seq: 0, level: 'default', muted: false });
    expect(await membership(talk.bob, channel.id)).toMatchObject({ role: 'member' });
    const people = await talk.as(talk.bob).call(calls.getMembers, { channel_id: channel.id });
    expect(people.items.map((m) => m.user_id).sort()).toEqual([talk.alice.id, talk.bob.id].sort());
  });

  it('the same people are the same direct message, whoever asks and in whichever order', async () => {
    const a = await talk.as(talk.alice).call(calls.openDm, { workspace_id: ws, user_ids: [talk.bob.id] });
    const b = await talk.as(talk.bob).call(calls.openDm, { workspace_id: ws, user_ids: [talk.alice.id, talk.bob.id, talk.alice.id] });
    expect(a).toMatchObject({ kind: 'dm', name: '', member_count: 2, user_ids: [talk.alice.id, talk.bob.id].sort() });
    expect(b.id).toBe(a.id);
    expect(a.id[14]).toBe('8');
    const notes = await talk.as(talk.alice).call(calls.openDm, { workspace_id: ws, user_ids: [talk.alice.id] });
    expect(notes).toMatchObject({ kind: 'dm', member_count: 1 });
    const [three, same] = await Promise.all([
      talk.as(talk.alice).call(calls.openDm, { workspace_id: ws, user_ids: [talk.bob.id, talk.olivia.id] }),
      talk.as(talk.olivia).call(calls.openDm, { workspace_id: ws, user_ids: [talk.alice.id, talk.bob.id] }),
    ]);
    expect(three.kind).toBe('group_dm');
    expect(same.id).toBe(three.id);
    expect(await talk.as(talk.guest).refused(getMessages, { channel_id: a.id })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(talk.olivia).refused(calls.joinChannel, { channel_id: a.id })).toMatchObject({ code: 'not_found' });
    for (const call of [calls.leaveChannel, calls.archiveChannel]) expect(await talk.as(talk.alice).refused(call, { channel_id: a.id })).toMatchObject({ code: 'forbidden' });
    expect(await talk.as(talk.alice).refused(calls.inviteToChannel, { channel_id: a.id, user_ids: [talk.olivia.id] })).toMatchObject({ code: 'forbidden' });
  });

  it('guests open direct messages with people of shared channels only', async () => {
    expect(await talk.as(talk.guest).refused(calls.openDm, { workspace_id: ws, user_ids: [talk.alice.id] })).toMatchObject({ code: 'not_found' });
    await talk.room('shared', [talk.alice, talk.guest]);
    await talk.as(talk.guest).call(calls.openDm, { workspace_id: ws, user_ids: [talk.alice.id] });
    expect(await talk.as(talk.guest).refused(calls.openDm, { workspace_id: ws, user_ids: [talk.alice.id, talk.bob.id] })).toMatchObject({ code: 'not_found' });
  });

  it('joining and leaving: stays, epochs, counts, lines', async () => {
    const room = await talk.room('room', []);
    await talk.send(talk.olivia, room, 'before');
    const joined = await talk.as(talk.alice).call(calls.joinChannel, { channel_id: room.id });
    expect(joined.member_count).toBe(2);
    expect((await talk.as(talk.alice).call(calls.joinChannel, { channel_id: room.id })).head_rev).toBe(joined.head_rev);
    const first = (await membership(talk.alice, room.id))!;
    expect(first).toMatchObject({ read_epoch: 0, read_seq: 1, joined_seq: 1, visible_from_seq: 1 });
    expect(await talk.unread(talk.alice, room)).toEqual({ unread: 0, mentions: 0 });
    expect(await talk.unread(talk.olivia, room)).toEqual({ unread: 0, mentions: 0 });

    expect((await talk.as(talk.alice).call(calls.leaveChannel, { channel_id: room.id })).member_count).toBe(1);
    await talk.as(talk.alice).call(calls.leaveChannel, { channel_id: room.id });
    expect(await membership(talk.alice, room.id)).toMatchObject({ deleted: true });
    await talk.send(talk.olivia, room, '<!channel> while away');
    await talk.join(talk.alice, room);
    const second = (await membership(talk.alice, room.id))!;
    expect(second.stay_id).not.toBe(first.stay_id);
    expect(second).toMatchObject({ read_epoch: 1, joined_seq: second.read_seq });
    expect(await talk.unread(talk.alice, room)).toEqual({ unread: 0, mentions: 0 });
    const kept = await talk.store.read((tx) => tx.find(stays, { prefix: [room.id, talk.alice.id], limit: 10 }));
    expect(kept.map((s) => s.left_seq === null).sort()).toEqual([false, true]);
    expect((await contents(room.id)).map((m) => m.system?.event ?? m.content)).toEqual(['before', 'joined', 'left', '<!channel> while away', 'joined']);
    const controls = talk.events.filter((e) => e.stream === `channel:${room.id}`).flatMap((e) => e.control ?? []).filter((c) => 'user_id' in c && c.user_id === talk.alice.id);
    expect(controls.map((c) => c.kind)).toEqual(['joined', 'left', 'joined']);
  });

  it('the membership follows though the projection was left to the consumer, and twice is once', async () => {
    const room = await talk.room('room', []);
    await talk.store.run('channels.join', { who: { user_id: talk.alice.id, server_role: 'member' }, channel_id: room.id });
    expect(await membership(talk.alice, room.id)).toBeUndefined();
    await talk.settle();
    const once = await membership(talk.alice, room.id);
    expect(once).toMatchObject({ role: 'member' });
    await talk.store.run('membership.project', { memberships: [{ channel_id: room.id, user_id: talk.alice.id }] });
    expect(await membership(talk.alice, room.id)).toEqual(once);
    await talk.store.run('channels.leave', { who: { user_id: talk.alice.id, server_role: 'member' }, channel_id: room.id });
    expect(await talk.summary(talk.alice, room)).toBeUndefined();
  });

  it('the default channel has no lines, and can be neither left nor archived', async () => {
    const list = await talk.as(talk.alice).call(calls.getChannels, { workspace_id: ws, query: 'general' });
    const general = list.items[0]!;
    expect(general).toMatchObject({ is_default: true, head_seq: 0 });
    expect(general.member_count).toBe(3);
    expect(await talk.as(talk.olivia).refused(calls.leaveChannel, { channel_id: general.id })).toMatchObject({ code: 'forbidden' });
    expect(await talk.as(talk.olivia).refused(calls.archiveChannel, { channel_id: general.id })).toMatchObject({ code: 'forbidden' });
    expect(await talk.as(talk.guest).refused(getMessages, { channel_id: general.id })).toMatchObject({ code: 'not_found' });
  });

  it('changes of name, topic and posting', async () => {
    const room = await talk.room('room', [talk.alice, talk.bob]);
    expect(await talk.as(talk.alice).refused(calls.updateChannel, { channel_id: room.id, name: 'mine' })).toMatchObject({ code: 'forbidden' });
    expect((await talk.as(talk.alice).call(calls.updateChannel, { channel_id: room.id, topic: 'new' })).topic).toBe('new');
    const same = await talk.as(talk.alice).call(calls.updateChannel, { channel_id: room.id, topic: 'new' });
    const renamed = await talk.as(talk.olivia).call(calls.updateChannel, { channel_id: room.id, name: 'renamed', purpose: 'p', posting: 'moderators' });
    expect(renamed).toMatchObject({ name: 'renamed', purpose: 'p', posting: 'moderators' });
    expect(renamed.head_rev).toBeGreaterThan(same.head_rev);
    await talk.as(talk.alice).call(calls.createChannel, { workspace_id: ws, name: 'room' });
    expect(await talk.as(talk.olivia).refused(calls.updateChannel, { channel_id: room.id, name: 'room' })).toMatchObject({ code: 'conflict' });
    expect((await contents(room.id)).map((m) => m.system?.event)).toEqual(['topic', 'renamed']);
    await talk.as(talk.olivia).call(calls.archiveChannel, { channel_id: room.id });
    expect(await talk.as(talk.olivia).refused(calls.updateChannel, { channel_id: room.id, topic: 'x' })).toMatchObject({ code: 'forbidden' });
    expect((await talk.as(talk.olivia).call(calls.unarchiveChannel, { channel_id: room.id })).archived).toBe(false);
  });

  it('a moderator is made, and may then what moderators may', async () => {
    const room = await talk.room('room', [talk.alice, talk.bob]);
    expect(await talk.as(talk.alice).refused(calls.removeFromChannel, { channel_id: room.id, user_ids: [talk.bob.id] })).toMatchObject({ code: 'forbidden' });
    expect(await talk.as(talk.alice).refused(setRole, { channel_id: room.id, user_id: talk.alice.id, role: 'moderator' })).toMatchObject({ code: 'forbidden' });
    await talk.as(talk.olivia).call(setRole, { channel_id: room.id, user_id: talk.alice.id, role: 'moderator' });
    expect(await membership(talk.alice, room.id)).toMatchObject({ role: 'moderator' });
    expect((await talk.as(talk.alice).call(calls.removeFromChannel, { channel_id: room.id, user_ids: [talk.bob.id] })).member_count).toBe(2);
    expect(await membership(talk.bob, room.id)).toMatchObject({ deleted: true });
  });

  it('lists public rooms and one\'s own, in pages', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'].map((n) => `list-${n}`);
    for (const [i, name] of names.entries()) await talk.room(name, [], { is_private: i === 2 });
    const own = await talk.room('list-own', [talk.alice], { is_private: true });
    const dm = await talk.as(talk.alice).call(calls.openDm, { workspace_id: ws, user_ids: [talk.bob.id] });
    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await talk.as(talk.alice).call(calls.getChannels, { workspace_id: ws, page_size: 2, cursor });
      seen.push(...page.items.map((c) => c.name || c.id));
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(seen).toEqual(['general', 'list-a', 'list-b', 'list-d', 'list-e', own.name, dm.id]);
    expect((await talk.as(talk.guest).call(calls.getChannels, { workspace_id: ws })).items).toEqual([]);
    expect((await talk.as(talk.bob).call(calls.getChannels, { workspace_id: ws, query: 'ST-B' })).items.map((c) => c.name)).toEqual(['list-b']);
  });

  it('levels are one\'s own', async () => {
    const room = await talk.room('room', [talk.alice]);
    expect(await talk.as(talk.alice).call(calls.setNotificationLevel, { channel_id: room.id, level: 'mentions', muted: true })).toMatchObject({ level: 'mentions', muted: true });
    expect(await membership(talk.alice, room.id)).toMatchObject({ level: 'mentions', muted: true });
    expect(await talk.as(talk.bob).refused(calls.setNotificationLevel, { channel_id: room.id, muted: true })).toMatchObject({ code: 'forbidden' });
  });

  it('over 100 members the count is published once a minute at most, and rights go by the exact one', async () => {
    const people: TestUser[] = [];
    for (let i = 0; i < 100; i++) people.push(await talk.world.createUser(`person${i}`));
    const room = await talk.room('big', people);
    expect(room.member_count).toBe(101);
    const pages: number[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await talk.as(talk.olivia).call(calls.getMembers, { channel_id: room.id, page_size: 40, ...(cursor !== undefined && { cursor }) });
      pages.push(page.items.length);
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(pages).toEqual([40, 40, 21]);
    expect(await talk.as(people[0]!).refused(sendMessage, { channel_id: room.id, content: '<!channel>', client_msg_id: 'c' })).toMatchObject({ code: 'forbidden' });
    const joined = await talk.as(talk.alice).call(calls.joinChannel, { channel_id: room.id });
    expect(joined.member_count).toBe(101);
    expect(joined.head_rev).toBeGreaterThan(room.head_rev);
    await talk.world.clock.advance(60_001);
    await talk.join(talk.bob, room);
    expect((await talk.as(talk.bob).call(calls.leaveChannel, { channel_id: room.id })).member_count).toBe(103);
    expect(await talk.store.read((tx) => tx.count(members, { prefix: [room.id] }))).toBe(102);
  });
});
