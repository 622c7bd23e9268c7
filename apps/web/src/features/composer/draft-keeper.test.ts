import { describe, expect, it } from 'vitest';
import { DraftKeeper } from './draft-keeper.ts';

function open(initial = '') {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  const saved: string[] = [];
  let flushed = 0;
  const keeper = new DraftKeeper((c) => saved.push(c), () => { flushed++; }, {
    now: () => now,
    later: (run, ms) => { const timer = { at: now + ms, run }; timers.push(timer); return () => { timers = timers.filter((t) => t !== timer); }; },
  }, initial);
  const pass = (ms: number) => { now += ms; for (const timer of timers.filter((t) => t.at <= now)) { timers = timers.filter((t) => t !== timer); timer.run(); } };
  return { keeper, saved, pass, flushes: () => flushed };
}

describe('CMP-10 drafts', () => {
  it('CMP-10 are kept 300 ms after the last key', () => {
    const { keeper, saved, pass } = open();
    keeper.typed('a');
    pass(299);
    expect(saved).toEqual([]);
    pass(1);
    expect(saved).toEqual(['a']);
  });

  it('CMP-10 are kept at least each second while typing goes on', () => {
    const { keeper, saved, pass } = open();
    for (let i = 1; i <= 12; i++) { keeper.typed('x'.repeat(i)); pass(100); }
    expect(saved.length).toBe(1);
    expect(saved[0]?.length).toBeGreaterThanOrEqual(9);
  });

  it('CMP-10 are kept at once on blur and hide, and cleared by sending', () => {
    const { keeper, saved, pass, flushes } = open('old');
    keeper.typed('new');
    keeper.flush();
    expect([saved, flushes()]).toEqual([['new'], 1]);
    keeper.typed('newer');
    keeper.sent();
    pass(5_000);
    expect(saved).toEqual(['new', '']);
  });
});
