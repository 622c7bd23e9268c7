import type { File } from '@parley/shared/protocol/entities';
import { ParleyError } from '@parley/shared/protocol/errors';
import type { Tx } from '../../storage/port.ts';
import { files, fileUses, type FileRow, type MessageRow } from '../../storage/tables.ts';
import { PLACES } from './file-access.ts';
import { presentFile, UNPOSTED_US } from './file-rows.ts';

const refused = (n: number, message: string): ParleyError => new ParleyError('invalid_request', `file_ids.${n}: ${message}`, { errors: [{ path: `file_ids.${n}`, message }] });

/** One's own whole files, in this order. @throws ParleyError `invalid_request` naming the first that is none */
export async function demandOwnFiles(tx: Tx, userId: string, ids: readonly string[]): Promise<FileRow[]> {
  const rows: FileRow[] = [];
  for (const [n, id] of ids.entries()) {
    if (ids.indexOf(id) < n) throw refused(n, 'given twice');
    const row = await tx.get(files, [id]);
    if (!row || row.user_id !== userId || row.state !== 'kept') throw refused(n, 'no such file');
    // What every message has lost that carried it is on its way out.
    if (row.posted && row.expires_at !== null) throw refused(n, 'no such file');
    rows.push(row);
  }
  return rows;
}

/** Files of a message that is being stored: from now on they are read by those who may read it. */
export async function attachFiles(tx: Tx, rows: readonly FileRow[], message: Pick<MessageRow, 'id' | 'channel_id' | 'seq'>): Promise<void> {
  for (const [n, row] of rows.entries()) {
    await tx.insert(fileUses, { channel_id: message.channel_id, place: message.seq * PLACES + n, file_id: row.id, message_id: message.id });
    if (!row.posted || row.expires_at !== null) await tx.put(files, { ...row, posted: 1, expires_at: null });
  }
}

/** A message lost its files; those that no other one carries go with the next collection. */
export async function detachFiles(tx: Tx, message: Pick<MessageRow, 'channel_id' | 'seq'>, carried: readonly File[]): Promise<void> {
  for (const [n, { id }] of carried.entries()) {
    if (!(await tx.delete(fileUses, [message.channel_id, message.seq * PLACES + n]))) continue;
    const row = await tx.get(files, [id]);
    const [other] = await tx.find(fileUses, { index: 'by_file', prefix: [id], limit: 1 });
    if (row && !other) await tx.put(files, { ...row, expires_at: tx.now() });
  }
}

/** Unposted files wait for a message of a later time. @throws as `demandOwnFiles` */
export async function reserveFiles(tx: Tx, userId: string, ids: readonly string[], until: number): Promise<void> {
  for (const row of await demandOwnFiles(tx, userId, ids)) {
    if (row.expires_at !== null && row.expires_at < until + UNPOSTED_US) await tx.put(files, { ...row, expires_at: until + UNPOSTED_US });
  }
}

export const presentFiles = (rows: readonly FileRow[]): File[] => rows.map(presentFile);
