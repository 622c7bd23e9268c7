import { expect, test } from 'vitest';
import { FakeClock } from '@parley/shared/testing/fake-clock';
import { noMetrics, type Metrics } from '../platform/metrics.ts';
import { silentLogger } from '../platform/logger.ts';
import { systemClock, systemRandom } from '../platform/system.ts';
import { openMemoryStore } from '../storage/memory/memory-store.ts';
import { jobs } from '../storage/tables.ts';
import { JobWorker, type JobHandler } from './job-worker.ts';
import { StoreJobs } from './store-jobs.ts';

function world(handlers: Record<string, JobHandler>, metrics: Metrics = noMetrics) {
  const store = openMemoryStore({ clock: systemClock, random: systemRandom });
  const queue = new StoreJobs(store);
  return { store, queue, worker: new JobWorker({ clock: systemClock, logger: silentLogger, metrics }, queue, handlers), rows: () => store.read((tx) => tx.find(jobs, { limit: 100 })) };
}

test('runs what is queued once and clears it away', async () => {
  const done: unknown[] = [];
  const all = new Promise<void>((resolve) => void (done.push = (...items) => (Array.prototype.push.apply(done, items), done.length === 3 && resolve(), done.length)));
  const w = world({ greet: async (job) => void done.push(job.payload) });
  for (const payload of ['a', 'b', 'c']) await w.queue.enqueue({ kind: 'greet', payload });
  w.worker.start();
  await all;
  await w.worker.stop();
  expect([...done].sort()).toEqual(['a', 'b', 'c']);
  expect(await w.rows()).toEqual([]);
});

test('gives back what failed, and what nobody can do', async () => {
  let failed = (): void => undefined;
  const seen = new Promise<void>((resolve) => void (failed = resolve));
  const w = world({ bad: async () => (failed(), Promise.reject(new Error('no luck'))) });
  await w.queue.enqueue({ kind: 'bad', payload: 1 });
  await w.queue.enqueue({ kind: 'unheard of', payload: 2 });
  w.worker.start();
  await seen;
  await w.worker.stop();
  const rows = await w.rows();
  expect(rows.map((row) => [row.kind, row.state, row.error]).sort()).toEqual([['bad', 'ready', 'Error: no luck'], ['unheard of', 'ready', 'Error: no handler for jobs of kind unheard of']]);
});

test('a stop tells running jobs, waits for them, and leaves them to be gone on with', async () => {
  let begun = (): void => undefined;
  const running = new Promise<void>((resolve) => void (begun = resolve));
  const w = world({ long: (_job, signal) => new Promise((_, reject) => (signal.addEventListener('abort', () => reject(new Error('stopped'))), begun())) });
  await w.queue.enqueue({ kind: 'long', payload: null });
  w.worker.start();
  await running;
  await w.worker.stop();
  expect((await w.rows()).map((row) => row.state)).toEqual(['ready']);
});

test('tells how many jobs are ready, leased and parked', async () => {
  const gauges: Record<string, number> = {};
  let told = (): void => undefined;
  const measured = new Promise<void>((resolve) => void (told = resolve));
  const w = world({}, { ...noMetrics, gauge: (name, value) => void ((gauges[name] = value), name === 'parley_jobs_parked' && told()) });
  await w.queue.enqueue({ kind: 'first', payload: 1 });
  await w.queue.lease(1, 60_000);
  await w.queue.enqueue({ kind: 'later', payload: 2, delayMs: 60_000 });
  w.worker.start();
  await measured;
  await w.worker.stop();
  expect(gauges).toEqual({ parley_jobs_ready: 1, parley_jobs_leased: 1, parley_jobs_parked: 0 });
});

test('jobs that wait for strangers never hold up the others, however many there are', async () => {
  let atOnce = 0;
  let most = 0;
  let done = (): void => undefined;
  const quick = new Promise<void>((resolve) => void (done = resolve));
  const slow: JobHandler = (_job, signal) => {
    most = Math.max(most, ++atOnce);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
  };
  const store = openMemoryStore({ clock: systemClock, random: systemRandom });
  const queue = new StoreJobs(store);
  for (let i = 0; i < 600; i++) await queue.enqueue({ kind: 'slow', payload: i });
  await queue.enqueue({ kind: 'quick', payload: null });
  const worker = new JobWorker({ clock: systemClock, logger: silentLogger, metrics: noMetrics }, queue, { slow, quick: async () => done() }, ['slow']);
  worker.start();
  await quick;
  await worker.stop();
  expect(most).toBe(2);
});

test('word of work brings a look at once, and many words no more than ten a second', async () => {
  const clock = new FakeClock();
  const store = openMemoryStore({ clock, random: systemRandom });
  const queue = new StoreJobs(store);
  let looks = 0;
  const counted = new Proxy(queue, { get: (target, name) => (name === 'lease' ? (...args: Parameters<StoreJobs['lease']>) => (looks++, target.lease(...args)) : Reflect.get(target, name).bind(target)) });
  const done: number[] = [];
  const worker = new JobWorker({ clock, logger: silentLogger, metrics: noMetrics }, counted, { greet: async () => void done.push(clock.now()) });
  worker.start();
  await clock.advance(300);
  await queue.enqueue({ kind: 'greet', payload: null });
  const since = clock.now();
  worker.wake();
  await clock.advance(10);
  expect(done).toEqual([since]);
  looks = 0;
  for (let i = 0; i < 500; i++) {
    worker.wake();
    await clock.advance(1);
  }
  expect(looks).toBeLessThanOrEqual(6);
  await worker.stop();
});
