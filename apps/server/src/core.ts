import type { Deps } from './platform/deps.ts';
import type { Route } from './edge/route.ts';

/** A request as any carrier brings it: Express in production, a function call in tests and simulations. */
export interface CoreRequest {
  method: string;
  /** Below `/api/v1/`, without the query: `send_message`. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  raw?: AsyncIterable<Uint8Array>;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  address: string;
}
export interface CoreResponse {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

/** The server without its carriers: everything that decides, nothing that listens. */
export interface Core {
  readonly deps: Deps;
  readonly routes: readonly Route[];
  handle(request: CoreRequest): Promise<CoreResponse>;
}
