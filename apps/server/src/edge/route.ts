import type { Language } from '../i18n/words.ts';
import type { Call, RequestOf, ResponseOf } from '@parley/shared/protocol/call';

/** The signed-in session behind a request, read from the store for this request. */
export interface Caller {
  user_id: string;
  device_id: string;
  server_role: 'owner' | 'admin' | 'member';
}

export interface Context<C extends Caller | null = Caller> {
  caller: C;
  /** The peer's address, or the one a trusted proxy named. */
  address: string;
  /** True when the peer is the loopback interface and no forwarding header came with the request. */
  loopback: boolean;
  /** True when the request came with the server's own Origin: sign-in then sets the cookie. */
  same_origin: boolean;
  trace_id: string;
  /** The `User-Agent` header, cut at 200 characters. */
  user_agent: string;
  /** The request's body as bytes, for `raw` calls. */
  body?: AsyncIterable<Uint8Array>;
  /** What the server says to this caller, as far as it has words. */
  language: Language;
  /** A header of the request by its lower-case name. */
  header(name: string): string | undefined;
  /** Sets or clears the session cookie of the answer. */
  cookie(token: string | null, maxAgeSeconds?: number): void;
}

type ContextOf<C> = C extends { auth: 'session' } ? Context : C extends { auth: 'optional' } ? Context<Caller | null> : Context<null>;

export interface Route {
  readonly call: Call;
  /** Names the rate limits that a request is counted against; see `platform/rate-limits.ts`. */
  readonly limits: readonly string[];
  /** False for calls that have an idempotency of their own (`client_msg_id`, positions): others honour `Idempotency-Key`. */
  readonly idempotencyKey: boolean;
  handle(context: Context<Caller | null>, input: never): Promise<Reply>;
}

export class Reply {
  constructor(readonly status: number, readonly body: unknown) {}
}
export const reply = (status: number, body: unknown): Reply => new Reply(status, body);

/**
 * Binds a call to its handler. The edge has parsed the request and signed the caller in before the handler runs; what the
 * handler returns is answered with the call's status, or a `Reply` of its own status.
 */
export function route<C extends Call>(
  call: C,
  handler: (context: ContextOf<C>, input: RequestOf<C>) => Promise<ResponseOf<C> | Reply>,
  options: { limits?: readonly string[]; idempotencyKey?: boolean } = {},
): Route {
  return {
    call,
    limits: options.limits ?? [],
    idempotencyKey: options.idempotencyKey ?? call.method === 'POST',
    handle: async (context, input) => {
      const result = await handler(context as ContextOf<C>, input as RequestOf<C>);
      return result instanceof Reply ? result : new Reply(call.status, result);
    },
  };
}
