import { deactivateUser } from '@parley/shared/protocol/calls/accounts';
import { archiveChannel, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { getInbox } from '@parley/shared/protocol/calls/inbox';
import { getMessages, sendMessage } from '@parley/shared/protocol/calls/messages';
import { cancelScheduled, scheduleMessage, updateScheduled } from '@parley/shared/protocol/calls/scheduled';
import type { Draft, InboxEntry, Message, Scheduled } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_ATTEMPTS, delayAfter } from '../../jobs/port.ts';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import type { Store } from '../../storage/port.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import { allOwn, own } from '../own-entities.ts';
import { scheduledJob } from './scheduled.service.ts';

const ID = '0190a000-0000-7000-8000-0000000000e1';
const OTHER = '0190a000-0000-7000-8000-0000000000e2';
const DAY = 86_400_000;

class Died extends Error {}

describe.each(STORES)('scheduled messages on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('room', [talk.alice, talk.bob], { is_private: true });
  });
  afterEach(() => talk.close());

  const later = (ms: number): string => new Date(talk.world.clock.now() + ms).toISOString();
  const schedule = (change: Record<string, unknown> = {}) => talk.as(talk.alice).call(scheduleMessage, { channel_id: room.id, content: 'later', client_msg_id: ID, send_at: later(60_000), ...change });
  const refusal = (change: Record<string, unknown>, by = talk.alice) => talk.as(by).refused(scheduleMessage, { channel_id: room.id, content: 'later', client_msg_id: ID, send_at: later(60_000), ...change });
  const waiting = () => talk.store.read((tx) => own<Scheduled>(tx, talk.alice.id, 'scheduled', ID));
  const drafts = () => talk.store.read((tx) => allOwn<Draft>(tx, talk.alice.id, 'draft', 10));
  const told = async (): Promise<InboxEntry[]> => (await talk.as(talk.alice).call(getInbox, { kind: 'reminder' })).items;
  const said = async (): Promise<Message[]> => (await talk.as(talk.olivia).call(getMessages, { channel_id: room.id })).messages.filter((m) => m.kind !== 'system');
  /** One round of a worker, over a store that may die under it. */
  const work = async (store: Store = talk.store): Promise<void> => {
    const queue = new StoreJobs(store);
    for (const job of await queue.lease(10, 1_000)) {
      try {
        await scheduledJob({ ...talk.world.deps, store })(job, new AbortController().signal);
        await queue.complete(job);
      } catch (error) {
        if (error instanceof Died) return;
        await queue.fail(job, String(error));
      }
    }
  };
  const pass = async (ms: number): Promise<void> => {
    await talk.world.clock.advance(ms);
    await work();
  };

  it('refuses nobody, what is malformed, and where one may not post', async () => {
    for (const call of [scheduleMessage, updateScheduled, cancelScheduled]) expect(await talk.world.as(null).refused(call, {} as never)).toMatchObject({ code: 'not_authenticated' });
    for (const bad of [{ content: '' }, { content: ' ' }, { send_at: 'soon' }, { send_at: later(400 * DAY) }, { client_msg_id: 'mine' }, { file_ids: [1] }, { content: 'x'.repeat(16_001) }]) expect(await refusal(bad)).toMatchObject({ code: 'invalid_request' });
    expect(await refusal({}, talk.guest)).toMatchObject({ code: 'not_found' });
    expect(await refusal({ parent_message_id: OTHER })).toMatchObject({ code: 'not_found' });
    await talk.as(talk.olivia).call(archiveChannel, { channel_id: room.id });
    expect(await refusal({})).toMatchObject({ code: 'forbidden' });
  });

  it('is sent at its time, as its author, once, and is scheduled no more', async () => {
    const doc = await schedule({ content: `<@${talk.bob.id}> later`, quiet: true });
    expect(doc).toMatchObject({ id: ID, state: 'waiting', channel_id: room.id, send_at: expect.stringMatching(/Z$/), version: 1 });
    await pass(59_000);
    expect(await said()).toEqual([]);
    await pass(1_000);
    expect(await said()).toMatchObject([{ author_id: talk.alice.id, client_msg_id: ID, content: `<@${talk.bob.id}> later`, quiet: true, mentions: { user_ids: [talk.bob.id] } }]);
    expect(await waiting()).toBeUndefined();
    await pass(3_600_000);
    expect(await said()).toHaveLength(1);
  });

  it('the same client_msg_id schedules one; another text under it, or one that was sent, is a conflict', async () => {
    const doc = await schedule();
    expect(await schedule()).toEqual(doc);
    expect(await refusal({ content: 'other' })).toMatchObject({ code: 'conflict' });
    await pass(60_000);
    expect(await refusal({})).toMatchObject({ code: 'conflict' });
    const { message } = await talk.as(talk.alice).call(sendMessage, { channel_id: room.id, content: 'sent', client_msg_id: OTHER });
    expect(await refusal({ client_msg_id: OTHER })).toMatchObject({ code: 'conflict', message: { id: message.id } });
  });

  it('text and time can be changed until it is sent; what was moved does not come at the old time', async () => {
    await schedule();
    await talk.as(talk.alice).call(updateScheduled, { id: ID, send_at: later(600_000) });
    await talk.as(talk.alice).call(updateScheduled, { id: ID, content: 'better' });
    await pass(60_000);
    expect(await said()).toEqual([]);
    await pass(600_000);
    expect(await said()).toMatchObject([{ content: 'better' }]);
    expect(await talk.as(talk.alice).refused(updateScheduled, { id: ID, content: 'too late' })).toMatchObject({ code: 'not_found' });
  });

  it('a time that has passed is now', async () => {
    await schedule();
    await talk.as(talk.alice).call(updateScheduled, { id: ID, send_at: later(-DAY) });
    await pass(0);
    expect(await said()).toMatchObject([{ content: 'later' }]);
  });

  it('what was taken back is not sent', async () => {
    await schedule();
    await talk.as(talk.alice).call(cancelScheduled, { id: ID });
    await talk.as(talk.alice).call(cancelScheduled, { id: ID });
    await pass(60_000);
    expect(await said()).toEqual([]);
    expect(await refusal({})).toMatchObject({ code: 'conflict' });
  });

  it('nobody changes or takes back what another scheduled', async () => {
    await schedule();
    expect(await talk.as(talk.bob).refused(updateScheduled, { id: ID, content: 'mine' })).toMatchObject({ code: 'not_found' });
    await talk.as(talk.bob).call(cancelScheduled, { id: ID });
    expect(await waiting()).toMatchObject({ state: 'waiting', content: 'later' });
  });

  it('rights are those of the time of sending: what is refused then becomes a draft, with a reason and a notice', async () => {
    await schedule();
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: room.id, user_ids: [talk.alice.id] });
    await pass(60_000);
    expect(await said()).toEqual([]);
    const [draft] = await drafts();
    expect(draft).toMatchObject({ channel_id: room.id, content: 'later', version: 1 });
    expect(await waiting()).toMatchObject({ state: 'failed', failure: { code: 'not_found' }, draft_id: draft!.id, content: 'later' });
    expect(await told()).toMatchObject([{ id: `scheduled:${ID}`, scheduled_id: ID, read: false }]);
    expect(await talk.as(talk.alice).refused(updateScheduled, { id: ID, send_at: later(1) })).toMatchObject({ code: 'conflict' });
    await talk.as(talk.alice).call(cancelScheduled, { id: ID });
    expect(await waiting()).toBeUndefined();
    expect(await told()).toEqual([]);
  });

  it('another text under its client_msg_id that came first keeps its place, and this one is not lost', async () => {
    await schedule();
    await talk.as(talk.alice).call(sendMessage, { channel_id: room.id, content: 'sent before', client_msg_id: ID });
    await pass(60_000);
    expect((await said()).map((m) => m.content)).toEqual(['sent before']);
    expect(await drafts()).toMatchObject([{ content: 'later' }]);
    expect(await waiting()).toMatchObject({ state: 'failed', failure: { code: 'conflict' } });
  });

  it('who was deactivated sends nothing', async () => {
    await schedule();
    await talk.as(talk.olivia).call(deactivateUser, { user_id: talk.alice.id });
    await pass(60_000);
    expect(await said()).toEqual([]);
    expect(await waiting()).toBeUndefined();
    expect(await drafts()).toEqual([]);
  });

  it('there is a most of them', async () => {
    const most = LIMITS.scheduled;
    Object.assign(LIMITS as Record<string, number>, { scheduled: 1 });
    try {
      await schedule();
      expect(await refusal({ client_msg_id: OTHER })).toMatchObject({ code: 'invalid_request' });
    } finally {
      Object.assign(LIMITS as Record<string, number>, { scheduled: most });
    }
  });

  it('what goes wrong as often as a job may goes back to the person', async () => {
    await schedule();
    const broken = withStore({ before: (command) => { if (command === 'scheduled.send') throw new ParleyError('storage_full'); } });
    await talk.world.clock.advance(60_000);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await work(broken);
      await talk.world.clock.advance(delayAfter(attempt));
    }
    expect(await said()).toEqual([]);
    expect(await waiting()).toMatchObject({ state: 'failed', failure: { code: 'unavailable' } });
  });

  const STEPS = ['jobs.lease', 'scheduled.send', 'jobs.complete'];
  it.each(STEPS.flatMap((step) => [['before', step], ['after', step]] as const))('a worker that dies %s %s loses none and doubles none', async (when, step) => {
    await schedule();
    await talk.world.clock.advance(60_000);
    let dead = false;
    const die = (command: string): void => {
      if (dead || command !== step) return;
      dead = true;
      throw new Died();
    };
    await work(withStore(when === 'before' ? { before: die } : { after: die })).catch((error: unknown) => expect(error).toBeInstanceOf(Died));
    expect(dead).toBe(true);
    for (let again = 0; again < 5; again += 1) await pass(5_000);
    expect((await said()).map((m) => m.content)).toEqual(['later']);
    expect(await waiting()).toBeUndefined();
    expect(await new StoreJobs(talk.store).counts()).toEqual({ ready: 0, leased: 0, parked: 0 });
  });

  it('a change that comes between looking and sending is sent, not what it replaced', async () => {
    await schedule();
    await talk.world.clock.advance(60_000);
    let changed = false;
    await work(withStore({ before: async (command) => {
      if (command !== 'scheduled.send' || changed) return;
      changed = true;
      await talk.as(talk.alice).call(updateScheduled, { id: ID, content: 'in the last moment' });
    } }));
    expect((await said()).map((m) => m.content)).toEqual(['in the last moment']);
  });

  it('a parked one runs again when the server starts', async () => {
    await schedule();
    await talk.world.clock.advance(60_000);
    const queue = new StoreJobs(talk.store);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      await queue.lease(1, 1_000);
      await talk.world.clock.advance(1_000);
      await queue.lease(1, 1_000);
      await talk.world.clock.advance(delayAfter(attempt));
    }
    expect(await queue.counts()).toEqual({ ready: 0, leased: 0, parked: 1 });
    await talk.store.run('jobs.revive', { kinds: ['scheduled_send'] });
    await work();
    expect(await said()).toHaveLength(1);
  });

  function withStore(hooks: { before?: (command: string) => void | Promise<void>; after?: (command: string) => void }): Store {
    const { store } = talk;
    const run = async (command: string, args: unknown): Promise<unknown> => {
      await hooks.before?.(command);
      const result = await (store.run as (command: string, args: unknown) => Promise<unknown>).call(store, command, args);
      hooks.after?.(command);
      return result;
    };
    return new Proxy(store, { get: (target, key) => (key === 'run' ? run : typeof target[key as keyof Store] === 'function' ? (target[key as keyof Store] as (...args: never[]) => unknown).bind(target) : target[key as keyof Store]) });
  }
});
