import { describe, expect, it } from 'vitest';
import type { MessageView } from '@parley/shared/sync/api';
import { dayMaker, dayName } from './days.ts';
import { wantedLoads } from './loading.ts';
import { buildRows, newSince, rowOfSeq, type Row, type RowPreferences } from './rows.ts';
import { ME, MEI, message, shown, timeline, TOM, uuid } from './testing.ts';

const prefs: RowPreferences = { me: ME, dayOf: dayMaker('UTC'), joins: 'folded', opened: new Set() };
const minutes = (n: number) => new Date(Date.UTC(2026, 10, 23, 9, 0, 0) + n * 60_000).toISOString();
const shape = (rows: readonly Row[]) =>
  rows.map((row) => (row.type === 'message' ? `${row.follows ? '+' : ''}${row.view.message.content}` : row.type === 'gap' ? `gap ${row.fromSeq}-${row.toSeq}` : row.type === 'folded' ? `folded ${row.views.length}` : row.type === 'day' ? row.day : row.type));
const at = (seq: number, minute: number, over = {}): MessageView => shown(seq, { created_at: minutes(minute), content: `m${seq}`, ...over });

describe('rows', () => {
  it('LST-1 an empty channel is its start card', () => {
    expect(shape(buildRows(timeline(), null, prefs))).toEqual(['start']);
  });

  it.each([
    ['same author within 5 minutes', at(2, 4.9), true],
    ['same author after 5 minutes', at(2, 5), false],
    ['another author', at(2, 1, { author_id: TOM }), false],
    ['a bot of the same id', at(2, 1, { kind: 'bot' }), false],
    ['a broadcast reply', at(2, 1, { parent_message_id: uuid(9), broadcast: true }), false],
    ['a deleted root', at(2, 1, { deleted: true, thread: { reply_count: 1, last_reply_seq: 3, last_reply_at: minutes(2), participant_ids: [] } }), false],
  ])('LST-2 grouping: %s', (_name, second, grouped) => {
    const rows = buildRows(timeline({ messages: [at(1, 0), second] }), null, prefs);
    expect(rows.filter((r) => r.type === 'message').map((r) => r.follows)).toEqual([false, grouped]);
  });

  it('LST-2 five minutes count from the previous one, not from the first', () => {
    expect(shape(buildRows(timeline({ messages: [at(1, 0), at(2, 4), at(3, 8)] }), null, prefs)).slice(2)).toEqual(['m1', '+m2', '+m3']);
  });

  it('LST-2 nothing but messages may stand between', () => {
    const messages = [at(1, 0), at(2, 1, { kind: 'system', system: { event: 'joined' } }), at(3, 2)];
    expect(shape(buildRows(timeline({ messages }), null, prefs)).slice(2)).toEqual(['m1', 'folded 1', 'm3']);
    expect(shape(buildRows(timeline({ messages: [at(1, 0), at(2, 1)] }), { afterSeq: 1 }, prefs)).slice(2)).toEqual(['m1', 'divider', 'm2']);
  });

  it('LST-3 pending messages stand after everything in outbox order', () => {
    const pending = (n: number): MessageView => ({ key: `p${n}`, message: message(0, { author_id: ME, client_msg_id: `p${n}`, content: `p${n}`, created_at: minutes(30) }), pending: { kind: 'sending', act: 'send', since: 0 } });
    const rows = buildRows(timeline({ messages: [at(1, 0)], pending: [pending(2), pending(1)] }), null, prefs);
    expect(shape(rows).slice(2)).toEqual(['m1', 'p2', '+p1']);
  });

  it('LST-4 an own message keeps its key when the answer comes', () => {
    const own = message(0, { author_id: ME, client_msg_id: 'mine', created_at: minutes(3) });
    const first = at(1, 0);
    const before = buildRows(timeline({ messages: [first], pending: [{ key: 'mine', message: own, pending: { kind: 'sending', act: 'send', since: 0 } }] }), null, prefs);
    const after = buildRows(timeline({ messages: [first, { key: 'mine', message: { ...own, seq: 2 } }] }), null, prefs, before);
    expect(after.map((r) => r.key)).toEqual(before.map((r) => r.key));
    expect(new Set(after.map((r) => r.key)).size).toBe(after.length);
    expect(after[2]).toBe(before[2]);
  });

  it('LST-5 a deleted message goes unless it holds a thread', () => {
    const messages = [at(1, 0), at(2, 1, { deleted: true, content: '' }), at(3, 2, { deleted: true, content: 'root', thread: { reply_count: 2, last_reply_seq: 9, last_reply_at: minutes(9), participant_ids: [] } })];
    expect(shape(buildRows(timeline({ messages }), null, prefs)).slice(2)).toEqual(['m1', 'root']);
  });

  it('LST-6 days are those of the zone, over a change of clocks too', () => {
    const late = shown(1, { created_at: '2026-03-28T23:30:00.000Z' });
    const next = shown(2, { created_at: '2026-03-29T00:30:00.000Z' });
    expect(buildRows(timeline({ messages: [late, next] }), null, { ...prefs, dayOf: dayMaker('Europe/Lisbon') }).filter((r) => r.type === 'day')).toHaveLength(2);
    expect(buildRows(timeline({ messages: [late, next] }), null, { ...prefs, dayOf: dayMaker('Asia/Kolkata') }).filter((r) => r.type === 'day')).toHaveLength(1);
    expect(dayMaker('Pacific/Chatham')(Date.parse('2026-03-28T10:30:00Z'))).toBe('2026-03-29');
    expect([dayName('2026-11-25', '2026-11-25'), dayName('2026-11-24', '2026-11-25'), dayName('2025-11-25', '2026-11-25')]).toEqual([{ kind: 'today' }, { kind: 'yesterday' }, { kind: 'date', otherYear: true }]);
  });

  it('LST-7 the line stands before the first unread message of somebody else', () => {
    const messages = [at(1, 0), at(2, 10, { author_id: ME }), at(3, 20), at(4, 30)];
    expect(shape(buildRows(timeline({ messages }), { afterSeq: 1 }, prefs)).slice(2)).toEqual(['m1', 'm2', 'divider', 'm3', 'm4']);
    expect(shape(buildRows(timeline({ messages }), { afterSeq: 4 }, prefs))).not.toContain('divider');
    expect(newSince(buildRows(timeline({ messages }), { afterSeq: 1 }, prefs), ME)).toEqual({ count: 2, at: Date.parse(minutes(20)) });
  });

  it('LST-9 neighbouring system messages fold, or are hidden', () => {
    const system = (seq: number, event: string) => at(seq, seq, { kind: 'system', system: { event } });
    const messages = [at(1, 1), system(2, 'joined'), system(3, 'left'), system(4, 'renamed'), at(5, 5)];
    expect(shape(buildRows(timeline({ messages }), null, prefs)).slice(2)).toEqual(['m1', 'folded 3', 'm5']);
    expect(shape(buildRows(timeline({ messages }), null, { ...prefs, joins: 'hidden' })).slice(2)).toEqual(['m1', 'folded 1', 'm5']);
    const key = `folded:${uuid(10_002)}`;
    expect(buildRows(timeline({ messages }), null, { ...prefs, opened: new Set([key]) }).find((r) => r.key === key)).toMatchObject({ open: true });
  });

  it('LST-10 holes are gap rows with their count', () => {
    const view = timeline({
      messages: [at(11, 0), at(12, 1), at(21, 30), at(22, 31)], firstSeq: 1, headSeq: 40,
      ranges: [{ fromSeq: 11, toSeq: 12, current: true }, { fromSeq: 21, toSeq: 22, current: false }],
    });
    const rows = buildRows(view, null, prefs);
    expect(shape(rows)).toEqual(['gap 1-10', '2026-11-23', 'm11', '+m12', 'gap 13-20', 'm21', '+m22', 'gap 23-40']);
    expect(rows.filter((r) => r.type === 'gap').map((r) => r.count)).toEqual([10, 8, 18]);
    const place = (i: number) => ({ start: i * 100, size: 100 });
    expect(wantedLoads(rows, place, 250, 200).map(({ side, seq }) => `${side} ${seq}`).sort()).toEqual(['after 12', 'before 11']);
    expect(wantedLoads(rows, (i) => ({ start: i * 10_000, size: 100 }), 20_000, 200)).toEqual([]);
  });

  it('LST-10 the line stands before a hole that is unread as a whole, and waits for one that holds it', () => {
    const view = timeline({ messages: [at(1, 0), at(9, 9)], headSeq: 9, ranges: [{ fromSeq: 1, toSeq: 1, current: true }, { fromSeq: 9, toSeq: 9, current: true }] });
    expect(shape(buildRows(view, { afterSeq: 1 }, prefs)).slice(2)).toEqual(['m1', 'divider', 'gap 2-8', 'm9']);
  });

  it('THR-1 a thread is its root and replies, and replies are no rows of the channel', () => {
    const root = at(1, 0);
    const messages = [root, at(2, 1, { parent_message_id: root.message.id }), at(3, 2, { parent_message_id: root.message.id, broadcast: true }), at(4, 3)];
    expect(shape(buildRows(timeline({ messages }), null, prefs)).slice(2)).toEqual(['m1', 'm3', 'm4']);
    expect(shape(buildRows(timeline({ messages: messages.slice(0, 3), rootId: root.message.id }), null, prefs))).toEqual(['2026-11-23', 'm1', 'm2', '+m3']);
  });

  it('LST-13 unchanged rows keep their identity', () => {
    const messages = Array.from({ length: 50 }, (_, i) => at(i + 1, i, { author_id: i % 2 ? MEI : TOM }));
    const before = buildRows(timeline({ messages }), null, prefs);
    expect(buildRows(timeline({ messages }), null, prefs, before)).toBe(before);
    const edited = messages.map((m, i) => (i === 20 ? { ...m, message: { ...m.message, content: 'edited' } } : m));
    const after = buildRows(timeline({ messages: edited }), null, prefs, before);
    expect(after.filter((row, i) => row !== before[i])).toHaveLength(1);
    expect(rowOfSeq(after, 21)).toBe(after.findIndex((r) => r.type === 'message' && r.view.message.seq === 21));
  });
});
