import { describe, expect, it } from 'vitest';
import type { ChannelView } from '@parley/shared/sync/api';
import { inOrderOf, sameRows, sectionsOf } from './order.ts';

const row = (name: string, over: { kind?: string; last?: string; headSeq?: number; archived?: boolean } = {}) =>
  ({ id: name, headSeq: over.headSeq ?? 1, lastMessageAt: over.last ?? null, channel: { name, kind: over.kind ?? 'public', archived: over.archived ?? false } }) as unknown as ChannelView;
const ids = (views: readonly ChannelView[]) => views.map((view) => view.id);

describe('LAY-6 sidebar', () => {
  it('LAY-6 sorts rooms from A to Z with numbers as numbers, conversations by their latest message', () => {
    const { rooms, direct } = sectionsOf([row('b10'), row('Ärger'), row('b9', { kind: 'private' }), row('d1', { kind: 'dm', last: '2026-01-01' }), row('d2', { kind: 'dm', last: '2026-02-01' })], 'de', null);
    expect(ids(rooms)).toEqual(['Ärger', 'b9', 'b10']);
    expect(ids(direct)).toEqual(['d2', 'd1']);
  });
  it('LAY-6 hides archived rooms and empty conversations unless one is there', () => {
    const views = [row('old', { archived: true }), row('new', { kind: 'dm', headSeq: 0 })];
    expect(sectionsOf(views, 'en', null)).toEqual({ starred: [], own: [], rooms: [], direct: [] });
    expect(ids(sectionsOf(views, 'en', 'old').rooms)).toEqual(['old']);
    expect(ids(sectionsOf(views, 'en', 'new').direct)).toEqual(['new']);
  });
  it('LAY-6 puts starred ones and own sections first, in the order made by hand, each row once', () => {
    const views = [row('a'), row('b'), row('c'), row('d1', { kind: 'dm', headSeq: 0 }), row('old', { archived: true })];
    const { starred, own, rooms, direct } = sectionsOf(views, 'en', null, [{ id: 'starred', name: '', position: 0, channel_ids: ['d1'] }, { id: 's', name: 'Mine', position: 1, channel_ids: ['c', 'gone', 'old', 'a'] }]);
    expect([ids(starred), own.map((one) => ids(one.rows)), ids(rooms), ids(direct)]).toEqual([['d1'], [['c', 'a']], ['b'], []]);
  });
  it('LAY-6 keeps the order while the same rows stand there', () => {
    const before = [row('a'), row('b')];
    const now = [row('b'), row('a')];
    expect(sameRows(before, now)).toBe(true);
    expect(ids(inOrderOf(now, before))).toEqual(['a', 'b']);
    expect(inOrderOf(now, before)[0]).toBe(now[1]);
    expect(sameRows(before, [row('a'), row('c')])).toBe(false);
  });
});
