import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { ParleyError } from '@parley/shared/protocol/errors';
import { LIMITS } from '@parley/shared/protocol/limits';
import { invalid } from './parse.ts';

/** Reads a JSON body. @throws ParleyError `unsupported_media_type`, `too_large` or `invalid_request`. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const type = request.headers['content-type'];
  const length = request.headers['content-length'];
  const empty = length === '0' || (length === undefined && request.headers['transfer-encoding'] === undefined);
  if (empty) return undefined;
  if (!isJson(type)) throw new ParleyError('unsupported_media_type', 'the body has to be application/json in UTF-8');
  const coding = request.headers['content-encoding'];
  if (coding !== undefined && coding !== 'identity') throw new ParleyError('unsupported_media_type', 'encoded bodies are not taken');
  if (Number(length) > LIMITS.request_bytes) throw tooLarge();
  const bytes = await readAll(request);
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw invalid([{ path: '', message: 'not UTF-8' }]);
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw invalid([{ path: '', message: 'not JSON' }]);
    throw error;
  }
}

/** The whole body. Written with care for the ordinary case: it is on the way of every send. */
function readAll(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let more: Buffer[] | undefined;
    let size = 0;
    let settled = false;
    const refuse = (error: ParleyError) => {
      settled = true;
      request.resume();
      reject(error);
    };
    const cut = () => {
      if (!settled) refuse(invalid([{ path: '', message: 'the body ended early' }]));
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (settled) return;
      if (size > LIMITS.request_bytes) refuse(tooLarge());
      else if (first === undefined) first = chunk;
      else (more ??= [first]).push(chunk);
    });
    request.on('end', () => {
      if (settled) return;
      settled = true;
      resolve(more ? Buffer.concat(more) : (first ?? Buffer.alloc(0)));
    });
    request.on('error', cut);
    request.on('close', cut);
  });
}

const tooLarge = () => new ParleyError('too_large', `at most ${LIMITS.request_bytes} bytes`);

function isJson(type: string | undefined): boolean {
  if (type === undefined) return false;
  if (type === 'application/json') return true;
  const [mime, ...parameters] = type.toLowerCase().split(';').map((part) => part.trim());
  return mime === 'application/json' && parameters.every((p) => !p.startsWith('charset=') || /^charset="?utf-?8"?$/.test(p));
}
