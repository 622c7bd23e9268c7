import { deleteDraft, putDraft } from '@parley/shared/protocol/calls/personal';
import { sync } from '@parley/shared/protocol/calls/reading';
import type { Draft } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

const ID = '0190a000-0000-7000-8000-0000000000d1';
const NOBODY = '0190a000-0000-7000-8000-0000000000ff';

describe.each(STORES)('drafts on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  let laptop: TestUser;
  let phone: TestUser;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('room', [talk.alice]);
    laptop = talk.alice;
    phone = { ...(await talk.world.signIn('alice')), user: talk.alice.user };
  });
  afterEach(() => talk.close());

  const text = (content: string, base_version = 0) => ({ id: ID, client_msg_id: ID, channel_id: room.id, content, base_version });
  const living = async (): Promise<Draft[]> => (await talk.as(laptop).call(sync, { cursors: {} })).streams[`user:${talk.alice.id}`]!.entities.filter((e) => e.type === 'draft' && e['deleted'] !== true) as unknown as Draft[];

  it('refuses nobody, what is malformed, and places that one may not see', async () => {
    expect(await talk.world.as(null).refused(putDraft, text('a'))).toMatchObject({ code: 'not_authenticated' });
    for (const bad of [{ ...text('') }, { ...text('a'), id: 'x' }, { ...text('a'), base_version: -1 }, { ...text('a'), extra: 1 }]) expect(await talk.as(laptop).refused(putDraft, bad)).toMatchObject({ code: 'invalid_request' });
    const secret = await talk.room('secret', [], { is_private: true });
    expect(await talk.as(laptop).refused(putDraft, { ...text('a'), channel_id: secret.id })).toMatchObject({ code: 'not_found' });
    expect(await talk.as(laptop).refused(putDraft, { ...text('a'), thread_root_id: NOBODY })).toMatchObject({ code: 'not_found' });
  });

  it('may be of files alone, but not of nothing', async () => {
    expect(await talk.as(laptop).call(putDraft, { ...text(''), file_ids: [NOBODY] })).toMatchObject({ content: '', file_ids: [NOBODY], version: 1 });
    expect(await talk.as(laptop).refused(putDraft, { ...text('', 1), file_ids: [] })).toMatchObject({ code: 'invalid_request' });
  });

  it('goes on from the version that it knows, and a repeat changes nothing', async () => {
    expect(await talk.as(laptop).call(putDraft, text('a'))).toMatchObject({ version: 1, content: 'a', device_id: laptop.device_id });
    expect(await talk.as(laptop).call(putDraft, text('a'))).toMatchObject({ version: 1 });
    expect(await talk.as(phone).call(putDraft, text('ab', 1))).toMatchObject({ version: 2, device_id: phone.device_id });
    expect(await living()).toMatchObject([{ id: ID, content: 'ab', version: 2 }]);
  });

  it('a text that another device has overtaken is a conflict, and under its own id both are kept', async () => {
    await talk.as(laptop).call(putDraft, text('a'));
    await talk.as(phone).call(putDraft, text('from the phone', 1));
    expect(await talk.as(laptop).refused(putDraft, text('from the laptop', 1))).toMatchObject({ code: 'conflict' });
    await talk.as(laptop).call(putDraft, { ...text('from the laptop'), id: NOBODY, client_msg_id: NOBODY });
    expect((await living()).map((d) => d.content).sort()).toEqual(['from the laptop', 'from the phone']);
  });

  it('what a device writes after itself is no conflict, though it missed an answer', async () => {
    await talk.as(laptop).call(putDraft, text('a'));
    expect(await talk.as(laptop).call(putDraft, text('ab', 0))).toMatchObject({ version: 2, content: 'ab' });
  });

  it('one that was dropped does not come back under its id', async () => {
    await talk.as(laptop).call(putDraft, text('a'));
    await talk.as(phone).call(deleteDraft, { id: ID });
    expect(await living()).toEqual([]);
    expect(await talk.as(laptop).refused(putDraft, text('ab', 1))).toMatchObject({ code: 'conflict' });
    await talk.as(laptop).call(deleteDraft, { id: NOBODY });
    expect(await talk.as(laptop).refused(putDraft, { ...text('late'), id: NOBODY })).toMatchObject({ code: 'conflict' });
  });

  it('nobody else sees or drops it', async () => {
    await talk.as(laptop).call(putDraft, text('a'));
    await talk.as(talk.olivia).call(deleteDraft, { id: ID });
    expect(await living()).toHaveLength(1);
    expect(JSON.stringify(await talk.as(talk.olivia).call(sync, { cursors: { [`user:${talk.alice.id}`]: 0 } }))).not.toContain('"a"');
  });
});
