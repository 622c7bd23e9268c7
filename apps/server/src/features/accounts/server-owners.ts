import type { ReadTx, Tx } from '../../storage/port.ts';
import { meta } from '../../storage/tables.ts';

const NAME = 'server_owners';

/** Ids of the server's owners: few, so one row holds them. */
export async function serverOwners(tx: ReadTx): Promise<string[]> {
  const value = (await tx.get(meta, [NAME]))?.value;
  return Array.isArray(value) ? (value as string[]) : [];
}

export async function setServerOwner(tx: Tx, userId: string, owner: boolean): Promise<void> {
  const others = (await serverOwners(tx)).filter((id) => id !== userId);
  await tx.put(meta, { name: NAME, value: owner ? [...others, userId] : others });
}
