import { timeToMicros } from '@parley/shared/domain/timestamp';
import type { User } from '@parley/shared/protocol/entities';
import type { UserRow } from '../../storage/tables.ts';

/** A person as another one may see them: the email only for oneself and admins, no status that has ended. */
export function presentUser(row: UserRow, viewer: { user_id: string; admin: boolean }, nowMs: number): User {
  const { email, status, ...doc } = row.doc;
  const ended = status?.until != null && timeToMicros(status.until) <= nowMs * 1000;
  return { ...doc, ...(email !== undefined && (viewer.admin || viewer.user_id === row.id) ? { email } : {}), status: ended ? null : (status ?? null) };
}

export const presentSelf = (row: UserRow, nowMs: number): User => presentUser(row, { user_id: row.id, admin: false }, nowMs);
