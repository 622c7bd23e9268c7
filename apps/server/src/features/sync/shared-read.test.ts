import { ParleyError } from '@parley/shared/protocol/errors';
import { describe, expect, it } from 'vitest';
import { heads } from '../../storage/tables.ts';
import type { ReadTx, Store } from '../../storage/port.ts';
import { sharedRead } from './shared-read.ts';

/** A store whose snapshots are numbered and end when told. */
function counted() {
  const seen = { reads: 0, gets: 0, now: 0 };
  const go: (() => void)[] = [];
  const store: Pick<Store, 'read'> = {
    read: async (work) => {
      seen.reads++;
      const at = seen.now;
      await new Promise<void>((resolve) => go.push(resolve));
      return work({ get: async () => (seen.gets++, { stream: '', rev: at }) } as unknown as ReadTx);
    },
  };
  const release = async (): Promise<void> => {
    while (go.length > 0) {
      for (const one of go.splice(0)) one();
      for (let i = 0; i < 50; i++) await Promise.resolve();
    }
  };
  return { store, seen, release };
}
const rev = async (tx: ReadTx): Promise<number> => (await tx.get(heads, ['channel:a']))!.rev;

describe('reads that many do at once', () => {
  it('share a few snapshots, in which a row of all is read once', async () => {
    const { store, seen, release } = counted();
    const all = Array.from({ length: 1_000 }, () => sharedRead(store, rev));
    expect(seen.reads).toBe(4);
    await release();
    expect(new Set(await Promise.all(all))).toEqual(new Set([0]));
    expect(seen).toMatchObject({ reads: 4 + Math.ceil(996 / 128), gets: 4 + Math.ceil(996 / 128) });
  });

  it('see whatever was so when they were asked for: nobody joins a snapshot that has begun', async () => {
    const { store, seen, release } = counted();
    const early = Array.from({ length: 4 }, () => sharedRead(store, rev));
    seen.now = 7;
    const late = sharedRead(store, rev);
    await release();
    expect([await Promise.all(early), await late]).toEqual([[0, 0, 0, 0], 7]);
  });

  it('a refusal is its own, and a failure is tried alone', async () => {
    const { store, seen, release } = counted();
    let tries = 0;
    const refused = sharedRead(store, async () => Promise.reject(new ParleyError('not_found')));
    const broken = sharedRead(store, async () => (tries++ === 0 ? Promise.reject(new Error('the connection broke')) : 'read alone'));
    const fine = sharedRead(store, rev);
    refused.catch(() => undefined);
    await release();
    await expect(refused).rejects.toMatchObject({ code: 'not_found' });
    expect([await broken, await fine, seen.reads]).toEqual(['read alone', 0, 4]);
  });

  it('a store that refuses to read refuses each, and goes on later', async () => {
    let closed = true;
    const store: Pick<Store, 'read'> = { read: async (work) => (closed ? Promise.reject(new ParleyError('unavailable')) : work({ get: async () => ({ rev: 1 }) } as unknown as ReadTx)) };
    const all = await Promise.allSettled(Array.from({ length: 20 }, () => sharedRead(store, rev)));
    expect(all.every((one) => one.status === 'rejected' && one.reason instanceof ParleyError)).toBe(true);
    closed = false;
    expect(await sharedRead(store, rev)).toBe(1);
  });
});
