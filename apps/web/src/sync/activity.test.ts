import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { followActivity } from './activity.ts';

let told: boolean[];
let page: EventTarget & { visibilityState: 'visible' | 'hidden' };
let windowOf: EventTarget;
beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' as const });
  windowOf = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('window', windowOf);
  followActivity((active) => told.push(active));
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});
const show = (state: 'visible' | 'hidden') => {
  page.visibilityState = state;
  page.dispatchEvent(new Event('visibilitychange'));
};

it('NTF-5 ten minutes without a touch are not being here, and the next touch is', () => {
  vi.advanceTimersByTime(9 * 60_000);
  windowOf.dispatchEvent(new Event('keydown'));
  vi.advanceTimersByTime(9 * 60_000);
  expect(told).toEqual([true]);
  vi.advanceTimersByTime(90_000);
  expect(told).toEqual([true, false]);
  windowOf.dispatchEvent(new Event('pointermove'));
  expect(told).toEqual([true, false, true]);
});

it('a page that is not seen is not being here', () => {
  show('hidden');
  windowOf.dispatchEvent(new Event('pointermove'));
  show('visible');
  expect(told).toEqual([true, false, true]);
});
