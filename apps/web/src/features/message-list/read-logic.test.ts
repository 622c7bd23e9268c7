import { describe, expect, it } from 'vitest';
import { captureAnchor, anchoredTop } from './anchor.ts';
import { Places } from './place.ts';
import { movedTo, readingStep, startReading, type Conditions, type ViewOfRows } from './read-logic.ts';

const good: Conditions = { focused: true, visible: true, lastActiveAt: 0, covered: false, paused: false };
const view = (lowerEdges: number[], above = 0, reachedHead: number | null = null): ViewOfRows => ({ lowerEdges, above, reachedHead });

describe('reading', () => {
  it('RED-1 a message is read after 500 ms in view', () => {
    let step = readingStep(startReading(3), view([3, 4, 5], 2), good, 1_000);
    expect([step.read, step.wakeAt]).toEqual([null, 1_500]);
    step = readingStep(step.state, view([3, 4, 5], 2), good, 1_499);
    expect(step.read).toBeNull();
    step = readingStep(step.state, view([3, 4, 5], 2), good, 1_500);
    expect(step.read).toBe(5);
  });

  it.each([
    ['no focus', { focused: false }], ['hidden tab', { visible: false }], ['covered', { covered: true }], ['marked unread by hand (RED-5)', { paused: true }], ['away for 2 minutes', { lastActiveAt: -120_000 }],
  ])('RED-1 nothing is read with %s, and time begins anew', (_name, broken) => {
    const first = readingStep(startReading(0), view([1]), good, 0);
    const interrupted = readingStep(first.state, view([1]), { ...good, ...broken }, 400);
    const again = readingStep(interrupted.state, view([1]), good, 600);
    expect([interrupted.read, again.read, again.wakeAt]).toEqual([null, null, 1_100]);
  });

  it('RED-1 a row that left the view begins anew', () => {
    const a = readingStep(startReading(0), view([1, 2]), good, 0);
    const b = readingStep(a.state, view([1]), good, 300);
    const c = readingStep(b.state, view([1, 2]), good, 600);
    expect(c.read).toBe(1);
    expect(readingStep(c.state, view([1, 2]), good, 1_100).read).toBe(2);
  });

  it('RED-2 a jump past unseen rows marks nothing', () => {
    const jumped = readingStep(startReading(10), view([90, 91], 89), good, 0);
    expect(readingStep(jumped.state, view([90, 91], 89), good, 5_000)).toMatchObject({ read: null, wakeAt: null });
  });

  it('RED-2 scrolling on without a break marks what was passed', () => {
    let { state } = readingStep(startReading(1), view([1, 2, 3], 0), good, 0);
    ({ state } = readingStep(state, view([3, 4, 5], 2), good, 100));
    ({ state } = readingStep(state, view([6, 7], 5), good, 200));
    expect(readingStep(state, view([6, 7], 5), good, 700).read).toBe(7);
  });

  it('RED-2 reaching the newest marks all', () => {
    const { state } = readingStep(startReading(10), view([199, 200], 198, 203), good, 0);
    expect(readingStep(state, view([199, 200], 198, 203), good, 500).read).toBe(203);
  });

  it('RED-3 a position from another device moves on, one marked unread moves back', () => {
    expect(movedTo(startReading(5), 9).position).toBe(9);
    expect(movedTo(startReading(5), 2)).toMatchObject({ position: 2, front: 2 });
  });
});

describe('place', () => {
  const rows = [{ key: 'a', start: 0, size: 100 }, { key: 'b', start: 100, size: 100 }, { key: 'c', start: 200, size: 100 }];

  it('LST-12 the anchor is the topmost visible row that survives', () => {
    const anchor = captureAnchor(rows, 150, 100, 1_000);
    expect(anchor).toEqual({ atEnd: false, distance: 750, points: [{ key: 'b', offset: -50 }, { key: 'c', offset: 50 }] });
    expect(anchoredTop(anchor, (key) => (key === 'b' ? 600 : key === 'c' ? 700 : null))).toBe(650);
    expect(anchoredTop(anchor, (key) => (key === 'c' ? 700 : null))).toBe(650);
    expect(anchoredTop(anchor, () => null)).toBeNull();
  });

  it('LST-12 a gap or a day at the top of the view is no anchor while a message is in it', () => {
    const held = captureAnchor([{ key: 'gap:top', start: 0, size: 56 }, { key: 'day:2024-11-26', start: 56, size: 40 }, { key: 'm1', start: 96, size: 50 }], 0, 500, 2_000);
    expect(anchoredTop(held, (key) => ({ 'gap:top': 0, 'day:2024-11-26': 56, m1: 2_596 })[key] ?? null)).toBe(2_500);
  });

  it('LST-12 within 40 px of the end, the end is the anchor', () => {
    expect(captureAnchor(rows, 160, 100, 300).atEnd).toBe(true);
    expect(captureAnchor(rows, 159, 100, 300).atEnd).toBe(false);
  });

  it('LST-15 places survive a reload, and damage in the storage', () => {
    const stored = new Map<string, string>();
    const storage = { getItem: (k: string) => stored.get(k) ?? null, setItem: (k: string, v: string) => void stored.set(k, v) };
    const places = new Places(storage);
    places.set('c1', { key: 'k', seq: 7, offset: -12, atEnd: false });
    places.save();
    expect(new Places(storage).get('c1')).toEqual({ key: 'k', seq: 7, offset: -12, atEnd: false });
    stored.set('parley.places', '[["c1",{"key":1}],3');
    expect(new Places(storage).get('c1')).toBeNull();
    expect(new Places({ getItem: () => null, setItem: () => { throw new Error('full'); } }).save()).toBe(false);
  });
});
