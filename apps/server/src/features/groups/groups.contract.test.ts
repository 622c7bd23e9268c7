import { createWorkspace, deactivateUser } from '@parley/shared/protocol/calls/accounts';
import { createGroup, deleteGroup, getGroupMembers, getGroups, updateGroup } from '@parley/shared/protocol/calls/groups';
import { getInbox } from '@parley/shared/protocol/calls/inbox';
import { editMessage, sendMessage } from '@parley/shared/protocol/calls/messages';
import { LIMITS } from '@parley/shared/protocol/limits';
import type { Group } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { messages } from '../../storage/tables.ts';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';

const NOBODY = '0190a000-0000-7000-8000-0000000000ff';

describe.each(STORES)('groups on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  let carol: TestUser;
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    carol = await talk.world.createUser('carol');
    room = await talk.room('talk', [talk.alice, talk.bob]);
  });
  afterEach(() => talk.close());

  const ws = () => talk.world.workspace.id;
  const make = (people: TestUser[], handle = 'design', by = talk.alice): Promise<Group> => talk.as(by).call(createGroup, { workspace_id: ws(), name: 'Design team', handle, user_ids: people.map((p) => p.id) });
  const membersOf = async (group: Group, by = talk.alice): Promise<string[]> => (await talk.as(by).call(getGroupMembers, { group_id: group.id })).items.map((m) => m.user_id);
  const mentioned = async (person: TestUser): Promise<string[]> => (await talk.as(person).call(getInbox, { kind: 'mention' })).items.map((e) => e.message_id!);

  describe('who may not', () => {
    it('makes one as nobody, malformed, as a guest, or elsewhere', async () => {
      const input = { workspace_id: ws(), name: 'Design', handle: 'design' };
      expect(await talk.world.as(null).refused(createGroup, input)).toMatchObject({ code: 'not_authenticated' });
      for (const handle of ['', 'Design', 'a b', '@a', 'channel', 'here', 'everyone', 'all', '-a', 'x'.repeat(65), 'é']) {
        expect(await talk.as(talk.alice).refused(createGroup, { ...input, handle }), handle).toMatchObject({ code: 'invalid_request', errors: [{ path: 'handle' }] });
      }
      expect(await talk.as(talk.alice).refused(createGroup, { ...input, name: '  ' })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'name' }] });
      expect(await talk.as(talk.alice).refused(createGroup, { ...input, user_ids: [talk.bob.id, NOBODY] })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'user_ids.1' }] });
      expect(await talk.as(talk.alice).refused(createGroup, { ...input, color: 'red' })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'color' }] });
      expect(await talk.as(talk.guest).refused(createGroup, input)).toMatchObject({ code: 'forbidden' });
      const other = await talk.as(talk.olivia).call(createWorkspace, { name: 'Other' });
      expect(await talk.as(talk.alice).refused(createGroup, { ...input, workspace_id: other.id })).toMatchObject({ code: 'not_found' });
      expect(await talk.as(talk.alice).refused(updateGroup, { group_id: NOBODY, name: 'x' })).toMatchObject({ code: 'not_found' });
      expect(talk.world.failures).toEqual([]);
    });

    it('a handle is one group\'s alone in its workspace, until it is given up', async () => {
      const design = await make([talk.bob]);
      expect(await talk.as(talk.bob).refused(createGroup, { workspace_id: ws(), name: 'Another', handle: 'design' })).toMatchObject({ code: 'conflict', errors: [{ path: 'handle' }] });
      const other = await talk.as(talk.olivia).call(createWorkspace, { name: 'Other' });
      await talk.as(talk.olivia).call(createGroup, { workspace_id: other.id, name: 'Design', handle: 'design' });
      await talk.as(talk.bob).call(updateGroup, { group_id: design.id, handle: 'drawing' });
      await make([], 'design', talk.bob);
      expect(await talk.as(talk.bob).refused(updateGroup, { group_id: design.id, handle: 'design' })).toMatchObject({ code: 'conflict' });
      await talk.as(talk.bob).call(deleteGroup, { group_id: design.id });
      await make([], 'drawing', talk.bob);
    });
  });

  it('people come and go, and its count follows', async () => {
    const group = await make([talk.bob, carol]);
    expect(group).toMatchObject({ handle: 'design', member_count: 2, archived: false });
    expect((await membersOf(group)).sort()).toEqual([talk.bob.id, carol.id].sort());
    const changed = await talk.as(talk.bob).call(updateGroup, { group_id: group.id, add_user_ids: [talk.alice.id, talk.alice.id], remove_user_ids: [carol.id, NOBODY] });
    expect(changed.member_count).toBe(2);
    expect((await membersOf(group)).sort()).toEqual([talk.alice.id, talk.bob.id].sort());
    const whole = await talk.as(talk.bob).call(updateGroup, { group_id: group.id, user_ids: [carol.id] });
    expect(whole.member_count).toBe(1);
    expect(await membersOf(group)).toEqual([carol.id]);
    expect(await talk.as(talk.bob).refused(updateGroup, { group_id: group.id, user_ids: [], add_user_ids: [carol.id] })).toMatchObject({ code: 'invalid_request' });
    const again = talk.events.length;
    await talk.as(talk.bob).call(updateGroup, { group_id: group.id, user_ids: [carol.id], name: 'Design team' });
    expect(talk.events.length).toBe(again);
  });

  it('a guest sees of its people only those of shared channels', async () => {
    const group = await make([talk.bob, carol]);
    await talk.invite(talk.olivia, room, talk.guest);
    expect(await membersOf(group, talk.guest)).toEqual([talk.bob.id]);
  });

  it('groups and their people come in pages, and are found by handle and name', async () => {
    for (const handle of ['backend', 'alpha', 'design']) await make([talk.alice, talk.bob, carol], handle);
    const first = await talk.as(talk.guest).call(getGroups, { workspace_id: ws(), page_size: 2 });
    expect(first.items.map((g) => g.handle)).toEqual(['alpha', 'backend']);
    const second = await talk.as(talk.guest).call(getGroups, { workspace_id: ws(), page_size: 2, cursor: first.next_cursor! });
    expect([second.items.map((g) => g.handle), second.next_cursor]).toEqual([['design'], null]);
    expect((await talk.as(talk.bob).call(getGroups, { workspace_id: ws(), query: '@BACK' })).items.map((g) => g.handle)).toEqual(['backend']);
    expect((await talk.as(talk.bob).call(getGroups, { workspace_id: ws(), query: 'team' })).items).toHaveLength(3);
    await make([talk.alice], 'only-alice');
    const of = async (by: TestUser, person: TestUser) => (await talk.as(by).call(getGroups, { workspace_id: ws(), user_id: person.id })).items.map((g) => g.handle);
    expect(await of(talk.alice, talk.bob)).toEqual(['alpha', 'backend', 'design']);
    expect(await of(talk.guest, talk.bob)).toEqual([]);
    await talk.invite(talk.olivia, room, talk.guest);
    expect(await of(talk.guest, talk.bob)).toEqual(['alpha', 'backend', 'design']);
    const page = await talk.as(talk.bob).call(getGroupMembers, { group_id: first.items[0]!.id, page_size: 2 });
    const rest = await talk.as(talk.bob).call(getGroupMembers, { group_id: first.items[0]!.id, page_size: 2, cursor: page.next_cursor! });
    expect([...page.items, ...rest.items].map((m) => m.user_id).sort()).toEqual([talk.alice.id, talk.bob.id, carol.id].sort());
    expect(rest.next_cursor).toBeNull();
  });

  it('who leaves the workspace, or whose account ends, leaves its groups', async () => {
    const group = await make([talk.bob, carol, talk.alice]);
    await talk.as(talk.olivia).call(deactivateUser, { user_id: carol.id, workspace_id: ws() });
    expect((await membersOf(group)).sort()).toEqual([talk.alice.id, talk.bob.id].sort());
    await talk.as(talk.olivia).call(deactivateUser, { user_id: talk.bob.id });
    expect(await membersOf(group)).toEqual([talk.alice.id]);
    expect((await talk.as(talk.alice).call(getGroups, { workspace_id: ws() })).items[0]).toMatchObject({ member_count: 1 });
    expect(await talk.as(talk.alice).refused(updateGroup, { group_id: group.id, add_user_ids: [carol.id] })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'add_user_ids.0' }] });
  });

  describe('naming one', () => {
    it('names its people who are in the channel, each once, and not the author', async () => {
      const [one, two] = [await make([talk.alice, talk.bob, carol]), await make([talk.bob], 'second')];
      const sent = await talk.send(talk.alice, room, `<!group^${one.id}> and <!group^${two.id}> and <!group^${NOBODY}> and \`<!group^${NOBODY}>\``);
      expect(sent.mentions).toEqual({ user_ids: [], group_ids: [one.id, two.id], everyone: 'none', target_ids: [talk.bob.id] });
      await talk.settle();
      expect(await talk.unread(talk.bob, room)).toEqual({ unread: 1, mentions: 1 });
      expect(await talk.unread(talk.olivia, room)).toEqual({ unread: 1, mentions: 0 });
      expect(await mentioned(talk.bob)).toEqual([sent.id]);
      expect(await mentioned(carol)).toEqual([]);
      // Who joins the channel or the group later was not named.
      await talk.join(carol, room);
      await talk.as(talk.alice).call(updateGroup, { group_id: one.id, add_user_ids: [talk.olivia.id] });
      expect((await talk.unread(talk.olivia, room)).mentions).toBe(0);
      expect((await talk.unread(carol, room)).mentions).toBe(0);
    });

    it('of another workspace, dropped or archived names nobody', async () => {
      const other = await talk.as(talk.olivia).call(createWorkspace, { name: 'Other' });
      const foreign = await talk.as(talk.olivia).call(createGroup, { workspace_id: other.id, name: 'Foreign', handle: 'foreign', user_ids: [talk.olivia.id] });
      const [archived, dropped] = [await make([talk.bob], 'old'), await make([talk.bob], 'older')];
      await talk.as(talk.alice).call(updateGroup, { group_id: archived.id, archived: true });
      await talk.as(talk.alice).call(deleteGroup, { group_id: dropped.id });
      const sent = await talk.send(talk.alice, room, [foreign, archived, dropped].map((g) => `<!group^${g.id}>`).join(' '));
      expect(sent.mentions).toEqual({ user_ids: [], group_ids: [], everyone: 'none' });
      await talk.as(talk.alice).call(updateGroup, { group_id: archived.id, archived: false });
      expect((await talk.send(talk.alice, room, `<!group^${archived.id}>`)).mentions.target_ids).toEqual([talk.bob.id]);
    });

    it('an edit resolves again: who is named away no longer counts, who is newly named does', async () => {
      const group = await make([talk.bob]);
      const sent = await talk.send(talk.alice, room, `<!group^${group.id}> look`);
      await talk.settle();
      await talk.as(talk.alice).call(editMessage, { message_id: sent.id, content: 'look' });
      await talk.settle();
      expect((await talk.unread(talk.bob, room)).mentions).toBe(0);
      expect(await mentioned(talk.bob)).toEqual([]);
      await talk.as(talk.alice).call(updateGroup, { group_id: group.id, add_user_ids: [talk.olivia.id, carol.id] });
      await talk.join(carol, room);
      await talk.as(talk.alice).call(editMessage, { message_id: sent.id, content: `look <!group^${group.id}>` });
      await talk.settle();
      for (const person of [talk.bob, talk.olivia]) {
        expect((await talk.unread(person, room)).mentions, person.username).toBe(1);
        expect(await mentioned(person), person.username).toEqual([sent.id]);
      }
      // She joined after it was said.
      expect([(await talk.unread(carol, room)).mentions, await mentioned(carol)]).toEqual([0, []]);
    });

    it('a dropped group goes on naming whom it named', async () => {
      const group = await make([talk.bob]);
      const sent = await talk.send(talk.alice, room, `<!group^${group.id}>`);
      await talk.as(talk.alice).call(deleteGroup, { group_id: group.id });
      await talk.settle();
      expect((await talk.unread(talk.bob, room)).mentions).toBe(1);
      expect(await mentioned(talk.bob)).toEqual([sent.id]);
    });

    it('with <!here>, an edit keeps who was here', async () => {
      const group = await make([]);
      const sent = await talk.send(talk.alice, room, `<!here> <!group^${group.id}>`);
      await talk.store.run('messages.edit', { who: { user_id: talk.alice.id, server_role: 'member' }, ref: { message_id: sent.id }, content: 'with bob', named: { user_ids: [], group_ids: [group.id], everyone: 'here' }, here_ids: [talk.bob.id] });
      expect((await row(sent.id)).targets ?? []).toEqual([]);
      await talk.store.run('messages.edit', { who: { user_id: talk.alice.id, server_role: 'member' }, ref: { message_id: sent.id }, content: 'none', named: { user_ids: [], group_ids: [], everyone: 'none' } });
      await talk.store.run('messages.edit', { who: { user_id: talk.alice.id, server_role: 'member' }, ref: { message_id: sent.id }, content: 'here', named: { user_ids: [], group_ids: [group.id], everyone: 'here' }, here_ids: [talk.bob.id] });
      await talk.as(talk.alice).call(updateGroup, { group_id: group.id, add_user_ids: [talk.olivia.id] });
      await talk.store.run('messages.edit', { who: { user_id: talk.alice.id, server_role: 'member' }, ref: { message_id: sent.id }, content: 'still', named: { user_ids: [], group_ids: [group.id], everyone: 'here' }, here_ids: [] });
      expect([...(await row(sent.id)).targets!].sort()).toEqual([talk.bob.id, talk.olivia.id].sort());
    });
    const row = async (id: string) => (await talk.store.read((tx) => tx.find(messages, { index: 'by_id', prefix: [id], limit: 1 })))[0]!;

    it('too many groups at once are refused', async () => {
      const ids = Array.from({ length: LIMITS.message_groups + 1 }, (_, n) => NOBODY.slice(0, -2) + String(n).padStart(2, '0'));
      expect(await talk.as(talk.alice).refused(sendMessage, { channel_id: room.id, content: ids.map((id) => `<!group^${id}>`).join(''), client_msg_id: 'many' })).toMatchObject({ code: 'invalid_request', errors: [{ path: 'content' }] });
    });

    it('a group of more people than the inbox takes at once is told to all of them', async () => {
      const people = [];
      for (let n = 0; n < 130; n++) people.push(await talk.world.createUser(`p${n}`));
      const big = await talk.room('big', [talk.alice, ...people]);
      const group = await make(people);
      const sent = await talk.send(talk.alice, big, `<!group^${group.id}>`);
      expect(sent.mentions.target_ids).toHaveLength(LIMITS.listed_people);
      await talk.settle();
      for (const person of people) expect(await mentioned(person), person.username).toEqual([sent.id]);
    });
  });
});
