import { ParleyError } from '@parley/shared/protocol/errors';
import { isForwarded, isLoopbackAddress } from './edge/origin.ts';
import { Idempotency } from './edge/idempotency.ts';
import { Bytes } from './edge/bytes.ts';
import { invalid, parseInput } from './edge/parse.ts';
import { knownError, problemResponse } from './edge/problem.ts';
import type { Caller, Context, Reply, Route } from './edge/route.ts';
import { MethodNotAllowed, Router } from './edge/router.ts';
import { authenticate, bearerToken, cookieValue, sessionCookie, SESSION_COOKIE, SESSION_SECONDS, TOUCH_SECONDS } from './edge/session.ts';
import { languageOf } from './i18n/words.ts';
import { featureRoutes } from './features/routes.ts';
import type { Deps } from './platform/deps.ts';
import { noRateLimits, openRateLimits, RATE_LIMITS, type RateLimits } from './platform/rate-limits.ts';
import type { SessionRow } from './storage/tables.ts';

/** A request as any carrier brings it: Express in production, a function call in tests and simulations. */
export interface CoreRequest {
  method: string;
  /** Below `/api/v1/`, without the query: `send_message`. */
  path: string;
  query?: Record<string, string>;
  body?: unknown;
  /** Reads and decodes the JSON body when its turn comes, after sign-in; rejects with a ParleyError. In place of `body`. */
  readBody?: () => Promise<unknown>;
  raw?: AsyncIterable<Uint8Array>;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  address: string;
}
export interface CoreResponse {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** JSON, or `Bytes`. */
  body: unknown;
}

/** The server without its carriers: everything that decides, nothing that listens. */
export interface Core {
  readonly deps: Deps;
  readonly routes: readonly Route[];
  /** Never rejects: whatever goes wrong is answered as a problem document. */
  handle(request: CoreRequest): Promise<CoreResponse>;
  /** For carriers that answer by themselves: signs in and counts, as for a call with these limits. @throws ParleyError */
  admit(request: CoreRequest, limits: readonly string[]): Promise<Caller>;
  /** The answer to an error of such a carrier. */
  refuse(error: unknown, request: CoreRequest): CoreResponse;
}

const UNSAFE = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** `sharedLimits`: those that several processes count together; null: this one counts alone. Settings may switch them off. */
export function createCore(deps: Deps, extraRoutes: readonly Route[] = [], sharedLimits: RateLimits | null = null): Core {
  const routes = [...featureRoutes(deps), ...extraRoutes];
  for (const route of routes) for (const name of route.limits) if (!(name in RATE_LIMITS)) throw new TypeError(`${route.call.path}: no rate limit ${name}`);
  const router = new Router(routes);
  const limits = !deps.config.rateLimits ? noRateLimits : sharedLimits ?? openRateLimits(deps.metrics);
  const idempotency = new Idempotency(deps);
  const secure = deps.config.url.startsWith('https:');
  const traces = traceIds(deps);
  const limitsOf = new Map(routes.map((route) => [route, { signedIn: ['person', ...route.limits], open: ['address', ...route.limits] }]));

  async function signIn(request: CoreRequest, sameOrigin: boolean): Promise<Caller | null> {
    const header = request.headers['authorization'];
    const cookie = header === undefined ? cookieValue(request.headers['cookie'], SESSION_COOKIE) : undefined;
    if (cookie && UNSAFE.has(request.method) && !sameOrigin) throw new ParleyError('forbidden', 'with a cookie, an unsafe call needs an allowed Origin');
    const token = header === undefined ? cookie : bearerToken(header);
    if (!token) return null;
    const found = await authenticate(deps.store, token, deps.clock.now());
    if (found) touch(found.session, request.address);
    return found?.caller ?? null;
  }

  /** Notes the use of a session now and then, and puts off its end; nobody waits for it. */
  function touch(session: SessionRow, address: string): void {
    if (deps.clock.now() * 1000 - session.last_active_at < TOUCH_SECONDS * 1_000_000) return;
    deps.store
      .run('accounts.touch_session', { user_id: session.user_id, device_id: session.device_id, address, lasts_us: SESSION_SECONDS * 1_000_000 })
      .catch((error: unknown) => deps.logger.warn({ err: error, user_id: session.user_id }, 'the use of a session was not noted'));
  }

  async function admit(request: CoreRequest, named: readonly string[]): Promise<Caller> {
    const origin = request.headers['origin'];
    const caller = await signIn(request, origin !== undefined && deps.config.origins.includes(origin));
    if (!caller) throw new ParleyError('not_authenticated');
    await limits.take(['person', ...named], { user_id: caller.user_id, address: request.address, input: {} });
    return caller;
  }

  async function answer(request: CoreRequest, trace_id: string, note: (route: Route) => void): Promise<CoreResponse> {
    const { route, params } = router.match(request.method, request.path);
    note(route);
    const { call } = route;
    const origin = request.headers['origin'];
    const same_origin = origin !== undefined && deps.config.origins.includes(origin);
    const caller = await signIn(request, same_origin);
    if (!caller && call.auth === 'session') throw new ParleyError('not_authenticated');
    const input: unknown = parseInput(call.request, await fieldsOf(request, route, params));
    const named = limitsOf.get(route)!;
    await limits.take(caller ? named.signedIn : named.open, { user_id: caller?.user_id ?? null, address: request.address, input });

    const headers: Record<string, string> = { 'content-type': 'application/json', 'cache-control': 'no-store' };
    const context: Context<Caller | null> = {
      caller,
      address: request.address,
      loopback: isLoopbackAddress(request.address) && !isForwarded(request.headers) && (origin === undefined || same_origin),
      same_origin,
      trace_id,
      user_agent: (request.headers['user-agent'] ?? '').slice(0, 200),
      body: request.raw,
      language: languageOf(request.headers['accept-language']),
      header: (name) => request.headers[name],
      cookie: (token, maxAge = SESSION_SECONDS) => void (headers['set-cookie'] = sessionCookie(token, secure, maxAge)),
    };
    const work = (): Promise<Reply> => route.handle(context, input as never);
    const key = request.headers['idempotency-key'];
    const reply = key !== undefined && caller && route.idempotencyKey ? await idempotency.once(caller.user_id, key, call.path, input, work) : await work();
    if (reply.body instanceof Bytes) return { status: reply.status, headers: reply.body.headers, body: reply.body };
    return { status: reply.status, headers, body: reply.body };
  }

  function refuse(error: unknown, request: CoreRequest, trace_id: string): CoreResponse {
    const known = knownError(error);
    if (!known) deps.logger.error({ err: error, trace_id, path: request.path.slice(0, 100) }, 'a request failed');
    const response = problemResponse(known ?? new ParleyError('internal'), trace_id);
    return error instanceof MethodNotAllowed ? { ...response, headers: { ...response.headers, allow: error.allow } } : response;
  }

  return {
    deps,
    routes,
    admit,
    refuse: (error, request) => refuse(error, request, traces()),
    async handle(request) {
      const started = performance.now();
      const trace_id = traces();
      let call = 'unknown';
      let response: CoreResponse;
      try {
        response = await answer(request, trace_id, (route) => void (call = route.call.path));
      } catch (error) {
        response = refuse(error, request, trace_id);
      }
      deps.metrics.count('parley_http_requests_total', 1, { call, status: String(response.status) });
      deps.metrics.observe('parley_http_seconds', (performance.now() - started) / 1000);
      return response;
    },
  };
}

/** The request's fields from wherever the call takes them: the path, then the query string or the JSON body. */
async function fieldsOf(request: CoreRequest, route: Route, params: Record<string, string>): Promise<unknown> {
  const query = request.query ?? {};
  const names = Object.keys(query);
  const fromQuery = route.call.method === 'GET' || route.call.body === 'raw';
  if (fromQuery) return { ...query, ...params };
  if (names.length > 0) throw invalid(names.map((path) => ({ path, message: 'fields of this call go into the body' })));
  const given = request.readBody ? await request.readBody() : request.body;
  const body = given === undefined ? {} : given;
  if (Object.keys(params).length === 0) return body;
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? { ...body, ...params } : body;
}

/** Cheap and unique: a random start for this process, then a counter. */
function traceIds(deps: Deps): () => string {
  const start = Buffer.from(deps.random.bytes(6)).toString('hex');
  let n = 0;
  return () => start + (++n).toString(16).padStart(10, '0');
}
