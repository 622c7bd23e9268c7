import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

const item = (id: number, channel_id?: string) => ({ id, args: channel_id === undefined ? {} : { channel_id } });

describe('the commit queue', () => {
  it('what fits into one batch leaves in the order it came', () => {
    const queue = new FairQueue<ReturnType<typeof item>>();
    queue.add([item(1, 'hot'), item(2), item(3, 'hot'), item(4, 'calm')]);
    expect(queue.take(4).map((i) => i.id)).toEqual([1, 2, 3, 4]);
    expect(queue.length).toBe(0);
  });

  it('others do not wait behind a crowd in one channel, whose own order stays', () => {
    const queue = new FairQueue<ReturnType<typeof item>>();
    queue.add(Array.from({ length: 1_000 }, (_, i) => item(i, 'hot')));
    queue.add([item(2_000, 'calm'), item(2_001), { id: 2_002, args: { channel_id: 'x' } }]);
    const first = queue.take(64).map((i) => i.id);
    expect(first).toHaveLength(64);
    expect(first).toEqual(expect.arrayContaining([2_000, 2_001, 2_002]));
    expect(first.filter((id) => id < 1_000)).toEqual(Array.from({ length: 61 }, (_, i) => i));
    const rest: number[] = [];
    while (queue.length > 0) rest.push(...queue.take(64).map((i) => i.id));
    expect(rest).toEqual(Array.from({ length: 939 }, (_, i) => i + 61));
  });

  it('what names its channel by a reference takes that channel\'s turn', () => {
    const queue = new FairQueue<{ id: number; args: unknown }>();
    queue.add([...Array.from({ length: 5 }, (_, i) => ({ id: i, args: { ref: { channel_id: 'hot' } } })), { id: 9, args: null }]);
    expect(queue.take(2).map((i) => i.id)).toEqual([0, 9]);
  });
});
