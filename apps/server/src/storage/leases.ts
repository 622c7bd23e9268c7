import { ParleyError } from '@parley/shared/protocol/errors';
import { leases } from './tables.ts';
import type { Tx } from './port.ts';

/**
 * Refuses what comes from a holder whose lease another has taken since. Commands that only the holder may run call it
 * first, with the token that acquiring answered.
 * @throws ParleyError `conflict`
 */
export async function requireToken(tx: Tx, name: string, token: number): Promise<void> {
  const row = await tx.get(leases, [name]);
  if (row?.token !== token) throw new ParleyError('conflict', `the lease ${name} has a newer holder`);
}
