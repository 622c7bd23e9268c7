import type { Store } from '../storage/port.ts';
import { jobs } from '../storage/tables.ts';
import type { JobCounts, JobQueue, LeasedJob, NewJob, SlowKinds } from './port.ts';

/** The job port over the Store's own tables. */
export class StoreJobs implements JobQueue {
  constructor(private readonly store: Store) {}

  async enqueue(job: NewJob): Promise<string> {
    return (await this.store.run('jobs.enqueue', { job })).id;
  }

  async lease(limit: number, leaseMs: number, slow?: SlowKinds, single?: readonly string[]): Promise<LeasedJob[]> {
    return this.store.run('jobs.lease', { limit, leaseMs, ...(slow && { slow: { kinds: [...slow.kinds], most: slow.most } }), ...(single && { single: [...single] }) });
  }

  async extend({ id, token }: LeasedJob, leaseMs: number): Promise<boolean> {
    return this.store.run('jobs.extend', { id, token, leaseMs });
  }

  async complete({ id, token }: LeasedJob): Promise<boolean> {
    return this.store.run('jobs.complete', { id, token });
  }

  async fail({ id, token }: LeasedJob, error: string): Promise<'ready' | 'parked' | 'lost'> {
    return this.store.run('jobs.fail', { id, token, error });
  }

  async counts(): Promise<JobCounts> {
    return this.store.read(async (tx) => ({
      ready: await tx.count(jobs, { index: 'by_ready', prefix: ['ready'] }),
      leased: await tx.count(jobs, { index: 'by_ready', prefix: ['leased'] }),
      parked: await tx.count(jobs, { index: 'by_ready', prefix: ['parked'] }),
    }));
  }
}
