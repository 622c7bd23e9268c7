import { changePassword, revokeDevice, setPresence, signOut } from '@parley/shared/protocol/calls/accounts';
import { openDm, removeFromChannel, setNotificationLevel } from '@parley/shared/protocol/calls/channels';
import { markInbox } from '@parley/shared/protocol/calls/inbox';
import { deleteMessage, editMessage, react } from '@parley/shared/protocol/calls/messages';
import { setPreference } from '@parley/shared/protocol/calls/personal';
import { pushSubscribe, pushUnsubscribe, type PushPayload } from '@parley/shared/protocol/calls/push';
import { ack } from '@parley/shared/protocol/calls/reading';
import { getServer } from '@parley/shared/protocol/calls/accounts';
import type { Channel, Message } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import type { LeasedJob } from '../../jobs/port.ts';
import type { Push, PushMessage, PushOutcome, PushTarget } from '../../push/port.ts';
import { Browser } from '../../push/testing.service.ts';
import type { EmbeddedRegistry } from '../../registry/embedded/embedded-registry.ts';
import { deviceKey } from '../../registry/port.ts';
import { jobs, pushSubscriptions, pushTold } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { collapseOf, pushConsumer, pushJob } from './push.service.ts';

const MINUTE = 60_000;
type Shown = Extract<PushPayload, { kind: 'show' }>;

/** A push service that notes what it gets, and what a device would show of it. */
class Devices implements Push {
  readonly kinds = ['web', 'fcm'] as const;
  readonly webKey = 'key';
  readonly sent: { target: PushTarget; message: PushMessage }[] = [];
  outcome: (message: PushMessage) => PushOutcome = () => ({ kind: 'sent' });
  send(target: PushTarget, message: PushMessage): Promise<PushOutcome> {
    this.sent.push({ target, message });
    return Promise.resolve(this.outcome(message));
  }
  close = (): Promise<void> => Promise.resolve();
  /** Titles of what was shown, and withdrawals. */
  get log(): string[] {
    return this.sent.map(({ message: { payload } }) => (payload.kind === 'show' ? payload.title : 'withdrawn'));
  }
  get last(): Shown {
    return this.sent.at(-1)!.message.payload as Shown;
  }
}

describe.each(STORES)('push on $adapter', (adapter) => {
  let talk: Conversation;
  let room: Channel;
  let devices: Devices;
  beforeEach(async () => {
    devices = new Devices();
    talk = await Conversation.open(adapter, 1, { push: devices });
    room = await talk.room('room', [talk.alice, talk.bob], { is_private: true });
    await talk.settle();
    await talk.as(talk.alice).call(markInbox, { read: true });
    await subscribe(talk.alice);
    await talk.world.clock.advance(1_000);
  });
  afterEach(() => talk.close());

  const at = (of: TestUser): string => `<@${of.id}>`;
  const subscribe = (by: TestUser, name = by.username, language?: string) => talk.as(by).call(pushSubscribe, { ...new Browser('https://push.example', name).subscription, language });
  const prefer = (by: TestUser, key: string, value: unknown) => talk.as(by).call(setPreference, { key, value });
  const read = (by: TestUser, message: Message, thread_root_id?: string) => talk.as(by).call(ack, { device_id: by.device_id, message_id: message.id, channel_id: message.channel_id, thread_root_id });
  const handler = () => pushJob(talk.world.deps);
  const active = (of: TestUser, state: 'online' | 'away' | null, device = 'laptop') => {
    const inbox = { deliver: () => undefined, typing: () => undefined, presence: () => undefined, profileChanged: () => undefined };
    (talk.world.deps.presence as EmbeddedRegistry).attachGateway('front', inbox).setDevice(of.id, deviceKey(device, 'socket'), state);
  };
  /** Durable consumers, then whatever job is due, until there is none. */
  const work = async (run: (job: LeasedJob) => Promise<void> = (job) => handler()(job, new AbortController().signal)): Promise<void> => {
    const queue = new StoreJobs(talk.store);
    for (;;) {
      await talk.settle();
      const leased = await queue.lease(10, 15_000);
      if (leased.length === 0) return;
      for (const job of leased) {
        try {
          await run(job);
          await queue.complete(job);
        } catch (error) {
          if (error instanceof Died) throw error;
          await queue.fail(job, String(error));
        }
      }
    }
  };
  const pass = async (ms: number): Promise<void> => {
    await work();
    await talk.world.clock.advance(ms);
    await work();
  };

  it('is for one\'s own device only, at addresses of the open internet, by services that this server has', async () => {
    const { subscription } = new Browser('https://push.example');
    expect(await talk.world.as(null).refused(pushSubscribe, subscription)).toMatchObject({ code: 'not_authenticated' });
    expect(await talk.world.as(null).refused(pushUnsubscribe, {})).toMatchObject({ code: 'not_authenticated' });
    const bad = [
      { kind: 'apns', token: 'x' }, { kind: 'pigeon' }, { kind: 'web' }, { kind: 'fcm' }, { kind: 'fcm', token: 'a b' }, { kind: 'fcm', token: 'x', endpoint: 'https://push.example' }, { ...subscription, token: 'x' }, { ...subscription, device_id: talk.bob.device_id },
      ...['http://push.example/x', 'ftp://push.example/x', 'https://ben:secret@push.example/', 'nonsense', `https://push.example/${'x'.repeat(3_000)}`].map((endpoint) => ({ ...subscription, endpoint })),
      { ...subscription, keys: { ...subscription.keys, p256dh: 'AAAA' } }, { ...subscription, keys: { ...subscription.keys, auth: 'AAAA' } }, { ...subscription, keys: { p256dh: '***', auth: subscription.keys.auth } },
    ];
    for (const input of bad) expect(await talk.as(talk.alice).refused(pushSubscribe, input), JSON.stringify(input)).toMatchObject({ code: 'invalid_request' });
    expect((await talk.world.as(null).call(getServer, {})).push).toEqual({ kinds: ['web', 'fcm'], web_key: 'key' });
    expect(talk.world.failures).toEqual([]);
  });

  it('NTF-5 tells after the delay what is still unread, and leads to the exact message', async () => {
    const root = await talk.send(talk.alice, room, 'a question');
    const message = await talk.send(talk.bob, room, `${at(talk.alice)} **yes**, see <#${room.id}>`, { parent: root });
    await pass(119_000);
    expect(devices.log).toEqual([]);
    await pass(2_000);
    expect(devices.last).toEqual({
      kind: 'show', account: talk.alice.id, tag: room.id, title: 'Bob mentioned you in room', body: '@Alice yes, see #room', path: `/w/${talk.world.workspace.id}/c/${room.id}/m/${message.id}/t/${root.id}`,
      items: [{ entry: `mention:${message.id}`, key: `mention:${message.id} ${message.id} ${message.created_at}` }],
    });
    expect(devices.sent[0]!.message).toMatchObject({ collapse: collapseOf({ user_id: talk.alice.id, device_id: talk.alice.device_id, tag: room.id }), ttlSeconds: 14_400 });
    await pass(10 * MINUTE);
    expect(devices.sent).toHaveLength(1);
  });

  it('comes at once when that is wanted, in the device\'s language', async () => {
    await subscribe(talk.alice, 'alice', 'de-AT');
    await prefer(talk.alice, 'notify_push_after', 0);
    await talk.send(talk.bob, room, at(talk.alice));
    await work();
    expect(devices.log).toEqual(['Bob hat dich in room erwähnt']);
  });

  it.each(['read', 'marked read', 'deleted', 'edited away', 'left', 'muted', 'do not disturb'] as const)('NTF-6 tells nothing that was %s before its time', async (how) => {
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await work();
    switch (how) {
      case 'read': await read(talk.alice, message); break;
      case 'marked read': await talk.as(talk.alice).call(markInbox, { read: true }); break;
      case 'deleted': await talk.as(talk.bob).call(deleteMessage, { message_id: message.id }); break;
      case 'edited away': await talk.as(talk.bob).call(editMessage, { message_id: message.id, content: 'nobody' }); break;
      case 'left': await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] }); break;
      case 'muted': await talk.as(talk.alice).call(setNotificationLevel, { channel_id: room.id, muted: true }); break;
      case 'do not disturb': await talk.as(talk.alice).call(setPresence, { presence: 'dnd' }); break;
    }
    await pass(10 * MINUTE);
    expect(devices.log).toEqual([]);
    expect((await talk.store.read((tx) => tx.find(jobs, { limit: 10 }))).filter(({ kind }) => kind === 'push')).toEqual([]);
  });

  it('NTF-1 tells what the table says and nothing else', async () => {
    const mine = await talk.send(talk.alice, room, 'mine');
    await talk.send(talk.bob, room, 'plain');
    await talk.send(talk.bob, room, at(talk.alice), { quiet: true });
    await talk.as(talk.bob).call(react, { message_id: mine.id, emoji: '🎉' });
    await pass(10 * MINUTE);
    expect(devices.log).toEqual([]);
    const dm = await talk.as(talk.bob).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    await talk.send(talk.bob, dm, 'psst');
    await pass(10 * MINUTE);
    expect(devices.sent.at(-1)!.message.payload).toMatchObject({ title: 'Bob', body: 'psst', tag: dm.id });
  });

  it('NTF-5 waits while a device is in use, and follows when it no longer is', async () => {
    active(talk.alice, 'online');
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await pass(10 * MINUTE);
    await pass(10 * MINUTE);
    expect(devices.log).toEqual([]);
    active(talk.alice, 'away');
    await pass(MINUTE);
    expect(devices.log).toEqual(['Bob mentioned you in room']);
    active(talk.alice, 'online');
    await read(talk.alice, message);
    await work();
    expect(devices.log.at(-1)).toBe('withdrawn');
  });

  it('a device that is connected tells by itself: it is not told again, and what its page showed is taken back once it is closed', async () => {
    active(talk.alice, 'away', talk.alice.device_id);
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await pass(10 * MINUTE);
    active(talk.alice, null, talk.alice.device_id);
    await pass(10 * MINUTE);
    expect(devices.log).toEqual([]);
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(3 * MINUTE);
    expect(devices.log).toEqual(['2 new messages in room']);
    await read(talk.alice, message);
    await talk.as(talk.alice).call(markInbox, { read: true });
    await work();
    expect(devices.log.at(-1)).toBe('withdrawn');
  });

  it('tells nobody of what was let be for hours', async () => {
    active(talk.alice, 'online');
    await talk.send(talk.bob, room, at(talk.alice));
    for (let i = 0; i < 13; i += 1) await pass(10 * MINUTE);
    active(talk.alice, null);
    await pass(10 * MINUTE);
    expect(devices.log).toEqual([]);
  });

  it('collapses what comes in one channel, and tells of each once', async () => {
    const first = await talk.send(talk.bob, room, `${at(talk.alice)} 1`);
    await pass(2 * MINUTE);
    await talk.send(talk.bob, room, `${at(talk.alice)} 2`);
    await talk.send(talk.bob, room, `${at(talk.alice)} 3`);
    await pass(2 * MINUTE);
    expect(devices.log).toEqual(['Bob mentioned you in room', '3 new messages in room']);
    expect(devices.last.body).toBe('@Alice 3');
    expect(new Set(devices.sent.map(({ message }) => message.collapse)).size).toBe(1);
    const other = await talk.room('other', [talk.alice, talk.bob]);
    await talk.send(talk.bob, other, at(talk.alice));
    await read(talk.alice, first);
    await pass(2 * MINUTE);
    expect(devices.log.slice(2).sort()).toEqual(['Bob mentioned you in other']);
    expect(new Set(devices.sent.map(({ message }) => message.collapse)).size).toBe(2);
  });

  it('a long conversation does not keep putting off what is told of it', async () => {
    const dm = await talk.as(talk.bob).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    for (let i = 0; i < 10; i += 1) {
      await talk.send(talk.bob, dm, `and ${i}`);
      await pass(30_000);
    }
    expect(devices.sent.length).toBeGreaterThan(0);
  });

  it('NTF-6 withdraws what was read anywhere, at once, also while something newer waits for its time', async () => {
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    const newer = await talk.send(talk.bob, room, at(talk.alice));
    await work();
    await read(talk.alice, newer);
    await work();
    expect(devices.log).toEqual(['Bob mentioned you in room', 'withdrawn']);
    expect(devices.sent[1]!.message.payload).toEqual({ kind: 'withdraw', account: talk.alice.id, tag: room.id });
    await pass(10 * MINUTE);
    expect(devices.sent).toHaveLength(2);
    expect(message.seq).toBeLessThan(newer.seq);
    expect(await talk.store.read((tx) => tx.find(pushTold, { limit: 10 }))).toEqual([]);
  });

  it('withdraws what is out of reach, and marking unread tells nothing again', async () => {
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    await talk.as(talk.alice).call(markInbox, { read: true });
    await talk.as(talk.alice).call(markInbox, { read: false });
    await pass(2 * MINUTE);
    expect(devices.log).toEqual(['Bob mentioned you in room']);
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] });
    await work();
    expect(devices.log.at(-1)).toBe('withdrawn');
  });

  it.each([['sender', 'Bob mentioned you in room', ''], ['none', 'New message', '']])('NTF-9 shows no more than the preview preference allows: %s', async (preview, title, body) => {
    await prefer(talk.alice, 'notify_preview', preview);
    await talk.send(talk.bob, room, `${at(talk.alice)} secret`);
    await pass(2 * MINUTE);
    expect(devices.last).toMatchObject({ title, body });
    expect(JSON.stringify(devices.last)).not.toContain('secret');
    await talk.send(talk.bob, room, `${at(talk.alice)} secret`);
    await pass(2 * MINUTE);
    expect(devices.last.title).toBe(preview === 'none' ? 'New message' : '2 new messages in room');
  });

  it('names no channel that one may not see', async () => {
    const hidden = await talk.room('hidden', [talk.bob], { is_private: true });
    await talk.send(talk.bob, room, `${at(talk.alice)} see <#${hidden.id}>`);
    await pass(2 * MINUTE);
    expect(JSON.stringify(devices.last)).not.toContain('hidden');
  });

  it('forgets a device that is gone, and tells the others', async () => {
    const phone = await talk.world.signIn('alice', talk.alice.password);
    await talk.as(phone).call(pushSubscribe, { kind: 'fcm', token: 'phone' });
    await talk.world.clock.advance(1_000);
    devices.outcome = () => ({ kind: 'gone' });
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    expect(devices.sent.map(({ target }) => target.kind).sort()).toEqual(['fcm', 'web']);
    expect(await talk.store.read((tx) => tx.find(pushSubscriptions, { limit: 10 }))).toEqual([]);
    devices.outcome = () => ({ kind: 'sent' });
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    expect(devices.sent).toHaveLength(2);
  });

  it.each(['signs out', 'is revoked', 'changes the password elsewhere', 'unsubscribes'] as const)('ends when the device %s', async (how) => {
    const other = await talk.world.signIn('alice', talk.alice.password);
    await talk.send(talk.bob, room, at(talk.alice));
    await work();
    switch (how) {
      case 'signs out': await talk.as(talk.alice).call(signOut, {}); break;
      case 'is revoked': await talk.as(other).call(revokeDevice, { device_id: talk.alice.device_id }); break;
      case 'changes the password elsewhere': await talk.as(other).call(changePassword, { current_password: talk.alice.password, new_password: 'another long one' }); break;
      case 'unsubscribes': await talk.as(talk.alice).call(pushUnsubscribe, {}); break;
    }
    await pass(10 * MINUTE);
    expect(devices.log).toEqual([]);
    expect(await talk.store.read((tx) => tx.find(pushSubscriptions, { limit: 10 }))).toEqual([]);
  });

  it('one browser is of one account: another that signs in there takes it over', async () => {
    const browser = new Browser('https://push.example', 'shared').subscription;
    await talk.as(talk.alice).call(pushSubscribe, browser);
    await talk.as(talk.bob).call(pushSubscribe, browser);
    await talk.world.clock.advance(1_000);
    await talk.send(talk.olivia, room, `${at(talk.alice)} ${at(talk.bob)}`);
    await pass(2 * MINUTE);
    expect(devices.sent.map(({ message }) => message.payload.account)).toEqual([talk.bob.id]);
  });

  it('tries again after a refusal, when the service says, and no more than a few times', async () => {
    devices.outcome = () => ({ kind: 'refused', retryAfterMs: 40_000, detail: '429' });
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    expect(devices.sent).toHaveLength(1);
    await pass(39_000);
    expect(devices.sent).toHaveLength(1);
    await pass(1_000);
    expect(devices.sent).toHaveLength(2);
    devices.outcome = () => ({ kind: 'sent' });
    await pass(40_000);
    await pass(10 * MINUTE);
    expect(devices.log).toEqual(Array(3).fill('Bob mentioned you in room'));
    devices.outcome = () => ({ kind: 'refused', retryAfterMs: null, detail: '429' });
    await talk.send(talk.bob, room, at(talk.alice));
    for (let i = 0; i < 20; i += 1) await pass(5 * MINUTE);
    expect(devices.sent).toHaveLength(3 + 5);
  });

  it('a refusal that was read meanwhile is not tried again', async () => {
    devices.outcome = () => ({ kind: 'refused', retryAfterMs: 40_000, detail: '429' });
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    await read(talk.alice, message);
    await pass(10 * MINUTE);
    expect(devices.sent).toHaveLength(1);
  });

  it('what may have been shown is not sent again, and is withdrawn like what was', async () => {
    devices.outcome = () => ({ kind: 'unknown', detail: 'timed_out' });
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    await pass(30 * MINUTE);
    expect(devices.log).toEqual(['Bob mentioned you in room']);
    await read(talk.alice, message);
    await work();
    expect(devices.log.at(-1)).toBe('withdrawn');
  });

  it('what comes while one is being sent is told by the next', async () => {
    let once = true;
    const consume = async (): Promise<void> => {
      if (!once) return;
      once = false;
      await talk.send(talk.bob, room, `${at(talk.alice)} meanwhile`);
      await talk.settle();
    };
    await prefer(talk.alice, 'notify_push_after', 0);
    const sends = devices.send.bind(devices);
    devices.send = async (target, message) => {
      await consume();
      return sends(target, message);
    };
    await talk.send(talk.bob, room, `${at(talk.alice)} first`);
    await pass(1_000);
    expect(devices.log).toEqual(['Bob mentioned you in room', '2 new messages in room']);
  });

  it('an event that comes again, in any order, tells nothing again', async () => {
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    const consumer = pushConsumer(talk.store);
    for (const event of [...talk.events].reverse()) {
      const { entities: _entities, ...bare } = event;
      if (consumer.wants(bare)) await consumer.consume(bare);
    }
    await pass(10 * MINUTE);
    expect(devices.log).toEqual(['Bob mentioned you in room']);
  });

  class Died extends Error {}
  it.each(['before claiming', 'after claiming', 'after sending', 'after settling'] as const)('a worker that dies %s shows nothing twice, and what comes later is told', async (death) => {
    const message = await talk.send(talk.bob, room, at(talk.alice));
    await work();
    await talk.world.clock.advance(2 * MINUTE);
    const { store, push } = talk.world.deps;
    const dying = pushJob({
      ...talk.world.deps,
      store: Object.assign(Object.create(store) as typeof store, {
        run: async (name: Parameters<typeof store.run>[0], args: never) => {
          if (name === 'push.claim' && death === 'before claiming') throw new Died();
          if (name === 'push.settle' && death === 'after sending') throw new Died();
          const result = await store.run(name, args);
          if ((name === 'push.claim' && death === 'after claiming') || (name === 'push.settle' && death === 'after settling')) throw new Died();
          return result;
        },
      }),
      push,
    });
    await expect(work((job) => dying(job, new AbortController().signal))).rejects.toThrow(Died);
    // Its lease ends, and another worker goes on.
    for (let i = 0; i < 5; i += 1) await pass(30_000);
    expect(devices.log).toEqual(death === 'after claiming' ? [] : ['Bob mentioned you in room']);
    await talk.send(talk.bob, room, at(talk.alice));
    await pass(2 * MINUTE);
    expect(devices.log.at(-1)).toBe('2 new messages in room');
    await read(talk.alice, message);
    await talk.as(talk.alice).call(markInbox, { read: true });
    await pass(MINUTE);
    expect(devices.log.filter((line) => line === 'withdrawn')).toHaveLength(1);
  });
});
