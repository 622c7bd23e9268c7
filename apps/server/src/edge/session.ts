import type { Caller } from './route.ts';
import { digest, parseToken, sameDigest } from '../platform/secrets.ts';
import type { Store } from '../storage/port.ts';
import { sessions, users, type SessionRow } from '../storage/tables.ts';

export const SESSION_COOKIE = 'parley_session';

/** A session lasts this long after its last use. */
export const SESSION_SECONDS = 90 * 24 * 3600;
/** Uses closer together than this are noted once. */
export const TOUCH_SECONDS = 600;

/** Who a token speaks for now; null when it is unknown, expired or revoked, or the account is deactivated. */
export async function authenticate(store: Pick<Store, 'recall'>, token: string, nowMs: number): Promise<{ caller: Caller; session: SessionRow } | null> {
  const parts = parseToken(token);
  if (!parts) return null;
  const session = await store.recall(sessions, [parts.user_id, parts.device_id]);
  if (!session || !sameDigest(session.secret_hash, digest(parts.secret))) return null;
  if (session.revoked_at !== null || session.expires_at <= nowMs * 1000) return null;
  const user = await store.recall(users, [parts.user_id]);
  if (!user || user.doc.deactivated) return null;
  return { caller: { user_id: user.id, device_id: session.device_id, server_role: user.server_role }, session };
}

/** The token of an `Authorization: Bearer` header; undefined for other schemes. */
export function bearerToken(header: string | undefined): string | undefined {
  const match = header ? /^Bearer +([^\s]+)$/i.exec(header) : null;
  return match?.[1];
}

/** One cookie's value out of a `Cookie` header. */
export function cookieValue(header: string | undefined, name: string): string | undefined {
  if (!header) return undefined;
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=');
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/** `Set-Cookie` for a token, or one that clears it. Not readable by scripts, and sent with same-site requests only. */
export function sessionCookie(token: string | null, secure: boolean, maxAgeSeconds: number): string {
  const age = token === null ? 0 : Math.floor(maxAgeSeconds);
  return `${SESSION_COOKIE}=${token ?? ''}; Path=/; Max-Age=${age}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}
