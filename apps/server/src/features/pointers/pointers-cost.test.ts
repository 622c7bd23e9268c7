import { describe, expect, it } from 'vitest';
import { largeCost, type LargeCost } from '../../testing/large-world.ts';
import type { Cost } from '../../testing/counted-store.ts';

/** From 1,000 members on a channel is large. */
const LARGE = 999;
const cost = (members: number, readers: number): Promise<LargeCost> => largeCost({ members, readers, messages: 20, every: 5, large: LARGE });
const sum = (...costs: Cost[]): Cost => ({ reads: costs.reduce((n, c) => n + c.reads, 0), writes: costs.reduce((n, c) => n + c.writes, 0) });

describe('what a message costs the store', () => {
  it('nobody reads: at 100,000 members as at 1,000 and at 10, and no inbox is written', async () => {
    const [few, many, most] = [await cost(10, 0), await cost(1_000, 0), await cost(100_000, 0)];
    expect(most).toEqual({ ...many, members: 100_000, us: most.us });
    expect(most.send).toEqual(few.send);
    // One look at whether anybody has caught up, where there is nobody.
    expect(most.follows.reads - few.follows.reads).toBeLessThanOrEqual(2);
    expect(sum(most.follows, most.jobs).writes - sum(few.follows, few.jobs).writes).toBeLessThanOrEqual(0.5);
  });

  it('some read: it follows those, not the members', async () => {
    const [many, most] = [await cost(1_000, 8), await cost(100_000, 8)];
    expect(most).toEqual({ ...many, members: 100_000, us: most.us });
    // Each reader is pointed once for all that was said since they read: entry, head, event, row.
    expect(most.jobs.writes).toBeLessThanOrEqual((8 * 5 + 6) / 5);
    expect(most.jobs.reads).toBeLessThanOrEqual((8 * 12 + 12) / 5);
    expect(most.follows.reads).toBeLessThanOrEqual(4);
    expect(most.follows.writes).toBeLessThanOrEqual(1);
  });

  it('twice as many readers cost twice as much, whatever the channel\'s size', async () => {
    const [eight, sixteen] = [await cost(1_000, 8), await cost(1_000, 16)];
    const of = (c: LargeCost): number => sum(c.jobs, c.acks).writes;
    expect(of(sixteen) / of(eight)).toBeGreaterThan(1.5);
    expect(of(sixteen) / of(eight)).toBeLessThanOrEqual(2.1);
  });

  it('where a channel is not large a reader costs nothing beside the position', async () => {
    const few = await cost(10, 8);
    expect(sum(few.follows, few.jobs).writes).toBe(0);
  });
});
