import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inviteToChannel, leaveChannel, openDm } from '@parley/shared/protocol/calls/channels';
import { getInbox, markInbox } from '@parley/shared/protocol/calls/inbox';
import { deleteMessage } from '@parley/shared/protocol/calls/messages';
import { ackMany, markUnread } from '@parley/shared/protocol/calls/reading';
import type { Channel } from '@parley/shared/protocol/entities';
import { LIMITS } from '@parley/shared/protocol/limits';
import { caughtUp, channels, jobs, messages } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { keptOf, pointerProblems } from './testing.pointers.ts';

describe.each(STORES)('pointers of large channels ($adapter)', (adapter) => {
  let talk: Conversation;
  let hall: Channel;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    talk.large = 2;
    hall = await talk.room('hall', [talk.alice, talk.bob]);
    await talk.settleInboxes();
  });
  afterEach(() => talk.close());

  const people = (): TestUser[] => [talk.olivia, talk.alice, talk.bob, talk.guest];
  const kept = (of: TestUser) => talk.store.read((tx) => keptOf(tx, hall.id, of.id));
  const head = async (): Promise<number> => (await talk.store.read((tx) => tx.find(messages, { prefix: [hall.id], reverse: true, limit: 1 })))[0]?.seq ?? 0;
  const read = async (by: TestUser, seq: number): Promise<void> => {
    const { epoch } = await position(by);
    await talk.as(by).call(ackMany, { positions: [{ channel_id: hall.id, read_epoch: epoch, seq }] });
    await talk.settleInboxes();
  };
  const position = async (of: TestUser) => { const s = (await talk.summary(of, hall))!; return { epoch: s.read_epoch, seq: s.read_seq }; };
  const say = async (by: TestUser, text = 'hello') => { const message = await talk.send(by, hall, text); await talk.settleInboxes(); return message; };
  const sound = async (options: { gone?: boolean } = {}) => expect(await talk.store.read((tx) => pointerProblems(tx, hall.id, people().map((p) => p.id), options))).toEqual([]);
  const listed = async (of: TestUser) => (await talk.as(of).call(getInbox, { kind: 'pointer', unread: true })).items;

  it('one entry when it turns unread for somebody, however much is said, and gone when they have read it', async () => {
    const first = await say(talk.olivia);
    const { pointer } = await kept(talk.alice);
    expect(pointer).toMatchObject({ id: `pointer:${hall.id}`, kind: 'pointer', channel_id: hall.id, message_id: first.id, seq: first.seq, in_channel: true, read: false, actor_ids: [] });
    const revs = (await kept(talk.alice)).pointer as { rev?: number };
    for (let i = 0; i < 5; i++) await say(talk.bob);
    expect(((await kept(talk.alice)).pointer as { rev?: number }).rev).toBe(revs.rev);
    expect(await listed(talk.alice)).toMatchObject([{ kind: 'pointer', message_id: first.id }]);
    await read(talk.alice, await head());
    expect(await kept(talk.alice)).toEqual({ pointer: undefined, row: true });
    expect(await listed(talk.alice)).toEqual([]);
    await sound();
  });

  it('reading a part moves it to the first that is left', async () => {
    const [one, , three] = [await say(talk.olivia), await say(talk.olivia), await say(talk.olivia)];
    await read(talk.alice, one.seq + 1);
    expect((await kept(talk.alice)).pointer).toMatchObject({ seq: three.seq });
    await sound();
  });

  it('one\'s own messages, quiet ones and replies make none', async () => {
    const root = await say(talk.alice);
    await talk.send(talk.alice, hall, 'a reply', { parent: root });
    await talk.send(talk.alice, hall, 'quiet', { quiet: true });
    await talk.settleInboxes();
    expect((await kept(talk.alice)).pointer).toBeUndefined();
    await sound();
  });

  it('marking unread brings it back, and no hand marks it read', async () => {
    const message = await say(talk.olivia);
    await read(talk.alice, message.seq);
    await talk.as(talk.alice).call(markUnread, { channel_id: hall.id, seq: message.seq });
    await talk.settleInboxes();
    expect((await kept(talk.alice)).pointer).toMatchObject({ seq: message.seq, read: false });
    expect((await talk.as(talk.alice).call(markInbox, { read: true })).ids).toEqual([]);
    await talk.as(talk.alice).call(markInbox, { ids: [`pointer:${hall.id}`], read: true });
    expect(await listed(talk.alice)).toHaveLength(1);
    await sound();
  });

  it('a deletion tells nobody: who lists pointers counts, and the next message finds it there', async () => {
    const message = await say(talk.olivia);
    await talk.as(talk.olivia).call(deleteMessage, { message_id: message.id });
    await talk.settleInboxes();
    expect(await listed(talk.alice)).toEqual([]);
    await sound({ gone: true });
    await say(talk.olivia);
    expect(await listed(talk.alice)).toHaveLength(1);
    await read(talk.alice, await head());
    await sound();
  });

  it('leaving takes row and pointer along, and coming back begins caught up', async () => {
    await say(talk.olivia);
    await read(talk.bob, await head());
    for (const person of [talk.alice, talk.bob]) await talk.as(person).call(leaveChannel, { channel_id: hall.id });
    await talk.settleInboxes();
    for (const person of [talk.alice, talk.bob]) expect(await kept(person)).toEqual({ pointer: undefined, row: false });
    await talk.join(talk.alice, hall);
    await talk.join(talk.bob, hall);
    await talk.settleInboxes();
    expect(await kept(talk.alice)).toEqual({ pointer: undefined, row: true });
    await say(talk.olivia);
    await sound();
  });

  it('growing over the limit and falling well below it', async () => {
    talk.large = 3;
    const small = await talk.room('small', [talk.alice, talk.bob]);
    hall = small;
    await say(talk.olivia);
    await read(talk.bob, await head());
    expect(await talk.store.read((tx) => tx.find(caughtUp, { prefix: [small.id], limit: 10 }))).toEqual([]);
    await talk.as(talk.olivia).call(inviteToChannel, { channel_id: small.id, user_ids: [talk.guest.id] });
    await talk.settleInboxes();
    expect((await talk.store.read((tx) => tx.get(channels, [small.id])))!.large).toBe(1);
    expect((await kept(talk.alice)).pointer).toBeDefined();
    expect((await kept(talk.bob)).row).toBe(true);
    await sound();
    await talk.as(talk.guest).call(leaveChannel, { channel_id: small.id });
    await talk.settleInboxes();
    expect((await talk.store.read((tx) => tx.get(channels, [small.id])))!.large).toBe(1);
    await talk.as(talk.alice).call(leaveChannel, { channel_id: small.id });
    await talk.settleInboxes();
    expect((await talk.store.read((tx) => tx.get(channels, [small.id])))!.large).toBe(0);
    expect(await kept(talk.bob)).toEqual({ pointer: undefined, row: false });
    await sound();
    await say(talk.olivia);
    await sound();
  });

  it('a lower limit of another start is noticed by the next join, or by the next message where there are many', async () => {
    const large = async (id: string) => (await talk.store.read((tx) => tx.get(channels, [id])))!.large ?? 0;
    talk.large = 1_000;
    const rooms = [await talk.room('one', [talk.alice]), await talk.room('two', [talk.alice])];
    await talk.settleInboxes();
    expect(await Promise.all(rooms.map((room) => large(room.id)))).toEqual([0, 0]);
    talk.large = 1;
    await talk.as(talk.olivia).call(inviteToChannel, { channel_id: rooms[0]!.id, user_ids: [talk.bob.id] });
    const message = await talk.send(talk.olivia, rooms[1]!, 'hello');
    talk.events.push({ outbox_id: '0', stream: `channel:${rooms[1]!.id}`, from: 0, rev: 1, seq: message.seq, facts: { crowd: { seq: message.seq, members: 101, large: false } } });
    await talk.settleInboxes();
    expect(await Promise.all(rooms.map((room) => large(room.id)))).toEqual([1, 1]);
    for (hall of rooms) await sound();
  });

  it('an inbox that is full lets go of its oldest entry, never of a pointer', async () => {
    await say(talk.olivia);
    const limit = LIMITS.inbox_entries;
    Object.assign(LIMITS, { inbox_entries: 3 });
    try {
      for (let i = 0; i < 4; i++) await say(talk.olivia, `<@${talk.alice.id}> ${i}`);
    } finally {
      Object.assign(LIMITS, { inbox_entries: limit });
    }
    const kinds = (await talk.as(talk.alice).call(getInbox, {})).items.map((entry) => entry.kind);
    expect(kinds).toEqual(['mention', 'mention', 'pointer']);
  });

  it('a direct conversation is never large', async () => {
    talk.large = 1;
    const group = await talk.as(talk.olivia).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id, talk.bob.id] });
    await talk.send(talk.olivia, group, 'hello');
    await talk.settleInboxes();
    expect((await talk.store.read((tx) => tx.get(channels, [group.id])))!.large ?? 0).toBe(0);
    expect((await talk.as(talk.alice).call(getInbox, { unread: true })).items.map((entry) => entry.kind)).toEqual(['dm']);
  });

  it('a message costs one job in two seconds, and none when nobody has caught up', async () => {
    const waiting = () => talk.store.read((tx) => tx.count(jobs, { index: 'by_ready', prefix: ['ready'] }));
    for (let i = 0; i < 3; i++) await talk.send(talk.olivia, hall, 'again');
    await talk.settle();
    expect(await waiting()).toBe(1);
    await talk.settleInboxes();
    await talk.send(talk.olivia, hall, 'again');
    await talk.settle();
    // Olivia's own row is behind her own message; the job brings it up.
    expect(await waiting()).toBe(1);
    await talk.settleInboxes();
    await sound();
  });
});
