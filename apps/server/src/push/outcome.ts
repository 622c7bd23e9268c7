import type { IncomingHttpHeaders } from 'node:http';
import { EgressError } from '../egress/egress-error.ts';
import type { PushOutcome } from './port.ts';

const LONGEST_WAIT_MS = 3_600_000;

/**
 * What a service's status means for what was sent. Only 429, 503 and other 5xx that name a time to come back say for certain
 * that nothing was taken and may be later; any other 5xx may come from something on the way back.
 */
export function outcomeOfStatus(status: number, headers: IncomingHttpHeaders, detail: string, now: number): PushOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  const retryAfterMs = retryAfter(headers['retry-after'], now);
  if (status === 429 || status === 503 || (status >= 500 && retryAfterMs !== null)) return { kind: 'refused', retryAfterMs, detail: `${status} ${detail}` };
  return { kind: status >= 500 ? 'unknown' : 'never', detail: `${status} ${detail}` };
}

/** What the lack of an answer means. An address that may not be reached is not one that ever will be. */
export function outcomeOfError(error: unknown): PushOutcome {
  if (!(error instanceof EgressError)) return { kind: 'unknown', detail: String(error) };
  if (error.code === 'refused_address' || error.code === 'refused_url') return { kind: 'gone' };
  return error.reached ? { kind: 'unknown', detail: error.code } : { kind: 'refused', retryAfterMs: null, detail: error.code };
}

/** `Retry-After` in milliseconds from now: seconds or a date, within an hour; null when there is none. */
export function retryAfter(value: string | undefined, now: number): number | null {
  if (value === undefined) return null;
  const ms = /^\d+$/.test(value.trim()) ? Number(value) * 1_000 : Date.parse(value) - now;
  return Number.isNaN(ms) ? null : Math.min(LONGEST_WAIT_MS, Math.max(0, ms));
}
