import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delayAfter, MAX_ATTEMPTS, type JobQueue } from './port.ts';

export interface JobsUnderTest {
  jobs: JobQueue;
  /** Moves the queue's clock. */
  advance(ms: number): void;
  dispose(): Promise<void>;
}

/** What every adapter of the job port guarantees. */
export function describeJobs(name: string, open: () => Promise<JobsUnderTest>): void {
  describe(`JobQueue contract: ${name}`, () => {
    let subject: JobsUnderTest;
    let jobs: JobQueue;
    beforeEach(async () => {
      subject = await open();
      jobs = subject.jobs;
    });
    afterEach(async () => subject.dispose());

    it('JOB1 jobs are leased in the order of their time, each once, and are gone when complete', async () => {
      await jobs.enqueue({ kind: 'b', payload: { n: 2 }, delayMs: 10 });
      await jobs.enqueue({ kind: 'a', payload: { n: 1 } });
      await jobs.enqueue({ kind: 'late', payload: null, delayMs: 60_000 });
      subject.advance(20);
      const [first, second] = await Promise.all([jobs.lease(1, 1000), jobs.lease(5, 1000)]);
      expect([...first, ...second].map((j) => [j.kind, j.payload, j.attempt])).toEqual([['a', { n: 1 }, 1], ['b', { n: 2 }, 1]]);
      for (const job of [...first, ...second]) expect(await jobs.complete(job)).toBe(true);
      subject.advance(5000);
      expect(await jobs.lease(5, 1000)).toEqual([]);
      subject.advance(60_000);
      expect((await jobs.lease(5, 1000)).map((j) => j.kind)).toEqual(['late']);
    });

    it('JOB2 a repeated id or a dedupe value adds no second, until the first is complete', async () => {
      const id = await jobs.enqueue({ id: 'j1', kind: 'x', payload: 1, dedupe: 'd' });
      expect(await jobs.enqueue({ id: 'j1', kind: 'x', payload: 1, dedupe: 'd' })).toBe(id);
      expect(await jobs.enqueue({ kind: 'x', payload: 2, dedupe: 'd' })).toBe(id);
      const [job] = await jobs.lease(5, 1000);
      expect(await jobs.enqueue({ kind: 'x', payload: 2, dedupe: 'd' })).toBe(id);
      expect(await jobs.lease(5, 1000)).toEqual([]);
      await jobs.complete(job!);
      expect(await jobs.enqueue({ kind: 'x', payload: 2, dedupe: 'd' })).not.toBe(id);
    });

    it('JOB3 a failed job comes back after a growing delay, and is parked after the last attempt', async () => {
      const id = await jobs.enqueue({ kind: 'x', payload: null, dedupe: 'd' });
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const [job] = await jobs.lease(1, 1000);
        expect(job).toMatchObject({ id, attempt });
        expect(await jobs.fail(job!, 'no luck')).toBe(attempt === MAX_ATTEMPTS ? 'parked' : 'ready');
        subject.advance(delayAfter(attempt) - 1);
        expect(await jobs.lease(1, 1000)).toEqual([]);
        subject.advance(1);
      }
      subject.advance(delayAfter(99) * 10);
      expect(await jobs.lease(1, 1000)).toEqual([]);
      expect(await jobs.enqueue({ kind: 'x', payload: 'again', dedupe: 'd' })).toBe(id);
      expect(await jobs.lease(1, 1000)).toMatchObject([{ id, attempt: 1, payload: 'again' }]);
    });

    it('JOB4 a job whose worker went away is ready again, and the earlier worker has no say', async () => {
      await jobs.enqueue({ kind: 'x', payload: null });
      const [lost] = await jobs.lease(1, 1000);
      subject.advance(999);
      expect(await jobs.lease(1, 1000)).toEqual([]);
      subject.advance(1);
      expect(await jobs.lease(1, 1000)).toEqual([]);
      subject.advance(delayAfter(1));
      const [again] = await jobs.lease(1, 1000);
      expect(again).toMatchObject({ id: lost!.id, attempt: 2 });
      expect(await jobs.complete(lost!)).toBe(false);
      expect(await jobs.extend(lost!, 1000)).toBe(false);
      expect(await jobs.fail(lost!, 'late')).toBe('lost');
      expect(await jobs.complete(again!)).toBe(true);
    });

    it('JOB5 extending keeps a long job', async () => {
      await jobs.enqueue({ kind: 'x', payload: null });
      const [job] = await jobs.lease(1, 1000);
      for (let i = 0; i < 5; i++) {
        subject.advance(900);
        expect(await jobs.extend(job!, 1000)).toBe(true);
      }
      expect(await jobs.lease(1, 1000)).toEqual([]);
      expect(await jobs.complete(job!)).toBe(true);
    });

    it.each(['before leasing', 'after leasing', 'after acting', 'after completing'] as const)('JOB6 a worker that dies %s loses no job, and an act named by the job happens once', async (death) => {
      const effects = new Set<string>();
      let runs = 0;
      const id = await jobs.enqueue({ kind: 'x', payload: null });
      /** One worker's whole way; what comes after its death does not happen. */
      const work = async (until?: typeof death): Promise<void> => {
        if (until === 'before leasing') return;
        for (const job of await jobs.lease(5, 1_000)) {
          if (until === 'after leasing') return;
          runs += 1;
          effects.add(job.id);
          if (until === 'after acting') return;
          expect(await jobs.complete(job)).toBe(true);
        }
      };
      await work(death);
      for (let again = 0; again < 5; again += 1) {
        subject.advance(5_000);
        await work();
      }
      expect([...effects]).toEqual([id]);
      expect(runs).toBe(death === 'after acting' ? 2 : 1);
      expect(await jobs.counts()).toEqual({ ready: 0, leased: 0, parked: 0 });
    });

    it('JOB7 counts tell the jobs of each state', async () => {
      await jobs.enqueue({ kind: 'failing', payload: null });
      for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
        const [job] = await jobs.lease(1, 1_000);
        await jobs.fail(job!, 'no luck');
        subject.advance(delayAfter(attempt + 1));
      }
      await jobs.enqueue({ kind: 'leased', payload: null });
      await jobs.lease(1, 1_000);
      await jobs.enqueue({ kind: 'later', payload: null, delayMs: 60_000 });
      expect(await jobs.counts()).toEqual({ ready: 1, leased: 1, parked: 1 });
    });

    it('JOB8 of the slow kinds only so many are leased, and those behind them come first', async () => {
      for (let i = 0; i < 40; i += 1) await jobs.enqueue({ kind: 'slow', payload: i });
      await jobs.enqueue({ kind: 'quick', payload: null, delayMs: 10 });
      subject.advance(20);
      expect((await jobs.lease(4, 1_000, { kinds: ['slow'], most: 2 })).map((job) => job.kind)).toEqual(['slow', 'slow', 'quick']);
      expect(await jobs.lease(4, 1_000, { kinds: ['slow'], most: 0 })).toEqual([]);
      expect(await jobs.lease(4, 1_000)).toHaveLength(4);
    });

    it('JOB9 of a single kind one is leased at a time, whichever worker asks, and the next one when it ended or its worker died', async () => {
      for (let i = 0; i < 3; i += 1) await jobs.enqueue({ kind: 'import', payload: i, delayMs: i });
      await jobs.enqueue({ kind: 'other', payload: null });
      subject.advance(10);
      const both = await Promise.all([jobs.lease(4, 1_000, undefined, ['import']), jobs.lease(4, 1_000, undefined, ['import'])]);
      expect(both.flat().map((job) => job.kind).sort()).toEqual(['import', 'other']);
      expect(await jobs.lease(4, 1_000, undefined, ['import'])).toEqual([]);
      await jobs.complete(both.flat().find((job) => job.kind === 'import')!);
      expect((await jobs.lease(4, 1_000, undefined, ['import'])).map((job) => job.payload)).toEqual([1]);
      // That worker dies: what it had comes back after its delay, and another one has the turn at once.
      subject.advance(1_000);
      expect((await jobs.lease(4, 1_000, undefined, ['import'])).map((job) => job.payload)).toEqual([2]);
    });
  });
}
