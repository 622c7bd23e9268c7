import type { JobHandler } from '../../jobs/job-worker.ts';
import type { Deps } from '../../platform/deps.ts';
import { sessions, type SessionRow } from '../../storage/tables.ts';

export const EXPIRE_DEVICES_JOB = 'devices_expire';
const EVERY_MS = 24 * 3_600_000;
const PAGE = 200;

type ExpireDeps = Pick<Deps, 'store' | 'clock'>;

/** Has devices looked through after `delayMs`, unless that is ordered for the same day already. */
export async function scheduleDeviceExpiry(deps: ExpireDeps, delayMs: number): Promise<void> {
  const day = Math.floor((deps.clock.now() + delayMs) / EVERY_MS);
  await deps.store.run('jobs.enqueue', { job: { kind: EXPIRE_DEVICES_JOB, payload: {}, delayMs, dedupe: `${EXPIRE_DEVICES_JOB}:${day}` } });
}

/** Once a day. The next one is ordered first: one that fails for good ends nothing. */
export function expireDevicesJob(deps: ExpireDeps): JobHandler {
  return async (_job, signal) => {
    await scheduleDeviceExpiry(deps, EVERY_MS);
    await expireDevices(deps, signal);
  };
}

/**
 * Devices that were not seen for 90 days: their sessions end, so that nothing is kept ready for them any more (push, cursors),
 * and their people's other devices no longer list them. @returns how many ended
 */
export async function expireDevices(deps: ExpireDeps, signal?: AbortSignal): Promise<number> {
  let expired = 0;
  let after: SessionRow | undefined;
  for (;;) {
    const now = deps.clock.now() * 1000;
    const page = await deps.store.read((tx) => tx.find(sessions, { index: 'by_expiry', lte: now, limit: PAGE, ...(after ? { after } : {}) }));
    const byUser = new Map<string, string[]>();
    for (const row of page) byUser.set(row.user_id, [...(byUser.get(row.user_id) ?? []), row.device_id]);
    for (const [user_id, device_ids] of byUser) {
      if (signal?.aborted) return expired;
      expired += (await deps.store.run('devices.expire', { user_id, device_ids })).expired;
    }
    if (page.length < PAGE) return expired;
    after = page.at(-1);
  }
}
