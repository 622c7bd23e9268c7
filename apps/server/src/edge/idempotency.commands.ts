import { defineCommand } from '../storage/command.ts';
import { idempotency } from '../storage/tables.ts';

export interface IdempotentAnswer {
  call: string;
  fingerprint: string;
  status: number;
  body: unknown;
}

const DAYS_30_US = 30 * 24 * 3600 * 1_000_000;
const SWEEP = 20;

export const idempotencyCommands = {
  /** Keeps the answer for 30 days; an earlier one that is still kept wins and is answered. Old ones go, a few with each new one. */
  'idempotency.keep': defineCommand(async (tx, args: { account_id: string; key: string } & IdempotentAnswer): Promise<IdempotentAnswer> => {
    const now = tx.now();
    const kept = await tx.get(idempotency, [args.account_id, args.key]);
    if (kept && kept.at > now - DAYS_30_US) return { call: kept.call, fingerprint: kept.fingerprint, status: kept.status, body: kept.body };
    for (const old of await tx.find(idempotency, { index: 'by_time', lt: now - DAYS_30_US, limit: SWEEP })) await tx.delete(idempotency, [old.account_id, old.key]);
    await tx.put(idempotency, { ...args, at: now });
    return { call: args.call, fingerprint: args.fingerprint, status: args.status, body: args.body };
  }),
};

/** Whether a kept answer still counts. */
export const isKept = (at: number, nowMs: number): boolean => at > nowMs * 1000 - DAYS_30_US;
