import { describe, expect, it, beforeEach, afterEach } from 'vitest';
import type { Store } from './port.ts';
import type { CommandArgs } from './commands.ts';
import { leases } from './tables.ts';

/** A store whose clock the test moves. */
export interface ClockedStore {
  store: Store;
  advance(ms: number): void;
  dispose(): Promise<void>;
}

/** Leases on any Store: one holder at a time, each with a higher token, by the store's clock. */
export function describeLeases(name: string, open: () => Promise<ClockedStore>): void {
  describe(`Leases: ${name}`, () => {
    let subject: ClockedStore;
    beforeEach(async () => void (subject = await open()));
    afterEach(async () => subject.dispose());
    const acquire = async (holder: string, ms = 1000) => subject.store.run('lease.acquire', { name: 'p1', holder, ms } satisfies CommandArgs<'lease.acquire'>);

    it('LEA1 one of many who ask at once gets it', async () => {
      const answers = await Promise.all(['a', 'b', 'c', 'd'].map(async (holder) => acquire(holder)));
      expect(answers.filter((lease) => lease !== null)).toHaveLength(1);
    });

    it('LEA2 it ends by itself, and the next holder has a higher token', async () => {
      const first = (await acquire('a'))!;
      expect(await acquire('b')).toBeNull();
      subject.advance(1001);
      const second = (await acquire('b'))!;
      expect(second.token).toBe(first.token + 1);
      expect(await subject.store.run('lease.renew', { name: 'p1', token: first.token, ms: 1000 })).toBeNull();
      expect(await subject.store.run('lease.release', { name: 'p1', token: first.token })).toBe(false);
      expect(await subject.store.read((tx) => tx.get(leases, ['p1']))).toMatchObject({ holder: 'b', token: second.token });
    });

    it('LEA3 renewing prolongs under the same token, late too while nobody has taken it', async () => {
      const lease = (await acquire('a'))!;
      subject.advance(900);
      expect(await subject.store.run('lease.renew', { name: 'p1', token: lease.token, ms: 1000 })).toMatchObject({ token: lease.token });
      subject.advance(900);
      expect(await acquire('b')).toBeNull();
      subject.advance(5000);
      expect(await subject.store.run('lease.renew', { name: 'p1', token: lease.token, ms: 1000 })).toMatchObject({ token: lease.token });
      expect(await acquire('b')).toBeNull();
    });

    it('LEA4 released it is free at once, and its token is spent', async () => {
      const lease = (await acquire('a'))!;
      expect(await subject.store.run('lease.release', { name: 'p1', token: lease.token })).toBe(true);
      expect(await subject.store.run('lease.renew', { name: 'p1', token: lease.token, ms: 1000 })).toBeNull();
      expect((await acquire('a'))!.token).toBe(lease.token + 1);
    });

    it('LEA5 asking again while holding it answers the same token', async () => {
      const lease = (await acquire('a'))!;
      expect(await acquire('a')).toMatchObject({ token: lease.token });
    });
  });
}
