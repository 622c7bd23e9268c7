import { hash, timingSafeEqual } from 'node:crypto';
import type { Random } from '@parley/shared/domain/random';

/** SHA-256 in base64url: how secrets are kept, so that a stolen database opens no session. */
export const digest = (text: string): string => hash('sha256', text, 'base64url');

/** Takes the same time wherever two digests differ. */
export function sameDigest(a: string, b: string): boolean {
  const x = Buffer.from(a);
  const y = Buffer.from(b);
  return x.length === y.length && timingSafeEqual(x, y);
}

/** `bytes` random bytes in base64url. */
export const randomText = (random: Random, bytes = 32): string => Buffer.from(random.bytes(bytes)).toString('base64url');

/** A session's token: `user_id.device_id.secret`. */
export interface TokenParts {
  user_id: string;
  device_id: string;
  secret: string;
}

const TOKEN = /^([0-9a-f-]{36})\.([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

export const formatToken = (parts: TokenParts): string => `${parts.user_id}.${parts.device_id}.${parts.secret}`;

/** Undefined for anything that is not of a token's form. */
export function parseToken(token: string): TokenParts | undefined {
  const match = TOKEN.exec(token);
  return match ? { user_id: match[1]!, device_id: match[2]!, secret: match[3]! } : undefined;
}
