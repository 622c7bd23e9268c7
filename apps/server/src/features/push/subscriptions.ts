import type { PushTarget } from '../../push/port.ts';
import type { Tx } from '../../storage/port.ts';
import { pushPeople, pushSubscriptions, pushTold } from '../../storage/tables.ts';

/** What a device asks for; without a language it keeps the one that it had. */
export interface Asked {
  user_id: string;
  device_id: string;
  kind: string;
  target: PushTarget;
  address: string;
  language: string | null;
}
const MOST_TAGS = 10_000;

/** Has a device told. Where it leads is of one session only: an earlier one of the same browser is told no more. */
export async function putSubscription(tx: Tx, asked: Asked): Promise<void> {
  for (const other of await tx.find(pushSubscriptions, { index: 'by_address', prefix: [asked.address], limit: 100 })) {
    if (other.user_id !== asked.user_id || other.device_id !== asked.device_id) await dropSubscription(tx, other.user_id, other.device_id);
  }
  const before = await tx.get(pushSubscriptions, [asked.user_id, asked.device_id]);
  await tx.put(pushSubscriptions, { ...asked, language: asked.language ?? before?.language ?? 'en', created_at: before?.created_at ?? tx.now() });
  if (!before) await countDevices(tx, asked.user_id);
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
