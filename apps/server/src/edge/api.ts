import type { IncomingMessage, ServerResponse } from 'node:http';
import { ParleyError } from '@parley/shared/protocol/errors';
import { API_PREFIX } from '@parley/shared/protocol/version';
import type { Core, CoreResponse } from '../core.ts';
import { readJson } from './body.ts';
import { Bytes, sendBytes } from './bytes.ts';
import type { LoadMonitor } from './load-monitor.ts';
import type { AddressOf } from './peer.ts';
import { invalid } from './parse.ts';
import { problemResponse } from './problem.ts';
import { isTus, tusHandler } from './tus.ts';

/** What has been read is cheap to note, and keeps everybody else's devices from asking. */
const NEVER_SHED: ReadonlySet<string> = new Set(['ack', 'ack_many', 'sign_out']);

const PREFIX = `${API_PREFIX}/`;

export const isApi = (url: string): boolean => url.startsWith(PREFIX) || url === API_PREFIX;

/** Carries calls from Node's HTTP server to the core, without a framework in between: every send comes this way. */
export function apiHandler(core: Core, addressOf: AddressOf, load?: Pick<LoadMonitor, 'turnAway'>): (request: IncomingMessage, response: ServerResponse) => void {
  const tus = tusHandler(core, write);
  return (request, response) => {
    const path = pathOf(request);
    const wait = NEVER_SHED.has(path) ? null : (load?.turnAway('call') ?? null);
    if (wait !== null) return write(request, response, problemResponse(new ParleyError('unavailable', 'too much to do right now', { retry_after_ms: wait * 1_000 })));
    if (isTus(request, path)) return void tus(request, response, { method: request.method ?? 'POST', path, headers: request.headers as Record<string, string | undefined>, address: addressOf(request) });
    void carry(core, addressOf, request).then((answer) => {
      if (!(answer.body instanceof Bytes)) return write(request, response, answer);
      return sendBytes(request, response, answer.body, closing(request)).catch((error: unknown) => write(request, response, core.refuse(error, { method: 'GET', path, headers: {}, address: '' })));
    });
  };
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 ? url.slice(PREFIX.length) : url.slice(PREFIX.length, mark);
}

/** What was not read of a refused body would be taken for the next request. */
const closing = (request: IncomingMessage): Record<string, string> => (request.complete ? {} : { connection: 'close' });

function carry(core: Core, addressOf: AddressOf, request: IncomingMessage): Promise<CoreResponse> {
  const url = request.url ?? '';
  const mark = url.indexOf('?');
  const query = mark < 0 ? undefined : readQuery(url.slice(mark + 1));
  if (query === null) return Promise.resolve(problemResponse(invalid([{ path: 'query', message: 'a field is given twice' }])));
  return core.handle({
    method: request.method ?? 'GET',
    path: mark < 0 ? url.slice(PREFIX.length) : url.slice(PREFIX.length, mark),
    ...(query ? { query } : {}),
    headers: request.headers as Record<string, string | undefined>,
    address: addressOf(request),
    readBody: () => readJson(request),
    raw: request,
  });
}

/** Null when a field comes twice: no call takes lists in its query. */
function readQuery(text: string): Record<string, string> | null {
  const fields = Object.create(null) as Record<string, string>;
  for (const [name, value] of new URLSearchParams(text)) {
    if (name in fields) return null;
    fields[name] = value;
  }
  return fields;
}

function write(request: IncomingMessage, response: ServerResponse, answer: CoreResponse): void {
  if (response.destroyed) return;
  const headers: Record<string, string | number> = { ...answer.headers, 'x-content-type-options': 'nosniff', ...closing(request) };
  if (answer.body === undefined) {
    delete headers['content-type'];
    if (answer.status !== 204) headers['content-length'] = 0;
    response.writeHead(answer.status, headers).end();
    return;
  }
  // As text: Node then writes head and body in one piece.
  const body = JSON.stringify(answer.body);
  headers['content-length'] = Buffer.byteLength(body);
  response.writeHead(answer.status, headers);
  response.end(request.method === 'HEAD' ? undefined : body);
}
