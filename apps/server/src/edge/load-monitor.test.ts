import { expect, it } from 'vitest';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import { silentLogger } from '../platform/logger.ts';
import { noMetrics } from '../platform/metrics.ts';
import { LoadMonitor, type LoadSample } from './load-monitor.ts';

function world() {
  const clock = new FakeClock();
  let now: LoadSample = { delayMs: 1, heap: 0.2 };
  const shed: string[] = [];
  const metrics = { ...noMetrics, count: (name: string, _by?: number, labels?: Record<string, string>) => void shed.push(`${name} ${labels?.['what']} ${labels?.['reason']}`) };
  const load = new LoadMonitor({ clock, random: new SeededRandom(1), logger: silentLogger, metrics }, 250, { sample: () => now, close: () => undefined });
  return { clock, load, shed, is: async (sample: LoadSample, ms: number) => ((now = sample), clock.advance(ms)) };
}

it('one long pause turns nobody away, a loop that stays slow does, until it is well again', async () => {
  const { load, shed, is } = world();
  await is({ delayMs: 900, heap: 0.2 }, 500);
  await is({ delayMs: 1, heap: 0.2 }, 500);
  expect(load.turnAway('call')).toBeNull();
  await is({ delayMs: 300, heap: 0.2 }, 1_500);
  expect(load.overload).toBe('event_loop');
  const waits = Array.from({ length: 20 }, () => load.turnAway('call')!);
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1);
  expect(new Set(waits).size).toBeGreaterThan(2);
  expect(shed).toHaveLength(20);
  expect(shed[0]).toBe('parley_shed_total call event_loop');
  // Not well yet, though below the limit.
  await is({ delayMs: 200, heap: 0.2 }, 1_000);
  expect(load.overload).toBe('event_loop');
  await is({ delayMs: 100, heap: 0.2 }, 500);
  expect(load.turnAway('call')).toBeNull();
});

it('a heap that is nearly full turns sockets away at once, and lets them in well below it', async () => {
  const { load, is } = world();
  await is({ delayMs: 1, heap: 0.95 }, 500);
  expect(load.overload).toBe('memory');
  expect(load.turnAway('socket')).toBeGreaterThanOrEqual(1);
  await is({ delayMs: 1, heap: 0.88 }, 500);
  expect(load.overload).toBe('memory');
  await is({ delayMs: 1, heap: 0.7 }, 500);
  expect(load.overload).toBeNull();
});
