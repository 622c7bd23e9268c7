import { createChannel, openDm, removeFromChannel } from '@parley/shared/protocol/calls/channels';
import { deleteMessage, editMessage } from '@parley/shared/protocol/calls/messages';
import { sync } from '@parley/shared/protocol/calls/reading';
import type { Delta } from '@parley/shared/protocol/entities';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Conversation, STORES } from '../../testing/conversation-world.ts';
import type { TestUser } from '../../testing/test-core.ts';
import { streamDelta } from './delta.ts';

const NOBODY = '0190a000-0000-7000-8000-0000000000ff';

describe.each(STORES)('sync on $adapter', (adapter) => {
  let talk: Conversation;
  let room: { id: string };
  beforeEach(async () => {
    talk = await Conversation.open(adapter);
    room = await talk.room('sync', [talk.alice, talk.bob]);
  });
  afterEach(() => talk.close());

  const ask = (of: TestUser, cursors: Record<string, number>, more: { page_size?: number; counts?: string[] } = {}) => talk.as(of).call(sync, { cursors, ...more });
  const delta = async (of: TestUser, stream: string, cursor: number, page_size?: number): Promise<Delta> => (await ask(of, { [stream]: cursor }, { page_size })).streams[stream]!;
  const channel = (): string => `channel:${room.id}`;

  it('refuses nobody and what is malformed', async () => {
    expect(await talk.world.as(null).refused(sync, { cursors: {} })).toMatchObject({ code: 'not_authenticated' });
    for (const bad of [{}, { cursors: { x: 1 } }, { cursors: { [channel()]: -1 } }, { cursors: {}, page_size: 501 }, { cursors: {}, extra: 1 }]) {
      expect(await talk.as(talk.alice).refused(sync, bad)).toMatchObject({ code: 'invalid_request' });
    }
  });

  it('without cursors it is the boot: user and workspace streams, all summaries, no messages', async () => {
    await talk.send(talk.olivia, room, `hi <@${talk.alice.id}>`);
    const boot = await ask(talk.alice, {});
    expect(Object.keys(boot.streams)).toEqual([`user:${talk.alice.id}`, `workspace:${talk.world.workspace.id}`]);
    expect(boot.incarnation).toBe(talk.store.incarnation());
    const summary = boot.channels.find((s) => s.channel_id === room.id)!;
    expect(summary).toMatchObject({ head_seq: 1, read_seq: 0, unread: 1, mentions: 1, channel: { id: room.id, type: 'channel', name: 'sync', head_seq: 1 } });
    expect(summary.last_message_at).toMatch(/Z$/);
    expect(boot.channels).toHaveLength(2);
    expect(JSON.stringify(boot.streams)).not.toContain('"type":"message"');
  });

  it('brings each changed entity once, in rev order, in its present state', async () => {
    const one = await talk.send(talk.olivia, room, 'one');
    const two = await talk.send(talk.olivia, room, 'two');
    const { head } = await delta(talk.alice, channel(), 0);
    await talk.as(talk.olivia).call(editMessage, { message_id: one.id, content: 'one, edited' });
    await talk.as(talk.olivia).call(editMessage, { message_id: one.id, content: 'one, edited again' });
    await talk.as(talk.olivia).call(deleteMessage, { message_id: two.id });
    const next = await delta(talk.alice, channel(), head);
    expect(next).toMatchObject({ from: head, to: next.head, head: head + 3, has_more: false });
    expect(next.entities.map((e) => [e.type, e.id, (e as { content?: string }).content])).toEqual([['message', one.id, 'one, edited again'], ['message', two.id, '']]);
    expect(await delta(talk.alice, channel(), next.head)).toEqual({ from: next.head, to: next.head, head: next.head, entities: [], has_more: false });
  });

  it('pages: the cursor of a page is its last rev, not the head', async () => {
    for (let i = 0; i < 12; i++) await talk.send(talk.olivia, room, `m${i}`);
    const seen: number[] = [];
    let cursor = 0;
    for (let pages = 0; pages < 10; pages++) {
      const page = await delta(talk.alice, channel(), cursor, 5);
      seen.push(...page.entities.map((e) => e.rev));
      expect(page.has_more).toBe(page.to < page.head);
      if (page.has_more) expect(page.to).toBe(page.entities.at(-1)!.rev);
      cursor = page.to;
      if (!page.has_more) break;
    }
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(13);
  });

  it('over 500 behind it is a gap: the newest page and the channel', async () => {
    for (let i = 0; i < 510; i += 30) await Promise.all(Array.from({ length: 30 }, (_, j) => talk.send(talk.olivia, room, `m${i + j}`)));
    const gap = await delta(talk.alice, channel(), 0);
    expect(gap).toMatchObject({ has_more: false, to: gap.head, gap: { oldest_seq: 461, newest_seq: 510 } });
    expect(gap.entities.filter((e) => e.type === 'message')).toHaveLength(50);
    expect(gap.entities.filter((e) => e.type === 'channel')).toHaveLength(1);
    const near = await delta(talk.alice, channel(), gap.head - 500);
    expect(near.gap).toBeUndefined();
    expect(near.entities.length + (await delta(talk.alice, channel(), near.to, 500)).entities.length).toBe(500);
  });

  it('a cursor beyond the head is a reset', async () => {
    await talk.send(talk.olivia, room, 'one');
    const reset = await delta(talk.alice, channel(), 10_000);
    expect(reset).toMatchObject({ from: 10_000, reset: true, to: reset.head });
    expect(reset.entities).toHaveLength(2);
    const own = await delta(talk.alice, `user:${talk.alice.id}`, 10_000);
    expect(own).toMatchObject({ reset: true });
    expect(own.entities.some((e) => e.type === 'membership')).toBe(true);
  });

  it('what one may not see is gone, as what never was; the rest is served', async () => {
    const secret = await talk.room('secret', [talk.bob], { is_private: true });
    const other = await talk.world.createWorkspace('Other');
    const gone = { to: 0, head: 0, entities: [], has_more: false, gone: true };
    const answer = await ask(talk.alice, { [`channel:${secret.id}`]: 3, [`channel:${NOBODY}`]: 3, [`user:${talk.bob.id}`]: 3, [`workspace:${other.id}`]: 3, [channel()]: 0 });
    for (const stream of [`channel:${secret.id}`, `channel:${NOBODY}`, `user:${talk.bob.id}`, `workspace:${other.id}`]) expect(answer.streams[stream], stream).toEqual({ from: 3, ...gone });
    expect(answer.streams[channel()]!.entities).toHaveLength(1);
    await talk.as(talk.olivia).call(removeFromChannel, { channel_id: secret.id, user_ids: [talk.bob.id] });
    expect(await delta(talk.bob, `channel:${secret.id}`, 1)).toMatchObject({ gone: true });
    expect((await ask(talk.guest, { [channel()]: 0 })).streams[channel()]).toMatchObject({ gone: true });
  });

  it('public channels are read without joining, and are no summary', async () => {
    const open = await talk.room('open', []);
    await talk.send(talk.olivia, open, 'x');
    const answer = await ask(talk.alice, { [`channel:${open.id}`]: 0 }, { counts: [open.id] });
    expect(answer.streams[`channel:${open.id}`]!.entities.map((e) => e.type)).toEqual(['channel', 'message']);
    expect(answer.channels.some((s) => s.channel_id === open.id)).toBe(false);
  });

  it('summaries are of channels that moved, that have no cursor, or that are asked for', async () => {
    const still = await talk.room('still', [talk.alice]);
    const boot = await ask(talk.alice, {});
    const cursors: Record<string, number> = Object.fromEntries(boot.channels.map((s) => [`channel:${s.channel_id}`, s.head_rev]));
    cursors[`user:${talk.alice.id}`] = boot.streams[`user:${talk.alice.id}`]!.head;
    expect((await ask(talk.alice, cursors)).channels).toEqual([]);
    await talk.send(talk.olivia, room, 'moved');
    expect((await ask(talk.alice, cursors)).channels.map((s) => s.channel_id)).toEqual([room.id]);
    expect((await ask(talk.alice, cursors, { counts: [still.id] })).channels.map((s) => s.channel_id).sort()).toEqual([room.id, still.id].sort());
    const dm = await talk.as(talk.bob).call(openDm, { workspace_id: talk.world.workspace.id, user_ids: [talk.alice.id] });
    const answer = await ask(talk.alice, cursors);
    expect(answer.channels.map((s) => s.channel_id).sort()).toEqual([room.id, dm.id].sort());
    expect(answer.streams[`user:${talk.alice.id}`]!.entities).toMatchObject([{ type: 'membership', id: dm.id }]);
  });

  it('user streams page with memberships ahead, and the cursor never stalls', async () => {
    for (let i = 0; i < 9; i++) await talk.as(talk.alice).call(createChannel, { workspace_id: talk.world.workspace.id, name: `room-${i}` });
    const stream = `user:${talk.alice.id}` as const;
    const held = new Map<string, number>();
    let cursor = 0;
    let pages = 0;
    for (; pages < 50; pages++) {
      const page = await talk.store.read((tx) => streamDelta(tx, { user_id: talk.alice.id, server_role: 'member' }, stream, cursor, 4));
      for (const e of page.entities) held.set(e.id, Math.max(held.get(e.id) ?? 0, e.rev));
      expect(page.entities.length).toBeLessThanOrEqual(4);
      if (page.has_more) expect(page.to).toBeGreaterThan(cursor);
      cursor = page.to;
      if (!page.has_more) break;
    }
    const all = await talk.store.read((tx) => streamDelta(tx, { user_id: talk.alice.id, server_role: 'member' }, stream, 0, 500));
    expect([...held.entries()].sort()).toEqual(all.entities.map((e): [string, number] => [e.id, e.rev]).sort());
    const first = await talk.store.read((tx) => streamDelta(tx, { user_id: talk.alice.id, server_role: 'member' }, stream, 0, 4));
    expect(first.entities.some((e) => e.rev > first.to && e.type === 'membership')).toBe(true);
  });

  it('at most 2,000 entities in all; streams beyond that say has_more with none', async () => {
    const rooms = [room];
    for (let i = 0; i < 5; i++) rooms.push(await talk.room(`full-${i}`, [talk.alice]));
    for (const r of rooms) for (let i = 0; i < 420; i += 60) await Promise.all(Array.from({ length: 60 }, (_, j) => talk.send(talk.olivia, r, `m${i + j}`)));
    const cursors = Object.fromEntries(rooms.map((r) => [`channel:${r.id}`, 0]));
    const answer = await ask(talk.alice, cursors, { page_size: 500 });
    const counts = rooms.map((r) => answer.streams[`channel:${r.id}`]!).map((d) => ({ n: d.entities.length, more: d.has_more, stays: d.to === 0 }));
    expect(counts.reduce((sum, c) => sum + c.n, 0)).toBe(2_000);
    // The newest head comes first.
    expect(counts[5]).toEqual({ n: 421, more: false, stays: false });
    expect(counts[0]).toEqual({ n: 0, more: true, stays: true });
  });
});
