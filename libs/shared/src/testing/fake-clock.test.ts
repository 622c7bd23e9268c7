import { describe, expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { SeededRandom } from './seeded-random.ts';

describe('FakeClock', () => {
  it('runs due tasks in the order of their times, those made on the way included', async () => {
    const clock = new FakeClock(1_000);
    const seen: string[] = [];
    clock.setTimer(20, () => seen.push(`b${clock.now()}`));
    clock.setTimer(10, () => {
      seen.push(`a${clock.now()}`);
      clock.setTimer(5, () => seen.push(`c${clock.now()}`));
    });
    clock.setTimer(12, () => seen.push('never')).cancel();
    await clock.advance(19);
    expect(seen).toEqual(['a1010', 'c1015']);
    await clock.advance(1);
    expect(seen).toEqual(['a1010', 'c1015', 'b1020']);
    expect(clock.nextAt()).toBeNull();
  });

  it('keeps the distance of tasks when the wall clock jumps', async () => {
    const clock = new FakeClock(1_000);
    let ran = false;
    clock.setTimer(10, () => (ran = true));
    clock.jump(0);
    await clock.advance(9);
    expect(ran).toBe(false);
    await clock.advance(1);
    expect(ran).toBe(true);
  });
});

describe('SeededRandom', () => {
  it('repeats itself from a seed, and differs between seeds', () => {
    expect(new SeededRandom(7).bytes(33)).toEqual(new SeededRandom(7).bytes(33));
    expect(new SeededRandom(7).bytes(33)).not.toEqual(new SeededRandom(8).bytes(33));
  });

  it('is spread evenly enough for simulations', () => {
    const random = new SeededRandom(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 10_000; i++) counts[random.below(10)]!++;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
