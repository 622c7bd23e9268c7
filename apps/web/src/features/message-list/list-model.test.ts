import { describe, expect, it } from 'vitest';
import type { Timeline, TimelineView } from '@parley/shared/sync/api';
import { dayMaker } from './days.ts';
import { DelayedDeletes } from './deleting.ts';
import { ListModel } from './list-model.ts';
import { ME, shown, timeline } from './testing.ts';

function fakeTimeline(view: TimelineView): Timeline & { set(next: TimelineView): void } {
  let now = view;
  const listeners = new Set<() => void>();
  const no = () => Promise.resolve(false as const);
  return { get: () => now, subscribe: (l) => { listeners.add(l); return () => listeners.delete(l); }, set: (next) => { now = next; listeners.forEach((l) => l()); }, loadBefore: no, loadAfter: no, loadAround: no, loadNewest: no, close: () => undefined };
}
const prefs = { me: ME, dayOf: dayMaker('UTC'), joins: 'folded' as const, opened: new Set<string>() };
const upTo = (n: number) => timeline({ messages: Array.from({ length: n }, (_, i) => shown(i + 1)) });

function open(n: number, readSeq: number, watching = true) {
  const source = fakeTimeline(upTo(n));
  const state = { watching, hidden: new Set<string>() };
  const model = new ListModel(source, prefs, readSeq, { watching: () => state.watching, hidden: (id) => state.hidden.has(id) });
  model.subscribe(() => undefined);
  const line = () => { const { rows } = model.get(); const at = rows.findIndex((r) => r.type === 'divider'); const after = rows[at + 1]; return at < 0 || after?.type !== 'message' ? null : after.view.message.seq; };
  return { source, state, model, line };
}

describe('LST-7 the new-messages line', () => {
  it('LST-7 is set when the channel opens at the read position', () => {
    expect(open(5, 3).line()).toBe(4);
    expect(open(5, 5).line()).toBeNull();
  });

  it('LST-7 is set by what arrives unwatched, not by what one sees arriving', () => {
    const { source, state, line } = open(5, 5);
    source.set(upTo(6));
    expect(line()).toBeNull();
    state.watching = false;
    source.set(upTo(7));
    expect(line()).toBe(7);
    state.watching = true;
    source.set(upTo(9));
    expect(line()).toBe(7);
  });

  it('LST-7 own messages never set it', () => {
    const { source, line } = open(5, 5, false);
    source.set(timeline({ messages: [...upTo(5).messages, shown(6, { author_id: ME })] }));
    expect(line()).toBeNull();
  });

  it('RED-5 marking unread moves it; Esc takes it away', () => {
    const { model, line } = open(5, 5);
    model.setLine({ afterSeq: 1 });
    expect(line()).toBe(2);
    model.setLine(null);
    expect(line()).toBeNull();
  });
});

describe('LST-20 deleting', () => {
  it('LST-20 shows at once, is sent after 6 s, can be undone, and is sent when the page goes', () => {
    const timers: { run(): void; ms: number; off: boolean }[] = [];
    const deletes = new DelayedDeletes((run, ms) => { const timer = { run, ms, off: false }; timers.push(timer); return () => { timer.off = true; }; });
    const sent: string[] = [];
    deletes.add('a', () => sent.push('a'));
    deletes.add('b', () => sent.push('b'));
    deletes.add('c', () => sent.push('c'));
    expect([deletes.has('a'), sent, timers[0]?.ms]).toEqual([true, [], 6_000]);
    expect(deletes.undo('b')).toBe(true);
    timers.filter((t) => !t.off).slice(0, 1).forEach((t) => t.run());
    expect(sent).toEqual(['a']);
    deletes.flush();
    expect([sent, deletes.undo('c')]).toEqual([['a', 'c'], false]);
  });

  it('LST-20 a row that waits for its deletion is not shown', () => {
    const { model, state } = open(3, 3);
    state.hidden.add(shown(2).message.id);
    model.refresh();
    expect(model.get().rows.filter((r) => r.type === 'message').map((r) => r.view.message.seq)).toEqual([1, 3]);
  });
});
