import { describe, expect, it } from 'vitest';
import { noMetrics } from '../../platform/metrics.ts';
import { PageCache } from './page-cache.ts';

function counted(most?: number) {
  const seen = { hit: 0, miss: 0, characters: 0 };
  const cache = new PageCache({ ...noMetrics, count: (_name, _by, labels) => void seen[labels!['outcome'] as 'hit']++, gauge: (_name, value) => void (seen.characters = value) }, most);
  let loads = 0;
  const load = (page: unknown) => async (): Promise<unknown> => {
    loads++;
    return page;
  };
  return { cache, seen, load, loads: () => loads };
}

describe('pages that many read', () => {
  it('are read once by however many ask at one rev, and again at the next', async () => {
    const { cache, seen, load, loads } = counted();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => cache.page('channel:a', 7, 'newest', load(['seven']))));
    expect([new Set(all).size, loads(), seen]).toMatchObject([1, 1, { hit: 999, miss: 1 }]);
    expect(await cache.page('channel:a', 8, 'newest', load(['eight']))).toEqual(['eight']);
    expect(await cache.page('channel:b', 8, 'newest', load(['another']))).toEqual(['another']);
    expect(loads()).toBe(3);
  });

  it('never answer another rev: who reads an older snapshot reads for themselves and leaves the newer one', async () => {
    const { cache, load, loads } = counted();
    await cache.page('channel:a', 8, 'newest', load('eight'));
    expect(await cache.page('channel:a', 7, 'newest', load('seven'))).toBe('seven');
    expect(await cache.page('channel:a', 8, 'newest', load('not read'))).toBe('eight');
    expect(loads()).toBe(2);
  });

  it('a reader whose connection fails fails alone', async () => {
    const { cache } = counted();
    let fail!: (error: Error) => void;
    const first = cache.page('channel:a', 1, 'newest', () => new Promise((_resolve, reject) => (fail = reject)));
    const second = cache.page('channel:a', 1, 'newest', async () => 'read by oneself');
    fail(new Error('the connection broke'));
    await expect(first).rejects.toThrow('broke');
    expect(await second).toBe('read by oneself');
    expect(await cache.page('channel:a', 1, 'newest', async () => 'anew')).toBe('anew');
  });

  it('stay within their bound: the ones not asked for go first, and what is too large is not kept', async () => {
    const { cache, load, loads, seen } = counted(1_000);
    const page = 'x'.repeat(298);
    const twice = async (key: string) => {
      for (let i = 0; i < 2; i++) await cache.page('channel:a', 1, key, load(page));
    };
    for (const key of ['a', 'b', 'c']) await twice(key);
    await cache.page('channel:a', 1, 'a', load(page));
    await twice('d');
    expect([loads(), seen.characters]).toEqual([4, 900]);
    await cache.page('channel:a', 1, 'a', load(page));
    expect(loads()).toBe(4);
    await cache.page('channel:a', 1, 'b', load(page));
    expect(loads()).toBe(5);
    for (let i = 0; i < 3; i++) await cache.page('channel:a', 1, 'large', load('x'.repeat(2_000)));
    expect([loads(), seen.characters]).toEqual([7, 900]);
  });

  it('that one reader alone asked for make room for each other', async () => {
    const { cache, load, loads } = counted();
    for (let i = 0; i < 200; i++) await cache.page('channel:a', 1, `${i}`, load(i));
    await cache.page('channel:a', 1, '199', load('read'));
    expect(loads()).toBe(200);
    await cache.page('channel:a', 1, '100', load('read'));
    expect(loads()).toBe(201);
  });
});
