import { describe, expect, it } from 'vitest';
import { channelDoc, ME, message, OTHER } from '../testing/fake-server.ts';
import { ChannelReplica } from './channel-replica.ts';
import { contribution, later } from './counting.ts';
import { isCurrent } from './ranges.ts';

const replica = (): ChannelReplica => new ChannelReplica({ id: 'c', cursor: 0, stayId: 's', counts: { unread: 0, mentions: 0, atRev: 0, headSeq: 0, position: { epoch: 0, seq: 0 } } }, ME);
const ranges = (r: ChannelReplica) => r.ranges.map((x) => [x.fromSeq, x.toSeq, isCurrent(x)]);
const page = (messages: ReturnType<typeof message>[], head_seq: number, head_rev: number, more = {}) => ({ messages, head_seq, head_rev, has_more_before: false, has_more_after: false, ...more });

describe('cursors', () => {
  it('CUR1 entities never go backwards, tombstones included', () => {
    const r = replica();
    r.applyLive(0, 3, [message(1, 3, { deleted: true, content: '' })]);
    r.applyLive(0, 1, [message(1, 1)]);
    r.applyPage(page([message(1, 2)], 1, 2), {}, null);
    expect(r.rows.bySeq(1)).toMatchObject({ rev: 3, deleted: true });
  });
  it('CUR2 a live frame beyond the cursor moves nothing', () => {
    const r = replica();
    expect(r.applyLive(0, 1, [message(1, 1)])).toBe(true);
    expect(r.applyLive(2, 3, [message(1, 3, { content: 'edited' })])).toBe(false);
    expect([r.cursor, r.rows.bySeq(1)?.content, r.behind]).toEqual([1, 'edited', true]);
  });
  it('CUR3 a page moves the cursor to its end, not to the head', () => {
    const r = replica();
    r.applyDelta({ from: 0, to: 2, head: 9, entities: [message(1, 1), message(2, 2)], has_more: true });
    expect([r.cursor, r.behind]).toEqual([2, true]);
  });
  it('CUR4 no range is stretched over a seq whose message comes in a later page', () => {
    const r = replica();
    r.applyDelta({ from: 0, to: 3, head: 9, entities: [message(1, 1), message(3, 3)], has_more: true });
    expect(ranges(r)).toEqual([[1, 1, true]]);
    r.applyDelta({ from: 3, to: 9, head: 9, entities: [message(2, 9)], has_more: false });
    expect(ranges(r)).toEqual([[1, 3, true]]);
  });
  it('CUR6 a reset drops the stream, then applies', () => {
    const r = replica();
    r.applyLive(0, 1, [message(1, 1)]);
    r.drop();
    expect([r.cursor, r.rows.size, r.ranges.length]).toEqual([null, 0, 0]);
    r.applyDelta({ from: 0, to: 1, head: 1, entities: [message(1, 1)], has_more: false });
    expect([r.cursor, r.rows.size]).toEqual([1, 1]);
  });
  it('CUR7 another stay drops what is held', () => {
    const r = replica();
    r.applyLive(0, 1, [message(1, 1)]);
    const { generation } = r;
    r.setStay('t', { epoch: 4, seq: 1 });
    expect([r.rows.size, r.cursor, r.position, r.generation > generation]).toEqual([0, null, { epoch: 4, seq: 1 }, true]);
  });
});

describe('ranges of a channel', () => {
  it('RNG2 a gap keeps what was held, unconfirmed, beside the newest page', () => {
    const r = replica();
    r.applyLive(0, 2, [message(1, 1), message(2, 2)]);
    r.applyDelta({ from: 2, to: 900, head: 900, entities: [message(700, 900)], has_more: false, gap: { oldest_seq: 700, newest_seq: 700 } });
    expect(ranges(r)).toEqual([[1, 2, false], [700, 700, true]]);
    expect(r.stuckRange(null)).toMatchObject({ validRev: 2 });
  });
  it('RNG5 one\'s own message ahead of the stream waits for the hole to close', () => {
    const r = replica();
    r.applyLive(0, 1, [message(1, 1)]);
    r.applySent(message(4, 4, { author_id: ME }));
    expect(ranges(r)).toEqual([[1, 1, true], [4, 4, true]]);
    r.applyLive(1, 4, [message(2, 2), message(3, 3), message(4, 4, { author_id: ME })]);
    expect(ranges(r)).toEqual([[1, 4, true]]);
  });
  it('RNG5 an answer of before one\'s own message ends before it: what lies between is still to come', () => {
    const r = replica();
    r.applyDelta({ from: 0, to: 1, head: 1, entities: [message(1, 1, { author_id: OTHER })], has_more: false });
    r.applySent(message(3, 3, { author_id: ME }));
    r.applyDelta({ from: 1, to: 1, head: 1, entities: [], has_more: false });
    expect([r.headSeq, r.ranges.map((x) => [x.fromSeq, x.toSeq])]).toEqual([1, [[1, 1], [3, 3]]]);
    r.moveTo({ epoch: 1, seq: 0 });
    r.applyDelta({ from: 1, to: 3, head: 3, entities: [message(2, 2, { author_id: OTHER }), message(3, 3, { author_id: ME })], has_more: false });
    expect([r.headSeq, ranges(r), r.countsAt(r.position)]).toEqual([3, [[1, 3, true]], { unread: 2, mentions: 0 }]);
  });
  it('RNG6 what was purged goes', () => {
    const r = replica();
    r.applyLive(0, 3, [message(1, 1), message(2, 2), message(3, 3)]);
    r.applyChannel({ ...channelDoc(3, 4), type: 'channel', rev: 4, purged_through_seq: 2 });
    expect([ranges(r), r.rows.seqs()]).toEqual([[[3, 3, true]], [3]]);
  });
  it('RNG7 a thread\'s page does not claim what lies behind its root', () => {
    const r = replica();
    const root = message(1, 1);
    const reply = (seq: number) => message(seq, seq, { parent_message_id: root.id });
    r.applyPage(page([root, reply(8), reply(9)], 9, 9, { has_more_before: true }), {}, root.id);
    expect(r.threads.get(root.id)?.map((x) => [x.fromSeq, x.toSeq])).toEqual([[1, 1], [8, 9]]);
  });
});

describe('counts', () => {
  it('READ1 positions merge by epoch, then seq', () => {
    expect(later({ epoch: 1, seq: 9 }, { epoch: 2, seq: 1 })).toEqual({ epoch: 2, seq: 1 });
    expect(later({ epoch: 2, seq: 3 }, { epoch: 2, seq: 1 })).toEqual({ epoch: 2, seq: 3 });
  });
  it('READ2 newer entities count once, also when a page brought them first', () => {
    const r = replica();
    r.applyPage(page([message(1, 1), message(2, 2, { mentions: { user_ids: [ME], group_ids: [], everyone: 'none' } })], 2, 2), {}, null);
    expect(r.counts).toMatchObject({ unread: 0 });
    r.applyLive(0, 1, [message(1, 1)]);
    r.applyLive(0, 1, [message(1, 1)]);
    r.applyLive(1, 2, [message(2, 2, { mentions: { user_ids: [ME], group_ids: [], everyone: 'none' } })]);
    expect(r.counts).toMatchObject({ unread: 2, mentions: 1 });
    r.applyLive(2, 3, [message(1, 3, { deleted: true, content: '' })]);
    expect(r.counts).toMatchObject({ unread: 1, mentions: 1 });
  });
  it('READ3 a deletion of what is not held makes the counts unknown', () => {
    const r = new ChannelReplica({ id: 'c', cursor: 5, headSeq: 5, stayId: 's', counts: { unread: 5, mentions: 1, atRev: 5, headSeq: 5, position: { epoch: 0, seq: 0 } } }, ME);
    r.applyLive(5, 6, [message(3, 6, { reactions: [{ emoji: 'x', count: 1, user_ids: [OTHER] }] })]);
    expect(r.countsAt({ epoch: 0, seq: 0 })).toEqual({ unread: 5, mentions: 1 });
    r.applyLive(6, 7, [message(3, 7, { deleted: true, content: '' })]);
    expect(r.countsAt({ epoch: 0, seq: 0 })).toBeNull();
  });
  it('READ3 nor do counts know of it that were asked for before and come after', () => {
    const r = new ChannelReplica({ id: 'c', cursor: 5, headSeq: 5, stayId: 's', counts: null }, ME);
    r.applyLive(5, 6, [message(3, 6, { deleted: true, content: '' })]);
    const summary = { channel_id: 'c', head_seq: 5, read_epoch: 0, read_seq: 0, mentions: 0, last_message_at: null };
    r.applySummary({ ...summary, head_rev: 5, unread: 5 }, false);
    expect(r.countsAt({ epoch: 0, seq: 0 })).toBeNull();
    r.applySummary({ ...summary, head_rev: 6, unread: 4 }, false);
    expect(r.countsAt({ epoch: 0, seq: 0 })).toEqual({ unread: 4, mentions: 0 });
  });
  it('READ4 reading on subtracts what is held, and is unknown where it is not', () => {
    const r = new ChannelReplica({ id: 'c', cursor: 5, headSeq: 5, stayId: 's', counts: { unread: 5, mentions: 0, atRev: 5, headSeq: 5, position: { epoch: 0, seq: 0 } } }, ME);
    expect(r.countsAt({ epoch: 0, seq: 2 })).toBeNull();
    r.applyPage(page([message(1, 1), message(2, 2)], 5, 5, { has_more_after: true }), {}, null);
    expect(r.countsAt({ epoch: 0, seq: 2 })).toEqual({ unread: 3, mentions: 0 });
    expect(r.countsAt({ epoch: 0, seq: 5 })).toEqual({ unread: 0, mentions: 0 });
  });
  it('READ7 what never counts', () => {
    const reader = { userId: ME, readSeq: 0, firstSeq: 1, joinedSeq: 5 };
    for (const more of [{ quiet: true }, { imported: true }, { kind: 'system' as const }, { deleted: true }, { author_id: ME }, { parent_message_id: 'x' }]) expect(contribution(message(9, 9, more), reader).unread).toBe(0);
    expect(contribution(message(9, 9, { parent_message_id: 'x', broadcast: true }), reader).unread).toBe(1);
    const everyone = { mentions: { user_ids: [], group_ids: [], everyone: 'channel' as const } };
    expect([contribution(message(5, 9, everyone), reader).mentions, contribution(message(6, 9, everyone), reader).mentions]).toEqual([0, 1]);
  });
});
