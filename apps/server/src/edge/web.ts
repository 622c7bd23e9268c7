import type { Express, Request, Response } from 'express';
import type { Config } from '../config/config.ts';
import type { Random } from '@parley/shared/domain/random';
import type { WebFiles } from './web-files.ts';

/** Headers of every answer that a browser shows or runs. */
export function securityHeaders(config: Pick<Config, 'url'>): Record<string, string> {
  return {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
    'x-frame-options': 'DENY',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    ...(config.url.startsWith('https:') ? { 'strict-transport-security': 'max-age=31536000' } : {}),
  };
}

/** Nothing runs and nothing is fetched that does not come from this server. */
export function contentPolicy(config: Pick<Config, 'origins'>, scriptHashes: readonly string[], nonce: string | null): string {
  const sockets = config.origins.map((origin) => origin.replace(/^http/, 'ws'));
  return [
    "default-src 'none'",
    ['script-src', "'self'", ...scriptHashes].join(' '),
    ['style-src', "'self'", ...(nonce ? [`'nonce-${nonce}'`] : [])].join(' '),
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "font-src 'self'",
    ['connect-src', "'self'", ...sockets].join(' '),
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

const NOT_BUILT = 'The web client is not built. Run `npm run build`, then start the server again.\n';

/** The web client at every path that is nothing else, and the console's place at `/admin`. */
export function serveWeb(app: Express, config: Config, random: Random, files: WebFiles | undefined): void {
  app.use((request: Request, response: Response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return void response.status(405).set('allow', 'GET, HEAD').type('text/plain').send('Method not allowed\n');
    const path = request.path;
    if (path === '/admin' || path.startsWith('/admin/')) {
      response.set('content-security-policy', contentPolicy(config, [], null));
      return void response.status(404).type('text/plain').send('This build has no administration console. Use the command line: npm run parley -- --help\n');
    }
    // Calls that are none: a page would be taken for an answer.
    if (/^\/(api|slack)(\/|$)/.test(path)) return void response.status(404).type('text/plain').send('Not found\n');
    if (!files) return void response.status(503).type('text/plain').send(NOT_BUILT);
    const file = files.file(path);
    if (file) return void sendFile(request, response, file, config, files);
    // A missing script answered with a page would be cached as one.
    if (path.startsWith('/assets/') || /\.[a-z0-9]{2,11}$/i.test(path)) return void response.status(404).type('text/plain').send('Not found\n');
    const nonce = Buffer.from(random.bytes(18)).toString('base64');
    response.set('content-security-policy', contentPolicy(config, files.scriptHashes, nonce)).set('cache-control', 'no-cache').type('text/html').send(files.shell(nonce));
  });
}

async function sendFile(request: Request, response: Response, file: NonNullable<ReturnType<WebFiles['file']>>, config: Config, files: WebFiles): Promise<void> {
  response.set({ etag: file.etag, vary: 'accept-encoding', 'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache' });
  if (file.script) response.set('content-security-policy', contentPolicy(config, files.scriptHashes, null));
  if (request.path === '/sw.js') response.set('service-worker-allowed', '/');
  if (request.headers['if-none-match'] === file.etag) return void response.status(304).end();
  const { bytes, coding } = await file.body(String(request.headers['accept-encoding'] ?? ''));
  if (coding) response.set('content-encoding', coding);
  response.set({ 'content-type': file.type, 'content-length': String(bytes.length) });
  response.end(request.method === 'HEAD' ? undefined : bytes);
}
