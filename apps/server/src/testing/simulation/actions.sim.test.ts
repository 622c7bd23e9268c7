import { archiveChannel, createChannel, inviteToChannel, joinChannel, leaveChannel, openDm, removeFromChannel, unarchiveChannel, updateChannel } from '@parley/shared/protocol/calls/channels';
import { removeCard } from '@parley/shared/protocol/calls/cards';
import { removeEmoji } from '@parley/shared/protocol/calls/emoji';
import { createGroup, deleteGroup, updateGroup } from '@parley/shared/protocol/calls/groups';
import { createWorkspace } from '@parley/shared/protocol/calls/accounts';
import type { Message } from '@parley/shared/protocol/entities';
import { expect, it } from 'vitest';
import { problems } from './compare.ts';
import type { Device } from './device.ts';
import { Scenario } from './scenario.ts';

interface Stage { scenario: Scenario; alice: Device; bob: Device; room: string; first: Message; thread: Message; group: string }
type Action = (stage: Stage) => Promise<unknown> | void;

const EMOJI = '0190a000-0000-7000-8000-0000000000e3';
const SCHEDULED = '0190a000-0000-7000-8000-0000000000e1';
const CANCELLED = '0190a000-0000-7000-8000-0000000000e2';
const at = (s: Stage, ms: number): string => new Date(s.scenario.clock.now() + ms).toISOString();
const asOwner = ({ scenario }: Stage) => scenario.people[0]!;
const text = (s: Stage, d: Device, channelId = s.room) => d.timeline(channelId, null).get().messages.map((m) => m.message).filter((m) => m.author_id === d.person.id && !m.deleted && m.kind === 'text');

/** One of every kind of change that a person or a script can make. */
const ACTIONS: Record<string, Action> = {
  'send': (s) => s.alice.engine!.send({ channelId: s.room, content: 'plain' }),
  'send a file': async (s) => {
    await s.alice.engine!.attach(s.room, null, { id: '0190a000-0000-7000-8000-0000000000f1', name: 'plan.txt', size: 4, mime: 'text/plain' }, 'plan');
    const draft = s.alice.engine!.draft(s.room, null).get()!;
    await s.alice.engine!.send({ channelId: s.room, content: '', clientMsgId: draft.clientMsgId, files: [{ id: draft.files[0]!, name: 'plan.txt', size: 4, mime: 'text/plain' }] });
  },
  'write a draft of a file': (s) => s.alice.engine!.attach(s.room, null, { id: '0190a000-0000-7000-8000-0000000000f2', name: 'note.txt', size: 4, mime: 'text/plain' }, 'note'),
  'take the file out of the draft': (s) => s.alice.engine!.detach(s.room, null, s.alice.engine!.draft(s.room, null).get()!.files[0]!),
  'send naming one': (s) => s.alice.engine!.send({ channelId: s.room, content: `hey <@${s.bob.person.id}>` }),
  'send naming all': (s) => s.alice.engine!.send({ channelId: s.room, content: '<!channel> all' }),
  'make a group': async (s) => { s.group = (await s.scenario.call(asOwner(s), createGroup, { workspace_id: s.scenario.workspaceId, name: 'Team', handle: 'team', user_ids: [s.bob.person.id] }))!.id; },
  'send naming a group': (s) => s.alice.engine!.send({ channelId: s.room, content: `look <!group^${s.group}>` }),
  'edit to name a group': (s) => s.alice.engine!.edit(s.room, text(s, s.alice).at(-1)!.id, `again <!group^${s.group}>`),
  'edit to name it no more': (s) => s.alice.engine!.edit(s.room, text(s, s.alice).at(-1)!.id, 'nobody'),
  'change a group': (s) => s.scenario.call(asOwner(s), updateGroup, { group_id: s.group, name: 'Other', add_user_ids: [s.alice.person.id], remove_user_ids: [s.bob.person.id] }),
  'add an emoji': (s) => s.scenario.server.store.run('emoji.add', { who: { user_id: asOwner(s).id, server_role: 'owner' }, emoji: { id: EMOJI, workspace_id: s.scenario.workspaceId, name: 'parley', url: `/api/v1/emoji/${EMOJI}`, animated: false, width: 32, height: 32, added_by: asOwner(s).id }, picture: { hash: 'h'.repeat(43), size: 4 }, still: null }),
  'take an emoji away': async (s) => void (await s.scenario.call(asOwner(s), removeEmoji, { emoji_id: EMOJI })),
  'send a link': (s) => s.alice.engine!.send({ channelId: s.room, content: 'see https://harbour.example/' }),
  'take its card off': (s) => {
    const message = text(s, s.alice).at(-1)!;
    expect(message.cards?.length).toBe(1);
    return s.scenario.call(s.alice.person, removeCard, { channel_id: s.room, message_id: message.id, url: message.cards![0]!.url });
  },
  'drop a group': async (s) => void (await s.scenario.call(asOwner(s), deleteGroup, { group_id: s.group })),
  'send an action': (s) => s.alice.engine!.send({ channelId: s.room, content: 'waves', kind: 'me' }),
  'send quietly': (s) => s.alice.engine!.send({ channelId: s.room, content: 'hush', quiet: true }),
  'reply': (s) => s.bob.engine!.send({ channelId: s.room, content: 'reply', rootId: s.thread.id }),
  'reply to all': (s) => s.bob.engine!.send({ channelId: s.room, content: 'loud reply', rootId: s.thread.id, broadcast: true }),
  'edit': (s) => s.alice.engine!.edit(s.room, s.first.id, 'edited'),
  'edit to name one': (s) => s.alice.engine!.edit(s.room, text(s, s.alice).at(-1)!.id, `now <@${s.bob.person.id}>`),
  'react': (s) => s.bob.engine!.react(s.room, s.first.id, '👍', true),
  'take a reaction back': (s) => s.bob.engine!.react(s.room, s.first.id, '👍', false),
  'delete what is unread': (s) => s.alice.engine!.delete(s.room, text(s, s.alice).at(-1)!.id),
  'delete a reply': async (s) => {
    const reply = s.bob.timeline(s.room, s.thread.id).get().messages.map((m) => m.message).find((m) => m.parent_message_id === s.thread.id && m.author_id === s.bob.person.id)!;
    await s.bob.engine!.delete(s.room, reply.id);
  },
  'read': (s) => s.bob.engine!.read(s.room, 3),
  'read all': (s) => s.bob.engine!.read(s.room, s.bob.engine!.channel(s.room).get()!.headSeq),
  'mark unread': (s) => s.bob.engine!.markUnread(s.room, 2),
  'read a thread': (s) => s.alice.engine!.read(s.room, 1_000, s.thread.id),
  'mark a thread unread': (s) => s.bob.engine!.markUnread(s.room, s.thread.seq + 1, s.thread.id),
  'schedule': (s) => s.bob.engine!.schedule({ channelId: s.room, content: 'in a while', clientMsgId: SCHEDULED, sendAt: at(s, 3_600_000) }),
  'move what is scheduled': (s) => s.bob.engine!.reschedule(s.room, SCHEDULED, { content: 'sooner', sendAt: at(s, 1_800_000) }),
  'send what is scheduled now': (s) => s.bob.engine!.reschedule(s.room, SCHEDULED, { sendAt: at(s, 0) }),
  'schedule and take back': async (s) => {
    await s.bob.engine!.schedule({ channelId: s.room, content: 'never', clientMsgId: CANCELLED, sendAt: at(s, 3_600_000) });
    await s.bob.engine!.unschedule(s.room, CANCELLED);
  },
  'hold a send and take it back': async (s) => {
    await s.bob.engine!.send({ channelId: s.room, content: 'oops', clientMsgId: 'held', holdMs: 3_000 });
    await s.bob.engine!.unsend(s.room, 'held');
  },
  'unfollow a thread': (s) => s.bob.engine!.followThread(s.room, s.thread.id, false),
  'follow a thread': (s) => s.bob.engine!.followThread(s.room, s.thread.id, true),
  'mute': (s) => s.bob.engine!.setChannelLevel(s.room, { muted: true, level: 'mentions' }),
  'change a topic': (s) => s.scenario.call(asOwner(s), updateChannel, { channel_id: s.room, topic: 'news', purpose: 'all of it' }),
  'rename': (s) => s.scenario.call(asOwner(s), updateChannel, { channel_id: s.room, name: 'renamed' }),
  'limit posting': (s) => s.scenario.call(asOwner(s), updateChannel, { channel_id: s.room, posting: 'moderators' }),
  'archive': (s) => s.scenario.call(asOwner(s), archiveChannel, { channel_id: s.room }),
  'unarchive': (s) => s.scenario.call(asOwner(s), unarchiveChannel, { channel_id: s.room }),
  'leave': (s) => s.scenario.call(s.bob.person, leaveChannel, { channel_id: s.room }),
  'join again': (s) => s.scenario.call(s.bob.person, joinChannel, { channel_id: s.room }),
  'remove': (s) => s.scenario.call(asOwner(s), removeFromChannel, { channel_id: s.room, user_ids: [s.bob.person.id] }),
  'invite without history': (s) => s.scenario.call(asOwner(s), inviteToChannel, { channel_id: s.room, user_ids: [s.bob.person.id], history: 'now' }),
  'make a private channel': (s) => s.scenario.call(asOwner(s), createChannel, { workspace_id: s.scenario.workspaceId, name: 'secret', is_private: true, user_ids: [s.bob.person.id] }),
  'open a direct message': (s) => s.scenario.call(s.alice.person, openDm, { workspace_id: s.scenario.workspaceId, user_ids: [s.bob.person.id] }),
  'open a group': (s) => s.scenario.call(s.alice.person, openDm, { workspace_id: s.scenario.workspaceId, user_ids: [s.bob.person.id, asOwner(s).id] }),
  'make a workspace': (s) => s.scenario.call(asOwner(s), createWorkspace, { name: 'Second' }),
};

it('CVG3 after every kind of action, state and events are what a fresh fetch gives', async () => {
  const scenario = new Scenario(4_711);
  await scenario.begin();
  await scenario.heal();
  await scenario.clock.advance(5_000);
  const room = scenario.channels[0]!;
  const [alice, bob] = ['alice-0', 'bob-0'].map((name) => scenario.devices.find((d) => d.name === name)!) as [Device, Device];
  for (const device of [alice, bob]) await scenario.call(device.person, joinChannel, { channel_id: room });
  await scenario.clock.advance(2_000);
  for (const device of scenario.devices) device.timeline(room, null);
  for (let i = 0; i < 6; i++) void alice.engine!.send({ channelId: room, content: `message ${i}` });
  await scenario.clock.advance(3_000);
  const [first, thread] = text({ scenario, room } as Stage, alice) as [Message, Message];
  bob.timeline(room, thread.id);
  const stage: Stage = { scenario, alice, bob, room, first, thread, group: '' };

  const wrong: string[] = [];
  for (const [name, act] of Object.entries(ACTIONS)) {
    const done = Promise.resolve(act(stage));
    await scenario.clock.advance(4_000);
    await done;
    for (const device of scenario.devices) expect(device.engine!.outbox.get(), `${name} at ${device.name}`).toEqual([]);
    wrong.push(...(await problems(scenario)).map((p) => `${name}: events: ${p}`));
    // The same from nothing: a device that never was here.
    const fresh = scenario.devices.find((d) => d.name === 'bob-1')!;
    fresh.crash();
    fresh.cacheDisk.clear();
    void fresh.start();
    await scenario.clock.advance(4_000);
    fresh.timeline(room, null);
    await scenario.clock.advance(1_000);
    wrong.push(...(await problems(scenario)).map((p) => `${name}: fresh: ${p}`));
    if (wrong.length > 0) break;
  }
  expect(wrong).toEqual([]);
  for (const device of scenario.devices) device.crash();
});
