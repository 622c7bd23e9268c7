import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { untilLoaded } from './until-loaded.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

it('a part that the server does not give is asked for again, less and less often, until it is there', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  const asked: number[] = [];
  const begun = Date.now();
  const loaded = untilLoaded(() => {
    asked.push(Date.now() - begun);
    return asked.length < 8 ? Promise.reject(new TypeError('Failed to fetch dynamically imported module')) : Promise.resolve('part');
  });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await loaded).toBe('part');
  expect(asked).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 25_500, 35_500]);
  expect(warned).toHaveBeenCalledTimes(1);
});
