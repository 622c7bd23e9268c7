import { expect, it } from 'vitest';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { SeededRandom } from '@parley/shared/testing/seeded-random';
import type { Role } from '../config/config.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import { processes } from '../storage/tables.ts';
import { silentLogger } from './logger.ts';
import { NotAlone, PROCESS_MS, registerProcess } from './process-register.ts';

function world() {
  const clock = new FakeClock();
  const store = openMemoryStore({ clock, random: new SeededRandom(1) });
  let n = 0;
  const lost: string[] = [];
  const join = (options: { redis?: boolean; files?: 'disk' | 'shared'; roles?: Role[]; at?: string; on?: FakeClock } = {}) =>
    registerProcess({
      store, clock: options.on ?? clock, logger: silentLogger, id: `process-${++n}`, lost: (error) => void lost.push(error.message),
      config: { roles: new Set(options.roles ?? ['api', 'gateway', 'dispatcher', 'worker']), mongodbUrl: 'mongodb://x', redisUrl: options.redis ? 'redis://x' : null, filesPlace: { kind: 'disk', shared: options.files !== 'disk' }, dataDirectory: options.at ?? `/data-${n}` },
    });
  /** How it ends, with as much time as it needs. */
  const ended = async (joining: Promise<unknown>): Promise<unknown> => {
    let outcome: unknown = null;
    joining.then((value) => (outcome = value), (error: unknown) => (outcome = error));
    for (let i = 0; i < 40 && outcome === null; i++) await clock.advance(500);
    return outcome;
  };
  return { clock, store, join, ended, lost, rows: () => store.read((tx) => tx.find(processes, { limit: 10 })) };
}

it('without Redis a second process is refused, with the reason, and the first goes on', async () => {
  const { join, ended, rows } = world();
  const first = await join();
  const refused = await ended(join());
  expect(refused).toBeInstanceOf(NotAlone);
  expect((refused as Error).message).toMatch(/PARLEY_REDIS_URL/);
  expect(await ended(join({ redis: true }))).toBeInstanceOf(NotAlone);
  expect(await rows()).toHaveLength(1);
  await first.leave();
  expect(await ended(join())).not.toBeInstanceOf(Error);
});

it('a predecessor that was killed is waited for, and not at all where it was on the same data directory', async () => {
  const { clock, join, ended } = world();
  const dead = new FakeClock();
  await join({ on: dead });
  const began = clock.now();
  expect(await ended(join())).not.toBeInstanceOf(Error);
  expect(clock.now() - began).toBeLessThanOrEqual(PROCESS_MS + 1_500);
  const other = world();
  await other.join({ on: new FakeClock(), files: 'disk', at: '/data' });
  const then = other.clock.now();
  await other.join({ files: 'disk', at: '/data' });
  expect(other.clock.now()).toBe(then);
});

it('with Redis any number may serve, but not over files that only one of them sees', async () => {
  const { join, ended } = world();
  await join({ redis: true });
  await join({ redis: true });
  const refused = await ended(join({ redis: true, files: 'disk' }));
  expect((refused as Error).message).toMatch(/PARLEY_FILES/);
  expect(await ended(join({ redis: true, files: 'disk', roles: ['gateway', 'dispatcher'] }))).not.toBeInstanceOf(Error);
});

it('one that was silent for too long and is followed by another is told to stop', async () => {
  const { clock, join, lost } = world();
  const paused = new FakeClock();
  await join({ on: paused });
  await clock.advance(PROCESS_MS + 1);
  await join();
  expect(lost).toEqual([]);
  await paused.advance(10_000);
  expect(lost).toHaveLength(1);
});
