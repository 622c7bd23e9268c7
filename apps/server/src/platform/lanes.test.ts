import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lanes } from './lanes.ts';

it('never runs more at once than there are lanes, loses nothing, and a failure frees its lane', async () => {
  await fc.assert(fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 4 }), fc.array(fc.boolean(), { maxLength: 20 }), async (scheduler, count, fails) => {
    const inLane = lanes(count);
    let running = 0;
    const work = fails.map((fail, n) => inLane(async () => {
      expect(++running).toBeLessThanOrEqual(count);
      await scheduler.schedule(Promise.resolve());
      running--;
      if (fail) throw new Error('failed');
      return n;
    }));
    const outcomes = await scheduler.waitFor(Promise.allSettled(work));
    expect(outcomes.map(({ status }) => status === 'rejected')).toEqual(fails);
    expect(running).toBe(0);
  }));
});
