import { microsToIso } from '@parley/shared/domain/timestamp';
import { userStream } from '@parley/shared/domain/streams';
import { dropSubscription } from '../push/subscriptions.ts';
import type { Tx } from '../../storage/port.ts';
import { putEntity } from '../../storage/streams.ts';
import { deviceCursors, sessions, type SessionRow } from '../../storage/tables.ts';

/** Ended sessions are forgotten after this long. */
const FORGET_US = 30 * 24 * 3600 * 1_000_000;
/** More sessions than these end the longest unused one. */
const MAX_SESSIONS = 200;

export interface NewSession {
  /** The device that asks to be known again, and the id it gets when it may not. */
  wanted_device_id: string | null;
  device_id: string;
  secret_hash: string;
  name: string;
  platform: string;
  address: string;
  language?: string;
  lasts_us: number;
}

/**
 * Opens a session. A device that is signed in already keeps its id and gets a new secret; a revoked id never comes back.
 * @returns the device's id and the end of the session in microseconds.
 */
export async function openSession(tx: Tx, userId: string, asked: NewSession): Promise<{ device_id: string; expires_at: number }> {
  const now = tx.now();
  const known = await tx.find(sessions, { prefix: [userId], limit: 10_000 });
  const live: SessionRow[] = [];
  for (const row of known) {
    const ended = Math.min(row.revoked_at ?? Infinity, row.expires_at);
    if (ended > now) live.push(row);
    else await forgetEnded(tx, row);
  }
  const same = asked.wanted_device_id === null ? undefined : known.find((row) => row.device_id === asked.wanted_device_id);
  const device_id = asked.wanted_device_id !== null && (same === undefined || live.includes(same)) ? asked.wanted_device_id : asked.device_id;
  const oldest = live.length >= MAX_SESSIONS ? live.filter((row) => row.device_id !== device_id).sort((a, b) => a.last_active_at - b.last_active_at)[0] : undefined;
  if (oldest) await endSessions(tx, userId, [oldest]);
  const row: SessionRow = {
    user_id: userId, device_id, secret_hash: asked.secret_hash, name: asked.name, platform: asked.platform, address: asked.address,
    created_at: now, last_active_at: now, expires_at: now + asked.lasts_us, revoked_at: null, ...(asked.language === undefined ? {} : { language: asked.language }),
  };
  await tx.put(sessions, row);
  await putEntity(tx, userStream(userId), { type: 'device', id: device_id, ...presentDevice(row) });
  return { device_id, expires_at: row.expires_at };
}

/** Drops a session that ended long ago; false while it is kept. */
export async function forgetEnded(tx: Tx, row: SessionRow): Promise<boolean> {
  if (Math.min(row.revoked_at ?? Infinity, row.expires_at) >= tx.now() - FORGET_US) return false;
  await tx.delete(deviceCursors, [row.user_id, row.device_id]);
  return tx.delete(sessions, [row.user_id, row.device_id]);
}

/** Ends sessions: their sockets close, and their devices learn it. */
export async function endSessions(tx: Tx, userId: string, rows: readonly SessionRow[]): Promise<string[]> {
  const ended: string[] = [];
  for (const row of rows) {
    if (row.revoked_at !== null) continue;
    await tx.put(sessions, { ...row, revoked_at: tx.now() });
    ended.push(row.device_id);
    await dropSubscription(tx, userId, row.device_id);
    await tx.delete(deviceCursors, [userId, row.device_id]);
    await putEntity(tx, userStream(userId), { type: 'device', id: row.device_id, deleted: true }, { control: [{ kind: 'revoked', device_ids: [row.device_id] }] });
  }
  return ended;
}

/** All sessions of a person but the kept one. */
export async function endOtherSessions(tx: Tx, userId: string, keep: string | null): Promise<string[]> {
  const rows = await tx.find(sessions, { prefix: [userId], limit: 10_000 });
  return endSessions(tx, userId, rows.filter((row) => row.device_id !== keep));
}

export const presentDevice = (row: SessionRow) => ({
  device_id: row.device_id, name: row.name, platform: row.platform, address: row.address,
  created_at: microsToIso(row.created_at), last_active_at: microsToIso(row.last_active_at),
});
