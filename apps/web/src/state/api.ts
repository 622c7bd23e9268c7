import * as z from 'zod/mini';
import type { Call, InputOf, ResponseOf } from '@parley/shared/protocol/call';
import { Problem } from '@parley/shared/protocol/errors';
import { API_PREFIX } from '@parley/shared/protocol/version';
import type { Outcome } from '@parley/shared/sync/ports';

/**
 * The request-response rest that the engine does not hold: set-up, directory, channel settings, devices, imports.
 * The session is the cookie; answers are parsed by the call's schema.
 */
export async function callServer<C extends Call>(call: C, input: InputOf<C>, options: { signal?: AbortSignal; idempotencyKey?: string } = {}): Promise<Outcome<ResponseOf<C>>> {
  let response: Response;
  try {
    response = await fetch(addressOf(call, input as Record<string, unknown>), {
      method: call.method,
      credentials: 'same-origin',
      headers: call.method === 'GET' ? {} : { 'content-type': 'application/json', 'idempotency-key': options.idempotencyKey ?? newKey() },
      ...(call.method === 'GET' ? {} : { body: JSON.stringify(input) }),
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (error) {
    return { kind: 'unreached', reason: error instanceof Error ? error.message : String(error) };
  }
  return readOutcome(call, response.status, response.headers.get('retry-after'), await response.text().catch(() => ''));
}

/** What an answer means, however it was fetched. */
export function readOutcome<C extends Call>(call: C, status: number, retryAfter: string | null, body: string): Outcome<ResponseOf<C>> {
  let json: unknown;
  try {
    json = body === '' ? undefined : JSON.parse(body);
  } catch {
    return { kind: 'unreached', reason: `The answer (${status}) was not JSON.` };
  }
  if (status >= 200 && status < 300) {
    const parsed = z.safeParse(call.response, json);
    return parsed.success ? { kind: 'ok', status, value: parsed.data as ResponseOf<C> } : { kind: 'unreached', reason: 'The answer has another shape than expected.' };
  }
  const problem = z.safeParse(Problem, json);
  if (!problem.success) return { kind: 'unreached', reason: `Status ${status}.` };
  const seconds = retryAfter === null ? NaN : Number(retryAfter);
  return { kind: 'problem', problem: problem.data, retryAfterMs: problem.data.retry_after_ms ?? (Number.isFinite(seconds) ? seconds * 1000 : null) };
}

/** The address of a call; fields named in the path go there, of a GET the others into the query. */
export function addressOf(call: Pick<Call, 'path' | 'method' | 'body'>, input: Record<string, unknown>): string {
  const used = new Set<string>();
  const path = call.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
    used.add(name);
    return encodeURIComponent(String(input[name]));
  });
  if (call.method !== 'GET' && call.body !== 'raw') return `${API_PREFIX}/${path}`;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(input)) if (!used.has(name) && value !== undefined) query.set(name, String(value));
  const text = query.toString();
  return `${API_PREFIX}/${path}${text === '' ? '' : `?${text}`}`;
}

/** Random, and unlike `crypto.randomUUID` there on plain HTTP too. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
