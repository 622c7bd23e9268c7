import { describe, expect, it } from 'vitest';
import { users } from '../storage/tables.ts';
import { streamDelta } from '../features/sync/delta.ts';
import { channelStream, RealtimeKit, userStream, workspaceStream } from '../testing/realtime-kit.ts';
import type { StreamDeltaReader } from './opening.ts';

const started = (options = {}) => new RealtimeKit(options).start();

describe('gateway: hello and catching up', () => {
  it('closes a silent socket after 5 s with 4001', async () => {
    const kit = await started();
    const socket = kit.socket();
    await kit.clock.advance(4_999);
    expect(socket.closed).toBeNull();
    await kit.clock.advance(1);
    expect(socket.closed).toBe(4001);
    expect(kit.realtime.gateway.connections()).toBe(0);
  });

  it('answers welcome, then heads of all followed streams', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const [mine, other] = [await kit.channel([ada, bob]), await kit.channel([bob])];
    await kit.post(mine, bob);
    const socket = await kit.connect(ada);
    expect(socket.frames.map((f) => f.type)).toEqual(['welcome', 'heads']);
    expect(socket.frames[0]).toMatchObject({ user_id: ada.id, live: 'full', incarnation: kit.store.incarnation() });
    expect(socket.frames[0]!.heartbeat_ms).toBeLessThanOrEqual(8_000);
    const streams = socket.frames[1]!.streams;
    expect(Object.keys(streams).sort()).toEqual([channelStream(mine), userStream(ada.id), workspaceStream(kit.workspaceId)].sort());
    expect(streams[channelStream(mine)]).toEqual([3, 1]);
    expect(streams[channelStream(other)]).toBeUndefined();
  });

  it('signs in by the cookie\'s token when the frame has none, and refuses a wrong one with 4001', async () => {
    const kit = await started();
    const ada = await kit.person();
    const socket = kit.socket(ada.token);
    socket.say({ type: 'hello', cursors: {} });
    await kit.clock.advance(0);
    expect(socket.of('welcome')).toHaveLength(1);
    for (const token of [`${ada.token.slice(0, -2)}xx`, 'nonsense']) {
      const wrong = kit.socket();
      wrong.say({ type: 'hello', token, cursors: {} });
      await kit.clock.advance(0);
      expect(wrong.closed).toBe(4001);
    }
  });

  it('sends deltas of user, workspace and looked-at streams first, a head for other channels that are behind, gone for what one may not see', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const [looked, behind, current, foreign] = [await kit.channel([ada, bob]), await kit.channel([ada, bob]), await kit.channel([ada, bob]), await kit.channel([bob])];
    const open = await kit.channel([bob], { kind: 'public' });
    for (const c of [looked, behind, current, foreign, open]) await kit.post(c, bob);
    const socket = await kit.connect(ada, {
      cursors: { [userStream(ada.id)]: 1, [channelStream(looked)]: 2, [channelStream(behind)]: 1, [channelStream(current)]: 3, [channelStream(foreign)]: 0, [channelStream(open)]: 0, [userStream(bob.id)]: 0 },
      looking_at: [looked],
    });
    expect(socket.frames.map((f) => [f.type, f.stream])).toEqual([
      ['welcome', undefined], ['heads', undefined], ['delta', userStream(ada.id)], ['delta', channelStream(looked)], ['head', channelStream(behind)],
      ['delta', channelStream(foreign)], ['head', channelStream(open)], ['delta', userStream(bob.id)],
    ]);
    expect(socket.frames[3]).toMatchObject({ from: 2, to: 3, head: 3, has_more: false, entities: [{ type: 'message', seq: 1 }] });
    expect(socket.frames[5]).toMatchObject({ gone: true });
    expect(socket.frames[7]).toMatchObject({ gone: true });
  });

  it('answers a cursor beyond the head with reset', async () => {
    const kit = await started();
    const ada = await kit.person();
    const socket = await kit.connect(ada, { cursors: { [userStream(ada.id)]: 99 } });
    expect(socket.of('delta')[0]).toMatchObject({ reset: true });
  });

  it('invariant 5: live frames wait behind the deltas, and nothing between them is missing', async () => {
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let held = false;
    const slow: StreamDeltaReader = async (tx, caller, stream, cursor) => {
      const delta = await streamDelta(tx, caller, stream, cursor, 2);
      if (stream.startsWith('channel:') && cursor > 0 && !held) {
        held = true;
        await gate;
      }
      return delta;
    };
    const kit = await started({ delta: slow });
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    for (let i = 0; i < 4; i++) await kit.post(channel, bob);
    const socket = await kit.connect(ada, { cursors: { [channelStream(channel)]: 2 }, looking_at: [channel] });
    await kit.post(channel, bob, 'while the delta is read');
    expect(socket.of('live')).toEqual([]);
    release();
    await kit.clock.advance(0);
    await kit.post(channel, bob, 'after');
    const seen = socket.frames.filter((f) => f.stream === channelStream(channel) && f.type !== 'heads');
    const firstLive = seen.findIndex((f) => f.type === 'live');
    expect(seen.slice(0, firstLive).every((f) => f.type === 'delta')).toBe(true);
    let cursor = 2;
    for (const frame of seen) {
      expect(frame.from).toBeLessThanOrEqual(cursor);
      cursor = Math.max(cursor, frame.type === 'delta' ? frame.to : frame.rev);
    }
    expect(cursor).toBe(await kit.rev(channelStream(channel)));
    expect(seen.flatMap((f) => f.entities.map((e: { seq: number }) => e.seq))).toEqual(expect.arrayContaining([1, 2, 3, 4, 5, 6]));
  });

  it('invariant 5: an overflowing buffer is dropped and the delta run again', async () => {
    const kit = await started({ delta: ((tx, caller, stream, cursor, limit) => streamDelta(tx, caller, stream, cursor, cursor < 3 ? 1 : limit)) satisfies StreamDeltaReader });
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    await kit.post(channel, bob);
    await kit.post(channel, bob);
    // The reader takes nothing, so the catch-up is not over before it drains.
    const second = kit.socket();
    second.stalled = true;
    second.send('{"type":"filler","text":"' + 'x'.repeat(70_000) + '"}');
    second.say({ type: 'hello', token: ada.token, cursors: { [channelStream(channel)]: 0 }, looking_at: [channel] });
    await kit.clock.advance(0);
    for (let i = 0; i < 200; i++) await kit.run('kit.post', { channel_id: channel, id: kit.id(), author_id: bob.id, content: 'm' });
    await kit.clock.advance(0);
    second.drain();
    await kit.clock.advance(0);
    const frames = second.frames.filter((f) => f.stream === channelStream(channel));
    let cursor = 0;
    for (const frame of frames) {
      expect(frame.from).toBeLessThanOrEqual(cursor);
      cursor = Math.max(cursor, frame.type === 'delta' ? frame.to : frame.rev);
    }
    expect(cursor).toBe(await kit.rev(channelStream(channel)));
    expect(second.of('delta').length).toBeGreaterThan(1);
    expect(second.closed).toBeNull();
  });
});

describe('gateway: live', () => {
  it('invariant 4: a live frame holds all that changed in (from, rev], one after the other', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    await kit.post(channel, bob, 'one');
    await kit.run('kit.edit', { channel_id: channel, seq: 1, content: 'two' });
    await kit.clock.advance(0);
    expect(socket.of('live').map((f) => [f.stream, f.from, f.rev, f.entities[0].content])).toEqual([
      [channelStream(channel), 2, 3, 'one'],
      [channelStream(channel), 3, 4, 'two'],
    ]);
  });

  it('invariant 4: a live frame that is not acknowledged is followed by a head within 10 s, then with back-off; an acknowledged one is not', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const stream = channelStream(channel);
    const socket = await kit.connect(ada);
    await kit.post(channel, bob);
    await kit.clock.advance(11_000);
    expect(socket.of('head')).toEqual([{ type: 'head', stream, head_rev: 3, head_seq: 1 }]);
    await kit.clock.advance(15_000);
    expect(socket.of('head')).toHaveLength(1);
    await kit.clock.advance(10_000);
    expect(socket.of('head')).toHaveLength(2);
    socket.say({ type: 'ack', cursors: { [stream]: 3 } });
    await kit.clock.advance(120_000);
    expect(socket.of('head')).toHaveLength(2);
    await kit.post(channel, bob);
    socket.say({ type: 'ack', cursors: { [stream]: 4 } });
    await kit.clock.advance(60_000);
    expect(socket.of('head')).toHaveLength(2);
  });

  it('invariant 4: pong carries the heads of streams that moved and were not acknowledged', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    socket.say({ type: 'ping', t: 5 });
    expect(socket.of('pong')[0]).toMatchObject({ t: 5 });
    expect(socket.of('pong')[0]!.heads).toBeUndefined();
    await kit.post(channel, bob);
    socket.say({ type: 'ping', t: 6 });
    expect(socket.of('pong')[1]!.heads).toEqual({ [channelStream(channel)]: [3, 1] });
    socket.say({ type: 'ack', cursors: { [channelStream(channel)]: 3 } });
    socket.say({ type: 'ping', t: 7 });
    expect(socket.of('pong')[2]!.heads).toBeUndefined();
  });

  it('a newly joined channel is named in heads after its membership, and followed from there', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([bob]);
    await kit.post(channel, bob);
    const socket = await kit.connect(ada);
    socket.forget();
    await kit.join(channel, ada);
    await kit.post(channel, bob, 'welcome');
    expect(socket.frames.map((f) => f.type)).toEqual(['live', 'heads', 'live']);
    expect(socket.frames[0]!.entities[0]).toMatchObject({ type: 'membership', id: channel });
    expect(socket.frames[1]!.streams).toEqual({ [channelStream(channel)]: [3, 1] });
    expect(socket.frames[2]).toMatchObject({ stream: channelStream(channel), from: 3, rev: 4 });
  });

  it('invariant 8: a leaver is dropped before what follows is forwarded, though the projection has not happened yet', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const [gone, stays] = [await kit.connect(ada), await kit.connect(bob)];
    const after = [kit.part(channel, ada), kit.run('kit.post', { channel_id: channel, id: kit.id(), author_id: bob.id, content: 'secret' })];
    await Promise.all(after);
    await kit.clock.advance(0);
    expect(stays.of('live').some((f) => f.entities[0]?.content === 'secret')).toBe(true);
    expect(gone.of('live').filter((f) => f.stream === channelStream(channel))).toEqual([]);
    expect(gone.closed).toBeNull();
  });

  it('invariant 8: a leaver who connects while the projection is late does not follow the channel', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    await kit.part(channel, ada);
    const socket = await kit.connect(ada, { cursors: { [channelStream(channel)]: 0 } });
    await kit.post(channel, bob, 'secret');
    expect(JSON.stringify(socket.frames)).not.toContain('secret');
    expect(socket.of('delta')[0]).toMatchObject({ stream: channelStream(channel), gone: true });
  });

  it('invariant 8: visible_from_seq is honoured in live frames and deltas', async () => {
    const kit = await started();
    const [ada, bob, eve] = [await kit.person(), await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    await kit.post(channel, bob, 'before');
    await kit.join(channel, eve, 2);
    const [whole, later] = [await kit.connect(ada), await kit.connect(eve, { cursors: { [channelStream(channel)]: 0 }, looking_at: [channel] })];
    expect(JSON.stringify(later.of('delta'))).not.toContain('before');
    await kit.run('kit.edit', { channel_id: channel, seq: 1, content: 'before, edited' });
    await kit.post(channel, bob, 'after');
    expect(whole.of('live').map((f) => f.entities.length)).toEqual([1, 1]);
    expect(later.of('live').map((f) => [f.from, f.rev, f.entities.length])).toEqual([[4, 5, 0], [5, 6, 1]]);
    expect(JSON.stringify(later.frames)).not.toContain('edited');
  });

  it('invariant 8: a revoked session closes with 4003 within a second, the person\'s other devices stay', async () => {
    const kit = await started();
    const ada = await kit.person();
    const other = await kit.device(ada.id);
    const [one, two] = [await kit.connect(ada), await kit.connect(other)];
    await kit.run('kit.control', { stream: userStream(ada.id), control: { kind: 'revoked', device_ids: [ada.device_id] } });
    await kit.clock.advance(1_000);
    expect(one.closed).toBe(4003);
    expect(two.closed).toBeNull();
  });

  it('invariant 8: leaving a workspace ends its stream and its channels', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    await kit.run('kit.control', { stream: userStream(ada.id), control: { kind: 'workspace_left', workspace_id: kit.workspaceId } });
    await kit.clock.advance(0);
    await kit.post(channel, bob, 'secret');
    await kit.run('kit.entity', { stream: workspaceStream(kit.workspaceId), entity: { type: 'workspace', id: kit.workspaceId } });
    await kit.clock.advance(0);
    expect(socket.of('live').map((f) => f.stream)).toEqual([userStream(ada.id)]);
  });
});

describe('gateway: looking', () => {
  it('a public channel may be looked at without joining; no longer looking ends it; a foreign private one is gone', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const [open, hidden] = [await kit.channel([bob], { kind: 'public' }), await kit.channel([bob])];
    const socket = await kit.connect(ada);
    socket.forget();
    socket.say({ type: 'look', channel_ids: [open, hidden] });
    await kit.clock.advance(0);
    expect(socket.of('delta')).toMatchObject([{ stream: channelStream(hidden), gone: true }]);
    expect(socket.of('heads')).toEqual([{ type: 'heads', streams: { [channelStream(open)]: [1, 0] } }]);
    await kit.post(open, bob, 'seen');
    await kit.post(hidden, bob, 'secret');
    expect(socket.of('live').map((f) => f.entities[0].content)).toEqual(['seen']);
    socket.say({ type: 'look', channel_ids: [] });
    await kit.clock.advance(0);
    await kit.post(open, bob, 'unseen');
    expect(socket.of('live')).toHaveLength(1);
  });

  it('a guest cannot look at a public channel that is not theirs', async () => {
    const kit = await started();
    const [guest, bob] = [await kit.person({ role: 'guest' }), await kit.person()];
    const open = await kit.channel([bob], { kind: 'public' });
    const socket = await kit.connect(guest, { looking_at: [open] });
    await kit.post(open, bob);
    expect(socket.of('live')).toEqual([]);
    expect(socket.of('delta')).toMatchObject([{ gone: true }]);
  });

  it('invariant 8: those who only look are dropped before a channel goes on as private', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const open = await kit.channel([bob], { kind: 'public' });
    const [looker, member] = [await kit.connect(ada, { looking_at: [open] }), await kit.connect(bob)];
    looker.forget();
    member.forget();
    await Promise.all([
      kit.run('kit.channel', { channel_id: open, change: { kind: 'private' } }),
      kit.run('kit.post', { channel_id: open, id: kit.id(), author_id: bob.id, content: 'secret' }),
    ]);
    await kit.clock.advance(0);
    expect(member.of('live')).toHaveLength(2);
    expect(looker.of('live')).toEqual([]);
    expect(looker.of('delta')).toMatchObject([{ gone: true }]);
  });

  it('looking at a channel that was behind brings its delta before its live frames', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    await kit.post(channel, bob);
    const socket = await kit.connect(ada, { cursors: { [channelStream(channel)]: 2 } });
    expect(socket.of('head')).toHaveLength(1);
    socket.forget();
    socket.say({ type: 'look', channel_ids: [channel] });
    await kit.clock.advance(0);
    await kit.post(channel, bob);
    expect(socket.frames.map((f) => f.type)).toEqual(['delta', 'live']);
  });

  it('large channels: whole events to those looking, one coalesced head a second to the other members', async () => {
    const kit = await started({ config: { largeChannel: 2 } });
    const [ada, bob, eve] = [await kit.person(), await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob, eve]);
    const [looks, waits] = [await kit.connect(ada, { looking_at: [channel] }), await kit.connect(bob)];
    for (let i = 0; i < 5; i++) await kit.post(channel, eve);
    // The first leaves at once, what comes close behind it in one frame.
    expect(looks.of('live').map((f) => [f.from, f.rev])).toEqual([[3, 4]]);
    await kit.clock.advance(50);
    expect(looks.of('live').map((f) => [f.from, f.rev, f.entities.length])).toEqual([[3, 4, 1], [4, 8, 4]]);
    expect(waits.of('live')).toEqual([]);
    await kit.clock.advance(1_000);
    expect(waits.of('head')).toEqual([{ type: 'head', stream: channelStream(channel), head_rev: 8, head_seq: 5 }]);
    await kit.clock.advance(3_000);
    expect(waits.of('head')).toHaveLength(1);
  });
});

describe('gateway: batched frames', () => {
  it('what was gathered leaves before an entry for gateways and before whoever left is dropped, and nothing twice', async () => {
    const kit = await started({ config: { largeChannel: 2 } });
    const [ada, bob, eve] = [await kit.person(), await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob, eve]);
    const [stays, leaves] = [await kit.connect(ada, { looking_at: [channel] }), await kit.connect(bob, { looking_at: [channel] })];
    for (let i = 0; i < 3; i++) await kit.post(channel, eve, `${i}`);
    await kit.part(channel, bob);
    await kit.clock.advance(0);
    await kit.post(channel, eve, 'secret');
    await kit.clock.advance(200);
    expect(leaves.of('live').flatMap((f) => f.entities.map((e: { content: string }) => e.content))).toEqual(['0', '1', '2']);
    expect(stays.of('live').flatMap((f) => f.entities.map((e: { content?: string }) => e.content)).filter((c) => c !== undefined)).toEqual(['0', '1', '2', 'secret']);
    const spans = stays.of('live').map((f) => [f.from, f.rev]);
    for (let i = 1; i < spans.length; i++) expect(spans[i]![0]).toBe(spans[i - 1]![1]);
  });

  it('an edit of what is gathered is told once, as it is last; who begins to look meanwhile misses nothing', async () => {
    const kit = await started({ config: { largeChannel: 2 } });
    const [ada, bob, eve] = [await kit.person(), await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob, eve]);
    const looks = await kit.connect(ada, { looking_at: [channel] });
    await kit.post(channel, eve, 'first');
    const { seq } = await kit.post(channel, eve, 'second');
    await kit.run('kit.edit', { channel_id: channel, seq, content: 'second, edited' });
    await kit.post(channel, eve, 'third');
    const late = await kit.connect(bob, { looking_at: [channel], cursors: { [channelStream(channel)]: 4 } });
    await kit.clock.advance(60);
    expect(looks.of('live').map((f) => f.entities.map((e: { content: string }) => e.content))).toEqual([['first'], ['second, edited', 'third']]);
    const told = [...late.of('delta'), ...late.of('live')].filter((f) => f.stream === channelStream(channel)).flatMap((f) => f.entities.map((e: { content: string }) => e.content));
    expect(new Set(told)).toEqual(new Set(['second, edited', 'third']));
  });

  it('a small channel is gathered while it is hot, and no more when it has cooled', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    for (let i = 0; i < 250; i++) {
      await kit.post(channel, bob);
      await kit.clock.advance(5);
    }
    await kit.clock.advance(100);
    const frames = socket.of('live');
    expect(frames.flatMap((f) => f.entities)).toHaveLength(250);
    expect(Math.max(...frames.map((f) => f.entities.length))).toBeGreaterThan(4);
    socket.forget();
    await kit.clock.advance(60_000);
    for (let i = 0; i < 3; i++) await kit.post(channel, bob);
    expect(socket.of('live')).toHaveLength(3);
  });
});

describe('gateway: typing, presence, people', () => {
  it('typing goes to those who look and not to the author, one notice in 2.5 s', async () => {
    const kit = await started();
    const [ada, bob, eve] = [await kit.person(), await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob, eve]);
    const [author, looks, elsewhere] = [await kit.connect(ada, { looking_at: [channel] }), await kit.connect(bob, { looking_at: [channel] }), await kit.connect(eve)];
    for (let i = 0; i < 5; i++) author.say({ type: 'typing', channel_id: channel });
    await kit.clock.advance(100);
    expect(looks.of('typing')).toEqual([{ type: 'typing', channel_id: channel, user_id: ada.id, parent_message_id: null }]);
    expect([author.of('typing'), elsewhere.of('typing')]).toEqual([[], []]);
    await kit.clock.advance(2_500);
    author.say({ type: 'typing', channel_id: channel });
    expect(looks.of('typing')).toHaveLength(2);
  });

  it('typing of somebody who is not a member is ignored', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const open = await kit.channel([bob], { kind: 'public' });
    const [stranger, member] = [await kit.connect(ada, { looking_at: [open] }), await kit.connect(bob, { looking_at: [open] })];
    stranger.say({ type: 'typing', channel_id: open });
    await kit.clock.advance(100);
    expect(member.of('typing')).toEqual([]);
    expect(stranger.closed).toBeNull();
  });

  it('no typing with more than 200 looking', async () => {
    const kit = await started();
    const ada = await kit.person();
    const people = [ada];
    for (let i = 0; i < 200; i++) people.push(await kit.person());
    const channel = await kit.channel(people);
    const author = await kit.connect(ada);
    const sockets = [];
    for (const person of people.slice(1)) sockets.push(await kit.connect(person, { looking_at: [channel] }));
    author.say({ type: 'typing', channel_id: channel });
    expect(sockets.every((s) => s.of('typing').length === 1)).toBe(true);
    const another = await kit.connect(people[1]!, { looking_at: [channel] });
    await kit.clock.advance(3_000);
    author.say({ type: 'typing', channel_id: channel });
    expect(another.of('typing')).toEqual([]);
  });

  it('presence and people only to those who look at them, and only of people one may see', async () => {
    const kit = await started();
    const [ada, bob, eve] = [await kit.person(), await kit.person(), await kit.person()];
    const stranger = kit.id();
    const [looks, not] = [await kit.connect(ada), await kit.connect(eve)];
    looks.say({ type: 'look', channel_ids: [], user_ids: [bob.id, stranger] });
    await kit.clock.advance(0);
    expect(looks.of('presence')).toEqual([{ type: 'presence', user_id: bob.id, state: 'offline' }]);
    const socket = await kit.connect(bob);
    await kit.clock.advance(1_000);
    socket.say({ type: 'presence', state: 'away' });
    await kit.clock.advance(1_000);
    expect(looks.of('presence').map((f) => f.state)).toEqual(['offline', 'online', 'away']);
    const row = await kit.store.read((tx) => tx.get(users, [bob.id]));
    await kit.put(users, { ...row!, doc: { ...row!.doc, display_name: 'Robert' } });
    kit.registry.profileChanged(bob.id);
    await kit.clock.advance(1_000);
    expect(looks.of('people')).toMatchObject([{ users: [{ id: bob.id, display_name: 'Robert' }] }]);
    expect(looks.of('people')[0]!.users[0].email).toBeUndefined();
    expect([not.of('presence'), not.of('people')]).toEqual([[], []]);
    looks.say({ type: 'look', channel_ids: [], user_ids: [] });
    socket.say({ type: 'presence', state: 'online' });
    await kit.clock.advance(1_000);
    expect(looks.of('presence')).toHaveLength(3);
  });
});

describe('gateway: limits', () => {
  it('invariant 9: a reader that takes nothing loses typing and presence, then is closed with 4008 at 256 frames', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada, { looking_at: [channel] });
    const typist = await kit.connect(bob);
    socket.stalled = true;
    socket.send('{"type":"filler","text":"' + 'x'.repeat(70_000) + '"}');
    typist.say({ type: 'typing', channel_id: channel });
    // Slowly enough that no frames are gathered.
    for (let i = 0; i < 256; i++) {
      await kit.run('kit.post', { channel_id: channel, id: kit.id(), author_id: bob.id, content: 'm' });
      await kit.clock.advance(20);
    }
    expect(socket.closed).toBeNull();
    await kit.post(channel, bob);
    expect(socket.closed).toBe(4008);
    expect(socket.of('typing')).toEqual([]);
  });

  it('invariant 9: at 1 MiB waiting the socket is closed with 4008', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    socket.stalled = true;
    socket.send('x'.repeat(70_000));
    for (let i = 0; i < 10; i++) await kit.post(channel, bob, 'x'.repeat(100_000));
    expect(socket.closed).toBeNull();
    await kit.post(channel, bob, 'x'.repeat(100_000));
    expect(socket.closed).toBe(4008);
  });

  it('invariant 9: what a slow reader missed arrives in few writes once it reads again', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada);
    socket.stalled = true;
    socket.send('{"type":"filler","text":"' + 'x'.repeat(70_000) + '"}');
    for (let i = 0; i < 100; i++) await kit.post(channel, bob);
    socket.writes.length = 0;
    socket.drain();
    await kit.clock.advance(0);
    expect(socket.of('live')).toHaveLength(100);
    expect(socket.writes.length).toBeLessThanOrEqual(3);
  });

  it('50 sockets an account, the next is closed with 4009', async () => {
    const kit = await started();
    const ada = await kit.person();
    const sockets = [];
    for (let i = 0; i < 51; i++) sockets.push(await kit.connect(ada));
    expect(sockets.slice(0, 50).every((s) => s.closed === null)).toBe(true);
    expect(sockets[50]!.closed).toBe(4009);
    sockets[0]!.close(1000);
    expect((await kit.connect(ada)).closed).toBeNull();
  });

  it('malformed frames close with 4002, unknown ones and unknown fields too', async () => {
    const kit = await started();
    const ada = await kit.person();
    for (const text of ['{', '[]', '', '{"type":"nope"}', '{"type":"ping","t":1,"more":2}', '{"type":"look","channel_ids":"x"}']) {
      const socket = await kit.connect(ada);
      socket.say(text);
      expect([text, socket.closed]).toEqual([text, 4002]);
    }
  });

  it('frames over 64 KiB close with 1009, the 51st frame of a second with 4002', async () => {
    const kit = await started();
    const ada = await kit.person();
    const big = await kit.connect(ada);
    big.say(`{"type":"ping","t":1,"x":"${'x'.repeat(65_536)}"}`);
    expect(big.closed).toBe(1009);
    const fast = await kit.connect(ada);
    for (let i = 0; i < 51; i++) fast.say({ type: 'ping', t: i });
    expect(fast.closed).toBe(4002);
    expect(fast.of('pong')).toHaveLength(50);
  });

  it('draining says bye with a pause, closes with 1012 and takes no more', async () => {
    const kit = await started();
    const ada = await kit.person();
    const socket = await kit.connect(ada);
    const drained = kit.realtime.gateway.drain();
    expect(socket.of('bye')).toMatchObject([{ code: 1012 }]);
    expect(socket.of('bye')[0]!.retry_after_ms).toBeGreaterThan(0);
    expect(socket.closed).toBe(1012);
    await drained;
    const late = kit.socket();
    expect(late.closed).toBe(1012);
  });

  it('a closed socket leaves nothing behind', async () => {
    const kit = await started();
    const [ada, bob] = [await kit.person(), await kit.person()];
    const channel = await kit.channel([ada, bob]);
    const socket = await kit.connect(ada, { looking_at: [channel] });
    socket.say({ type: 'look', channel_ids: [channel], user_ids: [bob.id] });
    await kit.clock.advance(0);
    socket.close(1000);
    await kit.clock.advance(20_000);
    expect(kit.realtime.gateway.connections()).toBe(0);
    expect(await kit.registry.statesOf([ada.id])).toEqual(new Map());
    await kit.post(channel, bob);
    expect(kit.warnings).toEqual([]);
  });
});
