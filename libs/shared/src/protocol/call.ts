import type * as z from 'zod/mini';

/**
 * One HTTP call: the only definition of its path, shapes and status. Server routes, the client's transport, OpenAPI and
 * the wire freeze are all made from it.
 */
export interface Call<Request extends z.ZodMiniType = z.ZodMiniType, Response extends z.ZodMiniType = z.ZodMiniType> {
  /** The path below `/api/v1` without the slash, which is also the operation's id. A `{name}` segment is a field of the request. */
  readonly path: string;
  readonly method: 'GET' | 'POST';
  /** `none`: open to all; `optional`: a session is used when there is one; `session`: 401 without. */
  readonly auth: 'none' | 'optional' | 'session';
  /** Strict. Of a GET it parses the query string. */
  readonly request: Request;
  /** Loose. Undefined content for 204. */
  readonly response: Response;
  readonly status: 200 | 201 | 202 | 204;
  readonly summary: string;
  /** `raw`: the body is a stream of bytes, and the fields come from the query string. */
  readonly body?: 'json' | 'raw';
  /** `bytes`: the answer is a file's bytes, not JSON; its ranges may be asked for. */
  readonly answer?: 'json' | 'bytes';
}

export type RequestOf<C> = C extends Call<infer R, z.ZodMiniType> ? z.output<R> : never;
export type InputOf<C> = C extends Call<infer R, z.ZodMiniType> ? z.input<R> : never;
export type ResponseOf<C> = C extends Call<z.ZodMiniType, infer R> ? z.output<R> : never;

/** Keeps `auth` as it is written, so that handlers know whether there is a caller. */
/* @__NO_SIDE_EFFECTS__ */
export const defineCall = <Request extends z.ZodMiniType, Response extends z.ZodMiniType, Auth extends Call['auth']>(
  call: Call<Request, Response> & { readonly auth: Auth },
): Call<Request, Response> & { readonly auth: Auth } => call;
