import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type ClientHttp2Session } from 'node:http2';
import { request as httpsRequest } from 'node:https';
import type { AllowList } from './allow-list.ts';
import { EgressError } from './egress-error.ts';
import { createGuard, type Guard, type Pinned, type Resolve } from './guard.ts';
import type { Egress, EgressAnswer, EgressRequest } from './port.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

export interface EgressOptions {
  /** Certificates that are trusted in place of the system's; for tests. */
  ca?: string;
}

/** The guarded client over Node's own HTTP. Connections are not kept, so that none outlives its check. */
export function createEgress(allow: AllowList, resolve?: Resolve, options: EgressOptions = {}): Egress {
  const guard = createGuard(allow, resolve);
  return {
    request: (request) => withDeadline(request.timeoutMs, (signal) => follow(guard, request, options, signal), request.signal),
    connectHttp2: (origin, timeoutMs) => withDeadline(timeoutMs, (signal) => openHttp2(guard, origin, options, signal)),
  };
}

/** Name look-ups cannot be cancelled, so the deadline is raced and not only handed down. */
async function withDeadline<T>(ms: number, work: (signal: AbortSignal) => Promise<T>, ended?: AbortSignal): Promise<T> {
  const abort = new AbortController();
  let stop = (): void => undefined;
  const late = new Promise<never>((_resolve, reject) => {
    stop = () => {
      reject(new EgressError('timed_out', true));
      abort.abort();
    };
  });
  const timer = setTimeout(stop, ms);
  ended?.addEventListener('abort', stop, { once: true });
  if (ended?.aborted) stop();
  try {
    return await Promise.race([late, work(abort.signal)]);
  } finally {
    clearTimeout(timer);
    ended?.removeEventListener('abort', stop);
  }
}

async function follow(guard: Guard, request: EgressRequest, tls: EgressOptions, signal: AbortSignal): Promise<EgressAnswer> {
  const method = request.method ?? 'GET';
  const limit = method === 'POST' ? 0 : (request.redirects ?? 0);
  let url = parse(request.url);
  let headers = withoutNames(request.headers ?? {}, ['cookie']);
  for (let hops = 0; ; hops += 1) {
    const pinned = await guard(url);
    signal.throwIfAborted();
    const answer = await once(url, pinned, { ...request, method, headers }, tls, signal);
    const { location } = answer.headers;
    if (limit === 0 || location === undefined || !REDIRECTS.has(answer.status)) return answer;
    if (hops === limit) throw new EgressError('too_many_redirects', true);
    const next = parse(location, url);
    if (url.protocol === 'https:' && next.protocol === 'http:') throw new EgressError('refused_url', true);
    if (next.origin !== url.origin) headers = withoutNames(headers, ['authorization']);
    url = next;
  }
}

function once(url: URL, pinned: Pinned, request: EgressRequest, tls: EgressOptions, signal: AbortSignal): Promise<EgressAnswer> {
  return new Promise((resolve, reject) => {
    const options = { ...tls, method: request.method, headers: { 'user-agent': 'Parley', ...request.headers, 'accept-encoding': 'identity' }, lookup: pinned.lookup, agent: false, signal } as const;
    const outgoing: ClientRequest = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    let reached = false;
    outgoing.once('socket', (socket) => socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', () => (reached = true)));
    const fail = (cause: unknown): void => {
      outgoing.destroy();
      reject(cause instanceof EgressError ? cause : new EgressError('network', reached, { cause }));
    };
    outgoing.on('error', fail);
    // Nothing else than an answer was asked for; Node closes the connection and says no more.
    outgoing.once('upgrade', (_answer, socket) => {
      socket.destroy();
      fail(new Error('the other side wants another protocol'));
    });
    outgoing.once('response', (incoming) => {
      readBody(incoming, request).then((body) => {
        outgoing.destroy();
        resolve({ url: url.href, status: incoming.statusCode ?? 0, headers: incoming.headers, body });
      }, fail);
    });
    outgoing.end(request.body);
  });
}

async function readBody(incoming: IncomingMessage, request: EgressRequest): Promise<Buffer> {
  const encoding = incoming.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new EgressError('encoded', true);
  const cut = request.overflow === 'cut';
  if (!cut && request.method !== 'HEAD' && Number(incoming.headers['content-length'] ?? 0) > request.maxBytes) throw new EgressError('too_large', true);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size <= request.maxBytes) continue;
    if (!cut) throw new EgressError('too_large', true);
    break;
  }
  return Buffer.concat(chunks).subarray(0, request.maxBytes);
}

async function openHttp2(guard: Guard, origin: string, tls: EgressOptions, signal: AbortSignal): Promise<ClientHttp2Session> {
  const url = parse(origin);
  const { lookup } = await guard(url);
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const session = connect(url, { ...tls, lookup } as Parameters<typeof connect>[1]);
    const cancel = (): void => session.destroy();
    const fail = (cause: unknown): void => reject(new EgressError('network', false, { cause }));
    signal.addEventListener('abort', cancel, { once: true });
    session.once('error', fail);
    session.once('connect', () => {
      signal.removeEventListener('abort', cancel);
      session.off('error', fail);
      resolve(session);
    });
  });
}

function parse(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw new EgressError('refused_url', false);
  return new URL(text, base);
}

const withoutNames = (headers: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name.toLowerCase())));
