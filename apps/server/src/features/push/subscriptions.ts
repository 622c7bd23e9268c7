import type { Tx } from '../../storage/port.ts';
import { pushPeople, pushSubscriptions, pushTold, type PushSubscriptionRow } from '../../storage/tables.ts';

const MOST_TAGS = 10_000;

/** Has a device told. Where it leads is of one session only: an earlier one of the same browser is told no more. */
export async function putSubscription(tx: Tx, row: PushSubscriptionRow): Promise<void> {
  for (const other of await tx.find(pushSubscriptions, { index: 'by_address', prefix: [row.address], limit: 100 })) {
    if (other.user_id !== row.user_id || other.device_id !== row.device_id) await dropSubscription(tx, other.user_id, other.device_id);
  }
  const before = await tx.get(pushSubscriptions, [row.user_id, row.device_id]);
  await tx.put(pushSubscriptions, before ? { ...row, created_at: before.created_at } : row);
  if (!before) await countDevices(tx, row.user_id);
}

/** The device is told no more, and what it was told is forgotten. False when it was not. */
export async function dropSubscription(tx: Tx, userId: string, deviceId: string): Promise<boolean> {
  if (!(await tx.delete(pushSubscriptions, [userId, deviceId]))) return false;
  for (const row of await tx.find(pushTold, { prefix: [userId, deviceId], limit: MOST_TAGS })) await tx.delete(pushTold, [userId, deviceId, row.tag]);
  await countDevices(tx, userId);
  return true;
}

async function countDevices(tx: Tx, userId: string): Promise<void> {
  const devices = await tx.count(pushSubscriptions, { prefix: [userId] });
  if (devices > 0) await tx.put(pushPeople, { user_id: userId, devices });
  else await tx.delete(pushPeople, [userId]);
}
