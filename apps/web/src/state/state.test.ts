import { describe, expect, it, vi } from 'vitest';
import type { ChannelView, Readable } from '@parley/shared/sync/api';
import { addressOf, readOutcome } from './api.ts';
import { badgesOf, rowBadge } from './counts.ts';
import type { Saved, Thread } from '@parley/shared/protocol/entities';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { combine, nameOf } from './people.ts';
import { paths, readPlace } from './routes.ts';
import { getImport, startImport } from '@parley/shared/protocol/calls/imports';
import { getChannels } from '@parley/shared/protocol/calls/channels';
import { getServer, signOut } from '@parley/shared/protocol/calls/accounts';

const id = (n: number) => `0190a000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;

function view(over: Partial<ChannelView> & { kind?: ChannelView['channel']['kind']; muted?: boolean; users?: string[] } = {}): ChannelView {
  return {
    id: id(1), workspaceId: id(9), unread: 0, mentions: 0, lastMessageAt: null, headSeq: 1,
    channel: { id: id(1), workspace_id: id(9), kind: over.kind ?? 'public', name: over.kind === 'dm' || over.kind === 'group_dm' ? '' : 'general', topic: '', purpose: '', member_count: 2, archived: false, posting: 'everyone', created_at: '2026-11-23T09:00:00.000Z', head_seq: 1, head_rev: 1, purged_through_seq: 0, user_ids: over.users },
    membership: { channel_id: id(1), role: 'member', stay_id: id(5), visible_from_seq: 1, joined_seq: 0, read_epoch: 0, read_seq: 0, level: 'default', muted: over.muted ?? false, joined_at: '2026-11-23T09:00:00.000Z' },
    ...over,
  };
}

describe('BDG-1 badges', () => {
  it('BDG-1 a channel row is bold with unread and counts mentions', () => {
    expect(rowBadge(view({ unread: 5, mentions: 2 }))).toMatchObject({ bold: true, number: 2 });
    expect(rowBadge(view({ unread: 5 }))).toMatchObject({ bold: true, number: 0 });
  });
  it('BDG-1 a direct message counts what is unread', () => {
    expect(rowBadge(view({ kind: 'dm', unread: 3, mentions: 0 }))).toMatchObject({ bold: true, number: 3 });
  });
  it('BDG-1 a muted row is never bold and counts mentions only', () => {
    expect(rowBadge(view({ muted: true, unread: 5, mentions: 1 }))).toMatchObject({ bold: false, number: 1 });
    expect(rowBadge(view({ kind: 'dm', muted: true, unread: 5, mentions: 0 }))).toMatchObject({ bold: false, number: 0 });
  });
  it('BDG-1 the total is the sum of rows and threads', () => {
    const thread = { root_id: id(3), channel_id: id(1), following: true, read_epoch: 0, read_seq: 0, unread: 2 } as Thread;
    expect(badgesOf({ channels: [view({ unread: 1, mentions: 1 }), view({ kind: 'dm', unread: 2 })], threads: [thread], saved: [] })).toEqual({ threads: 1, later: 0, number: 4, dot: true });
    expect(badgesOf({ channels: [view({ muted: true, unread: 9 })], threads: [{ ...thread, following: false }], saved: [] })).toEqual({ threads: 0, later: 0, number: 0, dot: false });
  });
  it('BDG-2 badges are what a recount finds, after any history', () => {
    const random = new SeededRandom(7);
    const upTo = (n: number): number => random.next() % n;
    const channels = Array.from({ length: 6 }, (_, i) => view({ kind: (['public', 'private', 'dm', 'group_dm'] as const)[i % 4] }));
    const threads = Array.from({ length: 4 }, (_, i) => ({ root_id: id(i), channel_id: id(1), following: false, read_epoch: 0, read_seq: 0, unread: 0 }) as Thread);
    const saved = Array.from({ length: 4 }, (_, i) => ({ message_id: id(i), channel_id: id(1), state: 'progress', due_at: null, note: '', reminded_at: null, saved_at: '' }) as Saved);
    for (let step = 0; step < 500; step++) {
      const [c, t, s] = [upTo(channels.length), upTo(threads.length), upTo(saved.length)];
      const unread = upTo(3) === 0 ? 0 : upTo(9);
      const { kind } = channels[c]!.channel;
      channels[c] = view({ kind, unread, mentions: unread === 0 ? 0 : upTo(unread + 1), muted: upTo(4) === 0 });
      threads[t] = { ...threads[t]!, following: upTo(3) > 0, unread: upTo(3) };
      saved[s] = { ...saved[s]!, state: upTo(2) ? 'progress' : 'done', reminded_at: upTo(2) ? '2026-11-23T09:00:00.000Z' : null };
      let [number, dot, later, news] = [0, false, 0, 0];
      for (const one of channels) {
        const direct = one.channel.kind === 'dm' || one.channel.kind === 'group_dm';
        if (one.membership!.muted) number += one.mentions!;
        else {
          number += direct ? one.unread! : one.mentions!;
          if (one.unread! > 0) dot = true;
        }
      }
      for (const one of threads) if (one.following && one.unread > 0) [number, news, dot] = [number + 1, news + 1, true];
      for (const one of saved) if (one.state === 'progress' && one.reminded_at !== null) [number, later] = [number + 1, later + 1];
      expect(badgesOf({ channels, threads, saved })).toEqual({ threads: news, later, number, dot });
    }
  });
});

describe('LAY-8 addresses', () => {
  it('LAY-8 every address reads back as the place it was made for', () => {
    expect(readPlace(paths.channel(id(9), id(1), { messageId: id(2), rootId: id(3) }), '?panel=details&tab=members')).toEqual({ scene: 'channel', workspaceId: id(9), channelId: id(1), messageId: id(2), rootId: id(3), page: null, panel: 'details', search: null, tab: 'members' });
    expect(readPlace(`/w/${id(9)}/search`, '?q=from%3Aana')).toMatchObject({ scene: 'search', workspaceId: id(9), search: 'from:ana' });
    expect(readPlace(paths.channel(id(9), id(1), { messageId: id(2) }), '?search=x')).toMatchObject({ scene: 'channel', messageId: id(2), search: 'x' });
    for (const scene of ['threads', 'drafts', 'browse'] as const) expect(readPlace(paths.scene(id(9), scene), '')).toMatchObject({ scene, workspaceId: id(9) });
    expect(readPlace(paths.preferences('devices'), '')).toMatchObject({ scene: 'preferences', page: 'devices', workspaceId: null });
    expect(readPlace(paths.workspace(id(9)), '')).toMatchObject({ scene: 'home', workspaceId: id(9) });
  });
  it('LAY-8 what means nothing is unknown', () => {
    for (const path of ['/w', '/w/a/b/c', '/nowhere', '/w/a/c/']) expect(readPlace(path, '').scene).toBe('unknown');
  });
});

describe('names', () => {
  const t = (key: string, values?: Record<string, unknown>) => (values === undefined ? key : `${key} ${JSON.stringify(values)}`);
  const users = new Map([2, 3, 4, 5, 6].map((n) => [id(n), { display_name: `P${n}` }]));
  it('DM-1 a direct message is called by its people, notes by their own name, groups by three and a count', () => {
    expect(nameOf(view(), id(7), users, t)).toBe('general');
    expect(nameOf(view({ kind: 'dm', users: [id(7), id(2)] }), id(7), users, t)).toBe('P2');
    expect(nameOf(view({ kind: 'dm', users: [id(7)] }), id(7), users, t)).toBe('channel.notes');
    expect(nameOf(view({ kind: 'group_dm', users: [7, 2, 3, 4, 5, 6].map(id) }), id(7), users, t)).toContain('P2, P3, P4');
  });
  it('PRN-6 combined readables keep their reference until one of them changes', () => {
    let value = 1;
    const part: Readable<number> = { get: () => value, subscribe: vi.fn(() => () => undefined) };
    const all = combine([part, part]);
    const before = all.get();
    expect(all.get()).toBe(before);
    value = 2;
    expect(all.get()).toEqual([2, 2]);
    expect(all.get()).not.toBe(before);
  });
});

describe('calls', () => {
  it('puts path fields into the path, the rest of a GET and of a raw body into the query', () => {
    expect(addressOf(getImport, { import_id: id(1) })).toBe(`/api/v1/imports/${id(1)}`);
    expect(addressOf(getChannels, { workspace_id: id(9), query: 'a b', cursor: undefined })).toBe(`/api/v1/channels?workspace_id=${id(9)}&query=a+b`);
    expect(addressOf(startImport, { kind: 'slack', workspace_id: id(9) })).toBe(`/api/v1/imports?kind=slack&workspace_id=${id(9)}`);
  });
  it('reads answers, problems, and what is neither', () => {
    expect(readOutcome(signOut, 204, null, '')).toMatchObject({ kind: 'ok', status: 204 });
    expect(readOutcome(getServer, 200, null, '{"name":1}')).toMatchObject({ kind: 'unreached' });
    expect(readOutcome(getServer, 502, null, '<html>')).toMatchObject({ kind: 'unreached' });
    expect(readOutcome(getServer, 429, '7', JSON.stringify({ type: 'about:blank', title: 'Slow down', status: 429, code: 'rate_limited' }))).toMatchObject({ kind: 'problem', retryAfterMs: 7_000 });
  });
});
