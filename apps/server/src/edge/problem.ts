import { ERROR_STATUS, ParleyError, type ErrorCode, type Problem } from '@parley/shared/protocol/errors';
import type { CoreResponse } from '../core.ts';
import { UniqueViolation } from '../storage/port.ts';

const TITLES: Record<ErrorCode, string> = {
  invalid_request: 'The request is not valid',
  not_authenticated: 'Not signed in',
  second_factor_required: 'A second factor is needed',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  method_not_allowed: 'Method not allowed',
  conflict: 'Conflict',
  too_large: 'Too large',
  quota_exceeded: 'No room left for files',
  unsupported_media_type: 'Unsupported media type',
  rate_limited: 'Too many requests',
  internal: 'Something went wrong here',
  unavailable: 'Not available just now',
  storage_full: 'Storage is full',
};
const RETRY: ReadonlySet<ErrorCode> = new Set(['rate_limited', 'unavailable', 'storage_full']);
const DEFAULT_RETRY_MS = 1_000;

/** What was thrown, as an error of the wire; undefined when it is a fault of this program. */
export function knownError(error: unknown): ParleyError | undefined {
  if (error instanceof ParleyError) return error;
  // Two people took the same name at once, and the command had no word of its own for it.
  if (error instanceof UniqueViolation) return new ParleyError('conflict', `${error.table} has it already`);
  return undefined;
}

/** The RFC 9457 document of an error. */
export function problemResponse(error: ParleyError, traceId?: string): CoreResponse {
  const status = ERROR_STATUS[error.code];
  const headers: Record<string, string> = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };
  const { errors, message, retry_after_ms } = error.extra;
  const retry = RETRY.has(error.code) ? Math.max(1, Math.ceil(retry_after_ms ?? DEFAULT_RETRY_MS)) : undefined;
  if (retry !== undefined) headers['retry-after'] = String(Math.max(1, Math.ceil(retry / 1000)));
  if (error.code === 'not_authenticated') headers['www-authenticate'] = 'Bearer';
  const body: Problem = { type: `urn:parley:problem:${error.code}`, title: TITLES[error.code], status, code: error.code };
  if (error.message !== error.code) body.detail = error.message;
  if (errors) body.errors = errors;
  if (message) body.message = message;
  if (retry !== undefined) body.retry_after_ms = retry;
  if (traceId) body.trace_id = traceId;
  return { status, headers, body };
}
