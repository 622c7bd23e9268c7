import { deactivateUser, setRole } from '@parley/shared/protocol/calls/accounts';
import * as channels from '@parley/shared/protocol/calls/channels';
import { removeEmoji } from '@parley/shared/protocol/calls/emoji';
import * as groups from '@parley/shared/protocol/calls/groups';
import * as messages from '@parley/shared/protocol/calls/messages';
import * as personal from '@parley/shared/protocol/calls/personal';
import * as pins from '@parley/shared/protocol/calls/pins';
import * as reading from '@parley/shared/protocol/calls/reading';
import * as scheduled from '@parley/shared/protocol/calls/scheduled';
import type { Entity, Message } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { removeCard } from '@parley/shared/protocol/calls/cards';
import { linkCardsJob } from '../cards/cards.service.ts';
import { scheduledJob } from '../scheduled/scheduled.service.ts';
import { PIXEL, uploadPixel } from '../../testing/permission-scene.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

/** Entities applied by rev, never backwards: what any client keeps of the streams it follows. */
class Replica {
  private readonly streams = new Map<string, Map<string, Entity>>();

  apply(stream: string, entities: readonly Entity[]): void {
    const held = this.streams.get(stream) ?? new Map<string, Entity>();
    this.streams.set(stream, held);
    for (const entity of entities) {
      const key = `${entity.type} ${entity.id}`;
      if ((held.get(key)?.rev ?? -1) < entity.rev) held.set(key, entity);
    }
  }

  drop(stream: string): void {
    this.streams.delete(stream);
  }

  of(stream: string): Entity[] {
    return [...(this.streams.get(stream)?.values() ?? [])].map(comparable).sort((a, b) => a.rev - b.rev);
  }
}

/** `head_*` of a channel are of the time of reading and take no rev. */
function comparable(entity: Entity): Entity {
  const copy: Record<string, unknown> = JSON.parse(JSON.stringify(entity)) as Record<string, unknown>;
  if (entity.type === 'channel') for (const field of ['head_rev', 'head_seq']) delete copy[field];
  return copy as Entity;
}

interface Scene {
  talk: Conversation;
  room: { id: string };
  root: Message;
  reply: Message;
}
type Action = [name: string, act: (scene: Scene) => Promise<unknown>];

const ws = (s: Scene): string => s.talk.world.workspace.id;
const device = (user: TestUser): { device_id: string } => ({ device_id: user.device_id });

const DRAFT_ID = '0190a000-0000-7000-8000-0000000000d1';
const draft = (s: Scene, content: string) => ({ id: DRAFT_ID, client_msg_id: DRAFT_ID, channel_id: s.room.id, content, base_version: 0 });

const in_ = (s: Scene, ms: number): string => new Date(s.talk.world.clock.now() + ms).toISOString();
async function sendDue(s: Scene): Promise<void> {
  const queue = new StoreJobs(s.talk.store);
  for (const job of await queue.lease(10, 1_000)) {
    await scheduledJob(s.talk.world.deps)(job, new AbortController().signal);
    await queue.complete(job);
  }
}

/** Each link's page is called by the link. */
async function readLinks(s: Scene): Promise<void> {
  await s.talk.settle();
  const queue = new StoreJobs(s.talk.store);
  const links = { read: async (url: string) => ({ kind: 'page' as const, facts: { title: url, description: '', site: '' }, picture: null }) };
  for (const job of await queue.lease(10, 1_000)) {
    await linkCardsJob({ ...s.talk.world.deps, links })(job, new AbortController().signal);
    await queue.complete(job);
  }
}

async function addPixel(s: Scene, name: string): Promise<string> {
  const response = await s.talk.world.core.handle({ method: 'POST', path: 'add_emoji', query: { workspace_id: ws(s), name }, headers: { authorization: `Bearer ${s.talk.alice.token}` }, address: '127.0.0.1', raw: (async function* () { yield PIXEL; })() });
  expect(response.status).toBe(201);
  return (response.body as { id: string }).id;
}

const ACTIONS: Action[] = [
  ['send a file without words', async (s) => s.talk.as(s.talk.alice).call(messages.sendMessage, { channel_id: s.room.id, content: '', client_msg_id: 'with-a-file', file_ids: [await uploadPixel(s.talk.world, s.talk.alice)] })],
  ['send', (s) => s.talk.send(s.talk.alice, s.room, 'plain')],
  ['send with mentions', (s) => s.talk.send(s.talk.alice, s.room, `<@${s.talk.bob.id}> <!channel>`)],
  ['send quietly', (s) => s.talk.send(s.talk.alice, s.room, 'quiet', { quiet: true })],
  ['reply', (s) => s.talk.send(s.talk.bob, s.room, 'reply', { parent: s.root })],
  ['reply, broadcast', (s) => s.talk.send(s.talk.bob, s.room, `<@${s.talk.olivia.id}>`, { parent: s.root, broadcast: true })],
  ['edit', (s) => s.talk.as(s.talk.alice).call(messages.editMessage, { message_id: s.root.id, content: `now <@${s.talk.bob.id}>` })],
  ['send links, and their cards come', async (s) => {
    await s.talk.send(s.talk.alice, s.room, 'https://a.example <https://b.example>');
    await readLinks(s);
  }],
  ['cards come, change with the text, and one is taken off', async (s) => {
    const sent = await s.talk.send(s.talk.alice, s.room, 'https://a.example https://b.example');
    await readLinks(s);
    await s.talk.as(s.talk.alice).call(messages.editMessage, { message_id: sent.id, content: 'https://b.example https://c.example' });
    await readLinks(s);
    await s.talk.as(s.talk.alice).call(removeCard, { message_id: sent.id, url: 'https://b.example' });
  }],
  ['delete a root', (s) => s.talk.as(s.talk.alice).call(messages.deleteMessage, { message_id: s.root.id })],
  ['delete a reply', (s) => s.talk.as(s.talk.bob).call(messages.deleteMessage, { message_id: s.reply.id })],
  ['react', (s) => s.talk.as(s.talk.bob).call(messages.react, { message_id: s.root.id, emoji: '🎉' })],
  ['react and take it back', async (s) => {
    await s.talk.as(s.talk.bob).call(messages.react, { message_id: s.root.id, emoji: '🎉' });
    await s.talk.as(s.talk.bob).call(messages.react, { message_id: s.root.id, emoji: '🎉', remove: true });
  }],
  ['ack', (s) => s.talk.as(s.talk.bob).call(reading.ack, { ...device(s.talk.bob), message_id: s.root.id })],
  ['ack a thread', (s) => s.talk.as(s.talk.alice).call(reading.ack, { ...device(s.talk.alice), message_id: s.reply.id, thread_root_id: s.root.id })],
  ['ack many', (s) => s.talk.as(s.talk.bob).call(reading.ackMany, { positions: [{ channel_id: s.room.id, read_epoch: 0, seq: 2 }, { channel_id: s.room.id, thread_root_id: s.root.id, read_epoch: 0, seq: 2 }] })],
  ['mark unread', (s) => s.talk.as(s.talk.bob).call(reading.markUnread, { channel_id: s.room.id, seq: 1 })],
  ['mark a thread unread', (s) => s.talk.as(s.talk.alice).call(reading.markUnread, { channel_id: s.room.id, seq: 2, thread_root_id: s.root.id })],
  ['follow', (s) => s.talk.as(s.talk.olivia).call(messages.followThread, { message_id: s.root.id })],
  ['unfollow', (s) => s.talk.as(s.talk.bob).call(messages.unfollowThread, { message_id: s.root.id })],
  ['create a channel', (s) => s.talk.room('another', [s.talk.alice, s.talk.bob])],
  ['open a direct message', (s) => s.talk.as(s.talk.alice).call(channels.openDm, { workspace_id: ws(s), user_ids: [s.talk.bob.id] })],
  ['update a channel', (s) => s.talk.as(s.talk.olivia).call(channels.updateChannel, { channel_id: s.room.id, name: 'renamed', topic: 'topic', posting: 'moderators' })],
  ['archive', (s) => s.talk.as(s.talk.olivia).call(channels.archiveChannel, { channel_id: s.room.id })],
  ['archive and open again', async (s) => {
    await s.talk.as(s.talk.olivia).call(channels.archiveChannel, { channel_id: s.room.id });
    await s.talk.as(s.talk.olivia).call(channels.unarchiveChannel, { channel_id: s.room.id });
  }],
  ['join', async (s) => s.talk.join(await s.talk.world.createUser('carol'), s.room)],
  ['leave', (s) => s.talk.as(s.talk.bob).call(channels.leaveChannel, { channel_id: s.room.id })],
  ['leave and join', async (s) => {
    await s.talk.as(s.talk.bob).call(channels.leaveChannel, { channel_id: s.room.id });
    await s.talk.join(s.talk.bob, s.room);
  }],
  ['invite', async (s) => s.talk.invite(s.talk.olivia, s.room, s.talk.guest)],
  ['remove', (s) => s.talk.as(s.talk.olivia).call(channels.removeFromChannel, { channel_id: s.room.id, user_ids: [s.talk.bob.id] })],
  ['make a moderator', (s) => s.talk.as(s.talk.olivia).call(setRole, { channel_id: s.room.id, user_id: s.talk.bob.id, role: 'moderator' })],
  ['keep a draft', (s) => s.talk.as(s.talk.bob).call(personal.putDraft, draft(s, 'unsent'))],
  ['keep a draft and drop it', async (s) => {
    await s.talk.as(s.talk.bob).call(personal.putDraft, draft(s, 'unsent'));
    await s.talk.as(s.talk.bob).call(personal.deleteDraft, { id: DRAFT_ID });
  }],
  ['save', (s) => s.talk.as(s.talk.bob).call(personal.saveMessage, { message_id: s.root.id, note: 'look' })],
  ['save, finish and save no more', async (s) => {
    await s.talk.as(s.talk.bob).call(personal.saveMessage, { message_id: s.root.id });
    await s.talk.as(s.talk.bob).call(personal.saveMessage, { message_id: s.root.id, state: 'done' });
    await s.talk.as(s.talk.bob).call(personal.unsaveMessage, { message_id: s.root.id });
  }],
  ['set a preference and take it back', async (s) => {
    await s.talk.as(s.talk.bob).call(personal.setPreference, { key: 'sidebar_names', value: { n: 4 } });
    await s.talk.as(s.talk.bob).call(personal.setPreference, { key: 'sidebar_names', value: null });
  }],
  ['a keyword is written, edited away and written again', async (s) => {
    await s.talk.as(s.talk.bob).call(personal.setPreference, { key: 'notify_keywords', value: ['harbour'] });
    const message = await s.talk.send(s.talk.alice, s.room, 'the harbour');
    await s.talk.settle();
    await s.talk.as(s.talk.alice).call(messages.editMessage, { message_id: message.id, content: 'gone' });
    await s.talk.settle();
    await s.talk.send(s.talk.alice, s.room, 'harbour again');
  }],
  ['move a channel between sections, and drop one', async (s) => {
    await s.talk.as(s.talk.bob).call(personal.putSection, { id: DRAFT_ID, name: 'Mine', add_channel_ids: [s.room.id] });
    await s.talk.as(s.talk.bob).call(personal.putSection, { id: 'starred', add_channel_ids: [s.room.id] });
    await s.talk.as(s.talk.bob).call(personal.deleteSection, { id: DRAFT_ID });
  }],
  ['schedule, change and take back', async (s) => {
    await s.talk.as(s.talk.bob).call(scheduled.scheduleMessage, { client_msg_id: DRAFT_ID, channel_id: s.room.id, content: 'later', send_at: in_(s, 60_000) });
    await s.talk.as(s.talk.bob).call(scheduled.updateScheduled, { id: DRAFT_ID, content: 'better' });
    await s.talk.as(s.talk.bob).call(scheduled.cancelScheduled, { id: DRAFT_ID });
  }],
  ['schedule, and it is sent', async (s) => {
    await s.talk.as(s.talk.bob).call(scheduled.scheduleMessage, { client_msg_id: DRAFT_ID, channel_id: s.room.id, content: `<@${s.talk.alice.id}> later`, send_at: in_(s, 0) });
    await sendDue(s);
  }],
  ['schedule, and it cannot be sent', async (s) => {
    await s.talk.as(s.talk.bob).call(scheduled.scheduleMessage, { client_msg_id: DRAFT_ID, channel_id: s.room.id, content: 'never', send_at: in_(s, 0) });
    await s.talk.as(s.talk.olivia).call(channels.archiveChannel, { channel_id: s.room.id });
    await sendDue(s);
  }],
  ['pin', (s) => s.talk.as(s.talk.bob).call(pins.pinMessage, { message_id: s.root.id })],
  ['pin and take it off', async (s) => {
    await s.talk.as(s.talk.bob).call(pins.pinMessage, { message_id: s.root.id });
    await s.talk.as(s.talk.bob).call(pins.unpinMessage, { message_id: s.root.id });
  }],
  ['make a group, name it, change its people', async (s) => {
    const group = await s.talk.as(s.talk.alice).call(groups.createGroup, { workspace_id: ws(s), name: 'Group', handle: 'group', user_ids: [s.talk.bob.id] });
    await s.talk.send(s.talk.alice, s.room, `<!group^${group.id}>`);
    await s.talk.as(s.talk.bob).call(groups.updateGroup, { group_id: group.id, handle: 'another', add_user_ids: [s.talk.alice.id], remove_user_ids: [s.talk.bob.id] });
  }],
  ['make a group and drop it', async (s) => {
    const group = await s.talk.as(s.talk.alice).call(groups.createGroup, { workspace_id: ws(s), name: 'Group', handle: 'group', user_ids: [s.talk.bob.id] });
    await s.talk.as(s.talk.alice).call(groups.deleteGroup, { group_id: group.id });
  }],
  ['make a group whose people leave', async (s) => {
    const carol = await s.talk.world.createUser('carol');
    await s.talk.as(s.talk.alice).call(groups.createGroup, { workspace_id: ws(s), name: 'Group', handle: 'group', user_ids: [s.talk.bob.id, carol.id] });
    await s.talk.as(s.talk.olivia).call(deactivateUser, { workspace_id: ws(s), user_id: carol.id });
  }],
  ['add an emoji', (s) => addPixel(s, 'parley')],
  ['add an emoji and remove it', async (s) => s.talk.as(s.talk.bob).call(removeEmoji, { emoji_id: await addPixel(s, 'parley') })],
  ['set a level', (s) => s.talk.as(s.talk.bob).call(channels.setNotificationLevel, { channel_id: s.room.id, level: 'nothing', muted: true })],
];

describe.each(STORES)('state plus events equals a fresh fetch, on $adapter', (adapter) => {
  let scene: Scene;
  beforeEach(async () => {
    const talk = await Conversation.open(adapter);
    const room = await talk.room('room', [talk.alice, talk.bob]);
    const root = await talk.send(talk.alice, room, 'root');
    const reply = await talk.send(talk.bob, room, 'first', { parent: root });
    await talk.settle();
    scene = { talk, room, root, reply };
  });
  afterEach(() => scene.talk.close());

  it.each(ACTIONS)('%s', async (_name, act) => {
    const { talk } = scene;
    const people = [talk.olivia, talk.alice, talk.bob];
    const before = await Promise.all(people.map((p) => fetchAll(talk, p, [scene.room.id])));
    const seen = talk.events.length;
    await act(scene);
    await talk.settle();
    const events = talk.events.slice(seen);
    for (const [i, person] of people.entries()) {
      const fresh = await fetchAll(talk, person, [scene.room.id]);
      const replica = new Replica();
      for (const [stream, entities] of before[i]!) replica.apply(stream, entities);
      for (const event of events) replica.apply(event.stream, event.entities ?? []);
      for (const [stream, entities] of fresh) {
        const wanted = new Replica();
        wanted.apply(stream, entities);
        expect(replica.of(stream), `${stream} of ${person.username}`).toEqual(wanted.of(stream));
      }
    }
  });

  it('every event tells exactly what its revs took', async () => {
    const { talk } = scene;
    for (const [name, act] of ACTIONS) if (/^(send|reply|edit|react|ack|mark|follow|create|open)/.test(name)) await act(scene);
    await talk.settle();
    const heads = new Map<string, number>();
    for (const event of talk.events) {
      const last = heads.get(event.stream);
      if (last !== undefined) expect(event.from, event.stream).toBe(last);
      heads.set(event.stream, event.rev);
      for (const entity of event.entities ?? []) {
        expect(entity.rev).toBeGreaterThan(event.from);
        expect(entity.rev).toBeLessThanOrEqual(event.rev);
      }
    }
  });
});

/** All streams that the person may see, from nothing. */
async function fetchAll(talk: Conversation, person: TestUser, channelIds: string[]): Promise<Map<string, Entity[]>> {
  const boot = await talk.as(person).call(reading.sync, { cursors: {}, page_size: 500 });
  const named = new Set([...channelIds, ...boot.channels.map((s) => s.channel_id)]);
  const rest = await talk.as(person).call(reading.sync, { cursors: Object.fromEntries([...named].map((id) => [`channel:${id}`, 0])), page_size: 500 });
  const all = new Map<string, Entity[]>();
  for (const [stream, delta] of [...Object.entries(boot.streams), ...Object.entries(rest.streams)]) {
    expect(delta.has_more).toBe(false);
    if (!delta.gone) all.set(stream, delta.entities);
  }
  return all;
}
