import * as z from 'zod/mini';
import { Message } from './entities.ts';

/** Stable codes of problem documents, with the status each is answered with. */
export const ERROR_STATUS = {
  invalid_request: 400,
  not_authenticated: 401,
  second_factor_required: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  /** One's files would exceed what one may keep. */
  quota_exceeded: 413,
  unsupported_media_type: 415,
  rate_limited: 429,
  internal: 500,
  unavailable: 503,
  storage_full: 507,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** Problem document (RFC 9457, `application/problem+json`). `detail` is for people and never parsed. */
export const Problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  code: z.string(),
  detail: z.optional(z.string()),
  /** With `invalid_request`: every wrong place, as a JSON path such as `user_ids.3`. */
  errors: z.optional(z.array(z.looseObject({ path: z.string(), message: z.string() }))),
  /** With `conflict` of a send or an edit: the message as it stands. */
  message: z.optional(Message),
  /** Finds the answer in the server's log. */
  trace_id: z.optional(z.string()),
  retry_after_ms: z.optional(z.number()),
});
export type Problem = z.infer<typeof Problem>;

/** Thrown by server code and by command handlers; the edge makes a problem document of it. */
export class ParleyError extends Error {
  constructor(
    readonly code: ErrorCode,
    detail?: string,
    readonly extra: { errors?: { path: string; message: string }[]; message?: Message; retry_after_ms?: number } = {},
  ) {
    super(detail ?? code);
    this.name = 'ParleyError';
  }
}
