import { describe, expect, it } from 'vitest';
import { COMMANDS, runBump } from '../testing.commands.ts';
import { heads, outbox } from '../tables.ts';
import type { Fault } from './faults.ts';
import { openMemoryStore, type MemoryStoreOptions } from './memory-store.ts';

const base: MemoryStoreOptions = { clock: { now: () => 1_000 }, random: { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }, commands: COMMANDS };
const faulty = (...faults: Fault[]) => openMemoryStore({ ...base, faults: () => faults.shift() ?? 'none' });
const rev = async (store: ReturnType<typeof openMemoryStore>): Promise<number> => (await store.read((tx) => tx.get(heads, ['user:a'])))?.rev ?? 0;

describe('faults of the in-memory store', () => {
  it('a lost commit is not there, an unknown one is, and both are told as unavailable', async () => {
    const store = faulty('lost', 'unknown');
    await expect(runBump(store, 'user:a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await rev(store)).toBe(0);
    await expect(runBump(store, 'user:a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(await rev(store)).toBe(1);
  });

  it('a conflict runs again from the start, a duplicate twice', async () => {
    const store = faulty('conflict', 'none', 'duplicate');
    expect(await runBump(store, 'user:a')).toBe(1);
    expect(await runBump(store, 'user:a')).toBe(3);
    expect(await store.read((tx) => tx.count(outbox, {}))).toBe(3);
  });

  it('a crash loses what was not committed, tells nobody of what was, and the next server goes on from there', async () => {
    let crashAt: 'command' | 'committed' | 'none' = 'none';
    const told: number[] = [];
    const store = openMemoryStore({ ...base, onYield: async (point) => void (point === crashAt && store.crash()) });
    store.onCommitted((events) => told.push(events.length));
    await runBump(store, 'user:a');
    crashAt = 'committed';
    await expect(runBump(store, 'user:a')).rejects.toMatchObject({ code: 'unavailable' });
    expect(told).toEqual([1]);
    const next = openMemoryStore({ ...base, state: store.state });
    expect(next.incarnation()).toBe(store.incarnation());
    expect(await rev(next)).toBe(2);
    expect(await next.read((tx) => tx.count(outbox, {}))).toBe(2);
  });

  it('a restored backup has what it had, under a new incarnation', async () => {
    const store = openMemoryStore(base);
    await runBump(store, 'user:a');
    const backup = { ...store.state };
    await runBump(store, 'user:a');
    const restored = openMemoryStore({ ...base, state: backup, incarnation: 'restored' });
    expect(await rev(restored)).toBe(1);
    expect(restored.incarnation()).toBe('restored');
    expect(await rev(store)).toBe(2);
  });
});
