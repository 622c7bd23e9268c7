import { deleteSection, putSection, setPreference } from '@parley/shared/protocol/calls/personal';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Section } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import { allOwn } from '../own-entities.ts';

const ID = '0190a000-0000-7000-8000-0000000000d1';
const [A, B, C] = ['0190a000-0000-7000-8000-00000000000a', '0190a000-0000-7000-8000-00000000000b', '0190a000-0000-7000-8000-00000000000c'] as const;

describe.each(STORES)('sections and preferences on $adapter', (adapter) => {
  let talk: Conversation;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
  });
  afterEach(() => talk.close());
  const put = (change: Parameters<typeof call>[0]) => call(change);
  const call = (change: { id: string; name?: string; position?: number; channel_ids?: string[]; add_channel_ids?: string[]; remove_channel_ids?: string[] }) => talk.as(talk.alice).call(putSection, change as never);
  const all = () => talk.store.read((tx) => allOwn<Section>(tx, talk.alice.id, 'section', 100));

  it('refuses nobody and what is malformed', async () => {
    expect(await talk.world.as(null).refused(putSection, { id: ID, name: 'x' })).toMatchObject({ code: 'not_authenticated' });
    for (const bad of [{ id: 'mine', name: 'x' }, { id: ID, name: ' ' }, { id: ID, name: 'x', channel_ids: ['x'] }]) expect(await talk.as(talk.alice).refused(putSection, bad as never)).toMatchObject({ code: 'invalid_request' });
    expect(await talk.as(talk.alice).refused(putSection, { id: ID, add_channel_ids: [A] })).toMatchObject({ code: 'not_found' });
    for (const bad of [{ key: 'Bad Key', value: 1 }, { key: 'a', value: 'x'.repeat(LIMITS.preference_characters) }]) expect(await talk.as(talk.alice).refused(setPreference, bad)).toMatchObject({ code: 'invalid_request' });
  });

  it('a channel is in one section at most, and two devices may add at once', async () => {
    await put({ id: ID, name: 'Mine', add_channel_ids: [A] });
    await put({ id: ID, add_channel_ids: [B] });
    await put({ id: 'starred', add_channel_ids: [A, C] });
    expect(await all()).toMatchObject([{ id: ID, name: 'Mine', channel_ids: [B] }, { id: 'starred', channel_ids: [A, C] }]);
    await put({ id: 'starred', remove_channel_ids: [A] });
    await put({ id: ID, channel_ids: [C, B], position: 3 });
    expect(await all()).toMatchObject([{ id: ID, position: 3, channel_ids: [C, B] }, { id: 'starred', channel_ids: [] }]);
    await talk.as(talk.alice).call(deleteSection, { id: ID });
    expect((await all()).map((s) => s.id)).toEqual(['starred']);
  });

  it('a preference is any small value, and null is the default again', async () => {
    expect(await talk.as(talk.alice).call(setPreference, { key: 'undo_send', value: 10 })).toMatchObject({ key: 'undo_send', value: 10 });
    expect(await talk.as(talk.alice).call(setPreference, { key: 'undo_send', value: null })).toEqual({ key: 'undo_send', value: null });
    expect(await talk.store.read((tx) => allOwn(tx, talk.alice.id, 'preference', 10))).toEqual([]);
  });
});
