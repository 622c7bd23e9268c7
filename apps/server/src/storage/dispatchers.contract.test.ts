import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeptDispatcher } from './dispatchers.commands.ts';
import { dispatcherLease } from './dispatchers.commands.ts';
import type { ClockedStore } from './leases.contract.ts';
import { leases, outbox } from './tables.ts';
import { CLOCKED_STORES } from './testing.clocked-stores.ts';

const PARTITIONS = 8;
const MS = 2_000;

for (const { name, open } of CLOCKED_STORES) {
  describe(`Dispatchers share partitions: ${name}`, () => {
    let subject: ClockedStore;
    const tokens = new Map<string, number>();
    beforeEach(async () => {
      subject = await open();
      tokens.clear();
    });
    afterEach(async () => subject.dispose());

    const keep = async (id: string, released: number[] = []): Promise<KeptDispatcher> => {
      const kept = await subject.store.run('dispatchers.keep', { id, token: tokens.get(id) ?? null, ms: MS, partitions: PARTITIONS, released });
      tokens.set(id, kept.token);
      return kept;
    };
    const held = (kept: KeptDispatcher): number[] => kept.held.map(({ partition }) => partition).sort((a, b) => a - b);
    const all = Array.from({ length: PARTITIONS }, (_, i) => i);

    it('the first one has all, the next one gets its share when it was given up, and both keep what they have', async () => {
      expect(held(await keep('a'))).toEqual(all);
      expect(held(await keep('b'))).toEqual([]);
      const { surplus } = await keep('a');
      expect(surplus).toHaveLength(4);
      // It is the former's until it lets go.
      expect(held(await keep('b'))).toEqual([]);
      await keep('a', surplus);
      expect(held(await keep('b'))).toEqual([...surplus].sort((x, y) => x - y));
      for (let i = 0; i < 3; i++) {
        const [a, b] = [await keep('a'), await keep('b')];
        expect([a.surplus, b.surplus]).toEqual([[], []]);
        expect([...held(a), ...held(b)].sort((x, y) => x - y)).toEqual(all);
      }
    });

    it('a partition that changes hands has a higher token, one that stays has the same', async () => {
      const before = new Map((await keep('a')).held.map(({ partition, token }) => [partition, token]));
      await keep('b');
      await keep('a', (await keep('a')).surplus);
      for (const { partition, token } of (await keep('b')).held) expect(token).toBe(before.get(partition)! + 1);
      for (const { partition, token } of (await keep('a')).held) expect(token).toBe(before.get(partition));
    });

    it('who was not heard of for its time loses all to who is there, and begins anew', async () => {
      await keep('a');
      await keep('b');
      await keep('a', (await keep('a')).surplus);
      await keep('b');
      const earlier = tokens.get('a')!;
      for (let i = 0; i < 4; i++) {
        subject.advance(MS / 4 + 1);
        const b = await keep('b');
        expect(b.tookOver).toBe(i === 3);
        expect(held(b)).toHaveLength(i === 3 ? PARTITIONS : 4);
      }
      const back = await keep('a');
      expect(back.held).toEqual([]);
      expect(back.token).toBeGreaterThan(earlier);
    });

    it('a durable write of a dispatcher that was taken for dead is refused', async () => {
      await keep('a');
      const fence = { name: dispatcherLease('a'), token: tokens.get('a')! };
      await subject.store.run('outbox.consumed', { ids: ['x'], consumer: 'all', consumers: ['all'], fence });
      await keep('b');
      for (let i = 0; i < 2; i++) {
        subject.advance(MS / 2 + 1);
        await keep('b');
      }
      await expect(subject.store.run('outbox.consumed', { ids: ['x'], consumer: 'all', consumers: ['all'], fence })).rejects.toMatchObject({ code: 'conflict' });
      expect(await subject.store.read((tx) => tx.count(outbox, {}))).toBe(0);
    });

    it('after a time in which nobody was heard whoever comes first does not take the partitions of the others', async () => {
      await keep('a');
      await keep('b');
      await keep('a', (await keep('a')).surplus);
      await keep('b');
      subject.advance(MS * 1.5);
      expect(held(await keep('a'))).toHaveLength(4);
      expect(held(await keep('b'))).toHaveLength(4);
    });

    it('who leaves is followed at once, and its row is forgotten after a while', async () => {
      await keep('a');
      await keep('b');
      expect(await subject.store.run('dispatchers.leave', { id: 'a', token: tokens.get('a')! })).toBe(true);
      expect(await subject.store.run('dispatchers.leave', { id: 'a', token: tokens.get('a')! })).toBe(false);
      expect(held(await keep('b'))).toEqual(all);
      subject.advance(3_700_000);
      await keep('c');
      expect(await subject.store.read((tx) => tx.get(leases, [dispatcherLease('a')]))).toBeUndefined();
    });

    it('several that come at once have nothing in common', async () => {
      const kept = await Promise.all(['a', 'b', 'c'].map((id) => keep(id)));
      const everything = kept.flatMap(held);
      expect(new Set(everything).size).toBe(everything.length);
    });
  });
}
