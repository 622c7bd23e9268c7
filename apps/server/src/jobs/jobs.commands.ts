import { defineCommand } from '../storage/command.ts';
import type { Tx } from '../storage/port.ts';
import { jobs, leases, type JobRow } from '../storage/tables.ts';
import { delayAfter, MAX_ATTEMPTS, type LeasedJob, type NewJob } from './port.ts';

/** Adds a job in a command's own transaction: it exists exactly when what the command wrote does. */
export async function enqueueJob(tx: Tx, job: NewJob): Promise<string> {
  const run_at = tx.now() + (job.delayMs ?? 0) * 1000;
  const id = job.id ?? tx.uuid();
  const same = (await tx.get(jobs, [id])) ?? (job.dedupe === undefined ? undefined : (await tx.find(jobs, { index: 'by_dedupe', prefix: [job.dedupe], limit: 1 }))[0]);
  if (same) {
    if (same.state === 'parked') await tx.put(jobs, { ...same, payload: job.payload, state: 'ready', run_at, attempts: 0, error: null });
    return same.id;
  }
  await tx.insert(jobs, { id, kind: job.kind, payload: job.payload, state: 'ready', run_at, attempts: 0, lease_until: null, lease_token: null, error: null, dedupe: job.dedupe ?? null });
  return id;
}

/** As `enqueueJob`, and one that waits for longer comes earlier. */
export async function enqueueBy(tx: Tx, job: NewJob): Promise<string> {
  const id = await enqueueJob(tx, job);
  const run_at = tx.now() + (job.delayMs ?? 0) * 1000;
  const row = await tx.get(jobs, [id]);
  if (row?.state === 'ready' && row.run_at > run_at) await tx.put(jobs, { ...row, run_at });
  return id;
}

/** From here on another job may take the place that a running one holds by its `dedupe`: the running one looks at nothing new any more. */
export async function releaseDedupe(tx: Tx, id: string): Promise<void> {
  const row = await tx.get(jobs, [id]);
  if (row?.dedupe != null) await tx.put(jobs, { ...row, dedupe: null });
}

/** The job while it is leased under this token. */
async function held(tx: Tx, id: string, token: string): Promise<JobRow | undefined> {
  const row = await tx.get(jobs, [id]);
  return row?.state === 'leased' && row.lease_token === token ? row : undefined;
}

async function giveBack(tx: Tx, row: JobRow, error: string): Promise<'ready' | 'parked'> {
  const state = row.attempts >= MAX_ATTEMPTS ? 'parked' : 'ready';
  await tx.put(jobs, { ...row, state, run_at: tx.now() + delayAfter(row.attempts) * 1000, lease_until: null, lease_token: null, error });
  return state;
}

/** Looked at for those behind a crowd of slow ones. */
const SCAN = 500;
const MOST_SCANNED = 5_000;

/** Which of these kinds run now, so that no other job of theirs may. Two workers that ask at once meet at the lease's row. */
async function running(tx: Tx, kinds: readonly string[]): Promise<Set<string>> {
  if (kinds.length === 0) return new Set();
  const leased = await tx.find(jobs, { index: 'by_lease', prefix: ['leased'], limit: SCAN });
  return new Set(leased.map((row) => row.kind).filter((kind) => kinds.includes(kind)));
}

async function readyJobs(tx: Tx, { limit, slow, single = [] }: { limit: number; slow?: { kinds: string[]; most: number }; single?: string[] }): Promise<JobRow[]> {
  const found: JobRow[] = [];
  const taken = await running(tx, single);
  let slowOnes = 0;
  let after: JobRow | undefined;
  for (let scanned = 0; scanned < MOST_SCANNED; scanned += SCAN) {
    const size = scanned === 0 ? limit : SCAN;
    const page: JobRow[] = await tx.find(jobs, { index: 'by_ready', prefix: ['ready'], lte: tx.now(), ...(after && { after }), limit: size });
    for (const row of page) {
      if (slow?.kinds.includes(row.kind) === true && ++slowOnes > slow.most) continue;
      if (single.includes(row.kind)) {
        if (taken.has(row.kind)) continue;
        taken.add(row.kind);
        await tx.put(leases, { name: `jobs/${row.kind}`, holder: row.id, token: 0, until: 0 });
      }
      found.push(row);
      if (found.length === limit) return found;
    }
    if (page.length < size) break;
    after = page.at(-1);
  }
  return found;
}

export const jobsCommands = {
  'jobs.enqueue': defineCommand(async (tx, args: { job: NewJob }) => ({ id: await enqueueJob(tx, args.job) })),

  'jobs.lease': defineCommand(async (tx, args: { limit: number; leaseMs: number; slow?: { kinds: string[]; most: number }; single?: string[] }): Promise<LeasedJob[]> => {
    const now = tx.now();
    // A worker that went away without a word has failed its attempt like any other.
    for (const row of await tx.find(jobs, { index: 'by_lease', prefix: ['leased'], lte: now, limit: args.limit })) await giveBack(tx, { ...row }, 'the worker went away');
    const leased: LeasedJob[] = [];
    for (const row of await readyJobs(tx, args)) {
      const token = tx.uuid();
      await tx.put(jobs, { ...row, state: 'leased', attempts: row.attempts + 1, lease_until: now + args.leaseMs * 1000, lease_token: token });
      leased.push({ id: row.id, kind: row.kind, payload: row.payload, attempt: row.attempts + 1, token });
    }
    return leased;
  }),

  /** Parked jobs of these kinds run again: another start of the server may have what the last one had not. */
  'jobs.revive': defineCommand(async (tx, args: { kinds: string[] }): Promise<{ revived: number }> => {
    let revived = 0;
    for (const row of await tx.find(jobs, { index: 'by_ready', prefix: ['parked'], limit: 1_000 })) {
      if (!args.kinds.includes(row.kind)) continue;
      await tx.put(jobs, { ...row, state: 'ready', run_at: tx.now(), attempts: 0 });
      revived += 1;
    }
    return { revived };
  }),

  'jobs.extend': defineCommand(async (tx, args: { id: string; token: string; leaseMs: number }): Promise<boolean> => {
    const row = await held(tx, args.id, args.token);
    if (row) await tx.put(jobs, { ...row, lease_until: tx.now() + args.leaseMs * 1000 });
    return row !== undefined;
  }),

  'jobs.complete': defineCommand(async (tx, args: { id: string; token: string }): Promise<boolean> => {
    const row = await held(tx, args.id, args.token);
    return row !== undefined && tx.delete(jobs, [row.id]);
  }),

  'jobs.fail': defineCommand(async (tx, args: { id: string; token: string; error: string }): Promise<'ready' | 'parked' | 'lost'> => {
    const row = await held(tx, args.id, args.token);
    return row ? giveBack(tx, row, args.error.slice(0, 2_000)) : 'lost';
  }),
};
