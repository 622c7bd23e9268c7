import { afterEach, describe, expect, it } from 'vitest';
import { ackMany, markUnread } from '../reading/reading.service.ts';
import { removeMember, addMember } from '../channels/member-changes.ts';
import { inboxConsumer, inboxJob } from '../inbox/inbox.service.ts';
import { membershipConsumer } from '../membership/membership.service.ts';
import { defineCommand } from '../../storage/command.ts';
import { COMMANDS } from '../../storage/commands.ts';
import type { ReadTx, Store, StoredEvent } from '../../storage/port.ts';
import { jobs } from '../../storage/tables.ts';
import { Conversation } from '../../testing/conversation-world.ts';
import { explore, type Act } from '../../testing/interleavings/explore.ts';
import type { MemoryStore } from '../../storage/memory/memory-store.ts';
import { messages } from '../../storage/tables.ts';
import { pointerProblems } from './testing.pointers.ts';

const LARGE = 2;
const EXPLORED = {
  ...COMMANDS,
  'explored.take': defineCommand(async (tx, args: { id: string }) => {
    const row = await tx.get(jobs, [args.id]);
    if (row) await tx.put(jobs, { ...row, state: 'leased' });
    return {};
  }),
  'explored.done': defineCommand(async (tx, args: { id: string }) => ({ gone: await tx.delete(jobs, [args.id]) })),
  'explored.join': defineCommand(async (tx, args: { channel_id: string; user_id: string }) => addMember(tx, args)),
  'explored.part': defineCommand(async (tx, args: { channel_id: string; user_id: string }) => removeMember(tx, args)),
};
const run = (store: Store, name: keyof typeof EXPLORED, args: unknown): Promise<unknown> => store.run(name as never, args as never);

let talk: Conversation;
let room: string;
let sent = 0;

const person = (user: { id: string }) => ({ user_id: user.id, server_role: 'member' as const });
const snapshot = () => (talk.store as MemoryStore).state.snapshot;

const send = (by = talk.olivia, name = `send ${++sent}`): Act => ({ name, run: (store) => run(store, 'messages.send', { who: person(by), channel_id: room, content: name, client_msg_id: name, fingerprint: name, named: { user_ids: [], group_ids: [], everyone: 'none' } }) });
const ack = (seq: number, name = `ack ${seq}`): Act => ({ name, run: (store) => ackMany({ store }, person(talk.alice), { positions: [{ channel_id: room, read_epoch: 0, seq }] }) });
const unread = (seq: number): Act => ({ name: `unread ${seq}`, run: (store) => markUnread({ store }, person(talk.alice), { channel_id: room, seq }) });
const remove = (seq: number): Act => ({
  name: `delete ${seq}`,
  run: async (store) => run(store, 'messages.delete', { who: person(talk.olivia), ref: { channel_id: room, message_id: (await talk.store.read((tx) => tx.get(messages, [room, seq])))!.id } }),
});
const join: Act = { name: 'join', run: (store) => run(store, 'explored.join', { channel_id: room, user_id: talk.guest.id }) };
const part = (user: { id: string }, name = 'part'): Act => ({ name, run: (store) => run(store, 'explored.part', { channel_id: room, user_id: user.id }) });

const follows = (large: number) => (event: StoredEvent): Act[] => {
  const { entities: _seen, ...bare } = event;
  return [membershipConsumer, (store: Store) => inboxConsumer(store, large)].flatMap((make) => {
    const { name, wants } = make(talk.store);
    return wants(bare as StoredEvent) ? [{ name: `${name} ${event.stream.slice(0, 7)} ${event.rev}`, run: (store: Store) => make(store).consume(bare as StoredEvent) }] : [];
  });
};
async function work(tx: ReadTx): Promise<Act[]> {
  return (await tx.find(jobs, { limit: 100 })).filter((job) => job.state === 'ready').map((job) => ({
    name: `job ${job.id}`,
    async run(store) {
      await run(store, 'explored.take', { id: job.id });
      await inboxJob({ store })({ id: job.id, kind: job.kind, payload: job.payload, attempt: 1, token: '' }, new AbortController().signal);
      await run(store, 'explored.done', { id: job.id });
    },
  }));
}

async function everyOrder(acts: readonly Act[], options: { snapshots?: boolean; crashes?: number; gone?: boolean; large?: number } = {}): Promise<{ runs: number; states: number }> {
  const people = [talk.olivia, talk.alice, talk.bob, talk.guest].map((p) => p.id);
  return explore({
    from: snapshot(), acts, follows: follows(options.large ?? LARGE), work, snapshots: options.snapshots ?? true, crashes: options.crashes ?? 0, commands: EXPLORED as never, now: talk.world.clock.now() + 60_000,
    check: (tx) => pointerProblems(tx, room, people, { gone: options.gone }),
  });
}

/** A hall with olivia, alice and bob in it, and what they did before; then every order of what comes. */
async function hall(before: 'caught up' | 'one unread' | 'two unread', large = LARGE): Promise<number> {
  talk = await Conversation.open();
  talk.large = large;
  room = (await talk.room('hall', [talk.alice, talk.bob])).id;
  await talk.send(talk.olivia, { id: room }, 'first');
  await talk.settleInboxes();
  await ackMany({ store: talk.store }, person(talk.alice), { positions: [{ channel_id: room, read_epoch: 0, seq: 99 }] });
  if (before !== 'caught up') await talk.send(talk.olivia, { id: room }, 'one');
  if (before === 'two unread') await talk.send(talk.olivia, { id: room }, 'two');
  await talk.settleInboxes();
  const people = [talk.olivia, talk.alice, talk.bob].map((p) => p.id);
  expect(await talk.store.read((tx) => pointerProblems(tx, room, people))).toEqual([]);
  return talk.store.read(async (tx) => (await tx.find(messages, { prefix: [room], reverse: true, limit: 1 }))[0]!.seq);
}

describe.each([{ name: 'a message arrives', crashes: 0 }, { name: 'a message arrives, and one of the steps is the last of its process', crashes: 1 }])('catching up while $name, in every order of steps', ({ crashes }) => {
  afterEach(() => talk.close());

  it('an acknowledgement of all there was, and a message', async () => {
    const head = await hall('one unread');
    const found = await everyOrder([ack(head), send()], { crashes });
    expect(found.states).toBeGreaterThan(crashes === 0 ? 20 : 100);
  });

  it('an acknowledgement of what is only being sent', async () => {
    const head = await hall('caught up');
    await everyOrder([ack(head + 1), send()], { crashes });
  });

  it('an acknowledgement of the first of two, and a message', async () => {
    const head = await hall('two unread');
    await everyOrder([ack(head - 1), send()], { crashes });
  });

  it('marking unread, and a message', async () => {
    const head = await hall('caught up');
    await everyOrder([unread(head), send()], { crashes });
  });

  it('leaving, and a message', async () => {
    await hall('caught up');
    await everyOrder([part(talk.alice), send()], { crashes, snapshots: crashes === 0 });
  });

  it('joining, and a message', async () => {
    await hall('caught up');
    await everyOrder([join, send()], { crashes, snapshots: crashes === 0 });
  });
});

describe('what is tried', () => {
  afterEach(() => talk.close());

  it('finds the order that leaves somebody unread when nobody looks again after the commit', async () => {
    const head = await hall('one unread');
    const blind = { from: snapshot(), acts: [ack(head), send()], follows: (event: StoredEvent) => (event.facts?.['caught_up'] === undefined ? follows(LARGE)(event) : []), work, crashes: 0, commands: EXPLORED as never, now: talk.world.clock.now() + 60_000, check: (tx: ReadTx) => pointerProblems(tx, room, [talk.alice.id]) };
    await expect(explore({ ...blind, snapshots: true })).rejects.toThrow('1 unread and no pointer');
    // Where commands are serialised in full, as SQLite does, nothing can come in between.
    await explore({ ...blind, snapshots: false });
  });
});

describe('three at once, in every order of steps', () => {
  afterEach(() => talk.close());

  it('two acknowledgements and a message', async () => {
    const head = await hall('two unread');
    await everyOrder([ack(head - 1), ack(head), send()], { snapshots: false });
  });

  it('the same acknowledgement from two devices, and a message', async () => {
    const head = await hall('one unread');
    await everyOrder([ack(head), ack(head, 'ack too'), send()], { snapshots: false });
  });

  it('an acknowledgement and two messages', async () => {
    const head = await hall('one unread');
    await everyOrder([ack(head), send(), send()], { snapshots: false });
  });

  it('an acknowledgement, marking unread and a message', async () => {
    const head = await hall('one unread');
    await everyOrder([ack(head), unread(head), send()], { snapshots: false });
  });

  it('one\'s own message, another\'s, and an acknowledgement', async () => {
    const head = await hall('one unread');
    await everyOrder([ack(head), send(talk.alice), send()], { snapshots: false });
  });

  it('a message that is deleted while it is acknowledged, and another', async () => {
    const head = await hall('one unread');
    await everyOrder([ack(head), remove(head), send()], { gone: true, snapshots: false });
  });

  it('leaving, an acknowledgement and a message', async () => {
    const head = await hall('one unread');
    await everyOrder([part(talk.alice), ack(head), send()], { snapshots: false });
  });
});

describe('a channel that grows and shrinks, in every order of steps', () => {
  afterEach(() => talk.close());

  it('it grows large while somebody reads and a message arrives', async () => {
    const head = await hall('one unread', 3);
    await everyOrder([join, ack(head), send()], { large: 3, snapshots: false });
    await everyOrder([join, send()], { large: 3 });
    await everyOrder([join, ack(head)], { large: 3 });
  });

  it('it is large no more while somebody reads and a message arrives', async () => {
    const head = await hall('one unread');
    await everyOrder([ack(head), send()], { large: 4 });
    await everyOrder([ack(head), send()], { large: 4, snapshots: false, crashes: 1 });
  });
});
