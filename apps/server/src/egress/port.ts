import type { IncomingHttpHeaders } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';

export interface EgressRequest {
  url: string;
  method?: 'GET' | 'HEAD' | 'POST';
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  /** Bytes of the answer's body. */
  maxBytes: number;
  /** What happens to a longer one: the request fails, or the beginning is enough. Default `refuse`. */
  overflow?: 'refuse' | 'cut';
  /** For all of it, redirects included. */
  timeoutMs: number;
  /** Ends the request early. */
  signal?: AbortSignal;
  /** How many redirects are followed; only those of GET and HEAD are. Default 0: the redirect is the answer. */
  redirects?: number;
}

export interface EgressAnswer {
  /** Where the answer came from in the end. */
  url: string;
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * The only way out of this server for HTTP. Every hop passes the guard (`guard.ts`). No cookies are kept or sent, and
 * `authorization` stays with the origin it was given for. Any status is an answer; no answer is an `EgressError`.
 */
export interface Egress {
  request(request: EgressRequest): Promise<EgressAnswer>;
  /** An HTTP/2 session with a guarded, pinned origin; the caller closes it and listens for its errors. */
  connectHttp2(origin: string, timeoutMs: number): Promise<ClientHttp2Session>;
}
