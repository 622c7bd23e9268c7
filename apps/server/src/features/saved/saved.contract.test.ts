import { removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { remind, saveMessage, unsaveMessage } from '@parley/shared/protocol/calls/personal';
import type { Message } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreJobs } from '../../jobs/store-jobs.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import { own } from '../own-entities.ts';
import { reminderJob } from './saved.routes.ts';

describe.each(STORES)('saved messages on $adapter', (adapter) => {
  let talk: Conversation;
  let message: Message;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    message = await talk.send(talk.olivia, await talk.room('room', [talk.alice], { is_private: true }), 'read me');
  });
  afterEach(() => talk.close());

  const kept = () => talk.store.read((tx) => own<Record<string, unknown>>(tx, talk.alice.id, 'saved', message.id));
  const later = (ms: number): string => new Date(talk.world.clock.now() + ms).toISOString();
  /** Runs what is due, as a worker does; `until` a step stops it there. */
  const work = async (until: 'done' | 'before_complete' = 'done'): Promise<number> => {
    const queue = new StoreJobs(talk.store);
    const leased = await queue.lease(10, 1_000);
    for (const job of leased) {
      await reminderJob({ store: talk.store })(job, new AbortController().signal);
      if (until === 'done') await queue.complete(job);
    }
    return leased.length;
  };

  it('refuses nobody, what is malformed, and messages that one may not see', async () => {
    expect(await talk.world.as(null).refused(saveMessage, { message_id: message.id })).toMatchObject({ code: 'not_authenticated' });
    for (const bad of [{}, { message_id: message.id, state: 'x' }, { message_id: message.id, due_at: 'soon' }, { message_id: message.id, note: 'x'.repeat(501) }, { message_id: message.id, due_at: 9e14 }]) expect(await talk.as(talk.alice).refused(saveMessage, bad)).toMatchObject({ code: 'invalid_request' });
    expect(await talk.as(talk.bob).refused(saveMessage, { message_id: message.id })).toMatchObject({ code: 'not_found' });
  });

  it('changes what is named and leaves the rest; a repeat takes no rev', async () => {
    const first = await talk.as(talk.alice).call(saveMessage, { message_id: message.id, note: 'why' });
    expect(first).toMatchObject({ state: 'progress', note: 'why', due_at: null, channel_id: message.channel_id });
    const done = await talk.as(talk.alice).call(saveMessage, { message_id: message.id, state: 'done' });
    expect(done).toMatchObject({ state: 'done', note: 'why', saved_at: first.saved_at });
    expect(await talk.as(talk.alice).call(saveMessage, { message_id: message.id, state: 'done' })).toEqual(done);
    await talk.as(talk.alice).call(unsaveMessage, { message_id: message.id });
    await talk.as(talk.alice).call(unsaveMessage, { message_id: message.id });
    expect(await kept()).toBeUndefined();
  });

  it('what is kept may be finished after the channel was left', async () => {
    await talk.as(talk.alice).call(saveMessage, { message_id: message.id });
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: message.channel_id, user_ids: [talk.alice.id] });
    expect(await talk.as(talk.alice).call(saveMessage, { message_id: message.id, state: 'archived' })).toMatchObject({ state: 'archived' });
  });

  it('a reminder comes at its time, once, though the worker dies between any two steps', async () => {
    await talk.as(talk.alice).call(remind, { message_id: message.id, at: later(60_000) });
    expect(await work()).toBe(0);
    await talk.world.clock.advance(60_000);
    expect(await work('before_complete')).toBe(1);
    const first = (await kept())!['reminded_at'];
    expect(first).toBeTruthy();
    await talk.world.clock.advance(3_000_000);
    await work();
    await talk.world.clock.advance(3_000_000);
    await work();
    expect((await kept())!['reminded_at']).toBe(first);
  });

  it('one that was moved, finished or taken back does not come at the old time', async () => {
    await talk.as(talk.alice).call(remind, { message_id: message.id, at: later(60_000) });
    await talk.as(talk.alice).call(saveMessage, { message_id: message.id, due_at: later(600_000) });
    await talk.world.clock.advance(60_000);
    await work();
    expect((await kept())!['reminded_at']).toBeNull();
    await talk.as(talk.alice).call(saveMessage, { message_id: message.id, state: 'done' });
    await talk.world.clock.advance(600_000);
    await work();
    expect((await kept())!['reminded_at']).toBeNull();
  });
});
