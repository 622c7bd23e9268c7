import { beforeEach, describe, expect, it } from 'vitest';
import type { InboxEntry, Message } from '@parley/shared/protocol/entities';
import type { NotifyDevice } from '@parley/shared/domain/notify';
import type { ChannelView } from '@parley/shared/sync/api';
import { FakeClock, settle } from '@parley/shared/testing/fake-clock';
import { channelDoc, CHANNEL, ME, membership, message as messageDoc, WORKSPACE } from '@parley/shared/testing/fake-server';
import { Fronts, type FrontChannel } from './fronts.ts';
import type { Note } from './notes.ts';
import { Notifier, type Seen } from './notifier.ts';

const TOM = '00000000-0000-7000-8000-0000000000aa';
let clock: FakeClock;
let shown: Map<string, Note>;
let sounds: number;
let looking: { inFront: boolean; looking: boolean };
let messages: Map<string, Message>;
let seen: Seen;
let others: NotifyDevice[];
let notifier: Notifier;

const iso = (ago = 0) => new Date(clock.now() - ago).toISOString();
const entry = (id: string, change: Partial<InboxEntry> = {}): InboxEntry => ({ id: `mention:${id}`, kind: 'mention', channel_id: CHANNEL, message_id: id, thread_root_id: null, in_channel: true, seq: 5, actor_ids: [TOM], at: iso(), read: false, ...change });
const view = (change: Partial<ChannelView> = {}, own: object = {}): ChannelView => ({ id: CHANNEL, workspaceId: WORKSPACE, channel: { ...channelDoc(3, 3), name: 'harbour' }, membership: { ...membership(), read_seq: 0, level: 'default', muted: false, ...own }, unread: 0, mentions: 0, lastMessageAt: null, headSeq: 3, ...change });
const say = async (change: Partial<Seen>): Promise<void> => {
  seen = { ...seen, ...change };
  notifier.update(seen);
  await settle();
};
const titles = () => [...shown.values()].map((note) => note.title);

function make(standing: readonly Pick<Note, 'tag' | 'items'>[] = []): Notifier {
  return new Notifier({
    me: ME,
    now: () => clock.now(),
    after: (ms, run) => {
      const timer = clock.setTimer(ms, run);
      return () => timer.cancel();
    },
    show: (note) => {
      shown.set(note.tag, note);
      if (!note.silent) sounds += 1;
    },
    close: (tag) => void shown.delete(tag),
    standing: async () => standing,
    message: async (_channel, id) => messages.get(id ?? 'newest') ?? null,
    device: () => ({ here: true, activeAt: clock.now(), ...looking }),
    others: () => others,
    words: { name: async (of) => of?.channel.name ?? '', said: async (of, who, channel) => `${of?.kind ?? 'message'} ${who.length} ${channel}`, text: (message) => message.content, many: (n, channel) => `${n} new in ${channel}`, away: (n, m) => `away ${n} ${m}`, hidden: () => 'hidden' },
    pathOf: (of, at) => `/w/${of?.workspaceId}/c/${at.channelId}/m/${at.messageId}${at.rootId === undefined ? '' : `/t/${at.rootId}`}`,
    activityPath: (id) => `/w/${id}/activity`,
    draftsPath: (id) => `/w/${id}/drafts`,
  });
}

describe('the notifier', () => {
  beforeEach(async () => {
    clock = new FakeClock();
    shown = new Map();
    sounds = 0;
    looking = { inFront: false, looking: false };
    others = [];
    messages = new Map([['m1', { ...messageDoc(5, 5), id: 'm1', author_id: TOM, content: 'hello' }]]);
    seen = { live: true, entries: [], channels: [view()], preferences: {} };
    notifier = make();
    await notifier.start();
  });

  it('NTF-9 tells of a mention, and a click leads to the exact message', async () => {
    await say({});
    await say({ entries: [entry('m1', { thread_root_id: 'root', in_channel: false })] });
    expect([...shown.values()]).toMatchObject([{ title: 'mention 1 harbour', body: 'hello', silent: false, path: `/w/${WORKSPACE}/c/${CHANNEL}/m/m1/t/root` }]);
  });
  it('NTF-1 tells of a scheduled message that could not be sent, and leads to where its text lies', async () => {
    await say({});
    const { channel_id: _channel, message_id: _message, ...unsent } = entry('s1', { id: 'scheduled:s1', kind: 'reminder', scheduled_id: 's1', in_channel: false, seq: 0, actor_ids: [] });
    await say({ entries: [unsent] });
    expect([...shown.values()]).toMatchObject([{ title: 'reminder 0 ', body: '', path: `/w/${WORKSPACE}/drafts` }]);
    await say({ entries: [] });
    expect(titles()).toEqual([]);
  });
  it('tells nothing of what was there when it came, nor again of what is marked unread', async () => {
    await say({ entries: [entry('m1')] });
    await say({ entries: [entry('m1', { read: true })] });
    await say({ entries: [entry('m1')] });
    expect(titles()).toEqual([]);
  });
  it.each([['read elsewhere', { entries: [entryLater('m1', true)] }], ['deleted', { entries: [] }]])('NTF-6 takes it back when it was %s', async (_how, after) => {
    await say({});
    await say({ entries: [entry('m1', { at: '2025-01-01T00:00:00.000Z' })] });
    // Old by the clock, so it came as the summary.
    expect(shown.size).toBe(1);
    await say(after);
    expect(shown.size).toBe(0);
  });
  it('NTF-6 takes back what an earlier page showed, also while the connection is gone', async () => {
    shown.set('old', { tag: 'old', title: 'old', body: '', silent: true, path: '/', items: [] });
    const one = entry('m1');
    notifier = make([{ tag: 'old', items: [{ entry: one.id, key: `${one.id} m1 ${one.at}` }] }]);
    await notifier.start();
    await say({ entries: [one] });
    expect(shown.size).toBe(1);
    await say({ live: false, entries: [{ ...one, read: true }] });
    expect(shown.size).toBe(0);
  });
  it('NTF-4 says nothing of what is read at once, but of what stays unread though its channel is in front', async () => {
    looking = { inFront: true, looking: true };
    await say({});
    await say({ entries: [entry('m1')] });
    expect(titles()).toEqual([]);
    await say({ entries: [entry('m1', { read: true })] });
    await clock.advance(1_500);
    await settle();
    expect(titles()).toEqual([]);
    await say({ entries: [entry('m2')] });
    await clock.advance(1_500);
    await settle();
    expect(titles()).toEqual(['mention 1 harbour']);
  });
  it('NTF-3 at the end of do not disturb there is one for all that is still unread, by hand or by schedule', async () => {
    const until = new Date(clock.now() + 60_000).toISOString();
    await say({ preferences: { dnd_until: until } });
    await say({ entries: [entry('m1'), entry('m2'), entry('m3')] });
    expect(titles()).toEqual([]);
    await say({ entries: [entry('m1', { read: true }), ...seen.entries.slice(1)] });
    await clock.advance(60_000);
    await settle();
    expect(titles()).toEqual(['away 2 1']);
  });
  it('NTF-5 while the person is at another device this one waits 30 s, and then tells only what is still unread', async () => {
    others = [{ here: false, activeAt: clock.now(), inFront: true, looking: false }];
    await say({});
    await say({ entries: [entry('m1'), entry('m2')] });
    expect(titles()).toEqual([]);
    await say({ entries: [{ ...seen.entries[0]!, read: true }, seen.entries[1]!] });
    await clock.advance(30_000);
    await settle();
    expect(titles()).toEqual(['mention 1 harbour']);
    expect([...shown.values()][0]).toMatchObject({ items: [{ entry: 'mention:m2' }] });
  });
  it('NTF-9 one of a single message can be marked read from the notification: in its thread where that reads it', async () => {
    await say({});
    await say({ entries: [entry('m1', { kind: 'thread', id: 'thread:root', thread_root_id: 'root', in_channel: false })] });
    expect([...shown.values()][0]).toMatchObject({ reads: { channel_id: CHANNEL, message_id: 'm1', thread_root_id: 'root' } });
  });
  it('NTF-7 gathers what comes within 10 s in a channel, with a sound every 3 s at most', async () => {
    await say({});
    await say({ entries: [entry('m1')] });
    await say({ entries: [entry('m1'), entry('m2')] });
    expect([titles(), sounds]).toEqual([['2 new in harbour'], 1]);
    await clock.advance(10_000);
    await say({ entries: [...seen.entries, entry('m3')] });
    expect([titles(), sounds]).toEqual([['2 new in harbour', 'mention 1 harbour'], 2]);
  });
  it('NTF-7 after catching up tells of what is old in one', async () => {
    await say({});
    await say({ live: false });
    const old = [entry('m1', { at: iso(200_000) }), entry('m2', { at: iso(180_000) })];
    await say({ live: false, entries: old });
    expect(titles()).toEqual([]);
    await say({ live: true });
    expect(titles()).toEqual(['away 2 1']);
  });
  it('NTF-1 a channel at “all” and a keyword notify without an entry; by default a message does not', async () => {
    messages.set('newest', { ...messageDoc(4, 4), id: 'm4', author_id: TOM, content: 'the boat', created_at: iso() });
    const grown = { headSeq: 4, unread: 1 };
    const run = async (own: object, preferences: Seen['preferences']) => {
      notifier = make();
      shown.clear();
      await say({ channels: [view({}, own)], preferences });
      await say({ channels: [view(grown, own)] });
      return titles();
    };
    expect(await run({}, {})).toEqual([]);
    expect(await run({ level: 'all' }, {})).toEqual(['message 1 harbour']);
    expect(await run({}, { notify_keywords: ['boat'] })).toEqual(['message 1 harbour']);
    expect(await run({}, { notify_keywords: ['ship'] })).toEqual([]);
    expect(await run({ level: 'all', muted: true }, {})).toEqual([]);
    expect(await run({ level: 'all' }, { ignored_people: [TOM] })).toEqual([]);
    await run({ level: 'all' }, {});
    await say({ channels: [view({ headSeq: 4, unread: 0 }, { level: 'all', read_seq: 4 })] });
    expect(titles()).toEqual([]);
  });
  it('NTF-1 a pointer of a large channel tells nothing, and keeps nothing from being told', async () => {
    messages.set('newest', { ...messageDoc(4, 4), author_id: TOM });
    const pointer = entry('p', { id: `pointer:${CHANNEL}`, kind: 'pointer', message_id: messages.get('newest')!.id, seq: 4, actor_ids: [] });
    await say({ entries: [pointer], channels: [view({ headSeq: 4, unread: 1 })] });
    await clock.advance(2_000);
    expect(titles()).toEqual([]);
    await say({ entries: [], channels: [view({ headSeq: 4, unread: 0 }, { read_seq: 4 })] });
    await say({ channels: [view({ headSeq: 4, unread: 0 }, { level: 'all', read_seq: 3 })] });
    await say({ entries: [{ ...pointer, seq: 5 }], channels: [view({ headSeq: 5, unread: 1 }, { level: 'all', read_seq: 3 })] });
    await clock.advance(2_000);
    expect(titles()).toEqual(['message 1 harbour']);
  });
  it.each([['sender', 'mention 1 harbour', ''], ['none', 'hidden', '']])('NTF-9 shows no more than the preview “%s” allows', async (notify_preview, title, body) => {
    await say({ preferences: { notify_preview } });
    await say({ entries: [entry('m1')] });
    expect([...shown.values()]).toMatchObject([{ title, body }]);
  });
  it('NTF-3 is silent while one is not to be disturbed, and NTF-2 in channels one lost', async () => {
    await say({ preferences: { dnd_until: new Date(clock.now() + 1_000).toISOString() } });
    await say({ entries: [entry('m1')] });
    await say({ preferences: {}, channels: [] });
    await say({ entries: [entry('m2')] });
    expect(titles()).toEqual([]);
  });
  it('NTF-8 tells nothing once it ended, not even what waited', async () => {
    looking = { inFront: true, looking: true };
    await say({});
    await say({ entries: [entry('m1')] });
    looking = { inFront: false, looking: false };
    // Its message is still being fetched.
    notifier.update({ ...seen, entries: [...seen.entries, entry('m2')] });
    notifier.stop();
    await clock.advance(60_000);
    await settle();
    expect(titles()).toEqual([]);
  });
});

function entryLater(id: string, read: boolean): InboxEntry {
  return { id: `mention:${id}`, kind: 'mention', channel_id: CHANNEL, message_id: id, thread_root_id: null, in_channel: true, seq: 5, actor_ids: [TOM], at: '2025-01-01T00:00:00.000Z', read };
}

describe('what the tabs show', () => {
  it('NTF-4 counts another tab of this browser that is in front, until it is gone', () => {
    const heard = new Set<(message: Parameters<FrontChannel['post']>[0]) => void>();
    const join = (): FrontChannel => {
      let own: ((message: Parameters<FrontChannel['post']>[0]) => void) | null = null;
      return { post: (message) => { for (const one of heard) if (one !== own) one(message); }, listen: (listener) => { own = listener; heard.add(listener); return () => heard.delete(listener); } };
    };
    const first = new Fronts('a', join());
    first.set({ inFront: true, channelId: 'c', activeAt: 7 });
    const second = new Fronts('b', join());
    expect(second.device({ channelId: 'c', rootId: null })).toEqual({ here: true, activeAt: 7, inFront: true, looking: true });
    expect(second.device({ channelId: 'c', rootId: 'r' })).toMatchObject({ inFront: true, looking: false });
    first.leave();
    expect(second.device({ channelId: 'c', rootId: null })).toMatchObject({ inFront: false, looking: false });
  });
});
