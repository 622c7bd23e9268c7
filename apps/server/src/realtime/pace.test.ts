import { describe, expect, it } from 'vitest';
import { Pace } from './pace.ts';

const START = 1_760_000_000_000;
/** `perSecond` events a second from second `from` to second `to`. */
function run(pace: Pace, from: number, to: number, perSecond: number): void {
  for (let second = from; second < to; second++) for (let i = 0; i < perSecond; i++) pace.note(START + second * 1_000 + (i * 1_000) / perSecond);
}
const at = (second: number): number => START + second * 1_000;

describe('pace: which channels are hot', () => {
  it('over 100 a second for two seconds makes one hot, a lively or a short burst does not', () => {
    const pace = new Pace();
    run(pace, 0, 10, 90);
    expect(pace.hot(at(10))).toBe(false);
    run(pace, 20, 21, 190);
    expect(pace.hot(at(21))).toBe(false);
    run(pace, 30, 32, 110);
    expect(pace.hot(at(32))).toBe(true);
  });

  it('stays hot through a pause, and cools after half a minute below 20 a second', () => {
    const pace = new Pace();
    run(pace, 0, 10, 500);
    expect(pace.hot(at(20))).toBe(true);
    run(pace, 20, 60, 25);
    expect(pace.hot(at(60))).toBe(true);
    run(pace, 60, 91, 10);
    expect(pace.hot(at(91))).toBe(false);
    run(pace, 91, 95, 30);
    expect(pace.hot(at(95))).toBe(false);
  });

  it('cools when nothing comes any more', () => {
    const pace = new Pace();
    run(pace, 0, 3, 200);
    expect(pace.hot(at(4))).toBe(true);
    expect(pace.hot(at(200))).toBe(false);
  });
});
