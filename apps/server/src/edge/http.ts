import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import express, { type NextFunction, type Request, type Response } from 'express';
import { ParleyError } from '@parley/shared/protocol/errors';
import { API_PREFIX } from '@parley/shared/protocol/version';
import type { Core } from '../core.ts';
import { digest, sameDigest } from '../platform/secrets.ts';
import { apiHandler, isApi } from './api.ts';
import { openApiDocument } from './openapi.ts';
import { isForwarded, isLoopbackAddress } from './origin.ts';
import { addressReader } from './peer.ts';
import { problemResponse } from './problem.ts';
import type { Readiness } from './readiness.ts';
import type { LoadMonitor } from './load-monitor.ts';
import { bearerToken } from './session.ts';
import { securityHeaders, serveWeb } from './web.ts';
import type { WebFiles } from './web-files.ts';

export interface HttpParts {
  core: Core;
  web: WebFiles | undefined;
  readiness(): Promise<Pick<Readiness, 'ready' | 'reasons' | 'store'> & Partial<Readiness>>;
  /** Prometheus' text, and its content type. */
  metricsText(): Promise<{ type: string; text: string }>;
  /** Turns calls away while there is too much to do; absent: never. */
  load?: Pick<LoadMonitor, 'turnAway'>;
}

/**
 * The HTTP server: calls go straight to the core, everything for browsers and operators through Express. The socket at
 * `/api/v1/connect` is attached to it by `attachWebSockets`.
 */
export function createHttpServer(parts: HttpParts): Server {
  const { config, random, logger } = parts.core.deps;
  const readAddress = addressReader(config.trustedProxies);
  const headers = securityHeaders(config);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((_request: Request, response: Response, next: NextFunction) => {
    response.set(headers);
    next();
  });
  app.get('/healthz', (_request: Request, response: Response) => void response.set('cache-control', 'no-store').json({ status: 'alive' }));
  app.get('/readyz', async (_request: Request, response: Response) => {
    const readiness = await parts.readiness();
    response.status(readiness.ready ? 200 : 503).set('cache-control', 'no-store').json(readiness);
  });
  app.get('/metrics', async (request: Request, response: Response) => {
    if (!mayMeasure(request, config.metricsToken)) {
      const problem = problemResponse(new ParleyError('forbidden', 'from loopback, or with PARLEY_METRICS_TOKEN'));
      return void response.status(problem.status).set(problem.headers).json(problem.body);
    }
    const { type, text } = await parts.metricsText();
    response.set({ 'cache-control': 'no-store', 'content-type': type }).end(text);
  });
  // The one click of RFC 8058, by a mail program: the page of the same address does it by hand.
  app.post('/unsubscribe/:token', async (request: Request, response: Response) => {
    const answer = await parts.core.handle({ method: 'POST', path: 'unsubscribe_mail', headers: {}, body: { token: request.params['token'] }, address: readAddress(request) });
    response.status(answer.status === 204 ? 200 : answer.status).set('cache-control', 'no-store').type('text/plain').send(answer.status === 204 ? 'Done\n' : 'Not a link of ours\n');
  });
  const answersCalls = config.roles.has('api');
  if (answersCalls) serveWeb(app, config, random, parts.web);
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    // Malformed paths are refused by Express itself, with a status.
    const status = typeof error === 'object' && error !== null && 'status' in error && typeof error.status === 'number' && error.status < 500 ? error.status : 500;
    if (status === 500) logger.error({ err: error }, 'a page failed');
    if (!response.headersSent) response.status(status).type('text/plain').send(status === 500 ? 'Something went wrong here\n' : 'Bad request\n');
  });

  const api = answersCalls ? apiHandler(parts.core, readAddress, parts.load) : refuseCalls;
  const openApi = lazy(() => Buffer.from(JSON.stringify(openApiDocument(config.url))));
  const server = createServer({ keepAliveTimeout: 65_000, headersTimeout: 30_000 }, (request, response) => {
    const url = request.url ?? '';
    if (!isApi(url)) return void app(request, response);
    if (url === `${API_PREFIX}/openapi.json` && (request.method === 'GET' || request.method === 'HEAD')) {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache', 'content-length': openApi().length, 'x-content-type-options': 'nosniff' });
      return void response.end(request.method === 'HEAD' ? undefined : openApi());
    }
    api(request, response);
  });
  // Bodies of archives take their time; a stalled one is closed.
  server.requestTimeout = 0;
  server.timeout = 120_000;
  return server;
}

/** In a process without the role `api`: calls are for other processes, and whoever balances them sends them there. */
function refuseCalls(request: IncomingMessage, response: ServerResponse): void {
  const { status, headers, body } = problemResponse(new ParleyError('unavailable', 'this process answers no calls: it has not the role api', { retry_after_ms: 1_000 }));
  response.writeHead(status, { ...headers, ...(request.complete ? {} : { connection: 'close' }) }).end(JSON.stringify(body));
}

function mayMeasure(request: Request, token: string | null): boolean {
  const given = bearerToken(request.headers.authorization);
  if (token !== null && given !== undefined && sameDigest(digest(given), digest(token))) return true;
  return isLoopbackAddress(request.socket.remoteAddress ?? '') && !isForwarded(request.headers as Record<string, string | undefined>);
}

function lazy<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
